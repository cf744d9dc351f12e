"""What stands in the way of dropping a role and a user: the queries, and how their rows become values.

Redshift checks one database when it drops a user, so the cluster is read once and each database by itself. Ownership
comes from PG_ tables, which hide nothing from a regular user, unlike the SVV views of tables.
Each page is ``https://docs.aws.amazon.com/redshift/latest/dg/<page>.html``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from airflow_provider_datagraph.access.database import read_databases
from airflow_provider_datagraph.access.offboarding.values import Cluster, Holdings
from airflow_provider_datagraph.redshift.catalog.databases import DATABASE_OWNERS
from airflow_provider_datagraph.redshift.catalog.identities import (
    ROLE_GRANTS,
    SYSLOG_ACCESS,
    SYSTEM_PRIVILEGES,
    USER_GRANTS,
    granted_roles,
)
from airflow_provider_datagraph.redshift.catalog.relations import INTERNAL_TABLES, relations_query
from airflow_provider_datagraph.redshift.catalog.rows import Rows, word
from airflow_provider_datagraph.redshift.catalog.schemas import NAMESPACES, external_schemas_query, stuck_writers
from airflow_provider_datagraph.redshift.catalog.sessions import read_sessions
from airflow_provider_datagraph.redshift.names import SYSTEM_DATABASES, is_system_schema, literal
from airflow_provider_datagraph.redshift.values import Grant, Identity, Owned, Scope, Session, User

DATABASE_SCOPES = {"DATABASE": Scope.DATABASE, "SCHEMAS": Scope.SCHEMAS, "TABLES": Scope.DATABASE_TABLES}
SCHEMA_SCOPES = {"SCHEMA": Scope.SCHEMA, "TABLES": Scope.TABLES}


def _named(identities: Iterable[Identity], column: str = "identity_name") -> str:
    # By name alone: which kind of identity it is, is looked at afterwards.
    return f"{column} IN ({', '.join(literal(one.name) for one in sorted(identities))})"


def _holders(view: str, columns: str, identities: Iterable[Identity]) -> str:
    return f"SELECT identity_type, identity_name, {columns} FROM {view} WHERE {_named(identities)}"


def database_privileges_query(identities: Iterable[Identity]) -> str:
    """Build the query for identities' privileges on all databases. r_SVV_DATABASE_PRIVILEGES"""
    return _holders("svv_database_privileges", "database_name, privilege_type, privilege_scope", identities)


def schema_privileges_query(identities: Iterable[Identity]) -> str:
    """Build the query for identities' privileges on schemas. r_SVV_SCHEMA_PRIVILEGES"""
    return _holders("svv_schema_privileges", "namespace_name, privilege_type, privilege_scope", identities)


def relation_privileges_query(identities: Iterable[Identity]) -> str:
    """Build the query for identities' privileges on tables and views. r_SVV_RELATION_PRIVILEGES"""
    return _holders("svv_relation_privileges", "namespace_name, relation_name, privilege_type", identities)


def column_privileges_query(identities: Iterable[Identity]) -> str:
    """Build the query for identities' privileges on columns. r_SVV_COLUMN_PRIVILEGES"""
    columns = "namespace_name, relation_name, column_name, privilege_type"
    return _holders("svv_column_privileges", columns, identities)


def default_privileges_query(identities: Iterable[Identity]) -> str:
    """Build the query for later objects that identities reach, or create. r_SVV_DEFAULT_PRIVILEGES"""
    listed = list(identities)
    return (
        "SELECT grantee_type, grantee_name, owner_name, schema_name, object_type, privilege_type "
        f"FROM svv_default_privileges WHERE {_named(listed, 'grantee_name')} OR {_named(listed, 'owner_name')}"
    )


