"""What the cluster knows of the linked role and user."""

from __future__ import annotations

import pytest

from airflow_provider_datagraph.access.role import RoleAccess, read_role
from airflow_provider_datagraph.redshift.values import Grant, Scope, User
from tests.unit.redshift import catalog_rows as q
from tests.unit.redshift.catalog_rows import Answers, Table

PRIVILEGES = (q.ON_DATABASES, q.ON_SCHEMAS, q.ON_RELATIONS, q.ON_COLUMNS)


HOLDINGS: dict[str, Table] = {
    q.USER_GRANTS: [
        *([name, "linked_role"] for name in ("linked_user", "someone")),
        *(["linked_user", "other_role"], ["outsider", "third_role"]),
    ],
    q.ROLE_GRANTS: [
        *([name, "linked_role"] for name in ("holder_role", "sys:dba")),
        *(["linked_role", "above"], ["above", "top"], ["top", "above"], ["holder_role", "elsewhere"]),
    ],
    q.ON_DATABASES + q.OF_BOTH: [[*q.ROLE, "dev", "temp", "DATABASE"], [*q.ROLE, "other", "SELECT", "TABLES"]],
    q.ON_SCHEMAS + q.OF_BOTH: [[*q.ROLE, "crm", "usage", "SCHEMA"], [*q.USER, "public", "CREATE", "SCHEMA"]],
    q.ON_RELATIONS + q.OF_BOTH: [[*q.ROLE, "crm", "accounts", "select"]],
    q.ON_COLUMNS + q.OF_BOTH: [[*q.ROLE, "crm", "orders", "id", "select"]],
}


GRANTS = {
    Grant(Scope.DATABASE, "TEMPORARY", database="dev"),
    Grant(Scope.DATABASE_TABLES, "SELECT", database="other"),
    Grant(Scope.SCHEMA, "USAGE", "crm"),
    Grant(Scope.TABLE, "SELECT", "crm", "accounts"),
    Grant(Scope.COLUMN, "SELECT", "crm", "orders", "id"),
}


def test_identities_hold_roles_and_privileges() -> None:
    assert read_role(Answers(HOLDINGS), q.SESSION, "linked_role", "linked_user") == RoleAccess(
        q.SEEN,
        roles=q.KNOWN_ROLES,
        users=q.KNOWN_USERS,
        members=frozenset({"linked_user", "someone"}),
        role_members=frozenset({"holder_role", "sys:dba"}),
        inherited_roles=frozenset({"above", "top"}),
        user_roles=frozenset({"linked_role", "other_role"}),
        grants=frozenset(GRANTS),
        user_grants=frozenset({Grant(Scope.SCHEMA, "CREATE", "public")}),
    )


def test_only_those_who_exist_are_asked_about() -> None:
    rows = Answers({q.USERS: [["admin", 100, True, False]], q.ROLES: []})
    current = read_role(rows, q.SESSION, "linked_role", "linked_user")
    assert current == RoleAccess(q.SEEN, users={"admin": User("admin", 100, True)})
    assert rows.asked == [q.USERS, q.ROLES]


@pytest.mark.parametrize(
    ("users", "roles", "name"),
    [
        ([["admin", 100, True, False]], [["linked_role", "admin"]], "linked_role"),
        ([["linked_user", 101, False, False]], [], "linked_user"),
    ],
)
def test_one_of_the_two_may_exist(users: Table, roles: Table, name: str) -> None:
    asked = [on + q.of(name) for on in PRIVILEGES]
    nothing: dict[str, Table] = dict.fromkeys((q.USER_GRANTS, q.ROLE_GRANTS, *asked), ())
    rows = Answers({**nothing, q.USERS: users, q.ROLES: roles})
    read_role(rows, q.SESSION, "linked_role", "linked_user")
    assert rows.asked == [q.USERS, q.ROLES, q.USER_GRANTS, *[q.ROLE_GRANTS] * bool(roles), *asked]
