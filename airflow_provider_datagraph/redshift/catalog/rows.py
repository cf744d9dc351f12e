"""How a query is run, and how its words are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Rows = Callable[[str], Sequence[Sequence[Any]]]
"""Runs one query in the connected database and returns its rows."""


def word(value: Any) -> str:
    """Read a privilege or a scope; the catalog says TEMP where the grammar also has TEMPORARY.

    :param value: the word as the catalog has it.
    :return: the word in upper case.
    """
    upper = str(value).strip().upper()
    return "TEMPORARY" if upper == "TEMP" else upper
