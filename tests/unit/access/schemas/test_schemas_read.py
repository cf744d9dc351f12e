"""The catalog's rows -> current access: schemas, their tables, and only what the answer depends on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_datagraph.access.schemas.read import read_privileges, read_schema_access, read_tables
from airflow_provider_datagraph.access.schemas.values import Context, DesiredSchema, FutureTables, SchemaAccess, Tables
from airflow_provider_datagraph.redshift.values import PUBLIC, Grant, Identity, Scope, Session
from tests.unit.access.schemas import holdings
from tests.unit.access.schemas.holdings import answers
from tests.unit.redshift import catalog_rows as q
from tests.unit.redshift.catalog_rows import Answers

MAY_CREATE = "SELECT has_schema_privilege('linked_user', 'crm', 'create')"
LOADER_MAY = MAY_CREATE.replace("linked_user", "loader")
OF_TABLES = [q.tables_of("crm"), q.OF_ALL_ON_SCHEMAS, holdings.TABLE_BY_TABLE]
STAFF = Identity("group", "staff")


@pytest.mark.parametrize(
    ("desired", "prune", "asked", "grants"),
    [
        (DesiredSchema("CRM"), False, [q.OF_ALL_ON_SCHEMAS], holdings.ON_SCHEMAS),
        (
            DesiredSchema("crm"),
            True,
            [q.OF_ALL_ON_SCHEMAS, holdings.TABLE_BY_TABLE, holdings.BY_COLUMN, q.DEFAULTS, LOADER_MAY],
            holdings.ON_SCHEMAS | holdings.ON_TABLES | holdings.COLUMNS | holdings.LATER,
        ),
        (DesiredSchema("crm", future=FutureTables.NONE), False, OF_TABLES, holdings.ON_SCHEMAS | holdings.ON_TABLES),
        (DesiredSchema("crm", ("accounts",)), False, OF_TABLES, holdings.ON_SCHEMAS | holdings.ON_TABLES),
        (
            DesiredSchema("crm", future=FutureTables.DEFAULT_PRIVILEGES, writers=("linked_user",)),
            False,
            [q.tables_of("crm"), MAY_CREATE, q.OF_ALL_ON_SCHEMAS, holdings.TABLE_BY_TABLE, q.DEFAULTS],
            holdings.ON_SCHEMAS | holdings.ON_TABLES | holdings.LATER,
        ),
    ],
)
def test_where_nothing_is_lacking_no_more_is_read(
    desired: DesiredSchema, prune: bool, asked: list[str], grants: set[Grant]
) -> None:
    rows = answers(**{MAY_CREATE: [[True]], LOADER_MAY: [[True]]})
    current = read_schema_access(rows, q.SESSION, "linked_role", [desired], prune=prune)
    assert rows.asked == [*holdings.START, *asked]
    assert current.grants == grants
    assert (current.schemas, current.session, current.hidden) == (holdings.SCHEMAS, q.SEEN, False)
    assert current.context is None
    # What wasn't asked isn't taken for none.
    assert (current.tables is not None) is (q.tables_of("crm") in asked)
    assert current.stuck == (frozenset() if prune else None)
    assert current.creators == ({("linked_user", "crm")} if MAY_CREATE in asked else frozenset())


def test_what_tables_there_are_and_whose() -> None:
    desired = DesiredSchema("crm", ("accounts",))
    assert read_schema_access(answers(), q.SESSION, "linked_role", [desired]).tables == Tables(
        {"crm": frozenset({"accounts", "my_mv_tbl__"})},
        views={"crm": {"my_mv_tbl__": "analyst"}},
        owners={"crm": frozenset({"loader"})},
    )


def test_tables_that_an_admin_may_not_read_are_there_too() -> None:
    listed = q.tables_of("crm", "web")
    seen: q.Table = [["crm", "seen", "VIEW", "loader"], ["web", "pages", "TABLE", "loader"]]
    schemas: q.Table = [[1, "crm", 100], [2, "ads", 100], [3, "web", 100]]
    relations: q.Table = [
        *([11, 1, "seen", 101, "v"], [12, 1, "hidden", 101, "r"], [13, 1, "mv_tbl__m__0", 101, "r"]),
        *([14, 1, "m", 101, "v"], [21, 2, "elsewhere", 101, "r"], [31, 3, "seen", 77, "r"]),
    ]
    rows = Answers({listed: seen, q.NAMESPACES: schemas, q.ALL_RELATIONS: relations})
    clerk = SchemaAccess(Session("clerk", "dev", superuser=False), users=q.KNOWN_USERS)
    assert read_tables(rows, clerk, ["crm", "web"]) == Tables(
        {"crm": frozenset({"seen", "hidden", "m"}), "web": frozenset({"seen", "pages"})},
        views={"crm": {"seen": "loader", "m": "linked_user"}},
        owners={"crm": frozenset({"linked_user"}), "web": frozenset({"loader", "user id 77"})},
    )
    # A superuser sees all of them at once.
    again = Answers({listed: [["crm", "seen", "view", None], ["crm", "t", "TABLE", None]]})
    names = {"crm": frozenset({"seen", "t"}), "web": frozenset[str]()}
    assert read_tables(again, SchemaAccess(q.SEEN), ["crm", "web"]) == Tables(names, views={"crm": {"seen": ""}})


CATALOG: dict[str, q.Table] = {
    q.NAMESPACES: [[1, "crm", 100], [2, "hr", 100], [3, "pg_catalog", 1], [4, "Pg_mine", 101]],
    q.ALL_RELATIONS: [
        *([10, 1, "totals", 101, "v"], [11, 1, "accounts", 100, "r"], [12, 1, "mv_tbl__totals__0", 101, "r"]),
        *([20, 2, "mv_tbl__pay", 101, "v"], [21, 2, "pay", 100, "r"], [22, 2, "m", 100, "m"]),
        *([30, 3, "pg_user", 1, "v"], [40, 4, "between", 101, "v"], [50, 5, "gone", 101, "r"]),
    ],
    # Rules of views, each on its view and on what that reads; a foreign key, on the table that it refers to.
    q.DEPENDENCIES: [
        *([number, view, "i"] for number, view in ((910, 10), (920, 20), (930, 30), (940, 40))),
        *([910, read, "n"] for read in (10, 11, 12, 20, 30, 50)),
        *([920, read, "n"] for read in (40, 22)),
        *([940, 21, "n"], [930, 21, "n"], [999, 21, "n"]),
    ],
}
SOURCES = {
    ("crm", "totals"): frozenset({("crm", "accounts"), ("hr", "mv_tbl__pay")}),
    ("hr", "mv_tbl__pay"): frozenset({("Pg_mine", "between"), ("hr", "m")}),
    ("Pg_mine", "between"): frozenset({("hr", "pay")}),
}


@pytest.mark.parametrize("superuser", [True, False])
def test_what_views_read_is_asked_by_a_thorough_look_that_finds_some(superuser: bool) -> None:
    current = SchemaAccess(Session("admin", "dev", superuser=superuser), users=q.KNOWN_USERS)
    # Of this one, a view, the admin may see nothing itself.
    seen = [["crm", "totals", "VIEW", "linked_user"]] if superuser else []
    rows = Answers({q.tables_of("crm"): seen, **CATALOG})
    found = read_tables(rows, current, ["crm"], thorough=True)
    assert found.views == {"crm": {"totals": "linked_user"}}
    assert found.sources == SOURCES
    assert sorted(rows.asked) == sorted([q.tables_of("crm"), *CATALOG])
    assert read_tables(rows, current, ["crm"]).sources is None
    assert read_tables(Answers({q.tables_of("crm"): []}), replace(current, session=q.SEEN), ["crm"], thorough=True) == (
        Tables({"crm": frozenset()}, sources={})
    )


def test_what_is_lacking_is_looked_for_everywhere() -> None:
    rows = answers()
    current = read_schema_access(rows, q.SESSION, "linked_role", [DesiredSchema("web")])
    assert rows.asked == [*holdings.START, q.OF_ALL_ON_SCHEMAS, *holdings.CONTEXT, *holdings.LIMITS]
    assert current.grants == holdings.ON_SCHEMAS | holdings.EVERYWHERE
    assert current.context == Context(
        frozenset({"above", "top"}),
        inherited=frozenset({Grant(Scope.TABLES, "SELECT", "web"), Grant(Scope.SCHEMAS, "USAGE", database="dev")}),
        others={
            PUBLIC: frozenset({Grant(Scope.SCHEMA, "USAGE", "web")}),
            Identity("group", "linked_role"): frozenset({Grant(Scope.SCHEMA, "CREATE", "web")}),
            STAFF: frozenset({Grant(Scope.SCHEMA, "USAGE", "lake")}),
        },
        secured={"web": frozenset({"pages"}), "elsewhere": frozenset({"t"})},
        masked={"web": frozenset({"pages", "users", "links"}), "elsewhere": frozenset({"t"})},
    )
    # What isn't there is lacking, too: a plan goes on as if it were there.
    beside = [DesiredSchema("crm"), DesiredSchema("nowhere")]
    assert read_schema_access(answers(), q.SESSION, "linked_role", beside).context is not None


def test_tables_that_are_lacking_are_looked_for_everywhere() -> None:
    listed = q.tables_of("web")
    rows = answers(**{listed: [["web", "pages", "TABLE", "loader"], ["web", "links", "TABLE", ""]]})
    desired = [DesiredSchema("web", ("links",)), DesiredSchema("lake"), DesiredSchema("nowhere")]
    current = read_schema_access(rows, q.SESSION, "linked_role", desired)
    assert rows.asked == [
        *(*holdings.START, listed, q.OF_ALL_ON_SCHEMAS, holdings.TABLE_BY_TABLE, holdings.BY_COLUMN),
        *(*holdings.CONTEXT, q.ON_RELATIONS + holdings.ABOVE, q.OF_OTHERS_ON_RELATIONS, *holdings.LIMITS),
    ]
    assert current.context is not None
    assert Grant(Scope.TABLE, "DELETE", "web", "pages") in current.context.inherited
    assert current.grants >= holdings.COLUMNS
    on_lake, on_pages = Grant(Scope.SCHEMA, "USAGE", "lake"), Grant(Scope.TABLE, "SELECT", "web", "pages")
    assert current.context.others[STAFF] == {on_lake, on_pages}


def test_looking_again_asks_for_privileges_alone() -> None:
    rows = answers()
    # What is desired may depend on the schemas that there are.
    desired = [DesiredSchema("web")]
    before = read_schema_access(rows, q.SESSION, "linked_role", lambda known: desired * ("web" in known.schemas))
    rows.asked.clear()
    after = read_privileges(rows, before, "linked_role", desired)
    assert rows.asked == [q.OF_ALL_ON_SCHEMAS]
    assert after == before


@pytest.mark.parametrize("missing", [DesiredSchema("nowhere", ("t",)), DesiredSchema("Ads")])
def test_nothing_is_read_about_schemas_that_arent_there(missing: DesiredSchema) -> None:
    rows = answers()
    current = read_schema_access(rows, q.SESSION, "linked_role", [missing], prune=True, thorough=True)
    assert current == SchemaAccess(q.SEEN, q.KNOWN_ROLES, q.KNOWN_USERS, holdings.SCHEMAS)
    assert rows.asked == holdings.START


def test_a_case_sensitive_session_finds_mixed_case() -> None:
    session = Session("admin", "dev", case_sensitive=True)
    desired = [DesiredSchema("Ads", ("t",)), DesiredSchema("CRM", ("t",))]
    current = read_schema_access(answers(**{q.tables_of("Ads"): []}), session, "linked_role", desired)
    assert (current.session, current.tables) == (session, Tables({"Ads": frozenset()}))


ASKED = "SELECT has_schema_privilege('etl', 'Ads', 'create'), has_schema_privilege('etl', 'crm', 'create')"
ON_LATER: q.Table = [[*q.ROLE, "etl", schema, "RELATION", "SELECT"] for schema in ("crm", "Ads", "web", None)]


@pytest.mark.parametrize(("answer", "stuck"), [([True, False], [("etl", "crm")]), ([True, True], [])])
def test_a_writer_that_cannot_create_any_more_is_stuck(answer: list[bool], stuck: list[tuple[str, str]]) -> None:
    # Later tables of every schema ask for no schema.
    rows = answers(**{q.DEFAULTS: ON_LATER, ASKED: [answer]})
    session, desired = Session("admin", "dev", case_sensitive=True), [DesiredSchema("crm"), DesiredSchema("Ads")]
    assert read_schema_access(rows, session, "linked_role", desired, prune=True).stuck == frozenset(stuck)


def test_where_they_stay_nothing_is_asked() -> None:
    later = DesiredSchema("crm", future=FutureTables.DEFAULT_PRIVILEGES, writers=("loader",))
    held: q.Table = [[*q.ROLE, "loader", "crm", "RELATION", "SELECT"]]
    rows = answers(**{q.DEFAULTS: held, q.later("above", "top"): []})
    assert read_schema_access(rows, q.SESSION, "linked_role", [later], prune=True).stuck == frozenset()
    assert not any("has_schema_privilege" in sql for sql in rows.asked)
