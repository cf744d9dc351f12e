"""Random warehouses: schemas, tables, views, owners, memberships and grants of every kind, all from one seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from redshift_connector.error import ProgrammingError

from tests.support.cluster import Cluster
from tests.support.redshift import code, quoted
from tests.support.segment import Segment

SCHEMAS = ("crm", "web shop", "a.b", 'we"b', "select", "größe")
TABLES = ("orders", "order by", "t.1", 'q"t', "group")
COLUMNS = "(id int, name varchar(10))"
ON_SCHEMA = ("USAGE", "USAGE", "CREATE", "ALTER", "DROP", "ALL")
ON_TABLE = ("SELECT", "SELECT", "SELECT", "INSERT", "UPDATE", "DELETE", "DROP", "REFERENCES", "TRUNCATE", "ALL")
SCOPED = ("SELECT", "SELECT", "INSERT", "DROP", "ALL")
# A table-level grant over one on a column, and a default privilege whose writer may not create.
REFUSED = {"0LP01", "42501"}


@dataclass(frozen=True)
class Cast:
    """Who there is in every warehouse; memberships are made at random.

    :param writers: users that own tables; ``giver``: one that hands on what it was given.
    :param above: roles that may be granted to the linked role, the second to the first.
    """

    segment: Segment
    writers: tuple[str, str]
    giver: str
    stranger: str
    above: tuple[str, str]
    other: str
    group: str

    @classmethod
    def make(cls, cluster: Cluster, segment: Segment) -> Cast:
        segment.make_identities()
        group = cluster.name("grp")
        cluster.sql("dev", f"CREATE GROUP {group}")
        writers, above = (cluster.user("w1"), cluster.user("w2")), (cluster.role("above"), cluster.role("top"))
        return cls(segment, writers, cluster.user("giver"), cluster.user("who"), above, cluster.role("other"), group)


@dataclass
class Warehouse:
    """One random warehouse.

    :param database: the database that a desire is about; ``elsewhere``: another one, which stays as it is.
    :param said: the statements that made it, for people.
    :param relations: the owner of each table, by schema and name; ``views``: those that are views.
    :param given: what somebody other than the owner granted to the role, as (schema, table, privilege).
    """

    cast: Cast
    random: Random
    database: str
    elsewhere: str
    said: list[str] = field(default_factory=list)
    relations: dict[str, dict[str, str]] = field(default_factory=dict)
    views: dict[str, set[str]] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    given: set[tuple[str, str, str]] = field(default_factory=set)

    @property
    def parents(self) -> tuple[str, ...]:
        """The roles that are granted to the linked one, once it is built."""
        return tuple(role for role in self.cast.above if any(f"GRANT ROLE {role} " in text for text in self.said))

    def sql(self, *statements: str, database: str | None = None, user: str | None = None) -> bool:
        """Run statements; whether none of them was refused for a reason that Redshift has, too."""
        cluster, place = self.cast.segment.cluster, database or self.database
        try:
            cluster.sql(place, *statements, user=user)
        except ProgrammingError as error:
            assert code(error) in REFUSED, (statements, error)
            return False
        self.said += [f"/* {place}{f', as {user}' if user else ''} */ {text}" for text in statements]
        return True

    def build(self) -> None:
        for schema in self.random.sample(SCHEMAS, self.random.randint(1, 4)):
            self._schema(schema)
        self._memberships()
        for _ in range(self.random.randrange(14)):
            schema = self.random.choice(list(self.relations))
            database = self.random.choice([self.database] * 5 + [self.elsewhere])
            if database == self.elsewhere:
                self.sql(f"GRANT SELECT ON TABLE crm.orders TO {self._grantee()}", database=database)
            else:
                self.sql(self.random.choice(list(self._grants(schema))))
        if self.random.random() < 0.2:
            self._second_grantor()

    def _owner(self) -> str:
        return self.random.choice(["awsuser", *self.cast.writers, self.cast.segment.user])

    def _schema(self, name: str) -> None:
        path, random = quoted(name), self.random
        self.owners[name] = self._owner() if random.random() < 0.5 else "awsuser"
        self.sql(f"CREATE SCHEMA {path} AUTHORIZATION {self.owners[name]}")
        for writer in self.cast.writers:
            if random.random() < 0.85:
                self.sql(f"GRANT USAGE, CREATE ON SCHEMA {path} TO {writer}")
        self.relations[name], self.views[name] = {}, set()
        for table in random.sample(TABLES, random.randint(0, 4)):
            of, owner = quoted(name, table), random.choice(["awsuser", *self.cast.writers])
            self.sql(f"CREATE TABLE {of} {COLUMNS}", f"ALTER TABLE {of} OWNER TO {owner}")
            self.relations[name][table] = owner
        if self.relations[name] and random.random() < 0.4:
            below = quoted(name, random.choice(list(self.relations[name])))
            self.sql(f"CREATE VIEW {quoted(name, 'a view')} AS SELECT id, name FROM {below}")
            self.relations[name]["a view"] = "awsuser"
            self.views[name].add("a view")

    def _memberships(self) -> None:
        cast, random = self.cast, self.random
        role, user, (above, top) = cast.segment.role, cast.segment.user, cast.above
        cluster = cast.segment.cluster
        held = {tuple(row) for row in cluster.sql("dev", "SELECT role_name, granted_role_name FROM svv_role_grants")}
        for holder, granted in ((above, top), (role, above)):
            if (holder, granted) in held:
                cluster.sql("dev", f"REVOKE ROLE {granted} FROM ROLE {holder}")
        if random.random() < 0.6:
            self.sql(f"GRANT ROLE {above} TO ROLE {role}", database="dev")
            if random.random() < 0.6:
                self.sql(f"GRANT ROLE {top} TO ROLE {above}", database="dev")
        cluster.sql("dev", f"ALTER GROUP {cast.group} DROP USER {user}")
        if random.random() < 0.5:
            self.sql(f"ALTER GROUP {cast.group} ADD USER {user}", database="dev")

    def _grantee(self, *also: str) -> str:
        cast = self.cast
        roles = [cast.segment.role] * 5 + [*cast.above, cast.other]
        return self.random.choice([f"ROLE {role}" for role in roles] + [cast.segment.user, cast.stranger, *also])

    def _grants(self, schema: str) -> Iterator[str]:
        """One statement of each kind; the caller picks one."""
        random, path = self.random, quoted(schema)
        anybody = self._grantee("PUBLIC", f"GROUP {self.cast.group}")
        somebody = self._grantee()
        yield f"GRANT {random.choice(ON_SCHEMA)} ON SCHEMA {path} TO {anybody}"
        yield f"GRANT {random.choice(SCOPED)} FOR TABLES IN SCHEMA {path} TO {somebody}"
        yield f"GRANT {random.choice(ON_TABLE)} ON ALL TABLES IN SCHEMA {path} TO {anybody}"
        wide = ("SELECT FOR TABLES", "INSERT FOR TABLES", "USAGE FOR SCHEMAS", "CREATE FOR SCHEMAS")
        if random.random() < 0.3:
            yield f"GRANT {random.choice(wide)} IN DATABASE {self.database} TO {somebody}"
        yield f"GRANT {random.choice(('CREATE', 'TEMPORARY', 'ALL'))} ON DATABASE {self.database} TO {anybody}"
        writer = random.choice(self.cast.writers)
        within = f" IN SCHEMA {path}" if random.random() < 0.7 else ""
        words = random.choice(("SELECT", "SELECT", "INSERT, DELETE", "ALL"))
        yield f"ALTER DEFAULT PRIVILEGES FOR USER {writer}{within} GRANT {words} ON TABLES TO {anybody}"
        for table in self.relations[schema]:
            yield f"GRANT {random.choice(ON_TABLE)} ON TABLE {quoted(schema, table)} TO {anybody}"
            if table not in self.views[schema]:
                word = random.choice(("SELECT", "SELECT", "UPDATE"))
                yield f"GRANT {word} (id) ON TABLE {quoted(schema, table)} TO {anybody}"

    def _second_grantor(self) -> None:
        """A user that may hand on what it was given does so."""
        schema = self.random.choice(list(self.relations))
        giver, role, word = self.cast.giver, self.cast.segment.role, self.random.choice(("SELECT", "INSERT"))
        for table in list(self.relations[schema])[:1]:
            path = quoted(schema, table)
            self.sql(f"GRANT USAGE ON SCHEMA {quoted(schema)} TO {giver}")
            self.sql(f"GRANT {word} ON TABLE {path} TO {giver} WITH GRANT OPTION")
            if self.sql(f"GRANT {word} ON TABLE {path} TO ROLE {role}", user=giver):
                self.given.add((schema, table, word))
