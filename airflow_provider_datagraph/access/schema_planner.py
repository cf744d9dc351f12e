"""Plans for the schemas of one database, granted in the connected database with unqualified names.

Grammar: https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html,
https://docs.aws.amazon.com/redshift/latest/dg/r_REVOKE.html,
https://docs.aws.amazon.com/redshift/latest/dg/t_scoped-permissions.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from airflow_provider_datagraph.access.names import InvalidInput, is_system_schema, join_path, quote, resolve
from airflow_provider_datagraph.access.planner import partial_view, role_missing
from airflow_provider_datagraph.access.privileges import (
    CurrentAccess,
    DesiredSchema,
    Finding,
    FutureTables,
    Grant,
    Plan,
    Scope,
    Step,
)
from airflow_provider_datagraph.access.prune import revoke_columns, revokes

STATEMENT_BYTES = 60_000
"""A safe statement size: Redshift's limit is 16 MB, other tools in the way cut far below."""


@dataclass(frozen=True, slots=True)
class _Target:
    """A desired schema beside the names that the catalog has for it."""

    desired: DesiredSchema
    name: str
    relations: frozenset[str]
    listed: frozenset[str]
    exists: bool = True


def plan_schemas(
    desired: Sequence[DesiredSchema],
    role: str,
    current: CurrentAccess,
    *,
    prune: bool = False,
    plan_only: bool = False,
) -> Plan:
    """Plan a role's access to schemas of the connected database.

    Granting comes before revoking, so that a change between all tables and a list closes nothing for a moment.

    :param desired: the schemas, each named once.
    :param role: the role's name.
    :param current: what :func:`.catalog.read_schemas` read.
    :param prune: whether to revoke what the role holds in these schemas and ``desired`` doesn't list.
    :param plan_only: whether a missing role or schema is no obstacle.
    :return: the plan.
    :raises InvalidInput: if two of ``desired`` are one stored schema.
    """
    targets, about = _find_all(desired, current, plan_only)
    findings = [*role_missing(role, current, plan_only), *partial_view(current), *about]
    wanted = {target.name: _wanted(target) for target in targets}
    blocked = _column_grants(wanted, current)
    # Where pruning takes a column-level grant away, it takes the table-level one with it.
    lost = {(g.privilege, g.schema, g.relation) for g in blocked} if prune else set()
    satisfied = {name: _satisfied(grants, current, prune, lost) for name, grants in wanted.items()}
    missing = {name: wanted[name] - satisfied[name] for name in wanted}
    if not prune:
        findings += _column_findings(blocked, missing, current)
        blocked = frozenset()
    steps = [
        *revoke_columns(blocked, role, current),
        *_grants(targets, missing, role, current.session.database),
    ]
    if prune:
        steps += revokes(wanted, role, current, blocked)
    in_place = sum(_in_place(target, wanted[target.name], missing[target.name]) for target in targets)
    return Plan(tuple(steps), in_place, tuple(findings))


def _find_all(
    desired: Sequence[DesiredSchema], current: CurrentAccess, plan_only: bool
) -> tuple[list[_Target], list[Finding]]:
    found = [_find(schema, current, plan_only) for schema in desired]
    targets = [target for target, _ in found if target is not None]
    _refuse_twice(targets)
    return targets, [finding for _, about in found for finding in about]


def _refuse_twice(targets: Sequence[_Target]) -> None:
    spelled: dict[str, list[str]] = {}
    for target in targets:
        spelled.setdefault(target.name, []).append(target.desired.name)
    twice = {name: spellings for name, spellings in spelled.items() if len(spellings) > 1}
    if twice:
        raise InvalidInput(
            *(f"Schema {name} is named twice, as {' and '.join(s)}: name it once." for name, s in sorted(twice.items()))
        )


