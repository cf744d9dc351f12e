"""The catalog queries, and how their rows become :class:`CurrentAccess`.

One view a statement, no joins, documented columns: a leader node can't do more, so rows meet in Python.
Each page is ``https://docs.aws.amazon.com/redshift/latest/dg/<page>.html``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from airflow_provider_datagraph.access.names import fold, literal
from airflow_provider_datagraph.access.privilege_catalog import (
    ROLE_GRANTS,
    USER_GRANTS,
    Rows,
    column_grants,
    database_grants,
    granted_roles,
    relation_grants,
    schema_grants,
    word,
)
from airflow_provider_datagraph.access.privileges import (
    CurrentAccess,
    Database,
    Grant,
    Role,
    Schema,
    Session,
    User,
)
from airflow_provider_datagraph.access.visibility import sees_role

# r_SHOW, r_enable_case_sensitive_identifier
CASE_SENSITIVE = "SHOW enable_case_sensitive_identifier"
# r_CURRENT_DATABASE
CURRENT_DATABASE = "SELECT current_database()"
# r_PG_USER: every user is visible to everyone, unlike in SVV_USER_INFO
USERS = "SELECT usename, usesysid, usesuper, usecreatedb FROM pg_user"
# r_SVV_ROLES
ROLES = "SELECT role_name, role_owner FROM svv_roles"
# r_SVV_ALL_SCHEMAS
ALL_SCHEMAS = "SELECT database_name, schema_name, schema_owner, schema_type FROM svv_all_schemas"
INTERNAL_TABLES = "mv_tbl__"
"""What the tables behind materialized views begin with: Redshift keeps them for itself."""
# r_SVV_REDSHIFT_DATABASES
DATABASES = "SELECT database_name, database_owner, database_type FROM svv_redshift_databases"

# r_PG_NAMESPACE and r_PG_CLASS, as in PostgreSQL 8.0's manual: c_intro_catalog_views. They hide nothing from anybody.
NAMESPACES = "SELECT oid, nspname, nspowner FROM pg_namespace"
RELATIONS = "SELECT relnamespace, relname, relowner FROM pg_class WHERE relkind IN ('r', 'v', 'm')"


def schemas_query(database: str) -> str:
    """Build the query for the schemas of a database, external and shared ones included. r_SVV_ALL_SCHEMAS"""
    return f"{ALL_SCHEMAS} WHERE database_name = {literal(database)}"


def tables_query(database: str, schemas: Iterable[str], more: str = "") -> str:
    """Build the query for the tables and views of some schemas of any database. r_SVV_REDSHIFT_TABLES"""
    listed = ", ".join(literal(schema) for schema in sorted(schemas))
    return (
        f"SELECT schema_name, table_name{more and ', ' + more} FROM svv_redshift_tables "
        f"WHERE database_name = {literal(database)} AND schema_name IN ({listed})"
    )


def read_session(rows: Rows, user: str, database: str, names: Iterable[str] | None = None) -> Session:
    """Read how names compare in this session.

    :param rows: runs a query.
    :param user: the login.
    :param database: the connected database as typed.
    :param names: the names that will be looked up: where Redshift would fold none of them, how it compares makes no
        difference and isn't asked. Default None: ask.
    :return: the session; ``superuser`` still at its default.
    """
    if names is not None and all(fold(name) == name for name in (database, *names)):
        return Session(user, database)
    value = str(rows(CASE_SENSITIVE)[0][0]).strip().lower()
    if fold(database) != database:
        # It may be stored with capitals: how a login compares isn't how a statement does.
        database = str(rows(CURRENT_DATABASE)[0][0])
    return Session(user, database, case_sensitive=value in ("on", "true", "t", "1"))


def _start(rows: Rows, session: Session) -> CurrentAccess:
    users = {str(n): User(str(n), int(i), bool(s), bool(c)) for n, i, s, c in rows(USERS)}
    roles = {str(name): Role(str(name), str(owner)) for name, owner in rows(ROLES)}
    me = users.get(session.user)
    session = replace(session, superuser=me is not None and me.superuser)
    return CurrentAccess(session, roles=roles, users=users)


def _owners(current: CurrentAccess) -> dict[int, str]:
    return {user.user_id: user.name for user in current.users.values()}


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
    held = [(str(holder), str(name)) for holder, name in rows(USER_GRANTS)]
    between = rows(ROLE_GRANTS)
    role_grants: set[Grant] = set()
    user_grants: set[Grant] = set()
    for read in (database_grants, schema_grants, relation_grants, column_grants):
        if role in current.roles:
            role_grants |= read(rows, "role", role)
        if user in current.users:
            user_grants |= read(rows, "user", user)
    return replace(
        current,
        members=frozenset(holder for holder, name in held if name == role),
        role_members=frozenset(str(holder) for holder, name in between if name == role),
        granted_roles=granted_roles(role, between),
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
    return replace(
        current,
        databases=databases,
        grants=frozenset(database_grants(rows, "role", role)),
        hidden=not sees_role(rows, role, current),
    )


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


def read_tables(rows: Rows, current: CurrentAccess, schemas: Iterable[str]) -> CurrentAccess:
    """Read the tables and views in some schemas of the connected database, and their owners.

    :param rows: runs a query.
    :param current: the current access.
    :param schemas: schema names as stored, at least one.
    :return: the current access with ``relations``, ``views`` and ``table_owners``.
    """
    wanted = list(schemas)
    names: dict[str, set[str]] = {schema: set() for schema in wanted}
    views: dict[str, dict[str, str]] = {}
    owners: dict[str, set[str]] = {}
    for schema, table, kind, owner in rows(tables_query(current.session.database, wanted, "table_type, table_owner")):
        if str(table).startswith(INTERNAL_TABLES):
            continue
        names[str(schema)].add(str(table))
        if word(kind) == "VIEW":
            views.setdefault(str(schema), {})[str(table)] = str(owner or "")
        elif owner:
            owners.setdefault(str(schema), set()).add(str(owner))
    for schema, table, owner in _unseen(rows, current, names):
        names[schema].add(table)
        owners.setdefault(schema, set()).add(owner)
    return replace(
        current,
        relations={schema: frozenset(found) for schema, found in names.items()},
        views=views,
        table_owners={schema: frozenset(found) for schema, found in owners.items()},
    )


def _unseen(rows: Rows, current: CurrentAccess, seen: Mapping[str, set[str]]) -> list[tuple[str, str, str]]:
    """Find what SVV_REDSHIFT_TABLES hides from who may not read it: taken for missing, it would stay closed."""
    if current.session.superuser:
        return []
    schemas = {int(oid): str(name) for oid, name, _ in rows(NAMESPACES) if name in seen}
    owners = _owners(current)
    return [
        (schemas[int(oid)], str(table), owners.get(int(owner), f"user id {owner}"))
        for oid, table, owner in rows(RELATIONS)
        if int(oid) in schemas and table not in seen[schemas[int(oid)]] and not str(table).startswith(INTERNAL_TABLES)
    ]


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
        if not str(table).startswith(INTERNAL_TABLES):
            found[str(schema)].add(str(table))
    return {schema: frozenset(tables) for schema, tables in found.items()}
