"""The catalog's rows -> current access: the session, identities and databases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from airflow_provider_datagraph.access.current import CurrentAccess
from airflow_provider_datagraph.access.database import read_databases
from airflow_provider_datagraph.access.role import read_identities
from airflow_provider_datagraph.access.schemas.read import read_all_schemas, read_schema_list
from airflow_provider_datagraph.redshift.catalog.privileges import (
    column_privileges_query,
    database_privileges_query,
    default_privileges_query,
    relation_privileges_query,
    schema_privileges_query,
)
from airflow_provider_datagraph.redshift.catalog.schemas import schemas_query
from airflow_provider_datagraph.redshift.catalog.sessions import read_session
from airflow_provider_datagraph.redshift.values import Database, Grant, Role, Schema, Scope, Session, User
from tests.unit.access import catalog_rows as q
from tests.unit.access.catalog_rows import Answers

SESSION = Session("admin", "dev", superuser=False)
SEEN = Session("admin", "dev", superuser=True)
USERS = {"admin": User("admin", 100, True, True), "linked_user": User("linked_user", 101)}
ROLES = {"linked_role": Role("linked_role", "admin"), "sys:dba": Role("sys:dba", "rdsdb")}


@pytest.mark.parametrize(
    ("value", "sensitive"),
    [
        ("on", True),
        (" ON ", True),
        ("true", True),
        ("t", True),
        ("1", True),
        (True, True),
        ("off", False),
        ("false", False),
        ("", False),
        ("0", False),
        (None, False),
    ],
)
def test_the_session_tells_how_names_compare(value: Any, sensitive: bool) -> None:
    rows = Answers({"SHOW enable_case_sensitive_identifier": [[value]]})
    expected = Session("Admin", "dev", superuser=True, case_sensitive=sensitive)
    assert read_session(rows, "Admin", "dev") == expected


@pytest.mark.parametrize("stored", ["Dev", "dev"])
@pytest.mark.parametrize("sensitive", ["on", "off"])
def test_a_database_typed_with_capitals_is_the_one_that_the_session_is_in(stored: str, sensitive: str) -> None:
    rows = Answers(
        {"SHOW enable_case_sensitive_identifier": [[sensitive]], "SELECT current_database()": [[stored]]},
    )
    found = read_session(rows, "Admin", "Dev", [])
    assert found == Session("Admin", stored, case_sensitive=sensitive == "on")


@pytest.mark.parametrize("names", [[], ["crm", "übung"]])
def test_how_names_compare_is_not_asked_where_redshift_folds_none(names: list[str]) -> None:
    def refuse(sql: str) -> Any:
        raise AssertionError(sql)

    assert read_session(refuse, "Admin", "dev", names) == Session("Admin", "dev")


@pytest.mark.parametrize(("database", "names"), [("Dev", ["crm"]), ("dev", ["crm", "Web"])])
def test_how_names_compare_is_asked_where_one_would_be_folded(database: str, names: list[str]) -> None:
    answers = {"SHOW enable_case_sensitive_identifier": [["on"]], "SELECT current_database()": [[database]]}
    found = read_session(answers.__getitem__, "Admin", database, names)
    assert found == Session("Admin", database, case_sensitive=True)


PRIVILEGES = (q.ON_DATABASES, q.ON_SCHEMAS, q.ON_RELATIONS, q.ON_COLUMNS)


def identities(**more: Any) -> dict[str, Any]:
    """Empty answers to what is asked about identities."""
    queries = [q.USER_GRANTS, q.ROLE_GRANTS]
    queries += [on + of for on in PRIVILEGES for of in (q.OF_ROLE, q.OF_USER)]
    return {**{query: [] for query in queries}, **more}


HOLDINGS: dict[str, Sequence[Sequence[Any]]] = {
    q.USER_GRANTS: [
        ["linked_user", "linked_role"],
        ["linked_user", "other_role"],
        ["someone", "linked_role"],
        ["outsider", "third_role"],
    ],
    q.ROLE_GRANTS: [
        ["holder_role", "linked_role"],
        ["sys:dba", "linked_role"],
        ["linked_role", "above"],
        ["above", "top"],
        ["top", "above"],
        ["holder_role", "elsewhere"],
    ],
    q.ON_DATABASES + q.OF_ROLE: [
        ["dev", "temp", "DATABASE"],
        ["dev", " create ", "database"],
        ["dev", "SELECT", "TABLES"],
        ["dev", "USAGE", "SCHEMAS"],
    ],
    q.ON_SCHEMAS + q.OF_ROLE: [
        ["crm", "usage", "SCHEMA"],
        ["crm", "SELECT", " tables "],
        ["crm", "EXECUTE", "FUNCTIONS"],
    ],
    q.ON_RELATIONS + q.OF_ROLE: [["crm", "accounts", "select"]],
    q.ON_COLUMNS + q.OF_ROLE: [["crm", "orders", "id", "select"]],
    q.ON_COLUMNS + q.OF_USER: [["crm", "orders", "total", "Update"]],
    q.ON_DATABASES + q.OF_USER: [["dev", "TEMPORARY", "DATABASE"]],
    q.ON_SCHEMAS + q.OF_USER: [["public", "CREATE", "SCHEMA"]],
    q.ON_RELATIONS + q.OF_USER: [["crm", "orders", "INSERT"]],
}


def test_identities_hold_roles_and_privileges() -> None:
    rows = Answers({**identities(), **HOLDINGS})
    assert read_identities(rows, SESSION, "linked_role", "linked_user") == CurrentAccess(
        SEEN,
        roles=ROLES,
        users=USERS,
        members=frozenset({"linked_user", "someone"}),
        role_members=frozenset({"holder_role", "sys:dba"}),
        granted_roles=frozenset({"above", "top"}),
        user_roles=frozenset({"linked_role", "other_role"}),
        grants=frozenset(
            {
                Grant(Scope.DATABASE, "TEMPORARY", "dev"),
                Grant(Scope.DATABASE, "CREATE", "dev"),
                Grant(Scope.SCHEMA, "USAGE", "crm"),
                Grant(Scope.TABLES, "SELECT", "crm"),
                Grant(Scope.TABLE, "SELECT", "crm", "accounts"),
                Grant(Scope.COLUMN, "SELECT", "crm", "orders", "id"),
            }
        ),
        user_grants=frozenset(
            {
                Grant(Scope.DATABASE, "TEMPORARY", "dev"),
                Grant(Scope.SCHEMA, "CREATE", "public"),
                Grant(Scope.TABLE, "INSERT", "crm", "orders"),
                Grant(Scope.COLUMN, "UPDATE", "crm", "orders", "total"),
            }
        ),
    )


def test_only_those_who_exist_are_asked_about() -> None:
    rows = Answers({q.USERS: [["admin", 100, True, False]], q.ROLES: [], q.USER_GRANTS: [], q.ROLE_GRANTS: []})
    current = read_identities(rows, SESSION, "linked_role", "linked_user")
    assert current == CurrentAccess(SEEN, users={"admin": User("admin", 100, True)})
    assert rows.asked == [q.USERS, q.ROLES, q.USER_GRANTS, q.ROLE_GRANTS]


@pytest.mark.parametrize(
    ("users", "of"), [([["admin", 100, True, False]], q.OF_ROLE), ([["linked_user", 101, False, False]], q.OF_USER)]
)
def test_one_of_the_two_may_exist(users: list[list[Any]], of: str) -> None:
    roles = [["linked_role", "admin"]] if of == q.OF_ROLE else []
    rows = Answers({**identities(), q.USERS: users, q.ROLES: roles})
    read_identities(rows, SESSION, "linked_role", "linked_user")
    privileges = [sql for sql in rows.asked if "identity_name" in sql]
    assert privileges == [on + of for on in PRIVILEGES]


@pytest.mark.parametrize(
    ("users", "superuser"),
    [
        ([["admin", 100, True, False]], True),
        ([["admin", 100, False, True]], False),
        ([["someone", 100, True, True]], False),
    ],
)
def test_only_a_superuser_sees_the_whole_catalog(users: list[list[Any]], superuser: bool) -> None:
    rows = Answers({q.USERS: users, q.SCHEMAS: []})
    current = read_schema_list(rows, Session("admin", "dev", superuser=not superuser))
    assert current.session == Session("admin", "dev", superuser=superuser)


def test_databases_are_read_with_owner_and_kind() -> None:
    rows = Answers(
        {
            q.DATABASES: [["dev", 100, "local"], ["profiles", "101", "local"], ["sales", 999, "shared"]],
            q.ON_DATABASES + q.OF_ROLE: [["dev", "CREATE", "DATABASE"], ["dev", "SELECT", "TABLES"]],
        }
    )
    assert read_databases(rows, SESSION, "linked_role") == CurrentAccess(
        SEEN,
        roles=ROLES,
        users=USERS,
        databases={
            "dev": Database("dev", "admin"),
            "profiles": Database("profiles", "linked_user"),
            "sales": Database("sales", "user id 999", "shared"),
        },
        grants=frozenset({Grant(Scope.DATABASE, "CREATE", "dev")}),
    )


def test_schemas_of_every_database_are_read_at_once() -> None:
    rows = Answers(
        {
            q.ALL_SCHEMAS: [
                ["dev", "crm", 100, "local"],
                ["dev", "lake", 1, "EXTERNAL"],
                ["sales", "crm", None, "shared"],
                ["hidden", "public", "101", "Local"],
            ]
        }
    )
    databases = {"dev": Database("dev", "admin"), "empty": Database("empty", "admin")}
    current = CurrentAccess(SEEN, users=USERS, databases=databases)
    assert read_all_schemas(rows, current) == {
        "dev": {"crm": Schema("crm", "admin"), "lake": Schema("lake", "user id 1", "external")},
        "empty": {},
        "sales": {"crm": Schema("crm", "user id None", "shared")},
        "hidden": {"public": Schema("public", "linked_user")},
    }


def test_names_in_queries_are_literals() -> None:
    name, of = "o'x\\", "identity_name = 'o''x\\\\'"
    for query in (
        database_privileges_query("user", name),
        schema_privileges_query("user", name),
        relation_privileges_query("user", name),
        column_privileges_query("user", name),
    ):
        assert query.endswith(f" WHERE identity_type = 'user' AND {of}")
    several = database_privileges_query("role", "b", name, "a")
    assert several.endswith(" WHERE identity_type = 'role' AND identity_name IN ('a', 'b', 'o''x\\\\')")
    assert default_privileges_query(name).endswith("grantee_name = 'o''x\\\\' AND object_type = 'RELATION'")
    assert schemas_query(name).endswith("database_name = 'o''x\\\\'")
