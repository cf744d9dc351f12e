"""What a plan for schemas reports beside its steps: it stands in nobody's way, and people should know it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from airflow_provider_datagraph.access.messages import few
from airflow_provider_datagraph.access.plan import Fact, Finding, finding, note
from airflow_provider_datagraph.access.schemas.targets import wider
from airflow_provider_datagraph.access.schemas.values import Context, DesiredSchema, FutureTables, SchemaAccess, Target
from airflow_provider_datagraph.redshift.catalog.relations import by_schema
from airflow_provider_datagraph.redshift.names import join_path
from airflow_provider_datagraph.redshift.statements import UNNAMED
from airflow_provider_datagraph.redshift.values import PUBLIC, Grant, Scope

ON_TABLES = (Scope.TABLE, Scope.TABLES, Scope.DATABASE_TABLES)


def reported(
    role: str, targets: Sequence[Target], current: SchemaAccess, missing: Mapping[str, frozenset[Grant]], *, prune: bool
) -> Iterator[Finding]:
    """Report what else gives access, and what limits it: nothing that blocks. ``missing`` will be granted."""
    context, lacking = current.context or Context(), {grant for grants in missing.values() for grant in grants}
    yield from _others(role, context, current.session.database, lacking)
    closed = {one.name: one.grants for one in targets if Grant(Scope.SCHEMA, "USAGE", one.name) in lacking}
    opened: dict[str, list[Finding]] = {}
    for one in _opened(role, closed, current, context, prune=prune):
        opened.setdefault(one.object, []).append(one)
    # Where a table is to be granted, its column privileges are a problem of their own, and pruning takes them.
    told = (grant for grant in current.grants if grant.column and not prune and grant.whole not in lacking)
    on_columns = by_schema((grant.schema, grant.relation) for grant in told)
    for target in targets:
        yield from _owned(role, target, current, context)
        yield from opened.get(join_path(current.session.database, target.name), ())
        yield from _relations(role, target, current, context, on_columns.get(target.name, ()))
    yield from _read_more(role, targets, current, context, prune=prune)
    if prune:
        yield from _stays(role, targets, current)
        yield from _database_wide(role, targets, current, context)


def lost_when_rebuilt(desired: Iterable[DesiredSchema], database: str) -> Iterator[Finding]:
    """Tell where a grant is a table's own. Scoped and default privileges reach the one that takes its place, too."""
    for one in desired:
        if one.tables is not None or one.future is FutureTables.NONE:
            yield note("lost_when_rebuilt", join_path(database, one.name))


def _others(role: str, context: Context, database: str, lacking: Collection[Grant]) -> Iterator[Finding]:
    for holder, grants in sorted(context.others.items()):
        also = frozenset(g for g in lacking if g in grants or not grants.isdisjoint(wider(g, database)))
        if also:
            yield note("held_by_others", str(holder), grants=also, role=role)


def _owned(role: str, target: Target, current: SchemaAccess, context: Context) -> Iterator[Finding]:
    """Tell what the role's members own: no grant gives that, and no revoke takes it."""
    path = join_path(current.session.database, target.name)
    schema = current.schemas.get(target.name)
    tables = current.tables.owners.get(target.name, frozenset()) if current.tables else frozenset()
    for member in sorted(context.members or ()):
        owns = ["schema"] * (schema is not None and schema.owner == member) + ["tables"] * (member in tables)
        if owns:
            yield note("owned_by_member", path, case=" and ".join(owns), member=member, role=role)


def _opened(
    role: str, closed: Mapping[str, frozenset[Grant]], current: SchemaAccess, context: Context, *, prune: bool
) -> Iterator[Finding]:
    """Tell what is of no use yet, since its schema is closed; ``closed``: what is desired in such schemas."""
    database, everybody = current.session.database, context.others.get(PUBLIC, frozenset())
    own: dict[str, Fact] = {"holder": f"role {role}"}
    above: dict[str, Fact] = {**own, "case": "inherited", "roles": tuple(sorted(context.inherited_roles))}
    lasting = (grant for grant in current.grants if not prune or grant.database)
    ways: list[tuple[dict[str, Fact], frozenset[Grant]]]
    ways = [({"holder": str(who)}, grants) for who, grants in sorted(context.others.items())]
    for facts, grants in (*ways, (own, frozenset(lasting)), (above, context.inherited)):
        opened: dict[str, set[Grant]] = {}
        for grant in (one for one in grants if one.whole.scope in ON_TABLES):
            for name in [grant.schema] if grant.schema else closed:
                desired = {grant.whole, Grant(Scope.TABLES, grant.privilege, name)}
                if name in closed and closed[name].isdisjoint(desired):
                    opened.setdefault(name, set()).add(grant)
        for name, more in sorted(opened.items()):
            usage = Grant(Scope.SCHEMA, "USAGE", name)
            if usage not in grants and usage not in everybody:
                yield finding("opens_more", join_path(database, name), grants=frozenset(more), **facts)


