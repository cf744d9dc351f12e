"""What a role holds in schemas of the connected database: asked step by step, and only what the answer depends on.

A scoped permission is one row a schema, whatever its number of tables, so a rerun that finds everything in place
asks four questions, outside a transaction. Who has it in another way is asked where something is lacking, what is only
reported in the transaction that changes it, and by a plan-only run, which reads more than a run that changes
something: a first run over many schemas has statements to count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from airflow_provider_datagraph.access.schemas.targets import always_creates, find_targets, is_held, possible_writers
from airflow_provider_datagraph.access.schemas.values import Context, DesiredSchema, SchemaAccess, Tables
from airflow_provider_datagraph.redshift.catalog import identities, privileges, relations
from airflow_provider_datagraph.redshift.catalog.privileges import Held, Who, of
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.catalog.schemas import creators, read_schemas
from airflow_provider_datagraph.redshift.names import resolve
from airflow_provider_datagraph.redshift.values import Grant, Identity, Scope, Session

ANYBODY = Who(kinds=("role", "group", "public"))
"""One question for the role, for roles that may be granted to it, and for what all have."""
EVERYBODY = Who(kinds=("group", "public"))
Named = Mapping[str, DesiredSchema]
"""The desired schemas, by their name as stored."""
Desired = Sequence[DesiredSchema] | Callable[[SchemaAccess], Sequence[DesiredSchema]]
"""What is desired, or a function that tells it of the schemas that there are."""


def read_schema_list(rows: Rows, session: Session, role: str) -> SchemaAccess:
    """Read the connected database's schemas, and whether the admin sees what a role holds."""
    known = identities.read_identities(rows, session)
    schemas = read_schemas(rows, known, session.database).get(session.database, {})
    hidden = not identities.sees_role(rows, role, known)
    return SchemaAccess(known.session, known.roles, known.users, schemas, hidden=hidden)


def read_schema_access(
    rows: Rows,
    session: Session,
    role: str,
    desired: Desired,
    *,
    prune: bool = False,
    thorough: bool = False,
    owners: bool = False,
) -> SchemaAccess:
    """Read the connected database's schemas, and what a role holds in those named.

    :param prune: whether to read all that could be revoked.
    :param thorough: whether to read also what is only reported: otherwise, where nothing is lacking, it isn't.
    :param owners: whether to ask for what the schemas' owners hold, too: :func:`owner_grants` then costs no query.
    """
    current = read_schema_list(rows, session, role)
    if callable(desired):
        desired = desired(current)
    named = find_named(desired, current)
    if not named:
        return current
    if any(schema.by_table for schema in desired) or thorough:
        by_table = sorted(n for n, schema in named.items() if thorough or schema.by_table)
        current = replace(current, tables=read_tables(rows, current, by_table, thorough=thorough))
    current = replace(current, creators=_read_creators(rows, current, named))
    current = read_privileges(rows, current, role, desired, prune=prune, owners=owners)
    targets, _ = find_targets(desired, current, plan_only=True)
    wanted = {grant for target in targets for grant in target.grants}
    if thorough or not all(is_held(grant, current, schema_wide=not prune) for grant in wanted):
        current = read_context(rows, current, role, named, thorough=thorough)
    if prune:
        pruned = (grant for grant in current.grants - wanted if grant.schema in named)
        current = replace(current, stuck=stuck_writers(rows, pruned))
    return current


def look_at_schemas(
    rows: Rows, session: Session, role: str, desired: Desired, *, prune: bool = False
) -> SchemaAccess | None:
    """Read as far as tells whether anything is lacking; None: it is, since the role holds nothing on any schema."""
    if not privileges.schema_grants(rows, ANYBODY).by(Identity("role", role)):
        return None
    return read_schema_access(rows, session, role, desired, prune=prune)


def find_named(desired: Iterable[DesiredSchema], current: SchemaAccess) -> dict[str, DesiredSchema]:
    """Find the desired schemas among those that there are, by their name as stored."""
    found = {resolve(s.name, current.schemas, current.session.case_sensitive): s for s in desired}
    return {name: schema for name, schema in found.items() if name is not None}


