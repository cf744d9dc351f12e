"""What a role holds in schemas of the connected database: asked step by step, and only what the answer depends on.

A scoped permission is one row a schema, whatever its number of tables, so a rerun that finds everything in place
asks four questions. Each page is ``https://docs.aws.amazon.com/redshift/latest/dg/<page>.html``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from airflow_provider_datagraph.access.catalog import read_schema_list, read_tables
from airflow_provider_datagraph.access.context_catalog import read_context
from airflow_provider_datagraph.access.names import literal, resolve
from airflow_provider_datagraph.access.privilege_catalog import (
    ON_SCHEMAS,
    Rows,
    column_grants,
    default_grants,
    phrase,
    relation_grants,
    schema_grants_by_holder,
)
from airflow_provider_datagraph.access.privileges import CurrentAccess, DesiredSchema, Scope, Session
from airflow_provider_datagraph.access.targets import lacking
from airflow_provider_datagraph.access.visibility import sees_role
from airflow_provider_datagraph.access.writers import always_creates, possible_writers

# r_SVV_SCHEMA_PRIVILEGES: one question for the role, for roles that may be granted to it, and for what all have
SCHEMA_PRIVILEGES = ON_SCHEMAS + "WHERE identity_type IN ('role', 'group', 'public')"
PAIRS_A_QUERY = 500
"""Values in one row of an answer; Redshift's limit is 1,600 columns."""


def creators_query(pairs: Sequence[tuple[str, str]]) -> str:
    """Build the query for whether users may create in schemas, by whatever way. r_HAS_SCHEMA_PRIVILEGE"""
    asked = (f"has_schema_privilege({literal(user)}, {literal(schema)}, 'create')" for user, schema in pairs)
    return f"SELECT {', '.join(asked)}"


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
