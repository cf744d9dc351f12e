"""The statements that take away everything that an identity holds in one database. Pure.

Grammar: https://docs.aws.amazon.com/redshift/latest/dg/r_REVOKE.html,
https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_DEFAULT_PRIVILEGES.html
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from airflow_provider_datagraph.access.plan import Step
from airflow_provider_datagraph.redshift.names import join_path, quote
from airflow_provider_datagraph.redshift.statements import chunks
from airflow_provider_datagraph.redshift.values import Grant, Identity, Scope


@dataclass(frozen=True, slots=True)
class _Place:
    """What a statement names: a schema, or a table in it, or a writer's later tables in it; and what is held there."""

    schema: str
    relation: str
    words: str


Write = Callable[[Sequence[_Place], Identity, str, str], Iterator[Step]]


def revoke_all(
    identity: Identity, grants: Iterable[Grant], database: str, why: str, external: Collection[str] = ()
) -> Iterator[Step]:
    """Plan to revoke privileges, everything that is held on a place at once.

    ALL takes also what can't be named in REVOKE (RULE and TRIGGER), and at table level the column privileges.

    :param identity: who holds them.
    :param grants: what is held, in the connected database.
    :param database: that database.
    :param why: the reason, for the sentences.
    :param external: schemas that are external: Redshift takes a statement on them outside a transaction only.
    :return: the steps. Default privileges go first: Redshift wants their writer to be able to create in the schema.
    """
    for scope, write in _ORDER.items():
        places = _places(grants, scope)
        within = [place for place in places if scope is not Scope.SCHEMA or place.schema not in external]
        yield from write(within, identity, database, why)
        for place in [place for place in places if place not in within]:
            for step in write([place], identity, database, why):
                yield Step(step.sql, step.sentences, autocommit=True)


def _places(grants: Iterable[Grant], scope: Scope) -> list[_Place]:
    found: dict[tuple[str, str], set[str]] = {}
    for grant in grants:
        if scope is (Scope.TABLE if grant.scope is Scope.COLUMN else grant.scope):
            word = f"{grant.privilege} on columns" if grant.column else grant.privilege
            found.setdefault((grant.schema, grant.relation), set()).add(word)
    return [_Place(*place, ", ".join(sorted(words))) for place, words in sorted(found.items())]


def _sentence(place: _Place, said: str, identity: Identity, why: str) -> str:
    return f"revoke {place.words} {said} from {identity}: {why}"


def _table(place: _Place) -> str:
    return f"{quote(place.schema)}.{quote(place.relation)}"


def _schema(place: _Place) -> str:
    return quote(place.schema)


def _defaults(places: Sequence[_Place], identity: Identity, database: str, why: str) -> Iterator[Step]:
    ordered = sorted(places, key=lambda place: (place.relation, place.schema))
    for writer, group in groupby(ordered, key=lambda place: place.relation):
        own = list(group)
        everywhere = [place for place in own if not place.schema]
        named = chunks([place for place in own if place.schema], _schema)
        for listed in [*([everywhere] if everywhere else []), *named]:
            in_schema = f" IN SCHEMA {', '.join(map(_schema, listed))}" if listed[0].schema else ""
            head = f"ALTER DEFAULT PRIVILEGES FOR USER {quote(writer)}{in_schema}"
            yield Step(
                f"{head} REVOKE ALL ON TABLES FROM {identity.sql}",
                tuple(
                    _sentence(place, f"on later tables of {writer} in {_whole_path(database, place)}", identity, why)
                    for place in listed
                ),
            )


def _whole_path(database: str, place: _Place) -> str:
    return join_path(database, place.schema) if place.schema else f"database {database}"


def _tables(places: Sequence[_Place], identity: Identity, database: str, why: str) -> Iterator[Step]:
    for listed in chunks(places, _table):
        yield Step(
            f"REVOKE ALL ON TABLE {', '.join(map(_table, listed))} FROM {identity.sql}",
            tuple(
                _sentence(place, f"on table {join_path(database, place.schema, place.relation)}", identity, why)
                for place in listed
            ),
        )


def _scoped(places: Sequence[_Place], identity: Identity, database: str, why: str) -> Iterator[Step]:
    for place in places:
        said = f"on the tables of {join_path(database, place.schema)}, also later ones,"
        yield Step(
            f"REVOKE ALL FOR TABLES IN SCHEMA {_schema(place)} FROM {identity.sql}",
            (_sentence(place, said, identity, why),),
        )


def _schemas(places: Sequence[_Place], identity: Identity, database: str, why: str) -> Iterator[Step]:
    for listed in chunks(places, _schema):
        yield Step(
            f"REVOKE ALL ON SCHEMA {', '.join(map(_schema, listed))} FROM {identity.sql}",
            tuple(
                _sentence(place, f"on schema {join_path(database, place.schema)}", identity, why) for place in listed
            ),
        )


def _database_wide(
    on: str, said: str, places: Sequence[_Place], identity: Identity, database: str, why: str
) -> Iterator[Step]:
    for place in places:
        yield Step(
            f"REVOKE ALL {on} {quote(place.schema)} FROM {identity.sql}",
            (_sentence(place, f"{said} {place.schema}", identity, why),),
        )


_ORDER: Mapping[Scope, Write] = {
    Scope.DEFAULT: _defaults,
    Scope.TABLE: _tables,
    Scope.TABLES: _scoped,
    Scope.SCHEMA: _schemas,
    Scope.DATABASE_TABLES: partial(_database_wide, "FOR TABLES IN DATABASE", "on all tables of database"),
    Scope.SCHEMAS: partial(_database_wide, "FOR SCHEMAS IN DATABASE", "on all schemas of database"),
    Scope.DATABASE: partial(_database_wide, "ON DATABASE", "on database"),
}
