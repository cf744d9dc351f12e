"""Statements collected from AWS's pages: what their examples and synopses show, and what these lack."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent / "corpus"
_MARK = re.compile(r"-- (page|from|why): (.*)")


@dataclass(frozen=True, slots=True)
class Entry:
    sql: str
    page: str
    note: str
    """Where on the page it is, or why Redshift refuses it."""


def corpus(name: str) -> list[Entry]:
    return [_entry(block) for block in (HERE / f"{name}.txt").read_text().strip().split("\n\n")]


def statements(name: str) -> list[str]:
    """Those of a file that holds one a line."""
    return [line for line in (HERE / f"{name}.txt").read_text().splitlines() if not line.startswith("-- ")]


def _entry(block: str) -> Entry:
    notes: dict[str, str] = {}
    lines = block.split("\n")
    while (mark := _MARK.match(lines[0])) is not None:
        notes[mark.group(1)] = mark.group(2)
        lines.pop(0)
    return Entry("\n".join(lines), notes["page"], notes.get("why", notes.get("from", "")))
