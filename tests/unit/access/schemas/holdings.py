"""A database with four schemas, where a role holds something of every kind, as the catalog's answers tell it."""

from __future__ import annotations

from airflow_provider_datagraph.redshift.values import Grant, Schema, Scope
from tests.unit.redshift import catalog_rows as q
from tests.unit.redshift.catalog_rows import Answers, Table

SCHEMAS = {
    "crm": Schema("crm", "admin"),
    "Ads": Schema("Ads", "linked_user"),
    "lake": Schema("lake", "admin", "external"),
    "web": Schema("web", "admin"),
}
START = [q.USERS, q.ROLES, q.SCHEMAS]
TABLE_BY_TABLE, BY_COLUMN = q.ON_RELATIONS + q.OF_ROLE, q.ON_COLUMNS + q.OF_ROLE
ABOVE = q.of("above", "top")
CONTEXT = [q.ROLE_GRANTS, q.ON_DATABASES + q.of("above", "linked_role", "top")]
LIMITS = [q.SECURED, q.MASKED]
HOLDINGS: dict[str, Table] = {
    q.SCHEMAS: [
        ["dev", "crm", 100, "local"],
        ["dev", "Ads", 101, "local"],
        ["dev", "lake", 100, "external"],
        ["dev", "web", 100, "local"],
    ],
    q.OF_ALL_ON_SCHEMAS: [
        [*q.ROLE, "crm", "USAGE", "SCHEMA"],
        [*q.ROLE, "crm", "SELECT", "TABLES"],
        [*q.ROLE, "crm", "EXECUTE", "FUNCTIONS"],
        [*q.ROLE, "web", "USAGE", "SCHEMA"],
        ["public", "public", "web", "USAGE", "SCHEMA"],
        ["group", "linked_role", "web", "CREATE", "SCHEMA"],
        ["role", "above", "web", "SELECT", "TABLES"],
        ["role", "a_stranger", "web", "INSERT", "TABLES"],
        ["group", "staff", "lake", "USAGE", "SCHEMA"],
    ],
    TABLE_BY_TABLE: [[*q.ROLE, "crm", "accounts", "select"], [*q.ROLE, "web", "pages", "SELECT"]],
    BY_COLUMN: [[*q.ROLE, "crm", "orders", "id", "select"], [*q.ROLE, "web", "pages", "url", "SELECT"]],
    q.DEFAULTS: [
        [*q.ROLE, "loader", "crm", "RELATION", "select"],
        [*q.ROLE, "loader", None, "RELATION", "SELECT"],
        [*q.ROLE, "loader", "web", "RELATION", "INSERT"],
        [*q.ROLE, "loader", "crm", "FUNCTION", "EXECUTE"],
    ],
    q.tables_of("crm"): [
        ["crm", "accounts", "TABLE", "loader"],
        ["crm", "mv_tbl__totals__0", "TABLE", "nobody"],
        ["crm", "my_mv_tbl__", "VIEW", "analyst"],
    ],
    q.ROLE_GRANTS: [["linked_role", "above"], ["above", "top"], ["a_stranger", "elsewhere"]],
    CONTEXT[1]: [
        [*q.ROLE, "dev", "SELECT", "TABLES"],
        [*q.ROLE, "dev", "CREATE", "DATABASE"],
        [*q.ROLE, "other", "SELECT", "TABLES"],
        ["role", "top", "dev", "usage", "SCHEMAS"],
    ],
    q.ON_RELATIONS + ABOVE: [["role", "above", "web", "pages", "DELETE"]],
    q.OF_OTHERS_ON_RELATIONS: [["group", "staff", "web", "pages", "SELECT"]],
    q.SECURED: [["web", "pages"], ["elsewhere", "t"]],
    q.MASKED: [
        ["web", "pages", "linked_role", "role"],
        ["web", "users", "public", "public"],
        ["web", "links", "top", "role"],
        ["web", "others", "a_stranger", "role"],
        ["elsewhere", "t", "public", "public"],
    ],
}


def answers(**more: Table) -> Answers:
    """A database with four schemas, where the role holds something of every kind."""
    return Answers({**HOLDINGS, **more})


ON_SCHEMAS = {
    Grant(Scope.SCHEMA, "USAGE", "crm"),
    Grant(Scope.TABLES, "SELECT", "crm"),
    Grant(Scope.SCHEMA, "USAGE", "web"),
}
ON_TABLES = {Grant(Scope.TABLE, "SELECT", "crm", "accounts"), Grant(Scope.TABLE, "SELECT", "web", "pages")}
COLUMNS = {Grant(Scope.COLUMN, "SELECT", "crm", "orders", "id"), Grant(Scope.COLUMN, "SELECT", "web", "pages", "url")}
HELD_LATER = (("SELECT", "crm"), ("SELECT", ""), ("INSERT", "web"))
LATER = {
    Grant(Scope.DEFAULT, *held, writer="loader") for held in (("SELECT", "crm"), ("SELECT", ""), ("INSERT", "web"))
}
EVERYWHERE = {Grant(Scope.DATABASE_TABLES, "SELECT", database="dev")}
