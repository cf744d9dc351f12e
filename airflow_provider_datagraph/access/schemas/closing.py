"""Schemas of one database are closed to a role: what it holds there, and the plan. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from airflow_provider_datagraph.access.plan import Fact, Finding, Plan, Reason, blocking, finding
from airflow_provider_datagraph.access.role import hidden_role
from airflow_provider_datagraph.access.schemas import read
from airflow_provider_datagraph.access.schemas.revoke import From, everything, revokes
from airflow_provider_datagraph.access.schemas.targets import schema_missing, stuck_findings
from airflow_provider_datagraph.access.schemas.values import Context, DesiredSchema, SchemaAccess
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.names import join_path, resolve
from airflow_provider_datagraph.redshift.values import Grant, Identity, Session


def read_closing(
    rows: Rows, session: Session, role: str, schemas: Callable[[SchemaAccess], Iterable[str]]
) -> SchemaAccess:
    """Read what a role holds in schemas that are to be closed (named once they are known), and its other ways there."""
    current = read.read_schema_list(rows, session, role)
    desired = [DesiredSchema(name) for name in schemas(current)]
    current, named = read.read_privileges(rows, current, role, prune=True), read.find_named(desired, current)
    stuck = read.stuck_writers(rows, (grant for grant in current.grants if grant.schema in named))
    context, wider = read.read_ways(rows, current, role, by_table=True)
    return replace(current, grants=current.grants | wider, context=context, stuck=stuck)


def plan_closing(schemas: Sequence[str], role: str, current: SchemaAccess) -> Plan:
    """Plan to take away all that a role holds in some schemas; what it reaches in another way stays, and is told."""
    stored = {name: resolve(name, current.schemas, current.session.case_sensitive) for name in schemas}
    found = {name for name in stored.values() if name is not None}
    database = current.session.database
    findings = [] if role in current.roles else [blocking("role_missing", role, case="closing")]
    findings += hidden_role(role, current, current.hidden)
    missing = (name for name, there in stored.items() if there is None)
    findings += [schema_missing(name, current, case="closing") for name in missing]
    grants = {grant for grant in current.grants if grant.schema in found}
    findings += stuck_findings(database, (pair for pair in current.stuck or () if pair[1] in found))
    findings += _stays(role, found, current, current.context or Context())
    external = {name for name, schema in current.schemas.items() if schema.kind == "external"}
    steps = revokes(everything(grants), From(Identity("role", role), database, Reason.CLOSED), external)
    return Plan(tuple(steps), len(found - {grant.schema for grant in grants}), tuple(findings))


def _stays(role: str, schemas: Iterable[str], current: SchemaAccess, context: Context) -> Iterator[Finding]:
    """What role and members reach in other ways: that isn't the role's, so it isn't taken away."""
    database, parents = current.session.database, tuple(sorted(context.inherited_roles))
    through: dict[str, Fact] = {"case": "inherited", "roles": parents}
    ways: list[tuple[dict[str, Fact], Iterable[Grant]]] = [({"holder": str(w)}, g) for w, g in context.others.items()]
    for name in sorted(schemas):
        for facts, grants in (*ways, (through, context.inherited)):
            if here := frozenset(grant for grant in grants if grant.schema == name):
                yield finding("kept", join_path(database, name), grants=here, role=role, **facts)
    own: dict[str, Fact] = {"case": "closing"}
    for facts, grants in ((own, current.grants), ({**through, "case": "closing inherited"}, context.inherited)):
        if wider := frozenset(grant for grant in grants if not grant.schema):
            yield finding("database_wide", database, grants=wider, role=role, **facts)
