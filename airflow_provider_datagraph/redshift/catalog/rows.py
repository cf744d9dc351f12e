"""How a query is run, and how its words are written and read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from airflow_provider_datagraph.redshift.names import literal

Rows = Callable[[str], Sequence[Sequence[Any]]]
"""Runs one query in the connected database and returns its rows."""


def word(value: Any) -> str:
    """Read a privilege or a scope, in upper case; the catalog says TEMP where the grammar also has TEMPORARY."""
    upper = str(value).strip().upper()
    return "TEMPORARY" if upper == "TEMP" else upper


CHUNK = 500
"""How many values a list in a condition holds, so that no statement is of any length."""


def chunks(values: Iterable[str]) -> Iterator[list[str]]:
    """Cut many values into lists that conditions hold, in an order of their own."""
    listed = sorted(values)
    return (listed[start : start + CHUNK] for start in range(0, len(listed), CHUNK))


def among(column: str, values: Iterable[str]) -> str:
    """Write the condition that a column holds one of some texts, in an order of their own."""
    return f"{column} IN ({', '.join(map(literal, sorted(values)))})"
