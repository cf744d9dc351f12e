"""What stands in the way of dropping a role and a user: what the cluster knows of them, and what a database holds.

Redshift checks one database when it drops a user, so the cluster is read once and each database by itself. Ownership
comes from PG_ tables, which hide nothing but with metadata security: then nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from airflow_provider_datagraph.access.offboarding.values import Cluster, Holdings
from airflow_provider_datagraph.access.schemas.read import stuck_writers
from airflow_provider_datagraph.redshift.catalog import identities, privileges
from airflow_provider_datagraph.redshift.catalog.relations import read_owned
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.catalog.schemas import (
    DATABASE_OWNERS,
    read_databases,
    read_namespaces,
    read_schemas,
)
from airflow_provider_datagraph.redshift.catalog.sessions import read_sessions
from airflow_provider_datagraph.redshift.names import SYSTEM_DATABASES, is_system_schema, literal
from airflow_provider_datagraph.redshift.values import Identities, Identity, Owned, Session, User


def read_cluster(rows: Rows, session: Session, role: str, user: str, *, sessions: bool = True) -> Cluster:
    """Read what the cluster as a whole knows of a role and a user; Redshift Serverless has no STV_SESSIONS."""
    known = identities.read_identities(rows, session)
    databases, me = read_databases(rows, known), known.session.user
    held, between, system = (
        identities.user_grants(rows),
        identities.role_grants(rows),
        identities.system_privileges(rows),
    )
    holder = Identity("role", role)
    seen = known.session.superuser or identities.sees_all(rows, me, identities.roles_of(me, held, between), system)
    # SVV_REDSHIFT_DATABASES leaves out what a regular user can't reach; PG_DATABASE leaves nothing out.
    unseen = set() if known.session.superuser else {str(name) for name, _ in rows(DATABASE_OWNERS)}
    members = [Identity("user", who) for who, name in held if name == role]
    members += [Identity("role", who) for who, name in between if name == role]
    return Cluster(
        known.session,
        known.roles,
        known.users,
        databases=databases,
        unseen=frozenset(unseen - databases.keys() - SYSTEM_DATABASES),
        sees_all=seen,
        sees_catalog=known.session.superuser or not identities.catalog_hides(rows, me),
        members=frozenset(members),
        granted_roles=frozenset(name for who, name in between if who == role),
        user_roles=frozenset(name for who, name in held if who == user),
        system=frozenset(what for what, who in system if who == holder),
        on_databases=privileges.database_grants(rows, privileges.of(holder, Identity("user", user))).grants,
        sessions=read_sessions(rows) if sessions else None,
    )


def read_holdings(
    rows: Rows, session: Session, role: str | None, user: User | None, *, others: bool = False
) -> Holdings:
    """Read what a role and a user (None: there is none, or it is kept) hold and own here, and what others own."""
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
        others=frozenset((one, owner) for one, owner in objects if owner != user_id) if others else None,
    )


def _read_privileges(rows: Rows, found: Holdings, leaving: list[Identity]) -> Holdings:
    database, who = found.session.database, privileges.of(*leaving)
    on_databases = privileges.database_grants(rows, who)
    on_schemas = privileges.schema_grants(rows, who)
    inside = on_schemas | privileges.relation_grants(rows, who) | privileges.column_grants(rows, who)
    later = privileges.default_grants(rows, who, [one.name for one in leaving if one.kind == "user"])
    here = privileges.Held(frozenset((one, g) for one, g in on_databases.grants if g.database == database))
    made = frozenset((one, g) for one, g in later.grants if one not in leaving)
    external = read_schemas(rows, Identities(found.session), database) if on_schemas.grants else {}
    return replace(
        found,
        held=(here | inside | later).grants - made,
        made=made,
        unhandled=frozenset(
            phrase for place, phrase in (on_databases | inside | later).unhandled if place in ("", database)
        ),
        external=frozenset(name for name, one in external.get(database, {}).items() if one.kind == "external"),
        stuck=stuck_writers(rows, (grant for _, grant in later.grants)),
    )


def _objects(rows: Rows, database: str, owner_id: int | None) -> Iterator[tuple[Owned, int]]:
    for name, owner in rows(f"{DATABASE_OWNERS} WHERE datname = {literal(database)}"):
        yield Owned("database", str(name)), int(owner)
    schemas = {oid: one for oid, one in read_namespaces(rows).items() if not is_system_schema(one[0])}
    for name, owner in schemas.values():
        yield Owned("schema", name), owner
    for oid, name, owner in read_owned(rows, owner_id):
        if oid in schemas:
            yield Owned("table", schemas[oid][0], name), owner