def read_tables(rows: Rows, current: SchemaAccess, schemas: Sequence[str], *, thorough: bool = False) -> Tables:
    """Read the tables and views in some schemas, at least one, and their owners; if ``thorough``, what views read."""
    found = {(one.schema, one.name): one for one in relations.read_relations(rows, current.session.database, schemas)}
    everything: dict[int, relations.Relation] | None = None
    if not current.session.superuser:
        # SVV_REDSHIFT_TABLES hides what one may not read: taken for missing, it would stay closed.
        everything, wanted = relations.read_all_relations(rows, current.owner_names()), set(schemas)
        found = {(one.schema, one.name): one for one in everything.values() if one.schema in wanted} | found
    views: dict[str, dict[str, str]] = {}
    for one in found.values():
        if one.view:
            views.setdefault(one.schema, {})[one.name] = one.owner
    sources: relations.Sources | None = {} if thorough else None
    if thorough and views:
        sources = relations.read_sources(rows, everything or relations.read_all_relations(rows, current.owner_names()))
    nothing: dict[str, frozenset[str]] = {schema: frozenset() for schema in schemas}
    owners = relations.by_schema((one.schema, one.owner) for one in found.values() if one.owner and not one.view)
    return Tables(nothing | relations.by_schema(found), views, owners, sources)


def read_privileges(
    rows: Rows,
    current: SchemaAccess,
    role: str,
    desired: Sequence[DesiredSchema],
    *,
    prune: bool = False,
    owners: bool = False,
) -> SchemaAccess:
    """Read a role's privileges as they are now: alone, this is what tells whether a plan was carried out.

    :param prune: whether to read all that could be revoked.
    :param owners: see :func:`read_schema_access`.
    """
    named, holder = find_named(desired, current), Identity("role", role)
    on_schemas, own = privileges.schema_grants(rows, _and_owners(current, named) if owners else ANYBODY), of(holder)
    grants = set(on_schemas.by(holder))
    if prune or any(schema.by_table for schema in desired):
        grants |= privileges.relation_grants(rows, own).by(holder)
    if prune:
        grants |= privileges.column_grants(rows, own).by(holder)
    if prune or any(schema.by_default for schema in desired):
        grants |= privileges.default_grants(rows, own).by(holder)
    # Asked once: nothing that a plan does changes them.
    wider = {g for g in current.grants if g.database}
    kept = {g for g in grants if g.schema in named or (g.scope is Scope.DEFAULT and not g.schema)}
    others = {(who, g) for who, g in on_schemas.grants if who != holder and who in ANYBODY and g.schema in named}
    elsewhere = frozenset(grants - kept)
    return replace(current, grants=frozenset(kept | wider), elsewhere=elsewhere, held=Held(frozenset(others)))


def owner_grants(rows: Rows, current: SchemaAccess, schema: str) -> frozenset[Grant]:
    """Read what the owner of a schema, as stored, holds on schemas."""
    owner = Identity("user", current.schemas[schema].owner)
    return privileges.schema_grants(rows, _and_owners(current, [schema])).by(owner)


def _and_owners(current: SchemaAccess, schemas: Iterable[str]) -> Who:
    return replace(ANYBODY, identities=frozenset(Identity("user", current.schemas[name].owner) for name in schemas))


def _read_creators(rows: Rows, current: SchemaAccess, named: Named) -> frozenset[tuple[str, str]]:
    """Read which writers of default privileges may create tables."""
    return creators(
        rows,
        (
            (user, name)
            for name, schema in named.items()
            if schema.by_default
            for user in possible_writers(schema, name, current)
            if user in current.users and not always_creates(user, name, current)
        ),
    )


