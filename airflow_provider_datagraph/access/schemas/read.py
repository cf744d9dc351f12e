"""What a role holds in schemas of the connected database: asked step by step, and only what the answer depends on.

A scoped permission is one row a schema, whatever its number of tables, so a rerun that finds everything in place
asks four questions, outside a transaction. Who has it in another way is asked where something is lacking, what is only
reported in the transaction that changes it, and by a plan-only run, which reads more than a run that changes
something: a first run over many schemas has statements to count.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
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
    """Read the connected database's schemas, and what a role holds, as far as it matters to those named.

    :param prune: whether to read all that could be revoked.
    :param thorough: whether to read also what is only reported: otherwise, where nothing is lacking, it isn't.
    :param owners: whether to ask for what the schemas' owners hold on schemas, too: it costs no query.
    """
    current = read_schema_list(rows, session, role)
    if callable(desired):
        desired = desired(current)
    named = find_named(desired, current)
    if not named:
        return current
    if by_table := sorted(name for name, schema in named.items() if thorough or schema.by_table):
        current = replace(current, tables=read_tables(rows, current, by_table, thorough=thorough))
    later = {name: possible_writers(schema, name, current) for name, schema in named.items() if schema.by_default}
    writers = ((user, name) for name, users in later.items() for user in users & current.users.keys())
    asked = (pair for pair in writers if not always_creates(*pair, current))
    current = replace(current, creators=creators(rows, asked))
    current = read_privileges(rows, current, role, desired, prune=prune, owners=owners)
    targets, _ = find_targets(desired, current, plan_only=True)
    wanted = {grant for target in targets for grant in target.grants}
    if thorough or not all(is_held(grant, current, schema_wide=not prune) for grant in wanted):
        current = _read_context(rows, current, role, named.values(), thorough=thorough)
    if prune:
        lost = (grant for grant in current.grants - wanted if grant.schema in named)
        current = replace(current, stuck=stuck_writers(rows, lost))
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
    desired: Sequence[DesiredSchema] = (),
    *,
    prune: bool = False,
    owners: bool = False,
) -> SchemaAccess:
    """Read a role's privileges as they are now: alone, this is what tells whether a plan was carried out.

    :param prune: whether to read all that could be revoked; ``owners``: see :func:`read_schema_access`.
    """
    holder = Identity("role", role)
    asked, own = ANYBODY, of(holder)
    if owners:
        whose = (Identity("user", current.schemas[name].owner) for name in find_named(desired, current))
        asked = replace(ANYBODY, identities=frozenset(whose))
    held = on_schemas = privileges.schema_grants(rows, asked)
    if prune or any(schema.by_table for schema in desired):
        held |= privileges.relation_grants(rows, own)
    if prune:
        held |= privileges.column_grants(rows, own)
    if prune or any(schema.by_default for schema in desired):
        held |= privileges.default_grants(rows, own)
    # Asked once: nothing that a plan does changes them.
    wider = {grant for grant in current.grants if grant.database}
    return replace(current, grants=held.by(holder) | wider, held=on_schemas)


def stuck_writers(rows: Rows, grants: Iterable[Grant]) -> frozenset[tuple[str, str]]:
    """Read which default privileges can't be taken back, as (writer, schema): the writer must be able to create."""
    writers = {(g.writer, g.schema) for g in grants if g.scope is Scope.DEFAULT and g.schema}
    return frozenset(writers - creators(rows, writers))


def _read_context(
    rows: Rows, current: SchemaAccess, role: str, desired: Collection[DesiredSchema], *, thorough: bool
) -> SchemaAccess:
    """Read what else gives access, and what limits it; if ``thorough``, what is only reported, too."""
    by_table = thorough or any(schema.by_table for schema in desired)
    by_default = any(schema.by_default for schema in desired)
    holder = Identity("role", role)
    on_tables = privileges.column_grants(rows, of(holder)) if by_table else Held()
    if thorough:
        on_tables |= privileges.relation_grants(rows, of(holder))
    members = frozenset(user for user, name in identities.user_grants(rows) if name == role) if thorough else None
    users = [Identity("user", name) for name in members or ()]
    context, wider = read_ways(rows, current, role, by_table=by_table, by_default=by_default, members=users)
    ours = {holder, *users, *as_roles(context.inherited_roles)}
    views = current.tables is not None and any(current.tables.views.values())
    context = replace(
        context,
        secured=relations.read_secured(rows, current.session.database),
        masked=relations.by_schema(
            (s, t) for s, t, who in relations.read_masked(rows) if who.kind == "public" or who in ours
        ),
        members=members,
        late_views=(relations.read_late_views(rows) if views else {}) if thorough else None,
    )
    return replace(current, grants=current.grants | on_tables.by(holder) | wider, context=context)


def as_roles(names: Iterable[str]) -> list[Identity]:
    """Take names for those of roles, in order."""
    return [Identity("role", name) for name in sorted(names)]


def read_ways(
    rows: Rows,
    current: SchemaAccess,
    role: str,
    *,
    by_table: bool,
    by_default: bool = False,
    members: Collection[Identity] = (),
) -> tuple[Context, frozenset[Grant]]:
    """Read who else holds something: the roles that are granted to a role, everybody, groups, and its members.

    :return: that, and what the role itself holds on the whole of the connected database.
    """
    parents, holder = identities.inherited_roles(role, identities.role_grants(rows)), Identity("role", role)
    roles = as_roles(parents)
    wider = privileges.database_grants(rows, of(holder, *roles))
    above = others = current.held
    if roles and by_table:
        above |= privileges.relation_grants(rows, of(*roles))
    if roles and by_default:
        above |= privileges.default_grants(rows, of(*roles))
    if by_table:
        others |= privileges.relation_grants(rows, EVERYBODY)
    if members:
        others |= privileges.schema_grants(rows, of(*members)) | privileges.relation_grants(rows, of(*members))

    def scoped(who: Identity) -> frozenset[Grant]:
        here = (grant for grant in wider.by(who) if grant.database == current.session.database)
        return frozenset(grant for grant in here if grant.scope is not Scope.DATABASE)

    inherited = frozenset[Grant]().union(*(above.by(one) | scoped(one) for one in roles))
    found = {who: grants for who, grants in others.by_holder().items() if who in EVERYBODY or who in members}
    return Context(parents, inherited, found), scoped(holder)
