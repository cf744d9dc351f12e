"""The least admin: what one that may do nothing lacks for the reference plan, and what shows it the catalog. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from airflow_provider_datagraph.access.database import DatabaseAccess, plan_database
from airflow_provider_datagraph.access.plan import Step
from airflow_provider_datagraph.access.rights.held import Rights
from airflow_provider_datagraph.access.rights.lacking import lacking, rights_role
from airflow_provider_datagraph.access.role import DesiredUser, RoleAccess, plan_role
from airflow_provider_datagraph.access.schemas.plan import plan_schemas
from airflow_provider_datagraph.access.schemas.values import DesiredSchema, SchemaAccess, Tables
from airflow_provider_datagraph.redshift.statements import AlterUser, Statement, SystemPermission
from airflow_provider_datagraph.redshift.values import Identities, Identity, Role, Schema, Session, User

SIGHT = "ACCESS SYSTEM TABLE, ACCESS CATALOG"
"""What shows it privileges, and with metadata_security on also tables and schemas; on the user: SYSLOG ACCESS."""
LINKED = "segment_linked"
"""Stands for role, user and database, whose names make no difference."""


def least_admin(admin: str, schemas: Mapping[str, Iterable[DesiredSchema]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Write what makes a user the least admin for a plan.

    :param admin: the user, who exists.
    :param schemas: what is to be opened, by database; names as stored.
    :return: statements for a superuser, by database; those of an empty name run in any.

    https://docs.aws.amazon.com/redshift/latest/dg/r_roles-system-privileges.html,
    https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_USER.html
    """
    users = {admin: User(admin, 0)}
    session, user = Session(admin, "", superuser=False, case_sensitive=True), DesiredUser(f"{LINKED}_user", "")
    cluster = plan_role(LINKED, user, RoleAccess(session, {}, users)).steps
    cluster += plan_database(LINKED, LINKED, DatabaseAccess(session, {}, users)).steps
    known = Identities(session, {}, users)
    sight: list[Statement] = [
        SystemPermission(Identity("role", rights_role(known, Rights())), SIGHT),
        AlterUser(admin, "SYSLOG ACCESS UNRESTRICTED"),
    ]
    yield "", (*_given(cluster, known, Rights()), *(one.sql for one in sight))
    for database, listed in schemas.items():
        desired = list(listed)
        session = Session(admin, database, superuser=False, case_sensitive=True)
        tables = {one.name: frozenset(one.tables or ()) for one in desired}
        there = {name: Schema(name, "") for name in tables}
        access = SchemaAccess(session, {LINKED: Role(LINKED, admin)}, users, there, tables=Tables(tables))
        steps = plan_schemas(desired, LINKED, access).steps
        yield database, tuple(_given(steps, access, Rights(schemas=frozenset(there))))


def _given(steps: Iterable[Step], known: Identities, rights: Rights) -> Iterator[str]:
    for finding in lacking(tuple(steps), known, rights):
        match dict(finding.facts):
            case {"statement": Statement() as statement}:
                yield statement.sql
            case {"statements": tuple() as statements}:
                yield from map(str, statements)
