"""Who holds what, and how its rows become :class:`..values.Grant`.

Each page is ``https://docs.aws.amazon.com/redshift/latest/dg/<page>.html``.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

from airflow_provider_datagraph.redshift.catalog.rows import Rows, word
from airflow_provider_datagraph.redshift.names import literal
from airflow_provider_datagraph.redshift.values import Grant, Scope

Holders = dict[tuple[str, str], set[Grant]]
"""What is held, by the type and the name of who holds it."""
SCHEMA_SCOPES = {"SCHEMA": Scope.SCHEMA, "TABLES": Scope.TABLES}
"""What SVV_SCHEMA_PRIVILEGES calls the scopes that are read."""
# r_SVV_SCHEMA_PRIVILEGES, with who holds it
ON_SCHEMAS = (
    "SELECT namespace_name, privilege_type, privilege_scope, identity_type, identity_name FROM svv_schema_privileges "
)
# r_SVV_RELATION_PRIVILEGES, likewise
ON_RELATIONS = (
    "SELECT namespace_name, relation_name, privilege_type, identity_type, identity_name FROM svv_relation_privileges "
)
OTHERS_RELATION_PRIVILEGES = ON_RELATIONS + "WHERE identity_type IN ('group', 'public')"


def _held_by(kind: str, *names: str) -> str:
    listed = ", ".join(literal(name) for name in sorted(names))
    held = f"= {listed}" if len(names) == 1 else f"IN ({listed})"
    return f"WHERE identity_type = {literal(kind)} AND identity_name {held}"


def database_privileges_query(kind: str, *names: str) -> str:
    """Build the query for identities' privileges on databases. r_SVV_DATABASE_PRIVILEGES"""
    return "SELECT database_name, privilege_type, privilege_scope FROM svv_database_privileges " + _held_by(
        kind, *names
    )


def schema_privileges_query(kind: str, name: str) -> str:
    """Build the query for an identity's privileges on schemas, scoped ones too. r_SVV_SCHEMA_PRIVILEGES"""
    return "SELECT namespace_name, privilege_type, privilege_scope FROM svv_schema_privileges " + _held_by(kind, name)


def relation_privileges_query(kind: str, name: str) -> str:
    """Build the query for an identity's privileges on tables and views. r_SVV_RELATION_PRIVILEGES"""
    return "SELECT namespace_name, relation_name, privilege_type FROM svv_relation_privileges " + _held_by(kind, name)


def column_privileges_query(kind: str, name: str) -> str:
    """Build the query for an identity's privileges on columns. r_SVV_COLUMN_PRIVILEGES"""
    return "SELECT namespace_name, relation_name, column_name, privilege_type FROM svv_column_privileges " + _held_by(
        kind, name
    )


def default_privileges_query(role: str) -> str:
    """Build the query for what a role gets on later tables. r_SVV_DEFAULT_PRIVILEGES"""
    return (
        "SELECT schema_name, owner_name, privilege_type FROM svv_default_privileges "
        f"WHERE grantee_type = 'role' AND grantee_name = {literal(role)} AND object_type = 'RELATION'"
    )


def database_grants(rows: Rows, kind: str, name: str) -> set[Grant]:
    found = rows(database_privileges_query(kind, name))
    return {Grant(Scope.DATABASE, word(p), str(d)) for d, p, scope in found if word(scope) == "DATABASE"}


def schema_grants(rows: Rows, kind: str, name: str) -> set[Grant]:
    found = rows(schema_privileges_query(kind, name))
    return {Grant(SCHEMA_SCOPES[word(s)], word(p), str(n)) for n, p, s in found if word(s) in SCHEMA_SCOPES}


def scoped_database_grants(rows: Rows, names: Iterable[str], database: str) -> set[Grant]:
    """Read what roles may do with all schemas or all tables of a database.

    :param rows: runs a query.
    :param names: the roles.
    :param database: the database as stored.
    :return: the permissions.
    """
    scopes = {"SCHEMAS": Scope.SCHEMAS, "TABLES": Scope.DATABASE_TABLES}
    found = rows(database_privileges_query("role", *names))
    return {Grant(scopes[word(s)], word(p), str(d)) for d, p, s in found if word(s) in scopes and d == database}


def relation_grants(rows: Rows, kind: str, name: str) -> set[Grant]:
    """Read an identity's privileges on tables and views.

    :param rows: runs a query.
    :param kind: ``role``, ``user`` or another word of the catalog.
    :param name: the identity's name.
    :return: the privileges.
    """
    found = rows(relation_privileges_query(kind, name))
    return {Grant(Scope.TABLE, word(p), str(n), str(r)) for n, r, p in found}


def column_grants(rows: Rows, kind: str, name: str) -> set[Grant]:
    """Read an identity's privileges on columns.

    :param rows: runs a query.
    :param kind: ``role``, ``user`` or another word of the catalog.
    :param name: the identity's name.
    :return: the privileges.
    """
    found = rows(column_privileges_query(kind, name))
    return {Grant(Scope.COLUMN, word(p), str(n), str(r), str(c)) for n, r, c, p in found}


def default_grants(rows: Rows, role: str) -> set[Grant]:
    """Read what a role gets on later tables.

    :param rows: runs a query.
    :param role: the role's name.
    :return: the privileges, by writer and schema; the schema is empty where every schema is meant.
    """
    found = rows(default_privileges_query(role))
    return {Grant(Scope.DEFAULT, word(p), "" if n is None else str(n), str(owner)) for n, owner, p in found}


def schema_grants_by_holder(rows: Rows, query: str, schemas: Container[str]) -> Holders:
    """Read who holds what on schemas, scoped permissions too.

    :param rows: runs a query.
    :param query: names schema, privilege, scope, the holder's type and its name, in this order.
    :param schemas: the schemas to keep, as stored.
    :return: the privileges, by the holder's type and name.
    """
    found: Holders = {}
    for schema, privilege, scope, kind, name in rows(query):
        if schema in schemas and word(scope) in SCHEMA_SCOPES:
            grant = Grant(SCHEMA_SCOPES[word(scope)], word(privilege), str(schema))
            found.setdefault((str(kind), str(name)), set()).add(grant)
    return found


def relation_grants_by_holder(rows: Rows, query: str) -> Holders:
    """Read who holds what on tables and views.

    :param rows: runs a query.
    :param query: names schema, relation, privilege, the holder's type and its name, in this order.
    :return: the privileges, by the holder's type and name.
    """
    found: Holders = {}
    for schema, relation, privilege, kind, name in rows(query):
        grant = Grant(Scope.TABLE, word(privilege), str(schema), str(relation))
        found.setdefault((str(kind), str(name)), set()).add(grant)
    return found


def phrase(kind: str, name: str) -> str:
    """Name a holder that isn't the role.

    :param kind: ``public``, ``group`` or ``user``, as the catalog says it.
    :param name: its name.
    :return: such as ``group analysts``.
    """
    return "PUBLIC" if kind == "public" else f"{kind} {name}"


def of_users(query: str, users: Iterable[str]) -> str:
    listed = ", ".join(literal(user) for user in sorted(users))
    return f"{query}WHERE identity_type = 'user' AND identity_name IN ({listed})"
