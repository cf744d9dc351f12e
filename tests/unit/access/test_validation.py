"""What it means that a relation can't be read, and what holds a proof up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from airflow_provider_datagraph.access.plan import Level
from airflow_provider_datagraph.access.validation import (
    ReadRights,
    Rules,
    Seen,
    Target,
    judge,
    not_writable,
    nothing_to_read,
)

RULES = Rules("u", "r")
READ, ONE = ("dev", "s", "read"), ("dev", "s", "one")
TABLE, VIEW, LISTED, UNKNOWN = Target(False), Target(True), Target(False, listed=True), Target(None, listed=True)
HELD = ReadRights(frozenset({"s"}), frozenset({("s", "one"), ("s", "read")}))


def told(seen: Seen, rules: Rules = RULES) -> list[tuple[str, str, bool]]:
    """Of each finding its code, its level, and whether it holds the proof up."""
    return [(one.finding.code, one.finding.level.value, one.holds_up) for one in judge(seen, rules)]


def world(
    target: Target, state: str = "", rights: ReadRights = HELD, *, beside: bool = False, unread: bool = False
) -> Seen:
    """One relation that wasn't read, perhaps beside one that was."""
    targets = {ONE: target, READ: TABLE} if beside else {ONE: target}
    proved = {READ} if beside else set()
    if unread:
        return Seen(targets, proved, unread={ONE}, rights={"dev": rights})
    refused = {ONE: (state, "words")} if state else {}
    folded = set() if state else {ONE}
    return Seen(targets, proved, folded, refused, rights={"dev": rights})


ON_COLUMNS = replace(HELD, on_columns=frozenset({("s", "one")}))
INTERLEAVED = replace(HELD, interleaved=frozenset({("s", "one")}))
# A relation, the answer (none: its name is folded), what is known of it; the code, and whether alone, beside something
# that was read, and named itself it holds the proof up, and whether a person is needed then.
OWN = [
    (TABLE, "", HELD, "unreachable_name", True),
    (TABLE, "42501", ON_COLUMNS, "column_privileges", True),
    (TABLE, "0A000", ON_COLUMNS, "column_privileges", True),
    (TABLE, "0A000", INTERLEAVED, "interleaved_key", True),
    (VIEW, "42P01", HELD, "view_broken", False),
    (VIEW, "42703", HELD, "view_broken", False),
    (VIEW, "42501", HELD, "view_refused", True),
]


@pytest.mark.parametrize(("target", "state", "rights", "code", "person"), OWN)
def test_what_is_nobody_s_access_holds_nothing_up_beside_what_was_read(
    target: Target, state: str, rights: ReadRights, code: str, person: bool
) -> None:
    level = "blocking" if person else "finding"
    assert told(world(target, state, rights)) == [(code, level, True)]
    assert told(world(target, state, rights, beside=True)) == [(code, "finding", False)]
    assert told(world(replace(target, listed=True), state, rights, beside=True)) == [(code, level, True)]


# Of a missing one, too, the catalog may have told just now.
OTHERS = [
    (TABLE, "42P01", "table_missing", "finding"),
    (UNKNOWN, "42P01", "table_missing", "finding"),
    (UNKNOWN, "3F000", "schema_missing", "finding"),
    (UNKNOWN, "3D000", "database_missing", "finding"),
    (TABLE, "42501", "not_readable", "blocking"),
    (UNKNOWN, "42501", "not_readable", "finding"),
    (TABLE, "58030", "not_readable", "finding"),
    (TABLE, "0A000", "cross_database_refused", "blocking"),
]


@pytest.mark.parametrize(("target", "state", "code", "level"), OTHERS)
def test_everything_else_holds_it_up(target: Target, state: str, code: str, level: str) -> None:
    assert told(world(target, state)) == [(code, level, True)]
    if code != "cross_database_refused":
        assert told(world(target, state, beside=True)) == [(code, level, True)]


