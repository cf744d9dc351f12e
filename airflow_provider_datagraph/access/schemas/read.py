"""What a role holds in schemas of the connected database: asked step by step, and only what the answer depends on.

A scoped permission is one row a schema, whatever its number of tables, so a rerun that finds everything in place
asks four questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from airflow_provider_datagraph.access.current import CurrentAccess, owners_by_id, read_identity_list
from airflow_provider_datagraph.access.desired import DesiredSchema
from airflow_provider_datagraph.access.schemas.context import read_context
from airflow_provider_datagraph.access.schemas.targets import lacking
from airflow_provider_datagraph.access.schemas.writers import always_creates, possible_writers
from airflow_provider_datagraph.access.visibility import sees_role
from airflow_provider_datagraph.redshift.catalog.privileges import (
    ON_SCHEMAS,
    column_grants,
    default_grants,
    phrase,
    relation_grants,
    schema_grants_by_holder,
)
from airflow_provider_datagraph.redshift.catalog.relations import INTERNAL_TABLES, RELATIONS, tables_query
from airflow_provider_datagraph.redshift.catalog.rows import Rows, word
from airflow_provider_datagraph.redshift.catalog.schemas import (
    ALL_SCHEMAS,
    NAMESPACES,
    PAIRS_A_QUERY,
    creators_query,
    schemas_query,
)
from airflow_provider_datagraph.redshift.names import resolve
from airflow_provider_datagraph.redshift.values import Schema, Scope, Session


def read_schema_list(rows: Rows, session: Session) -> CurrentAccess:
    """Read the connected database's schemas, with their owners and kinds.

    :param rows: runs a query.
    :param session: the session.
    :return: roles, users and schemas.
    """
    current = read_identity_list(rows, session)
    found = rows(schemas_query(session.database))
    return replace(current, schemas=_schemas(found, owners_by_id(current)).get(session.database, {}))


def read_all_schemas(rows: Rows, current: CurrentAccess) -> dict[str, dict[str, Schema]]:
    """Read the schemas of every database of the cluster from the connected one.

    :param rows: runs a query.
    :param current: what :func:`read_databases` read.
    :return: schemas by name, by database; a database without any is there too.
    """
    return {name: {} for name in current.databases} | _schemas(rows(ALL_SCHEMAS), owners_by_id(current))


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
    owners = owners_by_id(current)
    return [
        (schemas[int(oid)], str(table), owners.get(int(owner), f"user id {owner}"))
        for oid, table, owner in rows(RELATIONS)
        if int(oid) in schemas and table not in seen[schemas[int(oid)]] and not str(table).startswith(INTERNAL_TABLES)
    ]


# r_SVV_SCHEMA_PRIVILEGES: one question for the role, for roles that may be granted to it, and for what all have
SCHEMA_PRIVILEGES = ON_SCHEMAS + "WHERE identity_type IN ('role', 'group', 'public')"


def read_schemas(
    rows: Rows,
    session: Session,
    role: str,
    desired: Sequence[DesiredSchema],
    prune: bool = False,
    thorough: bool = False,
) -> CurrentAccess:
    """Read the connected database's schemas, and what a role holds in those named.

    :param rows: runs a query.
    :param session: the session.
    :param role: the role's name.
    :param desired: the schemas to be opened.
    :param prune: whether to read all that could be revoked; default False.
    :param thorough: whether to read also what is only reported; default False: where nothing is lacking, it isn't.
    :return: roles, users, schemas, relations and the role's privileges in the named schemas.
    """
    current = read_schema_list(rows, session)
    current = replace(current, hidden=not sees_role(rows, role, current))
    named = _named(desired, current)
    if not named:
        return current
    if any(schema.by_table for schema in desired) or thorough:
        whole = set() if thorough else {n for n, s in named.items() if not s.by_table}
        current = read_tables(rows, current, sorted(named.keys() - whole))
    current = read_creators(rows, current, named)
    current = read_privileges(rows, current, role, desired, prune)
    if not thorough and not lacking(desired, current, prune):
        return current
    return read_context(rows, current, role, named, thorough)


def _named(desired: Iterable[DesiredSchema], current: CurrentAccess) -> dict[str, DesiredSchema]:
    found = {resolve(s.name, current.schemas, current.session.case_sensitive): s for s in desired}
    return {name: schema for name, schema in found.items() if name is not None}


def read_privileges(
    rows: Rows, current: CurrentAccess, role: str, desired: Sequence[DesiredSchema], prune: bool = False
) -> CurrentAccess:
    """Read a role's privileges: alone, this is what tells whether a plan was carried out.

    :param rows: runs a query.
    :param current: what :func:`read_schemas` read.
    :param role: the role's name.
    :param desired: the schemas to be opened.
    :param prune: whether to read all that could be revoked; default False.
    :return: the current access with the privileges as they are now.
    """
    named = _named(desired, current)
    by_holder = schema_grants_by_holder(rows, SCHEMA_PRIVILEGES, named)
    grants = by_holder.pop(("role", role), set())
    if prune or any(schema.by_table for schema in desired):
        grants |= relation_grants(rows, "role", role)
    if prune:
        grants |= column_grants(rows, "role", role)
    if prune or any(schema.by_default for schema in desired):
        grants |= default_grants(rows, role)
    # Asked once: nothing that a plan does changes them.
    wider = {g for g in current.grants if g.scope in (Scope.SCHEMAS, Scope.DATABASE_TABLES)}
    kept = {g for g in grants if g.schema in named or (g.scope is Scope.DEFAULT and not g.schema)}
    return replace(
        current,
        grants=frozenset(kept | wider),
        by_role={name: frozenset(g) for (kind, name), g in by_holder.items() if kind == "role"},
        others={phrase(kind, name): frozenset(g) for (kind, name), g in by_holder.items() if kind != "role"},
    )


def read_creators(rows: Rows, current: CurrentAccess, named: Mapping[str, DesiredSchema]) -> CurrentAccess:
    """Read whether the writers of default privileges may create tables.

    :param rows: runs a query.
    :param current: the current access, with the owners of today's tables.
    :param named: the desired schemas, by their name as stored.
    :return: the current access with ``creators``.
    """
    pairs = [
        (user, name)
        for name, schema in sorted(named.items())
        if schema.by_default
        for user in sorted(possible_writers(schema, name, current))
        if user in current.users and not always_creates(user, name, current)
    ]
    found: set[tuple[str, str]] = set()
    for start in range(0, len(pairs), PAIRS_A_QUERY):
        chunk = pairs[start : start + PAIRS_A_QUERY]
        found |= {pair for pair, may in zip(chunk, rows(creators_query(chunk))[0], strict=True) if may}
    return replace(current, creators=frozenset(found))
