"""The catalog queries, and how their rows become :class:`CurrentAccess`.

One view a statement, no joins, documented columns: a leader node can't do more, so rows meet in Python.
Each page is ``https://docs.aws.amazon.com/redshift/latest/dg/<page>.html``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from airflow_provider_datagraph.access.names import fold, literal, resolve
from airflow_provider_datagraph.access.privileges import (
    CurrentAccess,
    Database,
    DesiredSchema,
    FutureTables,
    Grant,
    Role,
    Schema,
    Scope,
    Session,
    User,
)

Rows = Callable[[str], Sequence[Sequence[Any]]]
"""Runs one query in the connected database and returns its rows."""

# r_SHOW, r_enable_case_sensitive_identifier
CASE_SENSITIVE = "SHOW enable_case_sensitive_identifier"
# r_PG_USER: every user is visible to everyone, unlike in SVV_USER_INFO
USERS = "SELECT usename, usesysid, usesuper, usecreatedb FROM pg_user"
# r_SVV_ROLES
ROLES = "SELECT role_name, role_owner FROM svv_roles"
# r_SVV_ALL_SCHEMAS
ALL_SCHEMAS = "SELECT database_name, schema_name, schema_owner, schema_type FROM svv_all_schemas"
# r_SVV_REDSHIFT_DATABASES
DATABASES = "SELECT database_name, database_owner, database_type FROM svv_redshift_databases"


def user_grants_query() -> str:
    """Build the query for who holds which role. r_SVV_USER_GRANTS"""
    return "SELECT user_name, role_name FROM svv_user_grants"


def role_grants_query(role: str) -> str:
    """Build the query for the roles that hold a role: ``role_name`` is the grantee. r_SVV_ROLE_GRANTS"""
    return f"SELECT role_name FROM svv_role_grants WHERE granted_role_name = {literal(role)}"


def schemas_query(database: str) -> str:
    """Build the query for the schemas of a database, external and shared ones included. r_SVV_ALL_SCHEMAS"""
    return f"{ALL_SCHEMAS} WHERE database_name = {literal(database)}"


def tables_query(database: str, schemas: Iterable[str]) -> str:
    """Build the query for the tables and views of some schemas of any database. r_SVV_REDSHIFT_TABLES"""
    listed = ", ".join(literal(schema) for schema in sorted(schemas))
    return (
        "SELECT schema_name, table_name FROM svv_redshift_tables "
        f"WHERE database_name = {literal(database)} AND schema_name IN ({listed})"
    )


def _held_by(kind: str, name: str) -> str:
    return f"WHERE identity_type = {literal(kind)} AND identity_name = {literal(name)}"


def database_privileges_query(kind: str, name: str) -> str:
    """Build the query for an identity's privileges on databases. r_SVV_DATABASE_PRIVILEGES"""
    return "SELECT database_name, privilege_type, privilege_scope FROM svv_database_privileges " + _held_by(kind, name)


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


def read_session(rows: Rows, user: str, database: str) -> Session:
    """Read how names compare in this session.

    :param rows: runs a query.
    :param user: the login.
    :param database: the connected database as typed.
    :return: the session; ``superuser`` still at its default.
    """
    value = str(rows(CASE_SENSITIVE)[0][0]).strip().lower()
    sensitive = value in ("on", "true", "t", "1")
    return Session(user, database if sensitive else fold(database), case_sensitive=sensitive)


def _start(rows: Rows, session: Session) -> CurrentAccess:
    users = {str(n): User(str(n), int(i), bool(s), bool(c)) for n, i, s, c in rows(USERS)}
    roles = {str(name): Role(str(name), str(owner)) for name, owner in rows(ROLES)}
    me = users.get(session.user)
    session = replace(session, superuser=me is not None and me.superuser)
    return CurrentAccess(session, roles=roles, users=users)


def _owners(current: CurrentAccess) -> dict[int, str]:
    return {user.user_id: user.name for user in current.users.values()}


def _word(value: Any) -> str:
    word = str(value).strip().upper()
    return "TEMPORARY" if word == "TEMP" else word


def _database_grants(rows: Rows, kind: str, name: str) -> set[Grant]:
    found = rows(database_privileges_query(kind, name))
    return {Grant(Scope.DATABASE, _word(p), str(d)) for d, p, scope in found if _word(scope) == "DATABASE"}


def _schema_grants(rows: Rows, kind: str, name: str) -> set[Grant]:
    scopes = {"SCHEMA": Scope.SCHEMA, "TABLES": Scope.TABLES}
    found = rows(schema_privileges_query(kind, name))
    return {Grant(scopes[_word(s)], _word(p), str(n)) for n, p, s in found if _word(s) in scopes}


def _relation_grants(rows: Rows, kind: str, name: str) -> set[Grant]:
    found = rows(relation_privileges_query(kind, name))
    return {Grant(Scope.TABLE, _word(p), str(n), str(r)) for n, r, p in found}


def _column_grants(rows: Rows, kind: str, name: str) -> set[Grant]:
    found = rows(column_privileges_query(kind, name))
    return {Grant(Scope.COLUMN, _word(p), str(n), str(r), str(c)) for n, r, c, p in found}