def test_cross_database_queries_work_where_anything_was_read() -> None:
    assert told(world(TABLE, "0A000", beside=True)) == [("cross_database_refused", "finding", False)]
    assert told(world(LISTED, "0A000", beside=True)) == [("cross_database_refused", "blocking", True)]


def test_broken_views_can_be_no_success() -> None:
    strict = replace(RULES, broken_views=True)
    assert told(world(VIEW, "42P01", beside=True), strict) == [("view_broken", "blocking", True)]
    assert told(world(VIEW, "42501", beside=True), strict) == [("view_refused", "finding", False)]


@pytest.mark.parametrize(
    ("target", "rights", "code", "statement"),
    [
        (TABLE, ReadRights(), "schema_closed", 'GRANT USAGE ON SCHEMA "s" TO ROLE "r"'),
        (TABLE, ReadRights(frozenset({"s"})), "not_granted", 'GRANT SELECT FOR TABLES IN SCHEMA "s" TO ROLE "r"'),
        (LISTED, ReadRights(frozenset({"s"})), "not_granted", 'GRANT SELECT ON TABLE "s"."one" TO ROLE "r"'),
    ],
)
def test_a_lacking_privilege_is_one_finding_with_its_remedy(
    target: Target, rights: ReadRights, code: str, statement: str
) -> None:
    seen = world(target, rights=rights, unread=True, beside=True)
    (verdict,) = judge(seen, RULES)
    facts = dict(verdict.finding.facts)
    assert (verdict.finding.code, verdict.finding.object, verdict.holds_up) == (code, "dev.s", True)
    assert (facts["statement"].sql, facts["tables"], facts["count"]) == (statement, ("one",), 1)  # type: ignore[union-attr]  # a statement
    assert verdict.finding.blocking
    assert told(seen, replace(RULES, wait_for_grants=True)) == [(code, "finding", True)]


def test_what_explains_a_refusal() -> None:
    rights = (ReadRights(), ReadRights(frozenset({"s"})), HELD)
    assert [one.lacks(ONE) for one in rights] == ["USAGE", "SELECT", ""]
    assert ReadRights().explains(ONE)
    assert not HELD.explains(ONE)
    # Then the privileges on columns do.
    assert not replace(ON_COLUMNS, relations=frozenset()).explains(ONE)


@pytest.mark.parametrize(
    ("kind", "code", "holds_up"),
    [(None, "schema_missing", True), ("local", "schema_empty", False), ("external", "schema_unlisted", False)],
)
def test_a_schema_that_lists_nothing(kind: str | None, code: str, holds_up: bool) -> None:
    verdict = nothing_to_read("dev", "s.1", kind, "admin")
    assert (verdict.finding.code, verdict.finding.object, verdict.holds_up) == (code, 'dev."s.1"', holds_up)
    assert verdict.finding.level is Level.FINDING


def test_what_segment_cant_write() -> None:
    everything = ("SELECT", "INSERT", "UPDATE", "DELETE")

    def lacking(creates: bool, *on_schema: str, on_tables: Sequence[tuple[str, ...]]) -> list[str]:
        told = not_writable("cp", RULES, creates=creates, on_schema=on_schema, on_tables=on_tables)
        assert all(one.holds_up and one.finding.blocking for one in told)
        return [dict(one.finding.facts)["statement"].sql for one in told]  # type: ignore[union-attr]  # a statement

    assert not_writable("cp", RULES, creates=True) == []
    assert lacking(True, "USAGE", "CREATE", on_tables=[everything, everything]) == []
    assert lacking(False, "USAGE", on_tables=[everything, everything[:2]]) == [
        'GRANT CREATE ON DATABASE "cp" TO ROLE "r"',
        'GRANT CREATE ON SCHEMA "__segment_reverse_etl" TO ROLE "r"',
        'GRANT UPDATE, DELETE FOR TABLES IN SCHEMA "__segment_reverse_etl" TO ROLE "r"',
    ]
    waiting = not_writable("cp", replace(RULES, wait_for_grants=True), creates=False)
    assert [one.finding.blocking for one in waiting] == [False]
