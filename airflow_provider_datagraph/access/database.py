"""Step 2 of Segment's guide: the checkpoint database. Pure."""

from __future__ import annotations

from dataclasses import replace

from airflow_provider_datagraph.access.current import CurrentAccess, owners_by_id, read_identity_list
from airflow_provider_datagraph.access.plan import Change, Finding, Plan, Reason, Step
from airflow_provider_datagraph.access.visibility import hidden_role, partial_view, role_missing, sees_role
from airflow_provider_datagraph.redshift.catalog.databases import DATABASES
from airflow_provider_datagraph.redshift.catalog.privileges import database_grants
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.statements import Create, Privileges
from airflow_provider_datagraph.redshift.values import Database, Grant, Identity, Scope, Session


def read_databases(rows: Rows, session: Session, role: str) -> CurrentAccess:
    """Read the cluster's databases and a role's privileges on them.

    :param rows: runs a query.
    :param session: the session.
    :param role: the role's name.
    :return: roles, users, databases, and the role's privileges on databases.
    """
    current = read_identity_list(rows, session)
    owners = owners_by_id(current)
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


def plan_database(database: str, role: str, current: CurrentAccess, plan_only: bool = False) -> Plan:
    """Plan the checkpoint database and the role's CREATE on it.

    :param database: the database's name.
    :param role: the role's name.
    :param current: what :func:`read_databases` read.
    :param plan_only: whether a missing role is no obstacle; default False.
    :return: the plan; CREATE DATABASE runs outside a transaction, and before everything else.

    https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_DATABASE.html,
    https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html
    """
    hidden = hidden_role(role, current, plan_only)
    findings = [*role_missing(role, current, plan_only), *(hidden or partial_view(current))]
    steps: list[Step] = []
    known = current.databases.get(database)
    if known is None:
        change = Change("create", "database", (database,), Reason.MISSING)
        steps.append(Step(Create("database", database), (change,)))
    elif known.kind != "local":
        message = f"Database {database} is {known.kind}, not local, so Segment can't write in it: name another."
        findings.append(Finding("not_local", database, message, blocking=True))
    elif known.owner != current.session.user:
        message = f"Database {database} existed before; its owner is {known.owner}."
        findings.append(Finding("database_owner", database, message))
    granted = Grant(Scope.DATABASE, "CREATE", database) in current.grants
    if not granted:
        given, path, holder = ("CREATE",), (database,), Identity("role", role)
        change = Change("grant", "database", path, Reason.NOT_HELD, given, holder)
        steps.append(Step(Privileges(holder, given, Scope.DATABASE, [path]), (change,)))
    return Plan(tuple(steps), (known is not None) + granted, tuple(findings))
