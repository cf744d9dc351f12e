"""The last section of Segment's guide: an existing Reverse ETL schema, which another user of Segment's owns. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from airflow_provider_datagraph.access.plan import Finding, Plan, Reason, finding, note
from airflow_provider_datagraph.access.schemas.plan import plan_schemas
from airflow_provider_datagraph.access.schemas.read import owner_grants, read_privileges, read_schema_access
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


@dataclass(frozen=True)
class ReverseEtlAccess:
    """A role's access to the schema, and its owner's; its stored name is None where it doesn't exist.

    :param owner_grants: what its owner holds on schemas; ``unseen``: it exists, and is hidden from the admin.
    """

    schemas: SchemaAccess
    name: str | None = None
    owner_grants: frozenset[Grant] = frozenset()
    unseen: bool = False


def desired_schema(
    schema: str, drop: str, future: FutureTables = FutureTables.SCOPED, writers: tuple[str, ...] | None = None
) -> DesiredSchema:
    """Say what the role needs in the schema; ``drop`` is one of :data:`DROP_CHOICES`."""
    on_schema = ("USAGE", "CREATE", *(("DROP",) if drop == "all" else ()))
    on_tables = (*ON_TABLES, *(() if drop == "none" else ("DROP",)))
    return DesiredSchema(schema, None, on_schema, on_tables, future, writers)


def read_reverse_etl(
    rows: Rows, session: Session, role: str, desired: DesiredSchema, *, thorough: bool
) -> ReverseEtlAccess:
    """Read a role's access to the schema, and its owner's: for the rest, see :func:`.read_schema_access`."""
    schemas = read_schema_access(rows, session, role, [desired], thorough=thorough, owners=True)
    name = resolve(desired.name, schemas.schemas, schemas.session.case_sensitive)
    if name is None and not schemas.session.superuser:
        there = [stored for stored, _ in read_namespaces(rows).values()]
        return ReverseEtlAccess(
            schemas, unseen=resolve(desired.name, there, schemas.session.case_sensitive) is not None
        )
    if name is None:
        return ReverseEtlAccess(schemas)
    return ReverseEtlAccess(schemas, name, owner_grants(rows, schemas, name))


def reread_reverse_etl(rows: Rows, current: ReverseEtlAccess, role: str, desired: DesiredSchema) -> ReverseEtlAccess:
    """Read again what a plan may have changed."""
    return replace(current, schemas=read_privileges(rows, current.schemas, role, [desired]))


def plan_reverse_etl(
    database: str,
    desired: DesiredSchema,
    role: str,
    current: ReverseEtlAccess,
    *,
    plan_only: bool,
    owner: str | None = None,
    trusted: Collection[str] = (),
) -> Plan:
    """Plan a role's access to the schema; where there is none, there is nothing to do.

    :param owner: who the caller says owns the schema; ``trusted``: whose role and schema are adopted, too.
    """
    if current.unseen:
        session = current.schemas.session
        return Plan(findings=(schema_hidden(session.database, desired.name, session),))
    if current.name is None:
        return Plan(findings=(note("schema_missing", join_path(database, desired.name), case="reverse_etl"),))
    plan = plan_schemas([desired], role, current.schemas, plan_only=plan_only, trusted=trusted)
    access, name = current.schemas, current.name
    whose = schema_owner(join_path(access.session.database, name), access.schemas[name].owner, owner, access, trusted)
    more = () if whose[0].blocking else _shared(name, current)
    return replace(plan, findings=(*plan.findings, *_kept(desired, name, role, access), *whose, *more))


def database_missing(database: str) -> Finding:
    """Tell that an earlier task of a plan-only run would have created the database."""
    return note("database_missing", database, case="reverse_etl")


def _shared(schema: str, current: ReverseEtlAccess) -> Iterator[Finding]:
    """Tell who else works in the schema, and what stays closed to its owner."""
    access = current.schemas
    path, owner = join_path(access.session.database, schema), access.schemas[schema].owner
    others = {who.name for who, grant in access.held.grants if who.kind == "role" and grant.schema == schema}
    if others:
        yield note("reverse_etl_roles", path, roles=tuple(sorted(others)))
    known = access.users.get(owner)
    opened = {Grant(Scope.TABLES, privilege, schema) for privilege in ON_TABLES} <= current.owner_grants
    if known is not None and not known.superuser and not opened:
        give = Privileges(Identity("user", owner), ON_TABLES, Scope.TABLES, [(schema,)])
        yield note("reverse_etl_closed", path, owner=owner, database=access.session.database, statement=give)


def _kept(desired: DesiredSchema, schema: str, role: str, current: SchemaAccess) -> Iterator[Finding]:
    """Tell what the role holds beyond what is asked for, as after a change of ``drop``: nothing is taken away here."""
    wanted, database = Target(desired, schema).grants, current.session.database
    held = frozenset(g for g in current.grants if g.schema == schema and g.scope in (Scope.SCHEMA, Scope.TABLES))
    if more := held - wanted:
        found = revokes(pruned({schema: wanted}, held), From(Identity("role", role), database, Reason.NOT_DESIRED))
        statements = tuple(step.statement.sql for step in found)
        path = join_path(database, schema)
        yield finding("reverse_etl_kept", path, role=role, grants=more, database=database, statements=statements)
