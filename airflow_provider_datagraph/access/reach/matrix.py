"""What the linked user can do with each schema, table and view of a database, and by which way. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_datagraph.access.reach.read import DatabaseReach, IdentityReach
from airflow_provider_datagraph.redshift.catalog.relations import Relation
from airflow_provider_datagraph.redshift.values import Grant, Identity, Scope

Held = tuple[Identity, Grant]

NAMES = 20
"""How many tables a row of the matrix names."""
OWNER = {
    Scope.DATABASE: ("CREATE", "TEMPORARY", "ALTER"),
    Scope.SCHEMA: ("USAGE", "CREATE", "ALTER", "DROP"),
    Scope.TABLE: ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "DROP", "ALTER", "REFERENCES"),
}
"""What needs no grant: the owner's, and a superuser's."""
OF_SCHEMAS = {Scope.SCHEMA: "", Scope.SCHEMAS: " (schemas in database)"}
OF_RELATIONS = {
    Scope.TABLE: "",
    Scope.COLUMN: "",
    Scope.TABLES: " (tables in schema)",
    Scope.DATABASE_TABLES: " (tables in database)",
}
WAYS = {**OF_SCHEMAS, **OF_RELATIONS, Scope.DATABASE: "", Scope.DEFAULT: " (default privileges)"}
"""What a scope adds to the way by which somebody's privileges are reached."""


@dataclass(frozen=True, slots=True)
class Reached:
    """One privilege that the linked user has.

    :param schema: empty for the database itself, and for later tables of every schema.
    :param relation: empty for the schema itself, and for later tables.
    :param grant: what gives it, or would.
    :param way: such as ``role r2 through role r (tables in schema)``.
    :param holder: who holds the grant; None for an owner or a superuser.
    """

    database: str
    schema: str
    relation: str
    grant: Grant
    way: str
    holder: Identity | None = None

    @property
    def privilege(self) -> str:
        """How it is shown."""
        if self.grant.scope is Scope.DEFAULT:
            return f"{self.grant.privilege} on later tables of {self.grant.writer}"
        return f"{self.grant.privilege} on columns" if self.grant.scope is Scope.COLUMN else self.grant.privilege


@dataclass(frozen=True, slots=True)
class _Look:
    """One database, as the linked user finds it."""

    known: IdentityReach
    here: DatabaseReach

    def given(self, schema: str, relation: str, scopes: Collection[Scope], held: Iterable[Held]) -> Iterator[Reached]:
        """What grants of some scopes give on one thing."""
        for who, grant in held:
            if grant.scope in scopes:
                way = self.known.ways[who] + WAYS[grant.scope]
                yield Reached(self.here.name, schema, relation, grant, way, who)

    def owned(self, owner: str, scope: Scope, schema: str = "", relation: str = "") -> Iterator[Reached]:
        """What needs no grant."""
        if self.known.superuser or owner == self.known.user:
            name = self.here.name
            way, database = ("superuser" if self.known.superuser else "ownership"), "" if schema else name
            for word in OWNER[scope]:
                yield Reached(name, schema, relation, Grant(scope, word, schema, relation, database=database), way)

    def relation(self, one: Relation, owner: str, held: Sequence[Held]) -> Iterator[Reached]:
        """What can be done with a table or a view.

        :param owner: the schema's.
        """
        yield from self.owned(one.owner, Scope.TABLE, one.schema, one.name)
        if owner == self.known.user != one.owner and not self.known.superuser:
            drop = Grant(Scope.TABLE, "DROP", one.schema, one.name)
            yield Reached(self.here.name, one.schema, one.name, drop, "ownership of the schema")
        yield from self.given(one.schema, one.name, OF_RELATIONS, held)


def reached(known: IdentityReach, here: DatabaseReach) -> Iterator[Reached]:
    """Tell what the linked user can do in a database.

    As in PostgreSQL, nothing in a schema is reached without USAGE on it, not even by a table's owner; a superuser
    needs nothing, and a schema's owner may drop what is in it.

    https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html,
    https://docs.aws.amazon.com/redshift/latest/dg/t_scoped-permissions.html,
    https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_TABLE.html
    """
    look, held, relations = _Look(known, here), _by_place(here.held), _by_schema(here.relations)
    database, wide = known.databases.get(here.name), held.get(("", ""), [])
    yield from look.owned(database.owner if database else "", Scope.DATABASE)
    yield from look.given("", "", (Scope.DATABASE, Scope.DEFAULT), wide)
    for schema, owner in sorted(here.schemas.items()):
        on_schema = [*wide, *held.get((schema, ""), [])]
        found = [*look.owned(owner, Scope.SCHEMA, schema), *look.given(schema, "", OF_SCHEMAS, on_schema)]
        yield from found
        if any(one.grant.privilege == "USAGE" for one in found):
            yield from look.given(schema, "", (Scope.DEFAULT,), held.get((schema, ""), []))
            for one in relations.get(schema, ()):
                yield from look.relation(one, owner, [*on_schema, *held.get((schema, one.name), [])])


def _by_place(held: Iterable[Held]) -> dict[tuple[str, str], list[Held]]:
    """Group grants by schema and table; those on more have neither."""
    found: dict[tuple[str, str], list[Held]] = {}
    for who, grant in sorted(held):
        found.setdefault((grant.schema, grant.relation), []).append((who, grant))
    return found


def _by_schema(relations: Iterable[Relation]) -> dict[str, list[Relation]]:
    found: dict[str, list[Relation]] = {}
    for one in relations:
        found.setdefault(one.schema, []).append(one)
    return found


def matrix(found: Iterable[Reached]) -> list[dict[str, Any]]:
    """Put what is reached into rows: tables that are reached alike share one.

    :return: rows in order, each with ``database``, ``schema`` and ``tables`` (their names, at most 20; none where it is
        about the schema or the database itself), ``count`` (of tables), ``privileges`` and ``way``.
    """
    words: dict[tuple[str, str, str, str], set[str]] = {}
    for one in found:
        words.setdefault((one.database, one.schema, one.way, one.relation), set()).add(one.privilege)
    rows: dict[tuple[str, str, bool, str, tuple[str, ...]], list[str]] = {}
    for (database, schema, way, relation), privileges in words.items():
        place = (database, schema, relation != "", way, tuple(sorted(privileges)))
        rows.setdefault(place, []).append(relation)
    return [
        {
            "database": database,
            "schema": schema,
            "tables": sorted(tables)[:NAMES] if of_tables else [],
            "count": len(tables) if of_tables else 0,
            "privileges": list(privileges),
            "way": way,
        }
        for (database, schema, of_tables, way, privileges), tables in sorted(rows.items())
    ]
