"""What the state of a Profiles Sync schema means."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_datagraph.access import profiles_sync
from airflow_provider_datagraph.access.plan import Finding, blocking, finding
from airflow_provider_datagraph.access.profiles_sync import Seen, Stored
from airflow_provider_datagraph.redshift.names import InvalidInput
from airflow_provider_datagraph.redshift.statements import Privileges
from airflow_provider_datagraph.redshift.values import Identity, Scope
from tests.support.profiles_sync import PROFILES_SYNC

REQUIRED = tuple(PROFILES_SYNC)
RAW, MATERIALIZED = REQUIRED[:3], REQUIRED[3:]
ROLE, EVENT = Identity("role", "reader"), "order_completed"


def table(name: str, *missing: str, view: bool = False, selectable: bool = True) -> Stored:
    """A table with the columns that Segment gives it; views and closed ones, where it is said."""
    columns = PROFILES_SYNC.get(name, "id received_at").split()
    return Stored(view, frozenset({*columns, "a_trait"}.difference(missing)), selectable)


def seen(**changed: Any) -> Seen:
    """All six tables and an event's, as the linked user sees them; rows weren't looked for."""
    wanted = (*REQUIRED, EVENT)
    given = {"owner": "boss", "login": "u", "linked": True, "usable": True, "grantee": ROLE}
    stored = {**{name: table(name) for name in wanted}, **changed.pop("stored", {})}
    for name in changed.pop("without", ()):
        del stored[name]
    return Seen(**{"database": "dev", "schema": "p.1", "wanted": wanted, "stored": stored, **given, **changed})


ROWS = dict.fromkeys((*REQUIRED, EVENT), True)
NO_ROWS = dict.fromkeys(ROWS, False)
NO_USAGE = Privileges(ROLE, ("USAGE",), Scope.SCHEMA, [("p.1",)])
NO_SELECT = Privileges(ROLE, ("SELECT",), Scope.TABLE, [("p.1", RAW[0])])
CLOSED = {RAW[0]: table(RAW[0], selectable=False)}
FOREIGN = {name: table(name, view=True) for name in RAW[:1]} | {EVENT: Stored(False, frozenset({"name"}), True)}
LESS = {RAW[0]: table(RAW[0], "seq", "id"), "user_traits": table("user_traits", "name")}
LACKING = (f"{RAW[0]}.id", f"{RAW[0]}.seq", "user_traits.name")
OTHERS = {"user_identifier": table("user_identifiers"), "identities": table(EVENT)}
BY = {"login": "u", "database": "dev"}
P = 'dev."p.1"'
GONE = (RAW[1], MATERIALIZED[0], EVENT)
RAW_EMPTY = finding("raw_empty", P, tables=RAW)
NEW: frozenset[str] = frozenset()


def told(code: str, *tables: str, **more: Any) -> Finding:
    return finding(code, P, tables=tables, **more)


def case(rest: str, held: tuple[int, int], *findings: Finding, states: Any = (), **changed: Any) -> tuple[Any, ...]:
    """A table's state, what holds up (without and with rows), what is told, other tables' states, what is changed."""
    return rest, held, list(findings), dict(states), changed


CODES = tuple(f"{kind}_missing" for kind in ("raw", "materialized", "event_tables"))
MISSING = [told(code, name, owner="boss") for code, name in zip(CODES, GONE, strict=True)]
CASES = {
    "good": case("exists", (0, 0)),
    "missing": case("exists", (3, 3), *MISSING, states=dict.fromkeys(GONE, "missing"), without=GONE),
    "misnamed": case(
        *("exists", (1, 1), told("tables_misnamed", "user_identifiers", aliases=("user_identifier",))),
        states={"user_identifiers": "misnamed"},
        without=("user_identifiers",),
        stored=OTHERS,
    ),
    "foreign": case(
        *("exists", (2, 2), told("not_segments", RAW[0], EVENT, owner="boss")),
        states=dict.fromkeys((RAW[0], EVENT), "not_segments"),
        stored=FOREIGN,
    ),
    "columns": case(
        *("exists", (2, 2), finding("columns_missing", P, columns=LACKING, owner="boss")),
        states=dict.fromkeys(LESS, "columns_missing"),
        stored=LESS,
    ),
    "no usage": case("not_readable", (7, 7), blocking("schema_not_visible", P, statement=NO_USAGE, **BY), usable=False),
    "no select": case(
        *("exists", (1, 1), blocking("table_not_selectable", P, tables=(RAW[0],), statement=NO_SELECT, **BY)),
        states={RAW[0]: "not_readable"},
        stored=CLOSED,
    ),
    "no user": case("not_readable", (7, 7), blocking("user_missing", "u"), usable=None),
    "an admin without rights": case("exists", (0, 0), usable=False, linked=False),
    "unknown": case(
        *("ready", (0, 1), told("rows_unknown", RAW[0], login="u", reason="why")),
        states={RAW[0]: "rows_unknown"},
        filled={name: True for name in ROWS if name != RAW[0]},
        reason="why",
    ),
    "unknown, new ones wanted": case(
        *("rows_unknown", (7, 7), told("rows_unknown", *ROWS, login="u", reason="it lacks privileges")),
        filled={},
        fresh=NEW,
    ),
    "rows": case("ready", (0, 0), filled=ROWS),
    "empty": case("empty", (0, 6), RAW_EMPTY, filled=NO_ROWS),
    "empty, new ones wanted": case("empty", (6, 6), RAW_EMPTY, filled=NO_ROWS, fresh=NEW),
    "no backfill": case(
        *("ready", (0, 4), told("raw_empty", RAW[1]), told("materialized_empty", *MATERIALIZED[1:])),
        states=dict.fromkeys((RAW[1], *MATERIALIZED), "empty"),
        filled={**ROWS, **dict.fromkeys((RAW[1], *MATERIALIZED), False)},
    ),
    "old": case(
        *("stale", (6, 6), told("stale", *RAW, group="raw"), told("stale", *MATERIALIZED, group="materialized")),
        states={EVENT: "ready"},
        filled=ROWS,
        fresh=frozenset({EVENT}),
    ),
    "one of a group is new": case("ready", (0, 0), filled=ROWS, fresh=frozenset({RAW[2], "user_traits"})),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_seen_is_told(name: str) -> None:
    rest, held, findings, states, changed = CASES[name]
    found = seen(**changed)
    assert {name: str(found.state(name)) for name in found.wanted} == {**dict.fromkeys(found.wanted, rest), **states}
    assert (len(found.held_up(False)), len(found.held_up(True))) == held
    assert list(found.findings()) == findings


def test_six_tables_are_needed() -> None:
    assert profiles_sync.REQUIRED_TABLES == REQUIRED
    groups = dict.fromkeys(RAW, "raw") | dict.fromkeys(MATERIALIZED, "materialized") | {EVENT: "event"}
    assert {name: profiles_sync.group_of(name) for name in groups} == groups


def test_what_is_not_there() -> None:
    some = {"b": {*REQUIRED, "x"}, "a.1": set(REQUIRED), "c": set(REQUIRED[1:])}
    elsewhere = finding("schema_elsewhere", "dev.p", schemas=('dev."a.1"', "dev.b"))
    assert profiles_sync.no_schema("dev", "p", some) == elsewhere
    assert profiles_sync.no_schema("dev", "p", {"c": some["c"]}) == finding("schema_missing", "dev.p", case="unsynced")


# https://segment.com/docs/connections/storage/warehouses/schema/, and from the tests of segmentio/go-snakecase.
@pytest.mark.parametrize(
    ("event", "table"),
    [
        ("Order Completed", "order_completed"),
        ("order_completed", "order_completed"),
        ("inviteYourCustomers", "invite_your_customers"),
        ("sample-text.com", "sample_text_com"),
        ("   $#$sample   2    Text   ", "sample_2_text"),
        ("samPLE text", "sam_ple_text"),
        ("SAMPLE 2 TEXT", "sample_2_text"),
        ("lk0B@bFmjrLQ_Z6YL", "lk0_b_b_fmjr_lq_z6yl"),
        ("CStringRef", "cstring_ref"),
        ("f_pX9", "f_p_x9"),
        ("edf_6N", "edf_6n"),
        ("THE5r", "the5r"),
        ("2FA Enabled", "_2fa_enabled"),
        ("_2fa_enabled", "_2fa_enabled"),
    ],
)
def test_the_table_of_an_event_is_called_as_segment_calls_it(event: str, table: str) -> None:
    assert profiles_sync.event_table(event) == table
    assert profiles_sync.event_table(table) == table


def test_an_event_without_a_name_has_no_table() -> None:
    with pytest.raises(InvalidInput, match="no letter and no digit"):
        profiles_sync.event_table("•¶§")
