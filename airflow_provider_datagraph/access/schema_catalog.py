"""What a role holds in schemas of the connected database: asked step by step, and only what the answer depends on.

A scoped permission is one row a schema, whatever its number of tables, so a rerun that finds everything in place
asks four questions. Each page is ``https://docs.aws.amazon.com/redshift/latest/dg/<page>.html``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from airflow_provider_datagraph.access.catalog import read_schema_list, read_tables
from airflow_provider_datagraph.access.names import literal, resolve
from airflow_provider_datagraph.access.privilege_catalog import (
    ROLE_GRANTS,
    Rows,
    column_grants,
    default_grants,
    granted_roles,
    relation_grants,
    scoped_database_grants,
    word,
)
from airflow_provider_datagraph.access.privileges import (
    CurrentAccess,
    DesiredSchema,
    Grant,
    Scope,
    Session,
)
from airflow_provider_datagraph.access.targets import lacking
from airflow_provider_datagraph.access.visibility import sees_role
from airflow_provider_datagraph.access.writers import always_creates, possible_writers

# r_SVV_SCHEMA_PRIVILEGES: one question for the role, for roles that may be granted to it, and for what all have
SCHEMA_PRIVILEGES = (
    "SELECT namespace_name, privilege_type, privilege_scope, identity_type, identity_name FROM svv_schema_privileges "
    "WHERE identity_type IN ('role', 'group', 'public')"
)
# r_SVV_RELATION_PRIVILEGES
OTHERS_RELATION_PRIVILEGES = (
    "SELECT namespace_name, relation_name, privilege_type, identity_type, identity_name FROM svv_relation_privileges "
    "WHERE identity_type IN ('group', 'public')"
)
# r_SVV_RLS_RELATION
SECURED = "SELECT relschema, relname FROM svv_rls_relation WHERE is_rls_on = true AND datname = "
# r_SVV_ATTACHED_MASKING_POLICY: of the connected database
MASKED = "SELECT schema_name, table_name, grantee, grantee_type FROM svv_attached_masking_policy"
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
    return _read_context(rows, current, role, desired, thorough)


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
    by_identity: dict[tuple[str, str], set[Grant]] = {}
    scopes = {"SCHEMA": Scope.SCHEMA, "TABLES": Scope.TABLES}
    for schema, privilege, scope, kind, name in rows(SCHEMA_PRIVILEGES):
        if schema in named and word(scope) in scopes:
            grant = Grant(scopes[word(scope)], word(privilege), str(schema))
            by_identity.setdefault((str(kind), str(name)), set()).add(grant)
    grants = by_identity.pop(("role", role), set())
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
        by_role={name: frozenset(g) for (kind, name), g in by_identity.items() if kind == "role"},
        others={_phrase(kind, name): frozenset(g) for (kind, name), g in by_identity.items() if kind != "role"},
    )


def _phrase(kind: str, name: str) -> str:
    return "PUBLIC" if kind == "public" else f"group {name}"


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


def _read_context(
    rows: Rows, current: CurrentAccess, role: str, desired: Sequence[DesiredSchema], thorough: bool
) -> CurrentAccess:
    """Read what may satisfy a desire in another way, what stands in the way, and what is only reported."""
    named, by_table = _named(desired, current), any(schema.by_table for schema in desired)
    parents = granted_roles(role, rows(ROLE_GRANTS))
    grants = set(current.grants) | scoped_database_grants(rows, [role], current.session.database)
    inherited = {grant for parent in parents for grant in current.by_role.get(parent, ())}
    if parents:
        inherited |= scoped_database_grants(rows, sorted(parents), current.session.database)
    ours = {role, *parents}
    others = {phrase: set(held) for phrase, held in current.others.items()}
    if by_table:
        for parent in sorted(parents):
            inherited |= relation_grants(rows, "role", parent)
        for schema, relation, privilege, kind, name in rows(OTHERS_RELATION_PRIVILEGES):
            grant = Grant(Scope.TABLE, word(privilege), str(schema), str(relation))
            others.setdefault(_phrase(str(kind), str(name)), set()).add(grant)
    if by_table or thorough:
        grants |= {g for g in column_grants(rows, "role", role) if g.schema in named}
    return replace(
        current,
        grants=frozenset(grants),
        granted_roles=parents,
        inherited=frozenset(inherited),
        others={phrase: frozenset(held) for phrase, held in others.items()},
        secured=_by_schema((s, t) for s, t in rows(SECURED + literal(current.session.database)) if s in named),
        masked=_by_schema(
            (s, t) for s, t, name, kind in rows(MASKED) if s in named and (kind == "public" or name in ours)
        ),
    )


def _by_schema(pairs: Iterable[tuple[Any, Any]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for schema, table in pairs:
        found.setdefault(str(schema), set()).add(str(table))
    return {schema: frozenset(tables) for schema, tables in found.items()}
