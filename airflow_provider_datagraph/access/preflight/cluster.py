"""Before anything is set up: what the catalog tells of the cluster, and what the admin will lack. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from airflow_provider_datagraph.access.database import DatabaseAccess, plan_database
from airflow_provider_datagraph.access.plan import Finding, Plan, finding, note
from airflow_provider_datagraph.access.preflight.rights import judged
from airflow_provider_datagraph.access.role import DesiredUser, RoleAccess, partial_view, plan_role
from airflow_provider_datagraph.access.schemas.plan import plan_schemas
from airflow_provider_datagraph.access.schemas.read import read_schema_access
from airflow_provider_datagraph.access.schemas.values import DesiredSchema
from airflow_provider_datagraph.redshift.catalog.identities import catalog_hides
from airflow_provider_datagraph.redshift.catalog.privileges import Who, database_grants, schema_grants
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.catalog.schemas import local_databases
from airflow_provider_datagraph.redshift.names import join_path
from airflow_provider_datagraph.redshift.statements import Membership
from airflow_provider_datagraph.redshift.values import PUBLIC, Grant, Identities, Role, Scope, Session


def hidden_from(known: Identities, rows: Rows) -> Iterator[Finding]:
    """Tell that PG_CLASS hides tables from the admin; a superuser costs no query. t_metadata_security"""
    if not known.session.superuser and catalog_hides(rows, known.session.user):
        yield finding("hidden", known.session.user, case="tables")


def look(rows: Rows, known: DatabaseAccess, user: str) -> list[Finding]:
    """Look at the cluster as the admin; the linked user's name is empty where it isn't known."""
    everybody, database = Who(kinds=("public",)), known.session.database
    found = [*partial_view(known), *hidden_from(known, rows)]
    if user and user not in known.users:
        found.append(note("user_missing", user, case="yet"))
    held = database_grants(rows, everybody).by(PUBLIC)
    local = local_databases(known.databases)
    if lacking := [name for name in local if Grant(Scope.DATABASE, "TEMPORARY", database=name) not in held]:
        found.append(note("temp_revoked", database, databases=tuple(lacking)))
    if Grant(Scope.SCHEMA, "CREATE", "public") in schema_grants(rows, everybody).by(PUBLIC):
        found.append(note("public_creates", join_path(database, "public")))
    return found


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
    missing = tuple(one for one in plan.findings if one.code in ("schema_missing", "schema_twice", "table_missing"))
    return list(judged(rows, current, replace(plan, findings=missing)).findings)
