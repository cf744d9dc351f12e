"""Runs last, and alone: every statement that the package sent to any server is in the list, with its AWS page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.statements.sent import APPLICATION, OF_TESTS, WHOLE, entries, received
from tests.statements.templates import template


def strangers(folder: Path) -> set[str]:
    """The templates in the log that aren't in the list."""
    known = {entry.template for entry in entries()} | OF_TESTS
    return {reduced for text in received(folder) if (reduced := template(text)) not in known}


def test_a_statement_that_is_not_in_the_list_is_found(tmp_path: Path) -> None:
    lines = [[APPLICATION, 'GRANT SELECT ON TABLE "a"."b" TO "u"'], ["tests", "SELECT 2"], [APPLICATION, "commit"]]
    (tmp_path / "1.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert strangers(tmp_path) == {"GRANT <privileges> ON TABLE <name> TO <name>"}


def test_every_statement_is_in_the_list(statement_log: Path) -> None:
    unknown = strangers(statement_log)
    assert not unknown, "not in statements.toml:\n" + "\n".join(sorted(unknown))


def test_every_entry_was_sent_by_the_whole_suite(statement_log: Path) -> None:
    if not (statement_log / WHOLE).exists():
        pytest.skip("only a part of the tests was chosen")
    sent = {template(text) for text in received(statement_log)}
    never = {entry.template for entry in entries()} - sent
    assert not never, "never sent:\n" + "\n".join(sorted(never))
