"""What local_redshift's README says that clients do: the table's rows are what the tests of clients try."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parents[2] / "local_redshift" / "README.md"


def promised(client: str) -> list[str]:
    """The words in code of the row that begins with this client's name."""
    (row,) = re.findall(rf"^\| {re.escape(client)}.*?\|(.*)\|$", README.read_text(), re.MULTILINE)
    return re.findall(r"`([^`]+)`", row)
