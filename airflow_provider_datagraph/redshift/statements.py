"""How many names one statement takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

STATEMENT_BYTES = 60_000
"""A safe statement size: Redshift's limit is 16 MB, other tools in the way cut far below."""
T = TypeVar("T")


def chunks(items: Sequence[T], written: Callable[[T], str]) -> Iterator[list[T]]:
    """Split a list so that each part fits a statement.

    :param items: the items, in order.
    :param written: how one is written in SQL.
    :return: the parts, none of them empty.
    """
    chunk: list[T] = []
    size = 0
    for item in items:
        length = len(written(item).encode())
        if chunk and size + length > STATEMENT_BYTES:
            yield chunk
            chunk, size = [], 0
        chunk.append(item)
        size += length + 2
    if chunk:
        yield chunk
