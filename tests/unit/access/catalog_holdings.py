"""A database with four schemas, where a role holds something of every kind, as the catalog's answers tell it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_datagraph.redshift.values import Grant, Role, Schema, Scope, Session, User
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
DETAILS = [q.ON_RELATIONS + q.OF_ROLE, q.ON_COLUMNS + q.OF_ROLE]
CONTEXT = [q.ROLE_GRANTS, q.ON_DATABASES + q.OF_ROLE]
LIMITS = [q.SECURED, q.MASKED]


ABOVE = " WHERE identity_type = 'role' AND identity_name IN ('above', 'top')"
HOLDINGS: dict[str, Sequence[Sequence[Any]]] = {
    q.SCHEMAS: [
        ["dev", "crm", 100, "local"],
        ["dev", "Ads", 101, "local"],
        ["dev", "lake", 100, "external"],
        ["dev", "web", 100, "local"],
    ],
    q.OF_ALL_ON_SCHEMAS: [
        ["crm", "USAGE", "SCHEMA", "role", "linked_role"],
        ["crm", "SELECT", "TABLES", "role", "linked_role"],
        ["crm", "EXECUTE", "FUNCTIONS", "role", "linked_role"],
        ["web", "USAGE", "SCHEMA", "role", "linked_role"],
        ["web", "USAGE", "SCHEMA", "public", "public"],
        ["web", "CREATE", "SCHEMA", "group", "linked_role"],
        ["web", "SELECT", "TABLES", "role", "above"],
        ["web", "INSERT", "TABLES", "role", "a_stranger"],
        ["lake", "USAGE", "SCHEMA", "group", "staff"],
    ],
    q.ON_RELATIONS + q.OF_ROLE: [["crm", "accounts", "select"], ["web", "pages", "SELECT"]],
    q.ON_COLUMNS + q.OF_ROLE: [["crm", "orders", "id", "select"], ["web", "pages", "url", "SELECT"]],
    q.DEFAULTS: [["crm", "loader", "select"], [None, "loader", "SELECT"], ["web", "loader", "INSERT"]],
    q.tables_of("'crm'"): [
        ["crm", "accounts", "TABLE", "loader"],
        ["crm", "mv_tbl__totals__0", "TABLE", "nobody"],
        ["crm", "my_mv_tbl__", "VIEW", "analyst"],
    ],
    q.ROLE_GRANTS: [["linked_role", "above"], ["above", "top"], ["a_stranger", "elsewhere"]],
    q.ON_DATABASES + q.OF_ROLE: [
        ["dev", "SELECT", "TABLES"],
        ["dev", "CREATE", "DATABASE"],
        ["other", "SELECT", "TABLES"],
    ],
    q.ON_DATABASES + ABOVE: [["dev", "usage", "SCHEMAS"]],
    q.ON_RELATIONS + q.OF_ROLE.replace("linked_role", "above"): [["web", "pages", "DELETE"]],
    q.ON_RELATIONS + q.OF_ROLE.replace("linked_role", "top"): [],
    q.OF_OTHERS_ON_RELATIONS: [["web", "pages", "SELECT", "group", "staff"]],
    q.SECURED: [["web", "pages"], ["elsewhere", "t"]],
    q.MASKED: [
        ["web", "pages", "linked_role", "role"],
        ["web", "users", "public", "public"],
        ["web", "links", "top", "role"],
        ["web", "others", "a_stranger", "role"],
        ["elsewhere", "t", "public", "public"],
    ],
}


def answers(**more: Sequence[Sequence[Any]]) -> Answers:
    """A database with four schemas, where the role holds something of every kind."""
    return Answers({**HOLDINGS, **more})


ON_CRM = {Grant(Scope.SCHEMA, "USAGE", "crm"), Grant(Scope.TABLES, "SELECT", "crm")}
ACCOUNTS = {Grant(Scope.TABLE, "SELECT", "crm", "accounts")}
COLUMNS = {Grant(Scope.COLUMN, "SELECT", "crm", "orders", "id")}
LATER = {Grant(Scope.DEFAULT, "SELECT", "crm", "loader"), Grant(Scope.DEFAULT, "SELECT", "", "loader")}