def read_cluster(rows: Rows, session: Session, role: str, user: str, sessions: bool = True) -> Cluster:
    """Read what the cluster as a whole knows of a role and a user.

    :param rows: runs a query, in any database.
    :param session: the session.
    :param role: the role's name.
    :param user: the user's name.
    :param sessions: whether there is a STV_SESSIONS: Redshift Serverless has none. Default True.
    :return: what it knows.
    """
    current = read_databases(rows, session, role)
    held = [(str(holder), str(name)) for holder, name in rows(USER_GRANTS)]
    between = [(str(holder), str(name)) for holder, name in rows(ROLE_GRANTS)]
    system = [(str(what), Identity(str(kind), str(name))) for what, name, kind in rows(SYSTEM_PRIVILEGES)]
    me = current.session.user
    direct = {name for holder, name in held if holder == me}
    through = direct.union(*(granted_roles(name, between) for name in direct))
    mine = {Identity("user", me), *(Identity("role", name) for name in through)}
    leaving = [Identity("role", role), Identity("user", user)]
    # SVV_REDSHIFT_DATABASES leaves out what a regular user can't reach; PG_DATABASE leaves nothing out.
    known = {str(name) for name, _ in rows(DATABASE_OWNERS)} if not current.session.superuser else set()
    return Cluster(
        session=current.session,
        roles=current.roles,
        users=current.users,
        databases=current.databases,
        unseen=frozenset(known - current.databases.keys() - SYSTEM_DATABASES),
        sees_all=current.session.superuser or _sees_all(rows, me, mine, system),
        members=frozenset(
            [Identity("user", holder) for holder, name in held if name == role]
            + [Identity("role", holder) for holder, name in between if name == role]
        ),
        granted_roles=frozenset(name for holder, name in between if holder == role),
        user_roles=frozenset(name for holder, name in held if holder == user),
        system=frozenset(what for what, holder in system if holder == leaving[0]),
        on_databases=frozenset(_grants(_of(leaving, rows(database_privileges_query(leaving))), DATABASE_SCOPES)),
        sessions=read_sessions(rows) if sessions else None,
    )


def _sees_all(rows: Rows, me: str, mine: set[Identity], system: Iterable[tuple[str, Identity]]) -> bool:
    """The privilege views ask for ACCESS SYSTEM TABLE, the one of relations for SYSLOG ACCESS UNRESTRICTED."""
    access = any(what == "ACCESS SYSTEM TABLE" and holder in mine for what, holder in system)
    return access and any(name == me and str(syslog).upper() == "UNRESTRICTED" for name, syslog in rows(SYSLOG_ACCESS))


def _of(leaving: Collection[Identity], found: Iterable[Sequence[Any]]) -> list[Sequence[Any]]:
    """Pick the rows of identities, and leave a group's out that has the name of one of them."""
    return [row for row in found if Identity(str(row[0]), str(row[1])) in leaving]


def _grants(found: Iterable[Sequence[Any]], scopes: Mapping[str, Scope]) -> Iterable[tuple[Identity, Grant]]:
    for kind, name, place, privilege, scope in found:
        if word(scope) in scopes:
            yield Identity(str(kind), str(name)), Grant(scopes[word(scope)], word(privilege), str(place))


def read_holdings(rows: Rows, session: Session, role: str | None, user: User | None, others: bool = False) -> Holdings:
    """Read what a role and a user hold and own in the connected database.

    :param rows: runs a query.
    :param session: the session.
    :param role: the role's name; None where there is none.
    :param user: the user; None where there is none, or it is kept.
    :param others: whether to read also what others own; default False.
    :return: what it found.
    """
    leaving = [Identity("role", role)] if role is not None else []
    if user is not None:
        leaving.append(Identity("user", user.name))
    found = Holdings(session)
    if leaving:
        found = _read_privileges(rows, found, leaving)
    if user is None and not others:
        return found
    user_id = None if user is None else user.user_id
    objects = list(_objects(rows, session.database, None if others else user_id))
    return replace(
        found,
        owned=frozenset(one for one, owner in objects if owner == user_id),
        others=frozenset((one, owner) for one, owner in objects if others and owner != user_id),
    )


