"""What is read where something is lacking: what may satisfy it otherwise, and who writes."""

from __future__ import annotations

from typing import Any

from airflow_provider_datagraph.access.current import CurrentAccess
from airflow_provider_datagraph.access.desired import DesiredSchema, FutureTables
from airflow_provider_datagraph.access.schemas.read import read_creators, read_schema_list, read_schemas
from airflow_provider_datagraph.redshift.catalog.identities import granted_roles
from airflow_provider_datagraph.redshift.values import Grant, Schema, Scope, Session, User
from tests.unit.access import catalog_holdings as holdings
from tests.unit.access import catalog_rows as q
from tests.unit.access.catalog_rows import Answers
from tests.unit.access.planning import database, holding, plan_schemas

SESSION = Session("admin", "dev")
LATER = DesiredSchema("crm", future=FutureTables.DEFAULT_PRIVILEGES)
USERS = {"admin": User("admin", 1, superuser=True), "etl": User("etl", 2), "owner": User("owner", 3)}
ROWS: dict[str, Any] = {
    q.SCHEMAS: [["dev", "crm", 100, "local"]],
    q.OF_ALL_ON_SCHEMAS: [
        ["crm", "USAGE", "SCHEMA", "role", "linked_role"],
        ["crm", "SELECT", "TABLES", "role", "linked_role"],
    ],
    q.tables_of("'crm'"): [["crm", "t", "TABLE", "admin"]],
    q.ON_RELATIONS + q.OF_ROLE: [],
    q.ON_COLUMNS + q.OF_ROLE: [["crm", "t", "c", "SELECT"]],
    q.DEFAULTS: [],
    q.ROLE_GRANTS: [],
    q.ON_DATABASES + q.OF_ROLE: [],
    q.OF_OTHERS_ON_RELATIONS: [["crm", "t", "SELECT", "public", "public"], ["crm", "t", "SELECT", "group", "g"]],
    q.SECURED: [],
    q.MASKED: [],
}


def test_what_prune_takes_away_is_lacking_and_read_with_the_rest() -> None:
    found = read_schemas(Answers(ROWS), SESSION, "linked_role", [DesiredSchema("crm", ("t",))], prune=True)
    assert found.grants == {
        Grant(Scope.SCHEMA, "USAGE", "crm"),
        Grant(Scope.TABLES, "SELECT", "crm"),
        Grant(Scope.COLUMN, "SELECT", "crm", "t", "c"),
    }
    on_table = frozenset({Grant(Scope.TABLE, "SELECT", "crm", "t")})
    assert found.others == {"PUBLIC": on_table, "group g": on_table}


def test_what_is_held_stays_known_beside_columns() -> None:
    rows = {**ROWS, q.OF_ALL_ON_SCHEMAS: [["crm", "USAGE", "SCHEMA", "role", "linked_role"]]}
    found = read_schemas(Answers(rows), SESSION, "linked_role", [DesiredSchema("crm", ("t",))])
    assert found.grants == {Grant(Scope.SCHEMA, "USAGE", "crm"), Grant(Scope.COLUMN, "SELECT", "crm", "t", "c")}


def test_only_who_may_or_may_not_create_is_asked_about() -> None:
    current = CurrentAccess(
        SESSION,
        users=USERS,
        schemas={"crm": Schema("crm", "owner")},
        table_owners={"crm": frozenset({"admin", "etl", "owner", "gone"})},
    )
    rows = Answers({"SELECT has_schema_privilege('etl', 'crm', 'create')": [[True]]})
    assert read_creators(rows, current, {"crm": LATER}).creators == {("etl", "crm")}
    assert len(rows.asked) == 1


def test_an_external_schema_may_have_no_owner() -> None:
    rows = {**ROWS, q.USERS: [["rdsdb", 1, True, True]], q.SCHEMAS: [["dev", "lake", None, "EXTERNAL"]]}
    found = read_schema_list(Answers(rows), SESSION)
    assert found.schemas == {"lake": Schema("lake", "user id None", "external")}


def test_roles_of_roles_are_found_on_every_branch() -> None:
    rows = [("r", "a"), ("r", "b"), ("a", "c"), ("b", "d"), ("c", "e"), ("d", "f"), ("x", "y")]
    assert granted_roles("r", rows) == set("abcdef")