def _find(desired: DesiredSchema, current: CurrentAccess, plan_only: bool) -> tuple[_Target | None, list[Finding]]:
    database, sensitive = current.session.database, current.session.case_sensitive
    name = resolve(desired.name, current.schemas, sensitive)
    if is_system_schema(desired.name):
        message = f"Schema {desired.name} belongs to Redshift itself: name a schema of your own."
        return None, [Finding("system_schema", desired.name, message, blocking=True)]
    if name is None:
        finding = _schema_missing(desired.name, current, plan_only)
        names = desired.tables or ()
        return (
            _Target(desired, desired.name, frozenset(), frozenset(names), exists=False) if plan_only else None,
            [finding],
        )
    kind = current.schemas[name].kind
    if kind != "local":
        path = join_path(database, name)
        message = (
            f"Schema {path} is {kind}, and Redshift grants those to users and groups only, outside a "
            f"transaction: an administrator runs GRANT USAGE ON SCHEMA {quote(name)} TO <user> by hand."
        )
        return None, [Finding("not_local", path, message)]
    relations = current.relations.get(name, frozenset())
    listed, missing = set(), []
    for table in desired.tables or ():
        stored = resolve(table, relations, sensitive)
        if stored is None:
            missing.append(_table_missing(table, name, relations, current))
        elif stored in listed:
            path = join_path(database, name, stored)
            missing.append(Finding("table_twice", path, f"Table {path} is named twice: name it once.", blocking=True))
        else:
            listed.add(stored)
    return _Target(desired, name, relations, frozenset(listed)), missing


def _schema_missing(name: str, current: CurrentAccess, plan_only: bool) -> Finding:
    database = current.session.database
    alike = sorted(s for s in current.schemas if s.lower() == name.lower())
    otherwise = "the plan goes on as if it did." if plan_only else "correct the name, or create the schema first."
    hint = f"did you mean {alike[0]}?" if alike else otherwise
    if not current.session.superuser:
        hint += f" {current.session.user} isn't a superuser, so it may exist and be hidden from this connection."
    message = f"Schema {name} doesn't exist in database {database}: {hint}"
    return Finding("schema_missing", join_path(database, name), message, blocking=not plan_only)


def _table_missing(table: str, schema: str, relations: Iterable[str], current: CurrentAccess) -> Finding:
    path = join_path(current.session.database, schema, table)
    alike = sorted(r for r in relations if r.lower() == table.lower())
    hint = f"did you mean {alike[0]}?" if alike else "correct the name, or create the table first."
    return Finding("table_missing", path, f"Table {path} doesn't exist: {hint}", blocking=True)


def _wanted(target: _Target) -> frozenset[Grant]:
    desired, name = target.desired, target.name
    grants = {Grant(Scope.SCHEMA, privilege, name) for privilege in desired.schema_privileges}
    if desired.tables is None and desired.future is FutureTables.SCOPED:
        grants |= {Grant(Scope.TABLES, privilege, name) for privilege in desired.table_privileges}
    else:
        tables = target.relations if desired.tables is None else target.listed
        grants |= {Grant(Scope.TABLE, p, name, t) for p in desired.table_privileges for t in tables}
    return frozenset(grants)


def _satisfied(
    wanted: frozenset[Grant], current: CurrentAccess, prune: bool, lost: set[tuple[str, str, str]]
) -> frozenset[Grant]:
    """Tell what is held. A scoped grant gives each table too, but not where pruning will take it away."""
    held = current.grants

    def holds(grant: Grant) -> bool:
        if (grant.privilege, grant.schema, grant.relation) in lost:
            return False
        wider = Grant(Scope.TABLES, grant.privilege, grant.schema)
        return grant in held or (grant.scope is Scope.TABLE and not prune and wider in held)

    return frozenset(grant for grant in wanted if holds(grant))


def _in_place(target: _Target, wanted: Iterable[Grant], missing: Iterable[Grant]) -> int:
    """Count what is held in the unit of a change: a schema, its tables at once, or a listed table."""
    listed = target.desired.tables is not None

    def places(grants: Iterable[Grant]) -> set[tuple[Scope, str]]:
        return {(grant.scope, grant.relation if listed else "") for grant in grants}

    return len(places(wanted) - places(missing))


