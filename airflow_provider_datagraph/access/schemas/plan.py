"""Plans for the schemas of one database, granted in the connected database with unqualified names. Pure.

Grammar: r_GRANT, t_scoped-permissions, r_ALTER_DEFAULT_PRIVILEGES; see :mod:`...redshift.statements`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial

from airflow_provider_datagraph.access.plan import Change, Finding, Plan, Reason, Step, blocking, steps
from airflow_provider_datagraph.access.role import hidden_role, partial_view, role_missing
from airflow_provider_datagraph.access.schemas.findings import reported
from airflow_provider_datagraph.access.schemas.revoke import From, pruned, revoke_columns, revokes
from airflow_provider_datagraph.access.schemas.targets import find_targets, is_held, stuck_findings
from airflow_provider_datagraph.access.schemas.values import DesiredSchema, SchemaAccess, Target
from airflow_provider_datagraph.access.trust import untrusted_role
from airflow_provider_datagraph.redshift.names import join_path
from airflow_provider_datagraph.redshift.statements import DefaultPrivileges, Path, Privileges
from airflow_provider_datagraph.redshift.values import Grant, Identity, Scope

Missing = Mapping[str, frozenset[Grant]]


def plan_schemas(
    desired: Sequence[DesiredSchema],
    role: str,
    current: SchemaAccess,
    *,
    prune: bool = False,
    plan_only: bool = False,
    trusted: Collection[str] = (),
) -> Plan:
    """Plan a role's access to schemas of the connected database, each named once.

    Granting comes before revoking, so that a change between all tables and a list closes nothing for a moment.

    :param prune: whether to revoke what the role holds in these schemas and ``desired`` doesn't list.
    :param plan_only: whether a missing role or schema is no obstacle.
    :raises InvalidInput: if two of ``desired`` are one stored schema.
    """
    targets, about = find_targets(desired, current, plan_only, role)
    view = hidden_role(role, current, current.hidden, plan_only) or partial_view(current)
    findings = [*role_missing(role, current, plan_only), *untrusted_role(role, current, trusted), *view, *about]
    wanted = {target.name: target.grants for target in targets}
    blocked = _column_grants(wanted, current)
    # Where pruning takes a column-level grant away, it takes the table-level one with it.
    lost = {(g.privilege, g.schema, g.relation) for g in blocked} if prune else set()

    def lacks(grant: Grant) -> bool:
        taken = (grant.privilege, grant.schema, grant.relation) in lost
        return taken or not is_held(grant, current, schema_wide=not prune)

    missing = {name: frozenset(filter(lacks, grants)) for name, grants in wanted.items()}
    if not prune:
        findings += _column_findings(blocked, missing, current)
        blocked = frozenset()
    holder, database = Identity("role", role), current.session.database
    found = [*revoke_columns(blocked, holder, database), *_grants(targets, missing, holder, database)]
    if prune:
        found += revokes(pruned(wanted, current.grants, blocked), From(holder, database, Reason.NOT_DESIRED))
    in_place = sum(_in_place(target, wanted[target.name], missing[target.name]) for target in targets)
    findings += [*reported(role, targets, current, missing, prune=prune)]
    findings += stuck_findings(database, current.stuck or ())
    return Plan(tuple(found), in_place, tuple(findings))


def _in_place(target: Target, wanted: Iterable[Grant], missing: Iterable[Grant]) -> int:
    """Count what is held in the unit of a change: a schema, its tables at once, a listed table, a writer's tables."""
    listed = target.desired.tables is not None

    def places(grants: Iterable[Grant]) -> set[tuple[Scope, str]]:
        return {(g.scope, g.writer or (g.relation if listed else "")) for g in grants}

    return len(places(wanted) - places(missing))


def _column_grants(wanted: Missing, current: SchemaAccess) -> frozenset[Grant]:
    """Find the column-level grants that make Redshift refuse a table-level one: r_GRANT-usage-notes."""
    tables = {
        (g.privilege, g.schema, g.relation) for grants in wanted.values() for g in grants if g.scope is Scope.TABLE
    }
    found = (g for g in current.grants if g.scope is Scope.COLUMN)
    return frozenset(g for g in found if (g.privilege, g.schema, g.relation) in tables)


def _column_findings(blocked: Iterable[Grant], missing: Missing, current: SchemaAccess) -> Iterator[Finding]:
    lacking = {(g.privilege, g.schema, g.relation) for grants in missing.values() for g in grants}
    places = {(g.privilege, g.schema, g.relation) for g in blocked}
    for privilege, schema, relation in sorted(places & lacking):
        yield blocking("column_grant", join_path(current.session.database, schema, relation), privilege=privilege)