def test_default_privileges_of_a_role_of_the_role_are_held_too() -> None:
    desired = DesiredSchema("crm", future=FutureTables.DEFAULT_PRIVILEGES, writers=("admin",))
    rows = Answers(
        {
            **ROWS,
            q.ROLE_GRANTS: [["linked_role", "above"]],
            q.ON_DATABASES + q.OF_ROLE.replace("linked_role", "above"): [],
            q.ON_RELATIONS + q.OF_ROLE.replace("linked_role", "above"): [],
            q.OF_ALL_ON_SCHEMAS: [["crm", "USAGE", "SCHEMA", "role", "linked_role"]],
            q.ON_RELATIONS + q.OF_ROLE: [["crm", "t", "SELECT"]],
            q.DEFAULTS.replace("linked_role", "above"): [["crm", "admin", "SELECT"], ["ads", "admin", "SELECT"]],
        }
    )
    found = read_schemas(rows, SESSION, "linked_role", [desired])
    assert Grant(Scope.DEFAULT, "SELECT", "crm", "admin") in found.inherited
    assert plan_schemas([desired], "linked_role", found).steps == ()


def test_listed_tables_may_need_several_privileges() -> None:
    current = database("crm", crm="t")
    desired = [DesiredSchema("crm", ("t",), table_privileges=("SELECT", "INSERT"))]
    said = "grant SELECT, INSERT on table dev.crm.t to role r: not held"
    assert plan_schemas(desired, "r", current).sentences[-1] == said


def test_default_privileges_of_one_writer_are_revoked_together() -> None:
    names = ("ads", "crm")
    held = [
        grant
        for name in names
        for grant in (
            Grant(Scope.SCHEMA, "USAGE", name),
            Grant(Scope.TABLES, "SELECT", name),
            Grant(Scope.DEFAULT, "SELECT", name, "etl"),
        )
    ]
    plan = plan_schemas([DesiredSchema(name) for name in names], "r", holding(database(*names), *held), prune=True)
    assert [step.sql for step in plan.steps] == [
        'ALTER DEFAULT PRIVILEGES FOR USER "etl" IN SCHEMA "ads", "crm" REVOKE SELECT ON TABLES FROM ROLE "r"'
    ]


def test_a_thorough_look_reads_everything() -> None:
    rows = holdings.answers(
        **{
            q.USER_GRANTS: [["linked_user", "linked_role"], ["root", "linked_role"], ["a_stranger", "above"]],
            q.of_users(q.OF_ALL_ON_SCHEMAS): [
                ["crm", "CREATE", "SCHEMA", "user", "root"],
                ["web", "CREATE", "SCHEMA", "user", "root"],
            ],
            q.of_users(q.OF_OTHERS_ON_RELATIONS): [["crm", "accounts", "INSERT", "user", "linked_user"]],
            q.LATE_VIEWS: [["crm", "my_mv_tbl__"], ["crm", "my_mv_tbl__"], ["elsewhere", "v"]],
            q.MASKED: [["crm", "accounts", "root", "user"], ["crm", "orders", "a_stranger", "user"]],
        }
    )
    current = read_schemas(rows, holdings.SESSION, "linked_role", [DesiredSchema("crm")], thorough=True)
    assert {q.tables_of("'crm'"), *holdings.DETAILS, *holdings.LIMITS} <= set(rows.asked)
    assert len(rows.asked) == len(set(rows.asked))
    assert current.views == {"crm": {"my_mv_tbl__": "analyst"}}
    assert current.late_views == {"crm": {"my_mv_tbl__"}, "elsewhere": {"v"}}
    assert current.grants == {
        *holdings.ON_CRM,
        *holdings.ACCOUNTS,
        *holdings.COLUMNS,
        Grant(Scope.DATABASE_TABLES, "SELECT", "dev"),
    }
    assert current.members == {"linked_user", "root"}
    assert current.others == {
        "group staff": {Grant(Scope.TABLE, "SELECT", "web", "pages")},
        "user root": {Grant(Scope.SCHEMA, "CREATE", "crm")},
        "user linked_user": {Grant(Scope.TABLE, "INSERT", "crm", "accounts")},
    }
    assert current.masked == {"crm": {"accounts"}}


def test_late_binding_views_are_asked_for_where_there_are_views_and_users_where_there_are_members() -> None:
    rows = holdings.answers(
        **{q.tables_of("'web'"): [["web", "pages", "TABLE", "loader"]], q.USER_GRANTS: [["root", "above"]]}
    )
    current = read_schemas(rows, holdings.SESSION, "linked_role", [DesiredSchema("web")], thorough=True)
    assert q.LATE_VIEWS not in rows.asked
    assert (current.late_views, current.members) == ({}, frozenset())
    assert not any("identity_type = 'user'" in sql for sql in rows.asked)
