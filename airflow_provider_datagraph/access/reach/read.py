"""What decides what the linked user can reach: who it is, once a cluster; what there is and who holds what, a database.

What hides nothing tells what there is: PG_NAMESPACE and PG_CLASS. Privileges are read by who sees them: a superuser,
else the linked user itself, to whom the views show its own and those of its roles and groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from airflow_provider_datagraph.redshift.catalog.databases import DATABASE_OWNERS, read_databases
from airflow_provider_datagraph.redshift.catalog.identities import (
    groups_of,
    read_users,
    role_grants,
    system_privileges,
    user_grants,
)
from airflow_provider_datagraph.redshift.catalog.privileges import (
    Who,
    column_grants,
    database_grants,
    default_grants,
    relation_grants,
    schema_grants,
)
from airflow_provider_datagraph.redshift.catalog.relations import Relation, read_all_relations
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.catalog.schemas import read_namespaces
from airflow_provider_datagraph.redshift.names import SYSTEM_DATABASES, is_stored_system_schema
from airflow_provider_datagraph.redshift.values import PUBLIC, Database, Grant, Identities, Identity, Immutable, Session


@dataclass(frozen=True)
class IdentityReach(Identities):
    """Who the linked user is. Roles aren't read.

    :param user: its name.
    :param ways: everybody whose privileges it has, and by which way; empty where it doesn't exist.
    :param system: the system permissions that they hold.
    :param databases: the databases of the cluster, by name.
    :param unseen: those of which the admin knows no more than the name.
    """

    user: str = ""
    ways: Mapping[Identity, str] = field(default_factory=dict)
    system: frozenset[tuple[Identity, str]] = frozenset()
    databases: Mapping[str, Database] = field(default_factory=dict)
    unseen: frozenset[str] = frozenset()

    @property
    def superuser(self) -> bool:
        """Whether the linked user is one, who needs no privilege."""
        return self.user in self.users and self.users[self.user].superuser


@dataclass(frozen=True)
class DatabaseReach(Immutable):
    """What there is in one database, and who of the linked user's identities holds what there.

    :param schemas: the owners of all schemas but the system's, by name.
    :param relations: the tables and views in them.
    """

    name: str
    schemas: Mapping[str, str]
    relations: tuple[Relation, ...] = ()
    held: frozenset[tuple[Identity, Grant]] = frozenset()


def read_identity_reach(rows: Rows, session: Session, user: str) -> IdentityReach:
    """Read who the linked user is, and the cluster's databases: 6 statements, 4 for an admin who is no superuser.

    :param rows: runs a query as the admin, in any database.
    :return: the same; where the admin is no superuser, its roles are still to be read, by :func:`read_memberships`.
    """
    users = read_users(rows)
    admin = users.get(session.user)
    known = IdentityReach(replace(session, superuser=admin is not None and admin.superuser), {}, users, user)
    databases = read_databases(rows, known)
    # SVV_REDSHIFT_DATABASES leaves out what a regular user can't reach; PG_DATABASE leaves nothing out.
    every = set() if known.session.superuser else {str(name) for name, _ in rows(DATABASE_OWNERS)}
    known = replace(known, databases=databases, unseen=frozenset(every - databases.keys() - SYSTEM_DATABASES))
    if user not in users:
        return known
    ways = {Identity("user", user): "direct", PUBLIC: "PUBLIC"}
    ways |= {Identity("group", name): f"group {name}" for name in sorted(groups_of(rows, users[user].user_id))}
    known = replace(known, ways=ways)
    return read_memberships(rows, known) if known.session.superuser else known


def read_memberships(rows: Rows, known: IdentityReach) -> IdentityReach:
    """Read the linked user's roles, roles of roles too, and the system permissions that they give: 3 statements.

    :param rows: runs a query as a superuser, or as the linked user.
    """
    direct = {name for holder, name in user_grants(rows) if holder == known.user}
    ways = {**known.ways, **_roles(direct, role_grants(rows))}
    system = frozenset((who, what) for what, who in system_privileges(rows) if who in ways)
    return replace(known, ways=ways, system=system)


def _roles(direct: Iterable[str], between: Iterable[tuple[str, str]]) -> dict[Identity, str]:
    """Name the roles and the shortest way to each."""
    pairs = sorted(between)
    found = {name: f"role {name}" for name in sorted(direct)}
    waiting = list(found)
    for holder in waiting:
        for name in (granted for who, granted in pairs if who == holder and granted not in found):
            found[name] = f"role {name} through {found[holder]}"
            waiting.append(name)
    return {Identity("role", name): way for name, way in found.items()}


def read_database_reach(rows: Rows, session: Session, known: IdentityReach) -> DatabaseReach:
    """Read what there is in the connected database, and what is held there: 7 statements.

    :param rows: runs a query as a superuser, or as the linked user.
    :param known: what :func:`read_identity_reach` and :func:`read_memberships` read.
    """
    owner, namespaces = known.owner_names(), read_namespaces(rows)
    schemas = {name: owner(oid) for name, oid in namespaces.values() if not is_stored_system_schema(name)}
    relations = tuple(sorted(read_all_relations(rows, owner, namespaces).values(), key=lambda r: (r.schema, r.name)))
    if known.superuser or not known.ways:
        return DatabaseReach(session.database, schemas, relations)
    who = Who(frozenset(known.ways), ("public",))
    held = database_grants(rows, who) | schema_grants(rows, who) | relation_grants(rows, who)
    held |= column_grants(rows, who) | default_grants(rows, who)
    here = frozenset((one, g) for one, g in held.grants if g.database in ("", session.database))
    return DatabaseReach(session.database, schemas, relations, here)
