"""What may satisfy a desire in another way, what stands in its way, and what is only reported.

It is asked where something is lacking, and by a plan-only run, which reads more than a run that changes something: a
first run over many schemas has statements to count.
Each page is ``https://docs.aws.amazon.com/redshift/latest/dg/<page>.html``.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from typing import Any

from airflow_provider_datagraph.access.current import CurrentAccess
from airflow_provider_datagraph.access.desired import DesiredSchema
from airflow_provider_datagraph.redshift.catalog.identities import ROLE_GRANTS, USER_GRANTS, granted_roles
from airflow_provider_datagraph.redshift.catalog.privileges import (
    ON_RELATIONS,
    ON_SCHEMAS,
    OTHERS_RELATION_PRIVILEGES,
    Holders,
    column_grants,
    default_grants,
    of_users,
    phrase,
    relation_grants,
    relation_grants_by_holder,
    schema_grants_by_holder,
    scoped_database_grants,
)
from airflow_provider_datagraph.redshift.catalog.relations import LATE_VIEWS, MASKED, SECURED
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.names import literal
from airflow_provider_datagraph.redshift.values import Grant


def read_context(
    rows: Rows, current: CurrentAccess, role: str, named: Mapping[str, DesiredSchema], thorough: bool
) -> CurrentAccess:
    """Read what else gives access, and what limits it.

    :param rows: runs a query.
    :param current: what :func:`.read_privileges` read.
    :param role: the role's name.
    :param named: the desired schemas, by their name as stored.
    :param thorough: whether to read also what is only reported.
    :return: the current access with what roles of the role, PUBLIC and groups hold, and with tables that are secured
        or masked; if thorough, also with members and what they hold, privileges on columns, and late-binding views.
    """
    by_table = thorough or any(schema.by_table for schema in named.values())
    parents = granted_roles(role, rows(ROLE_GRANTS))
    grants = set(current.grants) | scoped_database_grants(rows, [role], current.session.database)
    if by_table:
        grants |= {g for g in column_grants(rows, "role", role) if g.schema in named}
    by_default = any(schema.by_default for schema in named.values())
    members = {str(user) for user, name in rows(USER_GRANTS) if name == role} if thorough else set()
    if thorough:
        grants |= {g for g in relation_grants(rows, "role", role) if g.schema in named}
        current = replace(current, members=frozenset(members), late_views=_late_views(rows, current, named))
    ours = {role, *parents, *members}
    return replace(
        current,
        grants=frozenset(grants),
        granted_roles=parents,
        inherited=inherited_grants(rows, current, parents, by_table, by_default),
        others=held_by_others(rows, current, members, named, by_table),
        secured=_by_schema((s, t) for s, t in rows(SECURED + literal(current.session.database)) if s in named),
        masked=_by_schema(
            (s, t) for s, t, name, kind in rows(MASKED) if s in named and (kind == "public" or name in ours)
        ),
    )


def inherited_grants(
    rows: Rows, current: CurrentAccess, parents: Iterable[str], by_table: bool, by_default: bool = False
) -> frozenset[Grant]:
    """Read what the roles hold that are granted to a role.

    :param rows: runs a query.
    :param current: what :func:`.read_privileges` read.
    :param parents: those roles.
    :param by_table: whether to read also what they hold on single tables.
    :param by_default: whether to read also what they get on later tables; default False.
    :return: their privileges.
    """
    ordered = sorted(parents)
    found = {grant for parent in ordered for grant in current.by_role.get(parent, ())}
    if ordered:
        found |= scoped_database_grants(rows, ordered, current.session.database)
    for parent in ordered:
        found |= relation_grants(rows, "role", parent) if by_table else set()
        found |= default_grants(rows, parent) if by_default else set()
    return frozenset(found)


def held_by_others(
    rows: Rows, current: CurrentAccess, members: Iterable[str], named: Container[str], by_table: bool
) -> dict[str, frozenset[Grant]]:
    """Read what PUBLIC, groups and users hold.

    :param rows: runs a query.
    :param current: what :func:`.read_privileges` read: what PUBLIC and groups hold on schemas.
    :param members: the users; none costs no query.
    :param named: the schemas to keep, as stored, of what users hold on schemas.
    :param by_table: whether to read also what PUBLIC and groups hold on single tables.
    :return: the privileges, by a phrase that names who holds them.
    """
    others = {holder: set(held) for holder, held in current.others.items()}
    found: list[Holders] = []
    if by_table:
        found.append(relation_grants_by_holder(rows, OTHERS_RELATION_PRIVILEGES))
    if members:
        found.append(schema_grants_by_holder(rows, of_users(ON_SCHEMAS, members), named))
        found.append(relation_grants_by_holder(rows, of_users(ON_RELATIONS, members)))
    for holders in found:
        for (kind, name), held in holders.items():
            others.setdefault(phrase(kind, name), set()).update(held)
    return {holder: frozenset(held) for holder, held in others.items()}


def _late_views(rows: Rows, current: CurrentAccess, named: Iterable[str]) -> dict[str, frozenset[str]]:
    if not any(current.views.get(name) for name in named):
        return {}
    return _by_schema(rows(LATE_VIEWS))


def _by_schema(pairs: Iterable[Any]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for schema, table in pairs:
        found.setdefault(str(schema), set()).add(str(table))
    return {schema: frozenset(tables) for schema, tables in found.items()}
