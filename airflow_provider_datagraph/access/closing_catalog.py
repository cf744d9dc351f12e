"""What a role holds in schemas that are to be closed, and what it reaches there in other ways."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from airflow_provider_datagraph.access.catalog import read_schema_list
from airflow_provider_datagraph.access.context_catalog import held_by_others, inherited_grants
from airflow_provider_datagraph.access.offboard_catalog import stuck_writers
from airflow_provider_datagraph.access.privilege_catalog import (
    ROLE_GRANTS,
    Rows,
    granted_roles,
    scoped_database_grants,
)
from airflow_provider_datagraph.access.privileges import DesiredSchema, Scope, Session
from airflow_provider_datagraph.access.schema_catalog import read_privileges
from airflow_provider_datagraph.access.schema_revocation import Closing, closable
from airflow_provider_datagraph.access.visibility import sees_role


def read_closing(rows: Rows, session: Session, role: str, schemas: Iterable[str]) -> Closing:
    """Read what a role holds in schemas that are to be closed, and what it reaches there in other ways.

    :param rows: runs a query.
    :param session: the session.
    :param role: the role's name.
    :param schemas: the schemas as typed.
    :return: what is known of them.
    """
    desired = [DesiredSchema(name) for name in schemas]
    current = read_schema_list(rows, session)
    current = replace(current, hidden=not sees_role(rows, role, current))
    current = read_privileges(rows, current, role, desired, prune=True)
    parents = granted_roles(role, rows(ROLE_GRANTS))
    current = replace(
        current,
        grants=current.grants | scoped_database_grants(rows, [role], session.database),
        granted_roles=parents,
        inherited=inherited_grants(rows, current, parents, by_table=True),
        others=held_by_others(rows, current, (), (), by_table=True),
    )
    writers = {(grant.relation, grant.schema) for grant in closable(current) if grant.scope is Scope.DEFAULT}
    return Closing(current, frozenset(stuck_writers(rows, sorted(writers))))
