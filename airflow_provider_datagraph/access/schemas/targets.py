"""Desired schemas beside what the catalog has for them: what is wanted, and what of it is lacking. Pure.

Default privileges: https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_DEFAULT_PRIVILEGES.html
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from airflow_provider_datagraph.access.plan import Fact, Finding, blocking, finding, note
from airflow_provider_datagraph.access.schemas.values import DesiredSchema, SchemaAccess, Target
from airflow_provider_datagraph.redshift.names import alike, fold, is_system_schema, join_path, resolve
from airflow_provider_datagraph.redshift.statements import Privileges, use_of_external, use_of_shared
from airflow_provider_datagraph.redshift.values import Grant, Identity, Scope, Session

SYSTEM_OWNERS = re.compile("rdsdb$|ds:|sys:")
"""They own what Redshift makes for itself. ``IAM:name`` and ``IAMR:role`` are users as others are:
https://docs.aws.amazon.com/redshift/latest/mgmt/generating-user-credentials.html"""


def find_targets(
    desired: Sequence[DesiredSchema], current: SchemaAccess, plan_only: bool = False, role: str = ""
) -> tuple[list[Target], list[Finding]]:
    """Find the desired schemas in the catalog: those that can be granted, and what is wrong with the others.

    Of one that is named twice, only what was named last is planned: that alone was read.
    """
    found = [_find(schema, current, plan_only, role) for schema in desired]
    named: dict[str, list[Target]] = {}
    for target, _ in found:
        if target is not None:
            named.setdefault(target.name, []).append(target)
    findings = [one for target, about in found if target is None or target is named[target.name][-1] for one in about]
    for name, same in sorted(named.items()):
        if len(same) > 1:
            spellings = " and ".join(target.desired.name for target in same)
            findings.append(blocking("schema_twice", join_path(current.session.database, name), spellings=spellings))
    return [same[-1] for same in named.values()], findings


def is_held(grant: Grant, current: SchemaAccess, *, schema_wide: bool = True) -> bool:
    """Tell whether a role holds a privilege, as far as was read: itself, through a wider one, or through another role.

    :param schema_wide: whether a permission on all tables of the schema counts for a single one.
    """
    above = set(wider(grant, current.session.database))
    own = above if schema_wide else {w for w in above if w.scope is not Scope.TABLES}
    inherited = current.context.inherited if current.context else frozenset()
    return not {grant, *own}.isdisjoint(current.grants) or not {grant, *above}.isdisjoint(inherited)


def wider(grant: Grant, database: str) -> Iterator[Grant]:
    """Name what gives the same privilege on more.

    https://docs.aws.amazon.com/redshift/latest/dg/t_scoped-permissions.html
    """
    if grant.scope is Scope.SCHEMA:
        yield Grant(Scope.SCHEMAS, grant.privilege, database=database)
    if grant.scope is Scope.DEFAULT:
        yield Grant(Scope.DEFAULT, grant.privilege, writer=grant.writer)
    if grant.scope in (Scope.TABLE, Scope.DEFAULT):
        yield Grant(Scope.TABLES, grant.privilege, grant.schema)
    if grant.scope in (Scope.TABLE, Scope.TABLES, Scope.DEFAULT):
        yield Grant(Scope.DATABASE_TABLES, grant.privilege, database=database)


def not_local(
    place: tuple[str, str], kind: str, role: str, held: Collection[Grant], tables: Sequence[str] = ()
) -> Finding:
    """Tell that no plan grants a schema, and what an administrator runs.

    :param place: its database and its name, as stored.
    :param kind: that of its database, where it isn't local, else its own.
    :param held: what the role holds, as far as was read: where it holds USAGE already, that is a note.
    :param tables: the only tables that are meant; default all.

    What an auto mounted catalog takes: https://docs.aws.amazon.com/redshift/latest/mgmt/query-editor-v2-glue.html
    """
    (database, schema), holder = place, Identity("role", role)
    usage, more = Grant(Scope.DATABASE, "USAGE", database=database), use_of_shared(holder, database, schema, tables)
    if kind == "external":
        usage, more = Grant(Scope.SCHEMA, "USAGE", schema), (use_of_external(holder, schema),)
    elif kind != "shared":
        return finding("not_local", join_path(*place), case="mounted", kind=kind)
    if usage in held:
        return note("not_local", join_path(*place), case="open", kind=kind, role=role)
    statements = tuple(statement.sql for statement in more[1:])
    facts: dict[str, Fact] = {"statement": more[0], "statements": statements, "database": database}
    return finding("not_local", join_path(*place), case=kind, **facts)


def _find(
    desired: DesiredSchema, current: SchemaAccess, plan_only: bool, role: str
) -> tuple[Target | None, list[Finding]]:
    if is_system_schema(desired.name):
        return None, [blocking("system_schema", desired.name)]
    name = resolve(desired.name, current.schemas, current.session.case_sensitive)
    if name is None:
        missing = schema_missing(desired.name, current, plan_only)
        if missing.blocking:
            return None, [missing]
        name, tables = _stored(desired.name, current), frozenset(_stored(t, current) for t in desired.tables or ())
        return Target(desired, name, listed=tables, exists=False), [missing]
    kind = current.schemas[name].kind
    if kind != "local":
        return None, [not_local((current.session.database, name), kind, role, current.grants)]
    relations = current.tables.names.get(name, frozenset()) if current.tables else frozenset()
    listed, findings = _listed(desired, name, relations, current)
    writers: frozenset[str] = frozenset()
    if desired.by_default:
        writers, problems = find_writers(desired, name, current)
        findings += problems
    return Target(desired, name, relations, listed, writers), findings


