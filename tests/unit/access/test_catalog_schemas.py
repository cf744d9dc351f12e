"""The catalog's rows -> current access: schemas, their tables, and only what the answer depends on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from airflow_provider_datagraph.access import catalog
from airflow_provider_datagraph.access.privileges import (
    CurrentAccess,
    DesiredSchema,
    FutureTables,
    Grant,
    Role,
    Schema,
    Scope,
    Session,
    User,
)
from tests.unit.access import catalog_rows as q
from tests.unit.access.catalog_rows import Answers

SESSION = Session("admin", "dev", superuser=False)
SEEN = Session("admin", "dev")
USERS = {"admin": User("admin", 100, True, True), "linked_user": User("linked_user", 101)}
ROLES = {"linked_role": Role("linked_role", "admin"), "sys:dba": Role("sys:dba", "rdsdb")}
SCHEMAS = {
    "crm": Schema("crm", "admin"),
    "Ads": Schema("Ads", "linked_user"),
    "lake": Schema("lake", "admin", "external"),
    "web": Schema("web", "admin"),
}
START = [q.USERS, q.ROLES, q.SCHEMAS]
PRIVILEGES = [q.ON_RELATIONS + q.OF_ROLE, q.ON_COLUMNS + q.OF_ROLE]


def tables_of(listed: str) -> str:
    """The query for the tables of some schemas."""
    return (
        "SELECT schema_name, table_name FROM svv_redshift_tables "
        f"WHERE database_name = 'dev' AND schema_name IN ({listed})"
    )


def answers(**more: Sequence[Sequence[Any]]) -> Answers:
    """A database with four schemas, where the role holds something of every kind."""
    return Answers(
        {
            q.SCHEMAS: [
                ["dev", "crm", 100, "local"],
                ["dev", "Ads", 101, "local"],
                ["dev", "lake", 100, "external"],
                ["dev", "web", 100, "local"],
            ],
            q.ON_SCHEMAS + q.OF_ROLE: [
                ["crm", "USAGE", "SCHEMA"],
                ["crm", "SELECT", "TABLES"],
                ["crm", "EXECUTE", "FUNCTIONS"],
                ["web", "USAGE", "SCHEMA"],
            ],
            q.ON_RELATIONS + q.OF_ROLE: [["crm", "accounts", "select"], ["web", "pages", "SELECT"]],
            q.ON_COLUMNS + q.OF_ROLE: [["crm", "orders", "id", "select"], ["web", "pages", "url", "SELECT"]],
            q.DEFAULTS: [["crm", "loader", "select"], [None, "loader", "SELECT"], ["web", "loader", "INSERT"]],
            tables_of("'crm'"): [["crm", "accounts"], ["crm", "mv_tbl__totals__0"], ["crm", "my_mv_tbl__"]],
            **more,
        }
    )


ON_CRM = {Grant(Scope.SCHEMA, "USAGE", "crm"), Grant(Scope.TABLES, "SELECT", "crm")}
ON_TABLES = {Grant(Scope.TABLE, "SELECT", "crm", "accounts"), Grant(Scope.COLUMN, "SELECT", "crm", "orders", "id")}
LATER = {Grant(Scope.DEFAULT, "SELECT", "crm", "loader")}
TABLES = {"crm": frozenset({"accounts", "my_mv_tbl__"})}


@pytest.mark.parametrize(
    ("desired", "prune", "asked", "grants", "relations"),
    [
        (DesiredSchema("crm"), False, [], ON_CRM, {}),
        (DesiredSchema("CRM"), False, [], ON_CRM, {}),
        (DesiredSchema("crm"), True, [*PRIVILEGES, q.DEFAULTS], ON_CRM | ON_TABLES | LATER, {}),
        (
            DesiredSchema("crm", future=FutureTables.NONE),
            False,
            [*PRIVILEGES, tables_of("'crm'")],
            ON_CRM | ON_TABLES,
            TABLES,
        ),
        (
            DesiredSchema("crm", ("accounts",)),
            False,
            [*PRIVILEGES, tables_of("'crm'")],
            ON_CRM | ON_TABLES,
            TABLES,
        ),
        (
            DesiredSchema("crm", ("accounts",)),
            True,
            [*PRIVILEGES, q.DEFAULTS, tables_of("'crm'")],
            ON_CRM | ON_TABLES | LATER,
            TABLES,
        ),
    ],
)
def test_only_what_the_answer_depends_on_is_read(
    desired: DesiredSchema, prune: bool, asked: list[str], grants: set[Grant], relations: dict[str, frozenset[str]]
) -> None:
    rows = answers()
    current = catalog.read_schemas(rows, SESSION, "linked_role", [desired], prune)
    assert current == CurrentAccess(
        SEEN, roles=ROLES, users=USERS, schemas=SCHEMAS, grants=frozenset(grants), relations=relations
    )
    assert rows.asked == [*START, q.ON_SCHEMAS + q.OF_ROLE, *asked]


@pytest.mark.parametrize("prune", [False, True])
@pytest.mark.parametrize("missing", [DesiredSchema("nowhere", ("t",)), DesiredSchema("ads"), DesiredSchema("Ads")])
def test_nothing_is_read_about_schemas_that_arent_there(missing: DesiredSchema, prune: bool) -> None:
    rows = answers()
    current = catalog.read_schemas(rows, SESSION, "linked_role", [missing], prune)
    assert current == CurrentAccess(SEEN, roles=ROLES, users=USERS, schemas=SCHEMAS)
    assert rows.asked == START


def test_nothing_is_pruned_unless_asked() -> None:
    rows = answers()
    catalog.read_schemas(rows, SESSION, "linked_role", [DesiredSchema("crm")])
    assert rows.asked == [*START, q.ON_SCHEMAS + q.OF_ROLE]


def test_a_case_sensitive_session_finds_mixed_case() -> None:
    rows = answers()
    session = Session("admin", "dev", case_sensitive=True)
    desired = [DesiredSchema("Ads"), DesiredSchema("CRM", ("t",))]
    current = catalog.read_schemas(rows, session, "linked_role", desired)
    assert (current.session, current.grants, current.relations) == (session, frozenset(), {})
    assert rows.asked == [*START, q.ON_SCHEMAS + q.OF_ROLE]


def test_tables_are_read_of_the_schemas_that_need_it_in_one_query() -> None:
    listed = tables_of("'crm', 'web'")
    rows = answers(**{listed: [["web", "pages"], ["crm", "accounts"]]})
    desired = [DesiredSchema("web", ("pages",)), DesiredSchema("lake"), DesiredSchema("crm", future=FutureTables.NONE)]
    current = catalog.read_schemas(rows, SESSION, "linked_role", desired)
    assert current.relations == {"web": frozenset({"pages"}), "crm": frozenset({"accounts"})}
    assert current.grants == ON_CRM | ON_TABLES | {
        Grant(Scope.SCHEMA, "USAGE", "web"),
        Grant(Scope.TABLE, "SELECT", "web", "pages"),
        Grant(Scope.COLUMN, "SELECT", "web", "pages", "url"),
    }
    assert rows.asked == [*START, q.ON_SCHEMAS + q.OF_ROLE, *PRIVILEGES, listed]


def test_a_database_without_schemas_is_empty() -> None:
    rows = Answers({q.SCHEMAS: []})
    assert catalog.read_schema_list(rows, SESSION) == CurrentAccess(SEEN, roles=ROLES, users=USERS)
    assert rows.asked == START


def test_a_schema_without_tables_is_there_too() -> None:
    query = (
        "SELECT schema_name, table_name FROM svv_redshift_tables "
        "WHERE database_name = 'it''s' AND schema_name IN ('a\\\\b', 'crm', 'o''x')"
    )
    rows = Answers({query: [["o'x", "t"], ["o'x", "mv_tbl__v__0"], ["o'x", "u"]]})
    assert catalog.read_relations(rows, "it's", iter(["o'x", "crm", "a\\b"])) == {
        "o'x": frozenset({"t", "u"}),
        "crm": frozenset(),
        "a\\b": frozenset(),
    }


def test_default_privileges_of_the_whole_database_belong_to_no_schema() -> None:
    on_none: Sequence[Sequence[Any]] = [["None", "loader", "SELECT"], [None, "loader", "INSERT"]]
    empty: dict[str, Sequence[Sequence[Any]]] = {query: [] for query in (q.ON_SCHEMAS + q.OF_ROLE, *PRIVILEGES)}
    rows = Answers({**empty, q.SCHEMAS: [["dev", "None", 100, "local"]], q.DEFAULTS: on_none})
    session = Session("admin", "dev", case_sensitive=True)
    current = catalog.read_schemas(rows, session, "linked_role", [DesiredSchema("None")], prune=True)
    assert current.grants == {Grant(Scope.DEFAULT, "SELECT", "None", "loader")}
