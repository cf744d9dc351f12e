"""What an admin lacks to open schemas, told before there is a role to open them to. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from airflow_provider_datagraph.access.plan import Finding
from airflow_provider_datagraph.access.rights.lacking import judged
from airflow_provider_datagraph.access.schemas.plan import plan_schemas
from airflow_provider_datagraph.access.schemas.read import read_schema_access
from airflow_provider_datagraph.access.schemas.values import DesiredSchema
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.values import Role, Session


def lacking_in(rows: Rows, session: Session, role: str, desired: Sequence[DesiredSchema]) -> Iterator[Finding]:
    """Find what the session's user would be refused in the connected database, and tables that aren't there.

    A schema that isn't there is passed over.

    :param role: the linked role, which may still be missing.
    :param desired: the schemas to be opened, each named once.
    """
    current = read_schema_access(rows, session, role, desired)
    current = replace(current, roles={role: Role(role, session.user), **current.roles})
    plan = plan_schemas(desired, role, current, plan_only=True)
    missing = tuple(one for one in plan.findings if one.code == "table_missing")
    yield from judged(rows, current, replace(plan, findings=missing)).findings
