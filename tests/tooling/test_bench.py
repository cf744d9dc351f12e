"""`make bench`: what the docs show is what was counted."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import guide
from local_redshift.running import started


def test_the_docs_show_what_was_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REDSHIFT_DEFAULT", "SEGMENT_LINKED_USER"):
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", "")
    with started(faults=True) as server:
        rows = list(guide.measure(server, 0, [1, 10]))
    (tmp_path / "performance.md").write_text("a\n\n| schemas | old |\n|---|\n| 1 |\n\nb\n")
    guide.write(rows, tmp_path)
    page = (tmp_path / "performance.md").read_text()
    assert page == f"a\n\n{guide.table(rows)}\n\nb\n"
    assert json.loads((tmp_path / "performance.json").read_text()) == rows
    assert len(ElementTree.parse(tmp_path / "performance.svg").findall("{*}rect")) == len(rows) == 8
    by_hand, again = rows[4], rows[7]
    assert (by_hand["statements"], by_hand["connections"], again["statements"]) == (25, 1, 12)
    assert again["exchanges"] < by_hand["exchanges"]


def test_the_page_is_from_one_run() -> None:
    rows = json.loads((guide.DOCS / "performance.json").read_text())
    assert guide.table(rows) in (guide.DOCS / "performance.md").read_text()
    assert guide.plot(rows) == (guide.DOCS / "performance.svg").read_text()
    assert {(row["schemas"], row["ms"]) for row in rows} == {(n, ms) for n in guide.NUMBERS for ms in guide.LATENCIES}
