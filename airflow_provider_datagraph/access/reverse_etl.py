"""The last section of Segment's guide: an existing Reverse ETL schema, which another user of Segment's owns. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from airflow_provider_datagraph.access.plan import Fact, Finding, Plan, Reason, finding, note
from airflow_provider_datagraph.access.schemas.plan import plan_schemas
from airflow_provider_datagraph.access.schemas.read import find_named, read_schema_access
from airflow_provider_datagraph.access.schemas.revoke import From, pruned, revokes
from airflow_provider_datagraph.access.schemas.targets import schema_hidden
from airflow_provider_datagraph.access.schemas.values import DesiredSchema, FutureTables, SchemaAccess, Target
from airflow_provider_datagraph.access.trust import schema_owner
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.catalog.schemas import read_namespaces
from airflow_provider_datagraph.redshift.names import join_path, resolve
from airflow_provider_datagraph.redshift.statements import Privileges
from airflow_provider_datagraph.redshift.values import Grant, Identity, Scope, Session

SCHEMA = "__segment_reverse_etl"
DROP_CHOICES = ("tables", "all", "none")
ON_TABLES = ("SELECT", "INSERT", "UPDATE", "DELETE")


def desired_schema(
    schema: str, drop: str, future: FutureTables = FutureTables.SCOPED, writers: tuple[str, ...] | None = None
) -> DesiredSchema:
    """Say what the role needs in the schema; ``drop`` is one of :data:`DROP_CHOICES`."""
    on_schema = ("USAGE", "CREATE", *(("DROP",) if drop == "all" else ()))
    on_tables = (*ON_TABLES, *(() if drop == "none" else ("DROP",)))
    return DesiredSchema(schema, None, on_schema, on_tables, future, writers)


def read_reverse_etl(
    rows: Rows, session: Session, role: str, desired: DesiredSchema, *, thorough: bool
) -> SchemaAccess:
    """Read a role's access to the schema, and its owner's: for the rest, see :func:`.read_schema_access`."""
    current = read_schema_access(rows, session, role, [desired], thorough=thorough, owners=True)
    if current.session.superuser or find_named([desired], current):
        return current
    return replace(current, all_schemas=frozenset(name for name, _ in read_namespaces(rows).values()))


def plan_reverse_etl(
    database: str,
    desired: DesiredSchema,
    role: str,
    current: SchemaAccess,
    *,
    plan_only: bool,
    owner: str | None = None,
    trusted: Collection[str] = (),
) -> Plan:
    """Plan a role's access to the schema; where there is none, there is nothing to do.

    :param owner: who the caller says owns the schema; ``trusted``: whose role and schema are adopted, too.
    """
    session = current.session
    name = resolve(desired.name, current.schemas, session.case_sensitive)
    if name is None and resolve(desired.name, current.all_schemas or (), session.case_sensitive):
        return Plan(findings=(schema_hidden(session.database, desired.name, session),))
    if name is None:
        return Plan(findings=(note("schema_missing", join_path(database, desired.name), case="reverse_etl"),))
    plan = plan_schemas([desired], role, current, plan_only=plan_only, trusted=trusted)
    path = join_path(session.database, name)
    whose = schema_owner(path, current.schemas[name].owner, owner, current, trusted)
    more = () if whose[0].blocking else _shared(name, role, current)
    return replace(plan, findings=(*plan.findings, *_kept(desired, name, role, current), *whose, *more))


def _kept(desired: DesiredSchema, schema: str, role: str, current: SchemaAccess) -> Iterator[Finding]:
    """Tell what the role holds beyond what is asked for, as after a change of ``drop``: nothing is taken away here."""
    wanted, database = Target(desired, schema).grants, current.session.database
    held = frozenset(g for g in current.grants if g.schema == schema and g.scope in (Scope.SCHEMA, Scope.TABLES))
    if more := held - wanted:
        found = revokes(pruned({schema: wanted}, held), From(Identity("role", role), database, Reason.NOT_DESIRED))
        facts: dict[str, Fact] = {"database": database, "statements": tuple(step.statement.sql for step in found)}
        yield finding("reverse_etl_kept", join_path(database, schema), role=role, grants=more, **facts)


def _shared(schema: str, role: str, current: SchemaAccess) -> Iterator[Finding]:
    """Tell who else works in the schema, and what stays closed to its owner."""
    path, owner = join_path(current.session.database, schema), current.schemas[schema].owner
    roles = {who.name for who, grant in current.held.grants if who.kind == "role" and grant.schema == schema}
    if others := roles - {role}:
        yield note("reverse_etl_roles", path, roles=tuple(sorted(others)))
    known, holder = current.users.get(owner), Identity("user", owner)
    opened = {Grant(Scope.TABLES, privilege, schema) for privilege in ON_TABLES} <= current.held.by(holder)
    if known is not None and not known.superuser and not opened:
        give = Privileges(holder, ON_TABLES, Scope.TABLES, [(schema,)])
        yield note("reverse_etl_closed", path, owner=owner, database=current.session.database, statement=give)
