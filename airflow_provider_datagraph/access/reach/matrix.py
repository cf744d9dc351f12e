"""What the linked user can do with each schema, table and view of a database, and by which way. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from airflow_provider_datagraph.access.reach.read import DatabaseReach, Held, IdentityReach
from airflow_provider_datagraph.redshift.values import Grant, Identity, Scope

COLUMNS = ("database", "schema", "tables", "count", "privileges", "way")
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


def reached(known: IdentityReach, here: DatabaseReach) -> Iterator[Reached]:
    """Tell what the linked user can do in a database: as in PostgreSQL, nothing in a schema without USAGE on it."""
    held: dict[tuple[str, str], list[Held]] = {}
    for who, grant in sorted(here.held):
        held.setdefault((grant.schema, grant.relation), []).append((who, grant))
    relations: dict[str, list[str]] = {}
    for one in sorted(here.relations, key=lambda one: one.name):
        relations.setdefault(one.schema, []).append(one.name)

    def given(schema: str, relation: str, scopes: Collection[Scope], some: Iterable[Held]) -> Iterator[Reached]:
        for who, grant in some:
            if grant.scope in scopes:
                way = known.ways.get(who, who.kind) + OF_MANY.get(grant.scope, "")
                yield Reached(here.name, schema, relation, who, grant, way)

    wide = held.get(("", ""), [])
    yield from given("", "", (Scope.DATABASE, Scope.DEFAULT), wide)
    for schema in here.schemas:
        own = held.get((schema, ""), [])
        found = list(given(schema, "", OF_SCHEMAS, [*wide, *own]))
        yield from found
        if any(one.grant.privilege == "USAGE" for one in found):
            yield from given(schema, "", (Scope.DEFAULT,), own)
            for name in relations.get(schema, ()):
                yield from given(schema, name, OF_RELATIONS, [*wide, *own, *held.get((schema, name), [])])


def matrix(found: Iterable[Reached]) -> list[dict[str, Any]]:
    """Put what is reached into rows, in order: tables that are reached alike share one, which names 20 at most."""
    reaching: dict[tuple[str, str, str, str], set[str]] = {}
    for one in found:
        reaching.setdefault((one.database, one.schema, one.way, one.relation), set()).add(one.privilege)
    rows: dict[tuple[str, str, bool, str, tuple[str, ...]], list[str]] = {}
    for (database, schema, way, relation), privileges in reaching.items():
        place = (database, schema, relation != "", way, tuple(sorted(privileges)))
        rows.setdefault(place, []).extend([relation] * (relation != ""))
    return [
        dict(zip(COLUMNS, (database, schema, sorted(tables)[:NAMES], len(tables), list(words), way), strict=True))
        for (database, schema, _, way, words), tables in sorted(rows.items())
    ]
