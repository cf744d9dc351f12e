"""What a plan for schemas reports beside its steps: it stands in nobody's way, and people should know it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from airflow_provider_datagraph.access.current import CurrentAccess
from airflow_provider_datagraph.access.messages import describe_grants, few
from airflow_provider_datagraph.access.plan import Finding
from airflow_provider_datagraph.access.schemas.prune import UNNAMED
from airflow_provider_datagraph.access.schemas.targets import Target, wider
from airflow_provider_datagraph.redshift.names import join_path
from airflow_provider_datagraph.redshift.values import Grant, Scope


def reported(
    role: str,
    targets: Sequence[Target],
    current: CurrentAccess,
    missing: Mapping[str, frozenset[Grant]],
    prune: bool,
) -> Iterator[Finding]:
    """Report what else gives access, and what limits it.

    :param role: the role's name.
    :param targets: the schemas that are granted.
    :param current: the current access.
    :param missing: the privileges that will be granted, by schema.
    :param prune: whether privileges that aren't desired are revoked.
    :return: the findings, none of them blocking.
    """
    yield from _others(role, current, [grant for grants in missing.values() for grant in grants])
    columns = _by_schema([] if prune else (grant for grant in current.grants if grant.scope is Scope.COLUMN))
    closed = {target.name for target in targets if Grant(Scope.SCHEMA, "USAGE", target.name) in missing[target.name]}
    holders = _holders(role, current, prune) if closed else []
    for target in targets:
        yield from _owned(role, target, current)
        if target.name in closed:
            yield from _opened(target, current, holders)
        lacking = {(g.privilege, g.relation) for g in missing[target.name] if g.scope is Scope.TABLE}
        # Where a table is to be granted, its column privileges are a problem of their own.
        here = columns.get(target.name, [])
        yield from _relations(role, target, current, [g for g in here if (g.privilege, g.relation) not in lacking])
    if prune:
        yield from _stays(role, targets, current)
        yield from _database_wide(role, current)


def _others(role: str, current: CurrentAccess, missing: Iterable[Grant]) -> Iterator[Finding]:
    lacking = list(missing)
    for phrase, grants in sorted(current.others.items()):
        also = {g for g in lacking if g in grants or not grants.isdisjoint(wider(g, current.session.database))}
        if also:
            message = (
                f"{phrase[0].upper()}{phrase[1:]} holds {describe_grants(also)} already: it's granted to role {role} "
                "too, which then doesn't depend on that."
            )
            yield Finding("held_by_others", phrase, message)


def _owned(role: str, target: Target, current: CurrentAccess) -> Iterator[Finding]:
    """Tell what the role's members own: no grant gives that, and no revoke takes it."""
    path = join_path(current.session.database, target.name)
    schema, tables = current.schemas.get(target.name), current.table_owners.get(target.name, frozenset())
    for member in sorted(current.members):
        things = [f"schema {path}"] if schema is not None and schema.owner == member else []
        things += ["tables in it" if things else f"tables in {path}"] if member in tables else []
        if things:
            message = f"User {member}, a member of role {role}, owns {' and '.join(things)}, whatever is granted."
            yield Finding("owned_by_member", path, message)


def _by_schema(grants: Iterable[Grant]) -> Mapping[str, list[Grant]]:
    """Group grants by schema (or database): looking through all of them for each schema takes long."""
    found: dict[str, list[Grant]] = {}
    for grant in grants:
        found.setdefault(grant.schema, []).append(grant)
    return found


def _holders(role: str, current: CurrentAccess, prune: bool) -> list[tuple[str, Mapping[str, list[Grant]]]]:
    """What anybody holds, by holder."""
    lasting = frozenset(grant for grant in current.grants if grant.scope is Scope.DATABASE_TABLES)
    holders = {
        f"role {role}": lasting if prune else current.grants,
        f"role {role} through {', '.join(sorted(current.granted_roles))}": current.inherited,
        **current.others,
    }
    return [(holder, _by_schema(held)) for holder, held in sorted(holders.items())]