def read_identities(rows: Rows, session: Session, role: str, user: str) -> CurrentAccess:
    """Read what the cluster knows of a role and a user.

    :param rows: runs a query.
    :param session: the session.
    :param role: the role's name.
    :param user: the user's name.
    :return: roles, users, memberships, and both identities' privileges: on every database of the cluster,
        on schemas and relations of the connected one.
    """
    current = _start(rows, session)
    held = [(str(holder), str(name)) for holder, name in rows(user_grants_query())]
    role_grants: set[Grant] = set()
    user_grants: set[Grant] = set()
    for read in (_database_grants, _schema_grants, _relation_grants, _column_grants):
        if role in current.roles:
            role_grants |= read(rows, "role", role)
        if user in current.users:
            user_grants |= read(rows, "user", user)
    return replace(
        current,
        members=frozenset(holder for holder, name in held if name == role),
        role_members=frozenset(str(row[0]) for row in rows(role_grants_query(role))),
        user_roles=frozenset(name for holder, name in held if holder == user),
        grants=frozenset(role_grants),
        user_grants=frozenset(user_grants),
    )


def read_databases(rows: Rows, session: Session, role: str) -> CurrentAccess:
    """Read the cluster's databases and a role's privileges on them.

    :param rows: runs a query.
    :param session: the session.
    :param role: the role's name.
    :return: roles, users, databases, and the role's privileges on databases.
    """
    current = _start(rows, session)
    owners = _owners(current)
    databases = {
        str(name): Database(str(name), owners.get(int(owner), f"user id {owner}"), str(kind).lower())
        for name, owner, kind in rows(DATABASES)
    }
    return replace(current, databases=databases, grants=frozenset(_database_grants(rows, "role", role)))


def read_schemas(
    rows: Rows, session: Session, role: str, desired: Sequence[DesiredSchema], prune: bool = False
) -> CurrentAccess:
    """Read the connected database's schemas, and what a role holds in those named.

    Tables and privileges on them are read only where the answer depends on them: a scoped grant is one row
    a schema, whatever its number of tables.

    :param rows: runs a query.
    :param session: the session.
    :param role: the role's name.
    :param desired: the schemas to be opened.
    :param prune: whether to read all that could be revoked; default False.
    :return: roles, users, schemas, relations and the role's privileges in the named schemas.
    """
    current = read_schema_list(rows, session)
    stored = {s: resolve(s.name, current.schemas, session.case_sensitive) for s in desired}
    named = {name for name in stored.values() if name is not None}
    by_table = {
        name
        for schema, name in stored.items()
        if name and (schema.tables is not None or schema.future is FutureTables.NONE)
    }
    grants = _schema_grants(rows, "role", role) if named else set()
    if by_table or (named and prune):
        grants |= _relation_grants(rows, "role", role)
        grants |= _column_grants(rows, "role", role)
    if named and prune:
        grants |= {
            Grant(Scope.DEFAULT, _word(p), str(n), str(owner))
            for n, owner, p in rows(default_privileges_query(role))
            if n is not None
        }
    relations = read_relations(rows, session.database, by_table) if by_table else {}
    return replace(current, grants=frozenset(g for g in grants if g.schema in named), relations=relations)


def read_schema_list(rows: Rows, session: Session) -> CurrentAccess:
    """Read the connected database's schemas, with their owners and kinds.

    :param rows: runs a query.
    :param session: the session.
    :return: roles, users and schemas.
    """
    current = _start(rows, session)
    found = rows(schemas_query(session.database))
    return replace(current, schemas=_schemas(found, _owners(current)).get(session.database, {}))


def read_all_schemas(rows: Rows, current: CurrentAccess) -> dict[str, dict[str, Schema]]:
    """Read the schemas of every database of the cluster from the connected one.

    :param rows: runs a query.
    :param current: what :func:`read_databases` read.
    :return: schemas by name, by database; a database without any is there too.
    """
    return {name: {} for name in current.databases} | _schemas(rows(ALL_SCHEMAS), _owners(current))


def _schemas(rows: Sequence[Sequence[Any]], owners: Mapping[int, str]) -> dict[str, dict[str, Schema]]:
    found: dict[str, dict[str, Schema]] = {}
    for database, name, owner, kind in rows:
        schema = Schema(str(name), owners.get(int(owner or 0), f"user id {owner}"), str(kind).lower())
        found.setdefault(str(database), {})[schema.name] = schema
    return found


def read_relations(rows: Rows, database: str, schemas: Iterable[str]) -> dict[str, frozenset[str]]:
    """Read the names of the tables and views in some schemas of any database of the cluster.

    :param rows: runs a query.
    :param database: the database as stored.
    :param schemas: schema names as stored, at least one.
    :return: relation names by schema. The tables behind materialized views are left out: Redshift keeps
        them for itself.
    """
    wanted = list(schemas)
    found: dict[str, set[str]] = {schema: set() for schema in wanted}
    for schema, table in rows(tables_query(database, wanted)):
        if not str(table).startswith("mv_tbl__"):
            found[str(schema)].add(str(table))
    return {schema: frozenset(tables) for schema, tables in found.items()}