def _stored(name: str, current: SchemaAccess) -> str:
    return name if current.session.case_sensitive else fold(name)


def _listed(
    desired: DesiredSchema, name: str, relations: frozenset[str], current: SchemaAccess
) -> tuple[frozenset[str], list[Finding]]:
    listed, findings = set(), []
    for table in desired.tables or ():
        stored = resolve(table, relations, current.session.case_sensitive)
        if stored is None:
            path = join_path(current.session.database, name, table)
            findings.append(blocking("table_missing", path, **_alike(table, relations)))
        elif stored in listed:
            findings.append(blocking("table_twice", join_path(current.session.database, name, stored)))
        else:
            listed.add(stored)
    return frozenset(listed), findings


def _alike(name: str, stored: Collection[str]) -> dict[str, str]:
    """What somebody may have meant who got the capitals wrong."""
    if name in stored:
        return {"case": "folded"}
    meant = alike(name, stored)
    return {"case": "alike", "alike": meant} if meant else {}


def schema_missing(name: str, current: SchemaAccess, plan_only: bool = False, case: str = "") -> Finding:
    """Tell that a schema doesn't exist; a plan-only run goes on as if it did. ``case`` holds where none is alike."""
    session, known = current.session, set(current.schemas)
    if plan_only or not session.superuser:
        # What is similar may be another one: this may be planned, or hidden.
        known = {one for one in known if one.lower() == name.lower()}
    meant = _alike(name, known)
    if not session.superuser and not meant and not case:
        return schema_hidden(session.database, name, session, planned=plan_only)
    case = "planned" if plan_only else case
    facts = meant or ({"case": case} if case else {})
    if not session.superuser:
        facts |= {"case": f"{facts['case']} hidden", "user": session.user}
    make = finding if plan_only else blocking
    return make("schema_missing", join_path(session.database, name), schema=name, database=session.database, **facts)


def schema_hidden(database: str, name: str, session: Session, *, planned: bool = False) -> Finding:
    """Tell an admin who isn't a superuser that a schema, as typed, is hidden from it, or missing; a plan may go on."""
    stored = name if session.case_sensitive else fold(name)
    give = Privileges(Identity("user", session.user), ("USAGE",), Scope.SCHEMA, [(stored,)], option=True)
    case, make = ("hidden planned", finding) if planned else ("hidden", blocking)
    facts: dict[str, Fact] = {"case": case, "user": session.user, "database": database, "statement": give}
    return make("schema_missing", join_path(database, name), schema=name, **facts)


def possible_writers(desired: DesiredSchema, name: str, current: SchemaAccess) -> frozenset[str]:
    """Name the users whose later tables are meant: the given writers, else the owners of today's tables.

    The schema's owner is one of them, though not the only one: who creates an empty schema's tables isn't known.
    """
    if desired.writers is not None:
        return frozenset(desired.writers)
    owners = {owner for owner in _owners(name, current) if not SYSTEM_OWNERS.match(owner)}
    owner = current.schemas[name].owner
    return frozenset(owners | ({owner} & current.users.keys()) if owners else ())


def _owners(name: str, current: SchemaAccess) -> frozenset[str]:
    return current.tables.owners.get(name, frozenset()) if current.tables else frozenset()


def always_creates(user: str, schema: str, current: SchemaAccess) -> bool:
    """Tell whether a user may create in a schema whatever was granted: superusers and the owner may."""
    known = current.users.get(user)
    return known is not None and (known.superuser or current.schemas[schema].owner == user)


def find_writers(desired: DesiredSchema, name: str, current: SchemaAccess) -> tuple[frozenset[str], list[Finding]]:
    """Find the writers, with a finding for each owner that isn't meant, a blocking one for each that can't be one."""
    path = join_path(current.session.database, name)
    writers = possible_writers(desired, name, current)
    others = _owners(name, current) - writers if desired.writers is None else ()
    findings = [finding("owner_left_out", path, owner=owner) for owner in sorted(others)]
    if not writers:
        return writers, [*findings, blocking("writers_unknown", path)]
    for writer in sorted(writers):
        if writer not in current.users:
            findings.append(blocking("writer_missing", writer))
        elif not always_creates(writer, name, current) and (writer, name) not in (current.creators or ()):
            give = Privileges(Identity("user", writer), ("CREATE",), Scope.SCHEMA, [(name,)])
            findings.append(blocking("writer_cannot_create", path, writer=writer, statement=give))
    return writers, findings


def stuck_findings(database: str, stuck: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """Tell which default privileges can't be taken back: a blocking finding for each writer and schema."""
    for writer, schema in sorted(stuck):
        give = Privileges(Identity("user", writer), ("CREATE",), Scope.SCHEMA, [(schema,)])
        facts: dict[str, Fact] = {"writer": writer, "database": database, "statement": give}
        yield blocking("writer_cannot_create", join_path(database, schema), case="stuck", **facts)
