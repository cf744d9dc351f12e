"""Schemas of one database are closed to a role: what it holds there, and the plan. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from airflow_provider_datagraph.access.plan import Fact, Finding, Plan, Reason, blocking, finding
from airflow_provider_datagraph.access.role import hidden_role
from airflow_provider_datagraph.access.schemas import read
from airflow_provider_datagraph.access.schemas.revoke import From, everything, revokes
from airflow_provider_datagraph.access.schemas.targets import stuck_findings
from airflow_provider_datagraph.access.schemas.values import Context, DesiredSchema, SchemaAccess
from airflow_provider_datagraph.redshift.catalog.identities import inherited_roles, role_grants
from airflow_provider_datagraph.redshift.catalog.privileges import database_grants, of
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.names import join_path, resolve
from airflow_provider_datagraph.redshift.values import Grant, Identity, Scope, Session


def read_closing(
    rows: Rows, session: Session, role: str, schemas: Callable[[SchemaAccess], Iterable[str]]
) -> SchemaAccess:
    """Read what a role holds in schemas that are to be closed (named once they are known), and its other ways there."""
    current = read.read_schema_list(rows, session, role)
    current = read.read_privileges(rows, current, role, [DesiredSchema(name) for name in schemas(current)], prune=True)
    parents, holder = inherited_roles(role, role_grants(rows)), Identity("role", role)
    wider = database_grants(rows, of(holder, *read.as_roles(parents)))
    context = Context(
        parents,
        inherited=read.read_inherited(rows, current, parents, wider, by_table=True),
        others=read.read_others(rows, current, (), (), by_table=True),
    )
    grants = current.grants | read.scoped_on(wider.by(holder), session.database)
    return replace(current, grants=grants, context=context, stuck=read.stuck_writers(rows, current.grants))


def plan_closing(schemas: Sequence[str], role: str, current: SchemaAccess) -> Plan:
    """Plan to take away all that a role holds in some schemas; what it reaches in another way stays, and is told."""
    database, findings = current.session.database, list(_unknown(role, current))
    found: set[str] = set()
    for name in schemas:
        stored = resolve(name, current.schemas, current.session.case_sensitive)
        if stored is None:
            facts = {} if current.session.superuser else {"hidden_from": current.session.user}
            path = join_path(database, name)
            findings.append(blocking("schema_missing", path, case="closing", schema=name, database=database, **facts))
        else:
            found.add(stored)
    grants = {grant for grant in current.grants if grant.schema in found}
    findings += stuck_findings(database, (pair for pair in current.stuck or () if pair[1] in found))
    findings += _stays(role, found, current, current.context or Context())
    external = {name for name, schema in current.schemas.items() if schema.kind == "external"}
    steps = revokes(everything(grants), From(Identity("role", role), database, Reason.CLOSED), external)
    return Plan(tuple(steps), len(found - {grant.schema for grant in grants}), tuple(findings))


def _unknown(role: str, current: SchemaAccess) -> Iterator[Finding]:
    if role not in current.roles:
        yield blocking("role_missing", role, case="closing")
    yield from hidden_role(role, current, current.hidden, plan_only=False)


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
        wider = frozenset(g for g in grants if g.scope in (Scope.SCHEMAS, Scope.DATABASE_TABLES) or not g.path)
        if wider:
            yield finding("database_wide", database, grants=wider, role=role, **facts)