def stuck_writers(rows: Rows, grants: Iterable[Grant]) -> frozenset[tuple[str, str]]:
    """Read which default privileges can't be taken back, as (writer, schema): the writer must be able to create."""
    writers = {(g.writer, g.schema) for g in grants if g.scope is Scope.DEFAULT and g.schema}
    return frozenset(writers - creators(rows, writers))


def read_context(rows: Rows, current: SchemaAccess, role: str, named: Named, *, thorough: bool) -> SchemaAccess:
    """Read what else gives access, and what limits it; if ``thorough``, what is only reported, too."""
    by_table = thorough or any(schema.by_table for schema in named.values())
    by_default = any(schema.by_default for schema in named.values())
    holder, parents = Identity("role", role), identities.inherited_roles(role, identities.role_grants(rows))
    own, database = of(holder), current.session.database
    wider = privileges.database_grants(rows, of(holder, *as_roles(parents)))
    on_tables = Held()
    if by_table:
        on_tables |= privileges.column_grants(rows, own)
    members = frozenset(user for user, name in identities.user_grants(rows) if name == role) if thorough else None
    if thorough:
        on_tables |= privileges.relation_grants(rows, own)
    inside = {g for g in on_tables.by(holder) if g.schema in named}
    views = current.tables.views if current.tables else {}
    late = thorough and any(views.get(name) for name in named)
    ours = {holder, *as_roles(parents), *(Identity("user", name) for name in members or ())}
    context = Context(
        parents,
        inherited=read_inherited(rows, current, parents, wider, by_table=by_table, by_default=by_default),
        others=read_others(rows, current, members or (), named, by_table=by_table),
        secured={name: tables for name, tables in relations.read_secured(rows, database).items() if name in named},
        masked=relations.by_schema(
            (s, t) for s, t, who in relations.read_masked(rows) if s in named and (who.kind == "public" or who in ours)
        ),
        members=members,
        late_views=(relations.read_late_views(rows) if late else {}) if thorough else None,
    )
    grants = current.grants | inside | scoped_on(wider.by(holder), database)
    elsewhere = current.elsewhere | (on_tables.by(holder) - inside)
    return replace(current, grants=frozenset(grants), elsewhere=frozenset(elsewhere), context=context)


def as_roles(names: Iterable[str]) -> list[Identity]:
    """Take names for those of roles, in order."""
    return [Identity("role", name) for name in sorted(names)]


def scoped_on(grants: Iterable[Grant], database: str) -> frozenset[Grant]:
    """Pick the scoped permissions on one database."""
    return frozenset(g for g in grants if g.database == database and g.scope is not Scope.DATABASE)


def read_inherited(
    rows: Rows, current: SchemaAccess, parents: Iterable[str], wider: Held, *, by_table: bool, by_default: bool = False
) -> frozenset[Grant]:
    """Read what the roles hold that are granted to a role, in the connected database; none cost no query.

    :param wider: what they hold on databases.
    """
    roles, held = as_roles(parents), current.held
    if roles and by_table:
        held |= privileges.relation_grants(rows, of(*roles))
    if roles and by_default:
        held |= privileges.default_grants(rows, of(*roles))
    found = {grant for role in roles for grant in held.by(role)}
    return frozenset(found.union(*(scoped_on(wider.by(role), current.session.database) for role in roles)))


def read_others(
    rows: Rows, current: SchemaAccess, members: Iterable[str], named: Iterable[str], *, by_table: bool
) -> dict[Identity, frozenset[Grant]]:
    """Read what PUBLIC, groups and the role's members hold, by holder; no members cost no query.

    :param named: the schemas to keep, as stored, of what users hold on schemas.
    """
    held, users, wanted = current.held, of(*(Identity("user", name) for name in members)), set(named)
    if by_table:
        held |= privileges.relation_grants(rows, EVERYBODY)
    if users.identities:
        on_schemas = privileges.schema_grants(rows, users)
        held |= Held(frozenset((who, grant) for who, grant in on_schemas.grants if grant.schema in wanted))
        held |= privileges.relation_grants(rows, users)
    return {who: grants for who, grants in held.by_holder().items() if who.kind != "role"}
