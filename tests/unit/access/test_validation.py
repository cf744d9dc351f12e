"""What it means that a relation can't be read, and what holds a proof up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from airflow_provider_datagraph.access.plan import Fact, Finding, Level, blocking, finding
from airflow_provider_datagraph.access.validation import (
    ReadRights,
    Rules,
    Seen,
    Target,
    Verdict,
    judge,
    not_writable,
    nothing_to_read,
)
from airflow_provider_datagraph.redshift.statements import Statement
from tests.unit.access import planning

RULES = Rules("u", "r")
READ, ONE, PATH = ("dev", "s", "read"), ("dev", "s", "one"), "dev.s.one"
TABLE, VIEW, LISTED, UNKNOWN = Target(False), Target(True), Target(False, listed=True), Target(None, listed=True)
HELD = ReadRights(frozenset({"s"}), frozenset({("s", "one"), ("s", "read")}))
WAITING = replace(RULES, wait_for_grants=True)


def plain(verdict: Verdict) -> tuple[Finding, bool]:
    """A finding, which can be said, its statement as it is sent, and whether it holds the proof up."""
    (one,) = planning.told([verdict.finding])
    facts = ((name, fact.sql if isinstance(fact, Statement) else fact) for name, fact in one.facts)
    return replace(one, facts=tuple(facts)), verdict.holds_up


def told(seen: Seen, rules: Rules = RULES) -> list[tuple[Finding, bool]]:
    return [plain(verdict) for verdict in judge(seen, rules)]


def milder(one: Finding) -> Finding:
    """The same where no person is needed."""
    return replace(one, level=Level.FINDING)


def fails(code: str, state: str, **case: Fact) -> Finding:
    """The relation's finding with the server's own words, where a person is needed."""
    return blocking(code, PATH, reason="words", state=state, **case)


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
COLUMNS = blocking("column_privileges", PATH, case="reading")
# A relation, the answer (none: its name is folded), what is known of it; and what is told where it is alone, or named
# itself, so that it holds the proof up.
OWN = [
    (TABLE, "", HELD, blocking("unreachable_name", PATH, login="u")),
    (TABLE, "42501", ON_COLUMNS, COLUMNS),
    (TABLE, "0A000", ON_COLUMNS, COLUMNS),
    (TABLE, "0A000", INTERLEAVED, blocking("interleaved_key", PATH)),
    (TABLE, "0A000", HELD, fails("cross_database_refused", "0A000")),
    (VIEW, "42P01", HELD, milder(fails("view_broken", "42P01"))),
    (VIEW, "42703", HELD, milder(fails("view_broken", "42703"))),
    (VIEW, "42501", HELD, fails("view_refused", "42501")),
]


@pytest.mark.parametrize(("target", "state", "rights", "expected"), OWN)
def test_what_is_nobody_s_access_holds_nothing_up_beside_what_was_read(
    target: Target, state: str, rights: ReadRights, expected: Finding
) -> None:
    assert told(world(target, state, rights)) == [(expected, True)]
    assert told(world(target, state, rights, beside=True)) == [(milder(expected), False)]
    assert told(world(replace(target, listed=True), state, rights, beside=True)) == [(expected, True)]


# Of a missing one, too, the catalog may have told just now.
OTHERS = [
    (TABLE, "42P01", "table_missing", False),
    (UNKNOWN, "42P01", "table_missing", False),
    (UNKNOWN, "3F000", "schema_missing", False),
    (UNKNOWN, "3D000", "database_missing", False),
    (TABLE, "42501", "not_readable", True),
    (UNKNOWN, "42501", "not_readable", False),
    (TABLE, "58030", "not_readable", False),
]


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize(("target", "state", "code", "person"), OTHERS)
def test_everything_else_holds_it_up(target: Target, state: str, code: str, person: bool, beside: bool) -> None:
    expected, seen = fails(code, state, case="reading"), world(target, state, beside=beside)
    assert told(seen) == [(expected if person else milder(expected), True)]
    assert told(seen, WAITING) == [(milder(expected), True)]


def test_broken_views_can_be_no_success() -> None:
    strict, broken = replace(RULES, broken_views=True), fails("view_broken", "42P01")
    assert told(world(VIEW, "42P01", beside=True), strict) == [(broken, True)]
    assert told(world(VIEW, "42501", beside=True), strict) == [(milder(fails("view_refused", "42501")), False)]
    # A server that is busy, or stops, breaks no view.
    assert told(world(VIEW, "57P01"), strict) == [(milder(fails("view_broken", "57P01")), True)]


def test_who_waits_for_grants_needs_nobody_yet() -> None:
    assert told(world(VIEW, "42501"), WAITING) == [(milder(fails("view_refused", "42501")), True)]


def test_what_holds_the_proof_up_comes_first() -> None:
    alone = ("dev", "z", "t")
    seen = Seen(dict.fromkeys((READ, ONE, alone), TABLE), proved={READ}, folded={ONE, alone})
    assert [(one.object, holds_up) for one, holds_up in told(seen)] == [("dev.z.t", True), (PATH, False)]


OPEN = ReadRights(frozenset({"s"}))


def lacks(code: str, schema: str, *tables: str, give: str) -> Finding:
    facts: dict[str, Fact] = {"tables": tables, "count": len(tables), "statement": f'GRANT {give} TO ROLE "r"'}
    return blocking(code, f"dev.{schema}", login="u", database="dev", **facts)


@pytest.mark.parametrize(
    ("target", "rights", "expected"),
    [
        (TABLE, ReadRights(), lacks("schema_closed", "s", "one", give='USAGE ON SCHEMA "s"')),
        (TABLE, OPEN, lacks("not_granted", "s", "one", give='SELECT FOR TABLES IN SCHEMA "s"')),
        (LISTED, OPEN, lacks("not_granted", "s", "one", give='SELECT ON TABLE "s"."one"')),
    ],
)
def test_a_lacking_privilege_is_one_finding_with_its_remedy(
    target: Target, rights: ReadRights, expected: Finding
) -> None:
    seen = world(target, rights=rights, unread=True, beside=True)
    assert told(seen) == [(expected, True)]
    assert told(seen, WAITING) == [(milder(expected), True)]
    # Each schema has its own.
    more = {ONE, ("dev", "a", "two"), ("dev", "a", "three")}
    closed = lacks("schema_closed", "a", "three", "two", give='USAGE ON SCHEMA "a"')
    several = replace(seen, targets=dict.fromkeys(more, target), unread=more)
    assert told(several) == [(closed, True), (expected, True)]


def test_what_explains_a_refusal() -> None:
    rights = (ReadRights(), ReadRights(frozenset({"s"})), HELD)
    assert [one.lacks(ONE) for one in rights] == ["USAGE", "SELECT", ""]
    assert ReadRights().explains(ONE)
    assert not HELD.explains(ONE)
    # Then the privileges on columns do.
    assert not replace(ON_COLUMNS, relations=frozenset()).explains(ONE)


@pytest.mark.parametrize(
    ("kind", "code", "facts", "holds_up"),
    [
        (None, "schema_missing", {"case": "reading it"}, True),
        ("local", "schema_empty", {}, False),
        ("external", "schema_unlisted", {"kind": "external", "login": "admin"}, False),
    ],
)
def test_a_schema_that_lists_nothing(kind: str | None, code: str, facts: dict[str, Fact], holds_up: bool) -> None:
    expected = finding(code, 'dev."s.1"', **facts)
    assert plain(nothing_to_read("dev", "s.1", kind, "admin")) == (expected, holds_up)


def test_what_segment_cant_write() -> None:
    everything = ("SELECT", "INSERT", "UPDATE", "DELETE")

    def closed(what: str, on: str, *privileges: str) -> Finding:
        statement = f'GRANT {", ".join(privileges)} {on} TO ROLE "r"'
        return blocking("checkpoint_closed", "cp", login="u", what=what, privileges=privileges, statement=statement)

    def lacking(rules: Rules, *on_schema: str, on_tables: Sequence[tuple[str, ...]]) -> list[tuple[Finding, bool]]:
        return [*map(plain, not_writable("cp", rules, creates=False, on_schema=on_schema, on_tables=on_tables))]

    assert not_writable("cp", RULES, creates=True) == []
    database = closed("database cp", 'ON DATABASE "cp"', "CREATE")
    assert lacking(RULES, "USAGE", "CREATE", on_tables=[everything, everything]) == [(database, True)]
    path, name = "cp.__segment_reverse_etl", '"__segment_reverse_etl"'
    assert lacking(RULES, "USAGE", on_tables=[everything, everything[:2]]) == [
        (database, True),
        (closed(f"schema {path}", f"ON SCHEMA {name}", "CREATE"), True),
        (closed(f"tables of {path}", f"FOR TABLES IN SCHEMA {name}", "UPDATE", "DELETE"), True),
    ]
    assert lacking(WAITING, "USAGE", "CREATE", on_tables=[]) == [(milder(database), True)]