def _relations(
    role: str, target: Target, current: SchemaAccess, context: Context, on_columns: Iterable[str]
) -> Iterator[Finding]:
    path = join_path(current.session.database, target.name)

    def named(by_schema: Mapping[str, frozenset[str]] | None) -> tuple[str, ...]:
        found = (by_schema or {}).get(target.name, frozenset())
        return tuple(sorted(found if target.desired.tables is None else found & target.listed))

    # https://docs.aws.amazon.com/redshift/latest/dg/t_rls.html
    if secured := named(context.secured):
        yield finding("row_level_security", path, tables=secured, role=role)
    # https://docs.aws.amazon.com/redshift/latest/dg/t_ddm.html
    if masked := named(context.masked):
        yield finding("masking", path, tables=masked, role=role)
    # https://docs.aws.amazon.com/redshift/latest/dg/cross-database_considerations.html
    if columns := tuple(sorted(on_columns)):
        yield finding("column_privileges", path, tables=columns, role=role)
    # https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_VIEW.html
    if views := named(context.late_views):
        owners = current.tables.views.get(target.name, {}) if current.tables else {}
        yield note("late_binding_views", path, views=tuple(_owned_view(view, owners.get(view, "")) for view in views))


def _owned_view(view: str, owner: str) -> str:
    return f"{view} (of {owner})" if owner else view


def _read_more(
    role: str, targets: Sequence[Target], current: SchemaAccess, context: Context, *, prune: bool
) -> Iterator[Finding]:
    """Tell which views show what isn't opened: each shows what its owner may read."""
    if current.tables is None or not current.tables.sources:
        return
    database = current.session.database
    named = {target.name for target in targets}
    lasting = (g for g in current.grants if not prune or g.schema not in named)
    held = context.inherited.union(lasting, *(target.grants for target in targets))

    def is_open(relation: tuple[str, str]) -> bool:
        needed = Grant(Scope.SCHEMA, "USAGE", relation[0]), Grant(Scope.TABLE, "SELECT", *relation)
        return not any(held.isdisjoint({grant, *wider(grant, database)}) for grant in needed)

    for target in targets:
        found = []
        for view, owner in sorted(current.tables.views.get(target.name, {}).items()):
            read = current.tables.sources.get((target.name, view), frozenset())
            more = [join_path(*relation) for relation in sorted(read) if not is_open(relation)]
            if more and (target.desired.tables is None or view in target.listed):
                found.append(f"{_owned_view(view, owner)} reads {few(more)}")
        if found:
            yield note("views_read_more", join_path(database, target.name), views=tuple(found), role=role)


def _stays(role: str, targets: Iterable[Target], current: SchemaAccess) -> Iterator[Finding]:
    """Tell what prune can't name: RULE and TRIGGER come with ALL, and REVOKE doesn't know them.

    A table of which nothing is desired loses them by REVOKE ALL; one that is desired would be closed for a moment.
    """
    kept = {(g.schema, g.relation) for target in targets for g in target.grants if g.scope is Scope.TABLE}
    left = frozenset(g for g in current.grants if g.privilege in UNNAMED and (g.schema, g.relation) in kept)
    if left:
        yield note("unnamed", current.session.database, grants=left, role=role)


def _database_wide(role: str, targets: Iterable[Target], current: SchemaAccess, context: Context) -> Iterator[Finding]:
    if found := frozenset(grant for grant in current.grants if not grant.schema):
        yield note("database_wide", current.session.database, grants=found, role=role)
    # What is about other schemas alone is none of this task's business.
    about = {"", *(target.name for target in targets)}
    if any(grant.schema in about for grant in context.inherited):
        yield note("inherited", role, roles=tuple(sorted(context.inherited_roles)))
