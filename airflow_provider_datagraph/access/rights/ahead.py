"""What an admin lacks for all that is to come, told before the first task. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from airflow_provider_datagraph.access.database import DatabaseAccess, plan_database
from airflow_provider_datagraph.access.plan import Finding, Plan
from airflow_provider_datagraph.access.rights.lacking import judged
from airflow_provider_datagraph.access.role import DesiredUser, RoleAccess, plan_role
from airflow_provider_datagraph.access.schemas.plan import plan_schemas
from airflow_provider_datagraph.access.schemas.read import read_schema_access
from airflow_provider_datagraph.access.schemas.values import DesiredSchema
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.statements import Membership
from airflow_provider_datagraph.redshift.values import Role, Session


def plan_ahead(
    rows: Rows,
    known: DatabaseAccess,
    identities: RoleAccess | None,
    user: DesiredUser | None,
    names: tuple[str, str],
    trusted: Collection[str] = (),
) -> Plan:
    """Plan role, user (None: its connection lacks something) and database, held against what the session's user may do.

    :param names: the checkpoint database, and the linked role.
    """
    plan = plan_database(*names, known, plan_only=True, trusted=trusted)
    steps = plan_role(names[1], user, identities).steps if user and identities else ()
    if user and user.name in known.users:
        # Its membership may be hidden from the admin: that is left to the task that makes it.
        steps = tuple(step for step in steps if not isinstance(step.statement, Membership))
    return judged(rows, known, replace(plan, steps=(*steps, *plan.steps)))


def lacking_in(rows: Rows, session: Session, role: str, desired: Sequence[DesiredSchema]) -> list[Finding]:
    """Find what the session's user would be refused in the connected database, and what isn't there.

    A missing schema doesn't block: it may still come, as that of Profiles Sync. The role may be missing, too.
    """
    current = read_schema_access(rows, session, role, desired)
    current = replace(current, roles={role: Role(role, session.user), **current.roles})
    plan = plan_schemas(desired, role, current, plan_only=True)
    missing = tuple(one for one in plan.findings if one.code in ("schema_missing", "table_missing"))
    return list(judged(rows, current, replace(plan, findings=missing)).findings)