def _read_privileges(rows: Rows, found: Holdings, leaving: list[Identity]) -> Holdings:
    database = found.session.database
    on_database = _of(leaving, rows(database_privileges_query(leaving)))
    on_schemas = _of(leaving, rows(schema_privileges_query(leaving)))
    held = [grant for grant in _grants(on_database, DATABASE_SCOPES) if grant[1].schema == database]
    held += _grants(on_schemas, SCHEMA_SCOPES)
    for kind, name, schema, relation, privilege in _of(leaving, rows(relation_privileges_query(leaving))):
        held.append((Identity(str(kind), str(name)), Grant(Scope.TABLE, word(privilege), str(schema), str(relation))))
    for kind, name, schema, relation, column, privilege in _of(leaving, rows(column_privileges_query(leaving))):
        grant = Grant(Scope.COLUMN, word(privilege), str(schema), str(relation), str(column))
        held.append((Identity(str(kind), str(name)), grant))
    unnamed = {
        f"{word(privilege)} FOR {word(scope)} IN DATABASE {place} ({kind} {name})"
        for kind, name, place, privilege, scope in on_database
        if place == database and word(scope) not in DATABASE_SCOPES
    }
    unnamed |= {
        f"{word(privilege)} FOR {word(scope)} IN SCHEMA {place} ({kind} {name})"
        for kind, name, place, privilege, scope in on_schemas
        if word(scope) not in SCHEMA_SCOPES
    }
    reached, made, routines = _defaults(rows(default_privileges_query(leaving)), leaving)
    writers = {(grant.relation, grant.schema) for _, grant in (*reached, *made) if grant.schema}
    external = rows(external_schemas_query(database)) if on_schemas else ()
    return replace(
        found,
        held=frozenset((*held, *reached)),
        made=frozenset(made),
        unnamed=frozenset(unnamed | routines),
        external=frozenset(str(row[0]) for row in external),
        stuck=frozenset(stuck_writers(rows, sorted(writers))),
    )


def _defaults(
    found: Iterable[Sequence[Any]], leaving: Sequence[Identity]
) -> tuple[list[tuple[Identity, Grant]], list[tuple[Identity, Grant]], set[str]]:
    """Default privileges by who leaves: the grantee, or the writer; and those on functions and procedures."""
    reached: list[tuple[Identity, Grant]] = []
    made: list[tuple[Identity, Grant]] = []
    routines: set[str] = set()
    for kind, name, owner, schema, what, privilege in found:
        grantee = Identity(str(kind), str(name))
        if grantee not in leaving and Identity("user", str(owner)) not in leaving:
            continue
        grant = Grant(Scope.DEFAULT, word(privilege), "" if schema is None else str(schema), str(owner))
        if word(what) == "RELATION":
            (reached if grantee in leaving else made).append((grantee, grant))
        elif grantee.kind != "public":
            # PUBLIC's EXECUTE is there before anybody grants it.
            routines.add(f"{word(privilege)} on later {word(what)}S of {owner} ({grantee})")
    return reached, made, routines


def _objects(rows: Rows, database: str, owner_id: int | None) -> Iterable[tuple[Owned, int]]:
    for name, owner in rows(f"{DATABASE_OWNERS} WHERE datname = {literal(database)}"):
        yield Owned("database", str(name)), int(owner)
    namespaces = {int(oid): (str(name), int(owner)) for oid, name, owner in rows(NAMESPACES)}
    schemas = {oid: name for oid, (name, _) in namespaces.items() if not is_system_schema(name)}
    for oid, name in schemas.items():
        yield Owned("schema", name), namespaces[oid][1]
    for namespace, name, owner in rows(relations_query(owner_id)):
        if int(namespace) in schemas and not str(name).startswith(INTERNAL_TABLES):
            yield Owned("table", schemas[int(namespace)], str(name)), int(owner)
