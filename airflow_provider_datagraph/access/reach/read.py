"""What decides what the linked user can reach: who it is; and in each database, what there is and who holds what.

PG_NAMESPACE and PG_CLASS tell what there is: they hide nothing. Privileges are read by who sees them: a superuser, else
the linked user itself, to whom the views show its own and those of its roles and groups.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from airflow_provider_datagraph.redshift.catalog import identities, privileges
from airflow_provider_datagraph.redshift.catalog.relations import Relation, read_all_relations
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.catalog.schemas import DATABASE_OWNERS, read_databases, read_namespaces
from airflow_provider_datagraph.redshift.names import SYSTEM_DATABASES, is_stored_system_schema
from airflow_provider_datagraph.redshift.values import PUBLIC, Database, Grant, Identities, Identity, Scope, Session

Held = tuple[Identity, Grant]
ON_DATABASE = ("CREATE", "TEMPORARY", "ALTER")
ON_SCHEMA = ("USAGE", "CREATE", "ALTER", "DROP")
ON_RELATION = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "DROP", "ALTER", "REFERENCES")


@dataclass(frozen=True)
class IdentityReach(Identities):
    """Who the linked user is. Roles aren't read.

    :param ways: whose privileges it has, and by which way each; nobody's where it doesn't exist.
    :param system: the system permissions that they hold; ``on_databases``: what they hold on any database.
    :param unseen: the databases of which the admin knows just the name.
    """

    user: str = ""
    ways: Mapping[Identity, str] = field(default_factory=dict)
    system: frozenset[tuple[Identity, str]] = frozenset()
    on_databases: frozenset[Held] = frozenset()
    databases: Mapping[str, Database] = field(default_factory=dict)
    unseen: frozenset[str] = frozenset()

    @property
    def who(self) -> privileges.Who:
        return privileges.Who(frozenset(self.ways), ("public",))


@dataclass(frozen=True, slots=True)
class DatabaseReach:
    """What there is in one database but the system's, and who of the linked user's identities holds what there.

    What needs no grant is held by an identity of the kind ``ownership`` or ``superuser``.
    """

    name: str
    schemas: tuple[str, ...]
    relations: tuple[Relation, ...]
    held: frozenset[Held]


def read_identity_reach(rows: Rows, session: Session, user: str) -> IdentityReach:
    """Read, as the admin, who the linked user is, and the databases; its roles are read by :func:`read_memberships`."""
    users = identities.read_users(rows)
    admin = users.get(session.user)
    known = IdentityReach(replace(session, superuser=admin is not None and admin.superuser), {}, users, user)
    known = replace(known, databases=read_databases(rows, known))
    if not known.session.superuser:
        # SVV_REDSHIFT_DATABASES leaves out what a regular user can't reach; PG_DATABASE leaves nothing out.
        every = {str(name) for name, _ in rows(DATABASE_OWNERS)}
        known = replace(known, unseen=frozenset(every - known.databases.keys() - SYSTEM_DATABASES))
    if user not in users:
        return known
    groups = sorted(identities.groups_of(rows, users[user].user_id))
    ways = {Identity("user", user): "direct", PUBLIC: "PUBLIC", **{Identity("group", g): f"group {g}" for g in groups}}
    known = replace(known, ways=ways)
    return read_memberships(rows, known) if known.session.superuser else known


def read_memberships(rows: Rows, known: IdentityReach) -> IdentityReach:
    """Read, as it or a superuser, its roles, by the shortest way to each, and what is the same in every database."""
    direct = sorted(name for holder, name in identities.user_grants(rows) if holder == known.user)
    between, roles = sorted(identities.role_grants(rows)), {name: f"role {name}" for name in direct}
    for holder in direct:
        for name in (granted for who, granted in between if who == holder and granted not in roles):
            roles[name] = f"role {name} through {roles[holder]}"
            direct.append(name)
    ways = {**known.ways, **{Identity("role", name): way for name, way in roles.items()}}
    system = frozenset((who, what) for what, who in identities.system_privileges(rows) if who in ways)
    known = replace(known, ways=ways, system=system)
    return replace(known, on_databases=privileges.database_grants(rows, known.who).grants)


def read_database_reach(rows: Rows, session: Session, known: IdentityReach) -> DatabaseReach:
    """Read, as it or a superuser, what there is in the connected database, and what is held there."""
    owner, who = known.owner_names(), known.who
    namespaces = read_namespaces(rows)
    schemas = {name: owner(oid) for name, oid in namespaces.values() if not is_stored_system_schema(name)}
    relations = tuple(read_all_relations(rows, owner, namespaces).values())
    held = privileges.schema_grants(rows, who) | privileges.relation_grants(rows, who)
    held |= privileges.column_grants(rows, who) | privileges.default_grants(rows, who)
    here = {(one, g) for one, g in held.grants | known.on_databases if g.database in ("", session.database)}
    here |= set(_without_grant(session.database, known, schemas, relations))
    return DatabaseReach(session.database, tuple(sorted(schemas)), relations, frozenset(here))


def _without_grant(
    name: str, known: IdentityReach, schemas: Mapping[str, str], relations: tuple[Relation, ...]
) -> Iterator[Held]:
    """What a superuser or an owner can do; a schema's owner may drop what is in it: r_DROP_TABLE."""
    user, everything = known.users[known.user], Identity("superuser", known.user)
    if user.superuser:
        wide = {Scope.DATABASE: ON_DATABASE, Scope.SCHEMAS: ON_SCHEMA, Scope.DATABASE_TABLES: ON_RELATION}
        yield from ((everything, Grant(scope, word, database=name)) for scope in wide for word in wide[scope])
    owner = Identity("ownership", user.name)
    if name in known.databases and known.databases[name].owner == user.name:
        yield from ((owner, Grant(Scope.DATABASE, word, database=name)) for word in ON_DATABASE)
    for schema in (schema for schema, whose in schemas.items() if whose == user.name):
        yield from ((owner, Grant(Scope.SCHEMA, word, schema)) for word in ON_SCHEMA)
        yield owner, Grant(Scope.TABLES, "DROP", schema)
    for one in (one for one in relations if one.owner == user.name):
        yield from ((owner, Grant(Scope.TABLE, word, one.schema, one.name)) for word in ON_RELATION)
