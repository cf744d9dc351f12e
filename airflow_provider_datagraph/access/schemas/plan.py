"""Plans for the schemas of one database, granted in the connected database with unqualified names. Pure.

Grammar: r_GRANT, t_scoped-permissions, r_ALTER_DEFAULT_PRIVILEGES; see :mod:`...redshift.statements`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial

from airflow_provider_datagraph.access.plan import Change, Plan, Reason, Step, blocking, steps
from airflow_provider_datagraph.access.role import hidden_role, partial_view, role_missing
from airflow_provider_datagraph.access.schemas.findings import reported
from airflow_provider_datagraph.access.schemas.revoke import KINDS, From, Taken, pruned, revokes
from airflow_provider_datagraph.access.schemas.targets import find_targets, is_held, stuck_findings
from airflow_provider_datagraph.access.schemas.values import DesiredSchema, SchemaAccess, Target
from airflow_provider_datagraph.access.trust import untrusted_role
from airflow_provider_datagraph.redshift.names import join_path
from airflow_provider_datagraph.redshift.statements import DefaultPrivileges, Path, Privileges, Statement
from airflow_provider_datagraph.redshift.values import Grant, Identity, Scope

Missing = Mapping[str, frozenset[Grant]]
GRANTED = ("schema", "tables", "todays tables", "table", "later tables")
"""What a change is about, in the order in which it is granted."""


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
    """
    targets, about = find_targets(desired, current, plan_only, role)
    view = hidden_role(role, current, current.hidden, plan_only) or partial_view(current)
    findings = [*role_missing(role, current, plan_only), *untrusted_role(role, current, trusted), *view, *about]
    wanted = {target.name: target.grants for target in targets}
    everything = frozenset[Grant]().union(*wanted.values())
    # Redshift refuses a grant on a table to who holds the same on some of its columns: r_GRANT-usage-notes.
    on_columns = {grant for grant in current.grants if grant.column and grant.whole in everything}
    blocked = {grant.whole for grant in on_columns}

    def lacks(grant: Grant) -> bool:
        # Where pruning takes a column-level grant away, it takes the table-level one with it.
        return (prune and grant in blocked) or not is_held(grant, current, schema_wide=not prune)

    missing = {name: frozenset(filter(lacks, grants)) for name, grants in wanted.items()}
    holder, database = Identity("role", role), current.session.database
    first = {Taken(Scope.COLUMN, g.path, "", (g.privilege,), (g.privilege,)) for g in blocked if prune}
    found = [*revokes(first, From(holder, database, Reason.BLOCKS_TABLE))]
    found += _grants(targets, missing, holder, database)
    if prune:
        found += revokes(pruned(wanted, current.grants - on_columns), From(holder, database, Reason.NOT_DESIRED))
    else:
        lacking = frozenset[Grant]().union(*missing.values())
        for grant in sorted(blocked & lacking):
            findings.append(blocking("column_grant", join_path(database, *grant.path), privilege=grant.privilege))
    in_place = sum(_in_place(target, wanted[target.name], missing[target.name]) for target in targets)
    findings += reported(role, targets, current, missing, prune=prune)
    findings += stuck_findings(database, current.stuck or ())
    return Plan(tuple(found), in_place, tuple(findings))


def _in_place(target: Target, wanted: Iterable[Grant], missing: Iterable[Grant]) -> int:
    """Count what is held in the unit of a change: a schema, its tables at once, a listed table, a writer's tables."""
    listed = target.desired.tables is not None

    def places(grants: Iterable[Grant]) -> set[tuple[Scope, str]]:
        return {(g.scope, g.writer or (g.relation if listed else "")) for g in grants}

    return len(places(wanted) - places(missing))


def _grants(targets: Sequence[Target], missing: Missing, role: Identity, database: str) -> Iterator[Step]:
    """Grant what is missing, kind by kind; what is alike shares a statement.

    A scoped permission doesn't: the grammar has one schema for it, where a plain GRANT takes a list.
    """
    alike: dict[tuple[int, int, tuple[str, ...], tuple[str, ...]], list[Change]] = {}
    for at, target in enumerate(targets):
        for change in _changes(target, missing[target.name], role, database):
            apart = at if change.kind == "tables" else -1
            writers = change.names if change.kind == "later tables" else ()
            alike.setdefault((GRANTED.index(change.kind), apart, change.privileges, writers), []).append(change)
    for (kind, _, given, writers), changes in sorted(alike.items()):
        yield from steps(changes, 1, partial(_statement, GRANTED[kind], role, given, writers))


def _statement(
    kind: str, role: Identity, given: tuple[str, ...], writers: tuple[str, ...], paths: list[Path]
) -> Statement:
    if kind == "later tables":
        return DefaultPrivileges(role, given, writers, [name for (name,) in paths])
    scope = {"schema": Scope.SCHEMA, "table": Scope.TABLE}.get(kind, Scope.TABLES)
    return Privileges(role, given, scope, paths, todays=kind == "todays tables")


def _changes(target: Target, missing: Iterable[Grant], role: Identity, database: str) -> Iterator[Change]:
    """Tell what is granted in a schema: on itself, on its tables at once or one by one, and on later ones."""
    desired, place = target.desired, (database, target.name)
    lacking: dict[tuple[str, str], list[Grant]] = {}
    for grant in missing:
        kind = "todays tables" if desired.todays and grant.scope is Scope.TABLE else KINDS[grant.scope]
        lacking.setdefault((kind, grant.relation if kind == "table" else ""), []).append(grant)
    if desired.todays and not target.exists:
        # Which tables there will be isn't known.
        lacking["todays tables", ""] = [Grant(Scope.TABLE, word) for word in desired.table_privileges]
    for (kind, table), grants in sorted(lacking.items()):
        words = {grant.privilege for grant in grants}
        wanted = desired.schema_privileges if kind == "schema" else desired.table_privileges
        names = set() if table else {grant.relation or grant.writer for grant in grants} - {""}
        yield Change(
            "grant",
            kind,
            (*place, table) if table else place,
            Reason.NOT_HELD,
            tuple(word for word in wanted if word in words),
            role,
            names=tuple(sorted(names)),
        )
