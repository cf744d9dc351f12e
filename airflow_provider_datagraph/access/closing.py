"""Schemas of one database are closed to a role: what it holds there, and the plan. Pure.

Grammar: https://docs.aws.amazon.com/redshift/latest/dg/r_REVOKE.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from airflow_provider_datagraph.access.current import CurrentAccess
from airflow_provider_datagraph.access.desired import DesiredSchema
from airflow_provider_datagraph.access.messages import describe_grants
from airflow_provider_datagraph.access.plan import Finding, Plan, Reason
from airflow_provider_datagraph.access.revocations import From, everything, revokes
from airflow_provider_datagraph.access.schemas.context import held_by_others, inherited_grants
from airflow_provider_datagraph.access.schemas.read import read_privileges, read_schema_list
from airflow_provider_datagraph.access.schemas.writers import stuck_findings
from airflow_provider_datagraph.access.visibility import hidden_role, sees_role
from airflow_provider_datagraph.redshift.catalog.identities import ROLE_GRANTS, granted_roles
from airflow_provider_datagraph.redshift.catalog.privileges import scoped_database_grants
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.catalog.schemas import stuck_writers
from airflow_provider_datagraph.redshift.names import join_path, resolve
from airflow_provider_datagraph.redshift.values import Grant, Identity, Scope, Session

_WIDER = (Scope.SCHEMAS, Scope.DATABASE_TABLES)


@dataclass(frozen=True)
class Closing:
    """What is known before schemas are closed.

    :param current: what :func:`.read_schemas` read.
    :param stuck: writers of default privileges that can't create in the schema any more, as (writer, schema).
    """

    current: CurrentAccess
    stuck: frozenset[tuple[str, str]] = frozenset()


def closable(current: CurrentAccess) -> frozenset[Grant]:
    """Pick the privileges that are held on schemas and what is in them.

    :param current: the current access.
    :return: the role's privileges, without those that reach beyond one schema.
    """
    return frozenset(grant for grant in current.grants if grant.schema and grant.scope not in (*_WIDER, Scope.DATABASE))


def plan_closing(schemas: Sequence[str], role: str, closing: Closing) -> Plan:
    """Plan to take away everything that a role holds in some schemas.

    :param schemas: the schemas as typed.
    :param role: the role's name.
    :param closing: what is known of them.
    :return: the plan; what the role reaches in another way stays, and is a finding.
    """
    current = closing.current
    database, findings = current.session.database, list(_unknown(role, current))
    found: set[str] = set()
    for name in schemas:
        stored = resolve(name, current.schemas, current.session.case_sensitive)
        if stored is None:
            message = f"Schema {name} doesn't exist in database {database}: correct the name."
            if not current.session.superuser:
                message += f" {current.session.user} isn't a superuser, so it may be hidden."
            findings.append(Finding("schema_missing", join_path(database, name), message, blocking=True))
        else:
            found.add(stored)
    grants = {grant for grant in closable(current) if grant.schema in found}
    findings += stuck_findings(database, (pair for pair in closing.stuck if pair[1] in found))
    findings += _stays(role, found, current)
    steps = revokes(everything(grants), From(Identity("role", role), database, Reason.CLOSED))
    return Plan(tuple(steps), len(found - {grant.schema for grant in grants}), tuple(findings))


def _unknown(role: str, current: CurrentAccess) -> Iterator[Finding]:
    if role not in current.roles:
        message = f"Role {role} doesn't exist, so nothing can be said to be closed to it: correct the name."
        yield Finding("role_missing", role, message, blocking=True)
    yield from hidden_role(role, current, plan_only=False)


def _stays(role: str, schemas: Iterable[str], current: CurrentAccess) -> Iterator[Finding]:
    """What role and members reach in other ways: that isn't the role's, so it isn't taken away."""
    database, parents = current.session.database, ", ".join(sorted(current.granted_roles))
    through = f"Through {parents}, granted to it, role {role}"
    ways: Mapping[str, Iterable[Grant]] = {**current.others, through: current.inherited}
    for name in sorted(schemas):
        for phrase, grants in sorted(ways.items()):
            here = {grant for grant in grants if grant.schema == name and grant.scope not in (*_WIDER, Scope.DATABASE)}
            if here:
                message = (
                    f"{phrase[0].upper()}{phrase[1:]} still holds {describe_grants(here)}: it is kept, since it isn't "
                    f"role {role}'s own."
                )
                yield Finding("kept", join_path(database, name), message)
    inherited = {grant for grant in current.inherited if grant.scope in _WIDER}
    for who, wider in ((f"Role {role}", set(current.grants) - closable(current)), (through, inherited)):
        if wider:
            message = (
                f"{who} still holds {describe_grants(wider)}, seen from database {database}: it is kept, since it "
                "reaches beyond the named schemas."
            )
            yield Finding("database_wide", database, message)


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
