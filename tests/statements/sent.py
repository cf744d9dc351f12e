"""The list of every statement that the package sends, and the log of what servers received."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LIST = Path(__file__).with_name("statements.toml")
PAGE = "https://docs.aws.amazon.com/redshift/latest/dg/{}.html"
APPLICATION = "airflow-provider-datagraph"
WHOLE = "whole"
"""The name of a file beside the servers': the whole suite has run."""
OF_TESTS = frozenset(
    {
        # Tests send these themselves, through a hook's connection.
        "SELECT current_user",
        "SELECT current_user, current_database()",
        "SELECT pg_backend_pid()",
        "SELECT pg_sleep(10)",
        "SHOW statement_timeout",
        "SELECT has_table_privilege(<text>)",
        "CREATE TABLE crm.later (id int)",
        "CREATE TABLE crm.models (id int)",
    }
)


@dataclass(frozen=True)
class Entry:
    """One template.

    :param purpose: what it is sent for.
    :param page: the address of AWS's page.
    """

    group: str
    template: str
    purpose: str
    page: str


def entries() -> list[Entry]:
    """Read the list."""
    groups = tomllib.loads(LIST.read_text())["group"]
    return [
        Entry(group["title"], template, purpose, PAGE.format(page))
        for group in groups
        for template, (purpose, page) in group["statements"].items()
    ]


def received(folder: Path) -> Iterator[str]:
    """The distinct statements of the package that servers wrote into a folder."""
    for log in sorted(folder.glob("*.jsonl")):
        for line in log.read_text().splitlines():
            application, text = json.loads(line)
            if application.split("/")[0] == APPLICATION:
                yield text