def _column_grants(wanted: Mapping[str, frozenset[Grant]], current: CurrentAccess) -> frozenset[Grant]:
    """Find the column-level grants that make Redshift refuse a table-level one.

    https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT-usage-notes.html
    """
    tables = {(g.privilege, g.schema, g.relation) for grants in wanted.values() for g in grants if g.relation}
    found = (g for g in current.grants if g.scope is Scope.COLUMN)
    return frozenset(g for g in found if (g.privilege, g.schema, g.relation) in tables)


def _column_findings(
    blocked: Iterable[Grant], missing: Mapping[str, frozenset[Grant]], current: CurrentAccess
) -> Iterator[Finding]:
    lacking = {(g.privilege, g.schema, g.relation) for grants in missing.values() for g in grants}
    places = {(g.privilege, g.schema, g.relation) for g in blocked}
    for privilege, schema, relation in sorted(places & lacking):
        path = join_path(current.session.database, schema, relation)
        message = (
            f"{privilege} on some columns of {path} is held already, and Redshift then refuses the whole table: "
            "run again with prune=True to replace it, or revoke it by hand."
        )
        yield Finding("column_grant", path, message, blocking=True)


def _grants(
    targets: Sequence[_Target], missing: Mapping[str, frozenset[Grant]], role: str, database: str
) -> Iterator[Step]:
    to_role = f" TO ROLE {quote(role)}"
    needs = {
        t.name: tuple(p for p in t.desired.schema_privileges if Grant(Scope.SCHEMA, p, t.name) in missing[t.name])
        for t in targets
    }
    for privileges in sorted({p for p in needs.values() if p}):
        names = [name for name, p in needs.items() if p == privileges]
        words = ", ".join(privileges)
        for listed in _chunks(names, quote):
            yield Step(
                f"GRANT {words} ON SCHEMA {', '.join(map(quote, listed))}{to_role}",
                tuple(
                    f"grant {words} on schema {join_path(database, name)} to role {role}: not held" for name in listed
                ),
            )
    for target in targets:
        yield from _table_grants(target, missing[target.name], role, database)


def _table_grants(target: _Target, missing: frozenset[Grant], role: str, database: str) -> Iterator[Step]:
    to_role, name, path = f" TO ROLE {quote(role)}", target.name, join_path(database, target.name)
    scoped = [p for p in target.desired.table_privileges if Grant(Scope.TABLES, p, name) in missing]
    if scoped:
        words = ", ".join(scoped)
        sentence = f"grant {words} on the tables of {path}, also later ones, to role {role}: not held"
        yield Step(f"GRANT {words} FOR TABLES IN SCHEMA {quote(name)}{to_role}", (sentence,))
    lacking = sorted({g.relation for g in missing if g.scope is Scope.TABLE})
    whole = target.desired.tables is None and target.desired.future is FutureTables.NONE
    if not lacking and (target.exists or not whole):
        return
    privileges = target.desired.table_privileges
    words = ", ".join(p for p in privileges if not lacking or any(g.privilege == p for g in missing))
    if target.desired.tables is None:
        on = f" on {_few(lacking)}" if lacking else ""
        sentence = f"grant {words} on today's tables of {path} to role {role}: not held{on}"
        yield Step(f"GRANT {words} ON ALL TABLES IN SCHEMA {quote(name)}{to_role}", (sentence,))
        return

    def written(table: str) -> str:
        return f"{quote(name)}.{quote(table)}"

    for tables in _chunks(lacking, written):
        yield Step(
            f"GRANT {words} ON TABLE {', '.join(map(written, tables))}{to_role}",
            tuple(f"grant {words} on table {path}.{join_path(table)} to role {role}: not held" for table in tables),
        )


def _few(names: Sequence[str], most: int = 5) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def _chunks(names: Sequence[str], written: Callable[[str], str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    size = 0
    for name in names:
        length = len(written(name).encode())
        if chunk and size + length > STATEMENT_BYTES:
            yield chunk
            chunk, size = [], 0
        chunk.append(name)
        size += length + 2
    if chunk:
        yield chunk
