"""What the linked user can do with each schema, table and view of each database, and by which way.

PG_NAMESPACE and PG_CLASS tell what there is: they hide nothing. Privileges are read by who sees them: a superuser, else
the linked user itself, to whom the views show its own and those of its roles and groups.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

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
NAMES = 20
"""How many tables a row of the matrix names."""
OF_SCHEMAS = (Scope.SCHEMA, Scope.SCHEMAS)
OF_RELATIONS = (Scope.TABLE, Scope.COLUMN, Scope.TABLES, Scope.DATABASE_TABLES)
OF_MANY = {
    Scope.SCHEMAS: " (schemas in database)",
    Scope.DATABASE_TABLES: " (tables in database)",
    Scope.TABLES: " (tables in schema)",
    Scope.DEFAULT: " (default privileges)",
}
"""What a scope adds to a way."""


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
class Reached:
    """One privilege that the linked user has: on a database, a schema, a relation, or later tables.

    :param holder: who holds the grant that gives it.
    :param way: how the user comes to it, such as ``role r2 through role r (tables in schema)``.
    """

    database: str
    schema: str
    relation: str
    holder: Identity
    grant: Grant
    way: str

    @property
    def privilege(self) -> str:
        later = {Scope.DEFAULT: f" on later tables of {self.grant.writer}", Scope.COLUMN: " on columns"}
        return self.grant.privilege + later.get(self.grant.scope, "")


def read_identity_reach(rows: Rows, session: Session, user: str) -> IdentityReach:
    """Read, as the admin, who the linked user is, and the databases; its roles are read by :func:`read_memberships`."""
    users = identities.read_users(rows)
    admin = users.get(session.user)
    known = IdentityReach(replace(session, superuser=admin is not None and admin.superuser), users=users, user=user)
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


def read_reached(rows: Rows, database: str, known: IdentityReach) -> list[Reached]:
    """Read, as it or a superuser, what there is in the connected database, and what it can do there."""
    owner, who = known.owner_names(), known.who
    namespaces = read_namespaces(rows)
    schemas = {name: owner(oid) for name, oid in namespaces.values() if not is_stored_system_schema(name)}
    relations = tuple(read_all_relations(rows, owner, namespaces).values())
    held = privileges.schema_grants(rows, who) | privileges.relation_grants(rows, who)
    held |= privileges.column_grants(rows, who) | privileges.default_grants(rows, who)
    here = {(one, g) for one, g in held.grants | known.on_databases if g.database in ("", database)}
    here |= set(_without_grant(database, known, schemas, relations))
    return list(reached(known, database, schemas, relations, here))


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


def reached(
    known: IdentityReach, database: str, schemas: Iterable[str], relations: Iterable[Relation], held: Iterable[Held]
) -> Iterator[Reached]:
    """Tell what the linked user can do in a database: as in PostgreSQL, nothing in a schema without USAGE on it."""
    places: dict[tuple[str, str], list[Held]] = {}
    for who, grant in sorted(held):
        places.setdefault((grant.schema, grant.relation), []).append((who, grant))
    names: dict[str, list[str]] = {}
    for one in sorted(relations, key=lambda one: one.name):
        names.setdefault(one.schema, []).append(one.name)

    def given(schema: str, relation: str, scopes: Collection[Scope], some: Iterable[Held]) -> Iterator[Reached]:
        for who, grant in some:
            if grant.scope in scopes:
                way = known.ways.get(who, who.kind) + OF_MANY.get(grant.scope, "")
                yield Reached(database, schema, relation, who, grant, way)

    wide = places.get(("", ""), [])
    yield from given("", "", (Scope.DATABASE, Scope.DEFAULT), wide)
    for schema in sorted(schemas):
        own = places.get((schema, ""), [])
        found = list(given(schema, "", OF_SCHEMAS, [*wide, *own]))
        yield from found
        if any(one.grant.privilege == "USAGE" for one in found):
            yield from given(schema, "", (Scope.DEFAULT,), own)
            for name in names.get(schema, ()):
                yield from given(schema, name, OF_RELATIONS, [*wide, *own, *places.get((schema, name), [])])


def matrix(found: Iterable[Reached]) -> list[dict[str, Any]]:
    """Put what is reached into rows, in order: tables that are reached alike share one, which names 20 at most."""
    reaching: dict[tuple[str, str, str, str], set[str]] = {}
    for one in found:
        reaching.setdefault((one.database, one.schema, one.way, one.relation), set()).add(one.privilege)
    rows: dict[tuple[str, str, bool, str, tuple[str, ...]], list[str]] = {}
    for (database, schema, way, relation), words in reaching.items():
        place = (database, schema, relation != "", way, tuple(sorted(words)))
        rows.setdefault(place, []).extend([relation] * (relation != ""))
    return [
        {
            "database": database,
            "schema": schema,
            "tables": sorted(tables)[:NAMES],
            "count": len(tables),
            "privileges": list(words),
            "way": way,
        }
        for (database, schema, _, way, words), tables in sorted(rows.items())
    ]
