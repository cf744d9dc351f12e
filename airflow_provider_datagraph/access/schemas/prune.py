"""What pruning takes away, in the named schemas and from the role alone.

Grammar: https://docs.aws.amazon.com/redshift/latest/dg/r_REVOKE.html,
https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_DEFAULT_PRIVILEGES.html
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from airflow_provider_datagraph.access.current import CurrentAccess
from airflow_provider_datagraph.access.desired import DesiredSchema
from airflow_provider_datagraph.access.plan import Step
from airflow_provider_datagraph.access.schemas.targets import find_targets
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.catalog.schemas import stuck_writers
from airflow_provider_datagraph.redshift.names import join_path, quote
from airflow_provider_datagraph.redshift.statements import chunks
from airflow_provider_datagraph.redshift.values import Grant, Scope

UNNAMED = frozenset({"RULE", "TRIGGER"})
"""They come with ALL, and can't be named in REVOKE."""
UNNAMED_LATER = UNNAMED | {"DROP", "ALTER"}
"""The page of ALTER DEFAULT PRIVILEGES doesn't name these beside REVOKE: ALL takes them, too."""
ORDER = (Scope.DEFAULT, Scope.TABLE, Scope.TABLES, Scope.SCHEMA)
"""Default privileges go first: Redshift wants their writer to be able to create in the schema."""
Place = tuple[str, str]
"""A schema, and a table in it, or a writer for default privileges; the second is empty for the schema as a whole."""


def revoke_columns(blocked: Iterable[Grant], role: str, current: CurrentAccess) -> Iterator[Step]:
    """Plan the revokes that have to come before a table-level grant.

    :param blocked: column-level privileges where a table-level one is wanted.
    :param role: the role's name.
    :param current: the current access.
    :return: a step for each privilege.
    """
    # At table level this takes the column grants away; by column it would have to name each.
    tables: dict[str, set[Place]] = {}
    for grant in blocked:
        tables.setdefault(grant.privilege, set()).add((grant.schema, grant.relation))
    for privilege, places in sorted(tables.items()):
        for listed in chunks(sorted(places), _table):
            yield Step(
                f"REVOKE {privilege} ON TABLE {', '.join(map(_table, listed))} FROM ROLE {quote(role)}",
                tuple(
                    f"revoke {privilege} on columns of {join_path(current.session.database, *place)} from role {role}: "
                    "it blocks the table"
                    for place in listed
                ),
            )


def revokes(
    wanted: Mapping[str, frozenset[Grant]], role: str, current: CurrentAccess, done: frozenset[Grant]
) -> Iterator[Step]:
    """Plan the revokes of what isn't desired; they come after all grants.

    :param wanted: the desired privileges, by schema.
    :param role: the role's name.
    :param current: the current access.
    :param done: what an earlier step revokes already.
    :return: the steps; what is alike shares a statement.
    """
    desired = frozenset(grant for grants in wanted.values() for grant in grants)
    held: dict[Scope, dict[Place, set[str]]] = {}
    for grant in current.grants - desired - done:
        if grant.schema in wanted:
            scope: Scope = Scope.TABLE if grant.scope is Scope.COLUMN else grant.scope
            held.setdefault(scope, {}).setdefault((grant.schema, grant.relation), set()).add(grant.privilege)
    kept = {(g.scope, g.schema, g.relation) for g in desired}
    for scope in ORDER:
        alike: dict[str, list[Place]] = {}
        for place, privileges in sorted(held.get(scope, {}).items()):
            unnamed = UNNAMED_LATER if scope is Scope.DEFAULT else UNNAMED
            words = _words(privileges, unnamed, everything=(scope, *place) not in kept)
            if words:
                alike.setdefault(words, []).append(place)
        for words, places in sorted(alike.items()):
            yield from _REVOKE[scope](words, places, role, current.session.database)


def _words(privileges: set[str], unnamed: Collection[str], everything: bool) -> str:
    if everything and not privileges.isdisjoint(unnamed):
        return "ALL"
    return ", ".join(sorted(privileges - UNNAMED))


def _table(place: Place) -> str:
    return ".".join(map(quote, place))


def _schema(place: Place) -> str:
    return quote(place[0])


def _sentence(words: str, said: str, role: str) -> str:
    return f"revoke {words} {said} from role {role}: not desired"


def _defaults(words: str, places: Sequence[Place], role: str, database: str) -> Iterator[Step]:
    by_writer: dict[str, list[Place]] = {}
    for place in places:
        by_writer.setdefault(place[1], []).append(place)
    for writer, own in sorted(by_writer.items()):
        for listed in chunks(own, _schema):
            yield Step(
                f"ALTER DEFAULT PRIVILEGES FOR USER {quote(writer)} IN SCHEMA {', '.join(map(_schema, listed))} "
                f"REVOKE {words} ON TABLES FROM ROLE {quote(role)}",
                tuple(
                    _sentence(words, f"on later tables of {writer} in {join_path(database, schema)}", role)
                    for schema, _ in listed
                ),
            )


def _tables(words: str, places: Sequence[Place], role: str, database: str) -> Iterator[Step]:
    for listed in chunks(places, _table):
        yield Step(
            f"REVOKE {words} ON TABLE {', '.join(map(_table, listed))} FROM ROLE {quote(role)}",
            tuple(_sentence(words, f"on table {join_path(database, *place)}", role) for place in listed),
        )


def _scoped(words: str, places: Sequence[Place], role: str, database: str) -> Iterator[Step]:
    for place in places:
        said = f"on the tables of {join_path(database, place[0])}, also later ones,"
        yield Step(
            f"REVOKE {words} FOR TABLES IN SCHEMA {_schema(place)} FROM ROLE {quote(role)}",
            (_sentence(words, said, role),),
        )


def _schemas(words: str, places: Sequence[Place], role: str, database: str) -> Iterator[Step]:
    for listed in chunks(places, _schema):
        yield Step(
            f"REVOKE {words} ON SCHEMA {', '.join(map(_schema, listed))} FROM ROLE {quote(role)}",
            tuple(_sentence(words, f"on schema {join_path(database, schema)}", role) for schema, _ in listed),
        )


_REVOKE: Mapping[Scope, Callable[[str, Sequence[Place], str, str], Iterator[Step]]] = {
    Scope.DEFAULT: _defaults,
    Scope.TABLE: _tables,
    Scope.TABLES: _scoped,
    Scope.SCHEMA: _schemas,
}


def read_stuck(rows: Rows, current: CurrentAccess, desired: Sequence[DesiredSchema]) -> CurrentAccess:
    """Read which default privileges can't be pruned: Redshift wants their writer to be able to create.

    :param rows: runs a query; where no default privilege is to be pruned, it costs none.
    :param current: what :func:`.read_schemas` read for pruning.
    :param desired: the desired schemas.
    :return: the current access with ``stuck``.
    """
    targets, _ = find_targets(desired, current)
    wanted = {grant for target in targets for grant in target.grants}
    named = {target.name for target in targets}
    pruned = (g for g in current.grants - wanted if g.scope is Scope.DEFAULT and g.schema in named)
    return replace(current, stuck=frozenset(stuck_writers(rows, sorted({(g.relation, g.schema) for g in pruned}))))