def _opened(
    target: Target, current: CurrentAccess, holders: Iterable[tuple[str, Mapping[str, list[Grant]]]]
) -> Iterator[Finding]:
    """Tell what is of no use yet, since the schema is closed."""
    database = current.session.database
    path, usage = join_path(database, target.name), Grant(Scope.SCHEMA, "USAGE", target.name)
    if usage in current.others.get("PUBLIC", ()):
        return
    for holder, held in holders:
        if usage in current.others.get(holder, ()):
            continue
        near = {*held.get(target.name, ()), *held.get(database, ())}
        if more := {grant for grant in near if _more(grant, target, database)}:
            message = f"USAGE on schema {path} also opens what {holder} holds there: {describe_grants(more)}."
            yield Finding("opens_more", path, message)


def _more(grant: Grant, target: Target, database: str) -> bool:
    """Whether it gives something in the schema that isn't desired there."""
    if grant.scope is Scope.COLUMN:
        grant = replace(grant, scope=Scope.TABLE, column="")
    here = grant.scope in (Scope.TABLE, Scope.TABLES) and grant.schema == target.name
    everywhere = grant.scope is Scope.DATABASE_TABLES and grant.schema == database
    desired = {grant, Grant(Scope.TABLES, grant.privilege, target.name)}
    return (here or everywhere) and target.grants.isdisjoint(desired)


def _relations(role: str, target: Target, current: CurrentAccess, on_columns: Iterable[Grant]) -> Iterator[Finding]:
    path = join_path(current.session.database, target.name)

    def named(by_schema: Mapping[str, frozenset[str]]) -> list[str]:
        found = by_schema.get(target.name, frozenset())
        return sorted(found if target.desired.tables is None else found & target.listed)

    # https://docs.aws.amazon.com/redshift/latest/dg/t_rls.html
    if secured := named(current.secured):
        message = (
            f"Row-level security is on in {path} for {few(secured)}: role {role} sees the rows that a policy attached "
            "to it lets through, and none without a policy."
        )
        yield Finding("row_level_security", path, message)
    # https://docs.aws.amazon.com/redshift/latest/dg/t_ddm.html
    if masked := named(current.masked):
        yield Finding("masking", path, f"Role {role} sees masked values in {path}, in {few(masked)}.")
    columns = {g.relation for g in on_columns}
    # https://docs.aws.amazon.com/redshift/latest/dg/cross-database_considerations.html
    if columns:
        message = (
            f"Role {role} holds privileges on single columns in {path}, of {few(sorted(columns))}: Redshift refuses "
            "such tables to queries from another database, and Segment's are."
        )
        yield Finding("column_privileges", path, message)
    # https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_VIEW.html
    if views := named(current.late_views):
        owners = current.views.get(target.name, {})
        said = [f"{view} (of {owners[view]})" if owners.get(view) else view for view in views]
        message = (
            f"Late-binding views in {path}: {few(said)}. Each can be read only while its owner may read what is below "
            "it, and from another database, as Segment does, only where that is in this one."
        )
        yield Finding("late_binding_views", path, message)


def _stays(role: str, targets: Iterable[Target], current: CurrentAccess) -> Iterator[Finding]:
    """Tell what prune can't name: RULE and TRIGGER come with ALL, and REVOKE doesn't know them.

    A table of which nothing is desired loses them by REVOKE ALL; one that is desired would be closed for a moment.
    """
    kept = {(g.schema, g.relation) for target in targets for g in target.grants if g.scope is Scope.TABLE}
    left = {g for g in current.grants if g.privilege in UNNAMED and (g.schema, g.relation) in kept}
    if left:
        message = (
            f"Role {role} keeps {describe_grants(left)}: that came with ALL, REVOKE can't name it, and Redshift has "
            "neither rules nor triggers."
        )
        yield Finding("unnamed", current.session.database, message)


def _database_wide(role: str, current: CurrentAccess) -> Iterator[Finding]:
    found = {
        g
        for g in current.grants
        if g.scope in (Scope.SCHEMAS, Scope.DATABASE_TABLES) or (g.scope is Scope.DEFAULT and not g.schema)
    }
    if found:
        database = current.session.database
        message = (
            f"Role {role} holds {describe_grants(found)}, which prune leaves alone, since it reaches beyond the named "
            "schemas."
        )
        yield Finding("database_wide", database, message)
    if current.inherited:
        message = (
            f"Role {role} also has what the roles {', '.join(sorted(current.granted_roles))} hold: prune takes nothing "
            "from them."
        )
        yield Finding("inherited", role, message)
