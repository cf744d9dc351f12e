"""Step 2 of Segment's guide: the checkpoint database. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from airflow_provider_datagraph.access.plan import Change, Level, Plan, Reason, Step, blocking, note
from airflow_provider_datagraph.access.reverse_etl import SCHEMA
from airflow_provider_datagraph.access.role import hidden_role, partial_view, role_missing
from airflow_provider_datagraph.access.trust import schema_owner, untrusted, untrusted_role
from airflow_provider_datagraph.redshift.catalog.identities import read_identities, sees_role, user_grants
from airflow_provider_datagraph.redshift.catalog.privileges import database_grants, of
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.catalog.schemas import read_databases, read_schemas
from airflow_provider_datagraph.redshift.names import join_path, resolve_database
from airflow_provider_datagraph.redshift.statements import Create, Privileges
from airflow_provider_datagraph.redshift.values import Database, Grant, Identities, Identity, Owned, Scope, Session


@dataclass(frozen=True)
class DatabaseAccess(Identities):
    """The cluster's databases, and what a role holds on them, scoped permissions too; hidden: the admin can't see that.

    :param sharer: who owns the Reverse ETL schema of the checkpoint database, unless a member of the role does.
    """

    databases: Mapping[str, Database] = field(default_factory=dict)
    grants: frozenset[Grant] = frozenset()
    hidden: bool = False
    sharer: str | None = None

    def resolve(self, name: str) -> str | None:
        return resolve_database(name, self.databases, self.session.case_sensitive)


def read_database_access(rows: Rows, session: Session, role: str, database: str = "") -> DatabaseAccess:
    """Read the cluster's databases and a role's privileges on them.

    :param database: the one that counts: where it doesn't exist, no privilege is read. Default: all.
    """
    known = read_identities(rows, session)
    databases = read_databases(rows, known)
    grants = _grants(rows, role) if not database or database in databases else frozenset()
    hidden = not sees_role(rows, role, known)
    return DatabaseAccess(known.session, known.roles, known.users, databases, grants, hidden)


def _grants(rows: Rows, role: str) -> frozenset[Grant]:
    holder = Identity("role", role)
    return database_grants(rows, of(holder)).by(holder)


def _create(database: str) -> Grant:
    return Grant(Scope.DATABASE, "CREATE", database=database)


def read_checkpoint(
    rows: Rows, session: Session, role: str, database: str, *, thorough: bool = False
) -> DatabaseAccess:
    """Read the same, and whose the Reverse ETL schema in the checkpoint database is, where there is one.

    :param thorough: whether to read that also where nothing is lacking: it is only reported.
    """
    current = read_database_access(rows, session, role, database)
    if database not in current.databases or (_create(database) in current.grants and not thorough):
        return current
    found = read_schemas(rows, current, database).get(database, {}).get(SCHEMA)
    if found is None or (found.owner, role) in user_grants(rows):
        return current
    return replace(current, sharer=found.owner)


def reread_checkpoint(rows: Rows, current: DatabaseAccess, role: str, database: str) -> DatabaseAccess:
    """Read again what a plan may have changed: that the role holds CREATE on the database tells that this is there."""
    databases = {database: Database(database, current.session.user), **current.databases}
    return replace(current, databases=databases, grants=_grants(rows, role))


def plan_database(
    database: str,
    role: str,
    current: DatabaseAccess,
    plan_only: bool = False,
    trusted: Collection[str] = (),
    sharer: str | None = None,
) -> Plan:
    """Plan the checkpoint database and the role's CREATE on it. CREATE DATABASE runs before all, outside a transaction.

    :param trusted: users whose role and database are adopted, beside the admin's and a superuser's.
    :param sharer: who the caller says owns a Reverse ETL schema there.
    """
    hidden = hidden_role(role, current, current.hidden, plan_only)
    about = (*role_missing(role, current, plan_only), *untrusted_role(role, current, trusted))
    findings = [*about, *(hidden or partial_view(current))]
    steps: list[Step] = []
    known = current.databases.get(database)
    if known is None:
        change = Change("create", "database", (database,), Reason.MISSING)
        steps.append(Step(Create("database", database), (change,)))
    elif known.kind != "local":
        findings.append(blocking("not_local", database, case="checkpoint", kind=known.kind))
    elif unsafe := untrusted(Owned("database", database), known.owner, current, trusted):
        findings += unsafe
    elif known.owner != current.session.user:
        findings.append(note("database_owner", database, owner=known.owner))
    if current.sharer is not None:
        whose = schema_owner(join_path(database, SCHEMA), current.sharer, sharer, current, trusted)
        # It isn't granted here.
        findings += [replace(one, level=Level.FINDING) if one.blocking else one for one in whose]
    granted = _create(database) in current.grants
    if not granted:
        given, path, holder = ("CREATE",), (database,), Identity("role", role)
        change = Change("grant", "database", path, Reason.NOT_HELD, given, holder)
        steps.append(Step(Privileges(holder, given, Scope.DATABASE, [path]), (change,)))
    return Plan(tuple(steps), (known is not None) + granted, tuple(findings))