def _grants(targets: Sequence[Target], missing: Missing, role: Identity, database: str) -> Iterator[Step]:
    needs = {
        t.name: tuple(p for p in t.desired.schema_privileges if Grant(Scope.SCHEMA, p, t.name) in missing[t.name])
        for t in targets
    }
    for given in sorted({p for p in needs.values() if p}):
        paths = [(database, name) for name, p in needs.items() if p == given]
        yield from _granted("schema", paths, given, role, Scope.SCHEMA)
    for target in targets:
        yield from _scoped_grants(target, missing[target.name], role, database)
    yield from _todays_grants(targets, missing, role, database)
    yield from _listed_grants(targets, missing, role, database)
    yield from _default_grants(targets, missing, role, database)


def _granted(kind: str, paths: Iterable[Path], given: tuple[str, ...], role: Identity, scope: Scope) -> Iterator[Step]:
    """Grant on some schemas or tables."""
    changes = [Change("grant", kind, path, Reason.NOT_HELD, given, role) for path in paths]
    yield from steps(changes, 1, partial(Privileges, role, given, scope))


def _scoped_grants(target: Target, missing: frozenset[Grant], role: Identity, database: str) -> Iterator[Step]:
    """Grant a scoped permission: the grammar has one schema for it, where a plain GRANT takes a list."""
    name, wanted = target.name, target.desired.table_privileges
    if scoped := tuple(p for p in wanted if Grant(Scope.TABLES, p, name) in missing):
        yield from _granted("tables", [(database, name)], scoped, role, Scope.TABLES)


def _todays_grants(targets: Sequence[Target], missing: Missing, role: Identity, database: str) -> Iterator[Step]:
    """Grant all of today's tables, those of several schemas in one statement."""
    alike: dict[tuple[str, ...], list[Change]] = {}
    for target in targets:
        lacking = {g for g in missing[target.name] if g.scope is Scope.TABLE}
        if not target.desired.todays or (target.exists and not lacking):
            continue
        wanted = target.desired.table_privileges
        given = tuple(p for p in wanted if p in {g.privilege for g in lacking}) or tuple(wanted)
        tables = tuple(sorted({g.relation for g in lacking}))
        change = Change("grant", "todays tables", (database, target.name), Reason.NOT_HELD, given, role, names=tables)
        alike.setdefault(given, []).append(change)
    for given, changes in sorted(alike.items()):
        yield from steps(changes, 1, partial(Privileges, role, given, Scope.TABLES, todays=True))


def _listed_grants(targets: Sequence[Target], missing: Missing, role: Identity, database: str) -> Iterator[Step]:
    """Grant tables that are named one by one, those of several schemas in one statement."""
    by_privileges: dict[tuple[str, ...], list[Path]] = {}
    for target in targets:
        if target.desired.tables is None:
            continue
        lacking: dict[str, set[str]] = {}
        for grant in missing[target.name]:
            if grant.scope is Scope.TABLE:
                lacking.setdefault(grant.relation, set()).add(grant.privilege)
        for relation in sorted(lacking):
            given = tuple(p for p in target.desired.table_privileges if p in lacking[relation])
            by_privileges.setdefault(given, []).append((database, target.name, relation))
    for given, paths in sorted(by_privileges.items()):
        yield from _granted("table", paths, given, role, Scope.TABLE)


def _default_grants(targets: Sequence[Target], missing: Missing, role: Identity, database: str) -> Iterator[Step]:
    """Grant what writers create later; schemas with the same writers share a statement."""
    alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Path]] = {}
    for target in targets:
        lacking = [g for g in missing[target.name] if g.scope is Scope.DEFAULT]
        if lacking:
            given = tuple(p for p in target.desired.table_privileges if p in {g.privilege for g in lacking})
            writers = tuple(sorted({g.writer for g in lacking}))
            alike.setdefault((given, writers), []).append((database, target.name))
    for key, paths in sorted(alike.items()):
        yield from _later(key, paths, role)


def _later(key: tuple[tuple[str, ...], tuple[str, ...]], paths: Iterable[Path], role: Identity) -> Iterator[Step]:
    given, writers = key
    changes = [Change("grant", "later tables", path, Reason.NOT_HELD, given, role, names=writers) for path in paths]
    yield from steps(
        changes, 1, lambda names: DefaultPrivileges(role, given, writers, [name for path in names for name in path])
    )
