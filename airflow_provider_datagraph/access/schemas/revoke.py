"""The steps that take privileges from somebody in one database, in the one order that Redshift takes them in. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from airflow_provider_datagraph.access.plan import Change, Reason, Step, steps
from airflow_provider_datagraph.redshift import statements
from airflow_provider_datagraph.redshift.values import Grant, Identity, Scope

KINDS = {
    # Redshift wants a writer of default privileges to be able to create in the schema.
    Scope.DEFAULT: "later tables",
    # What a role holds on columns stands in the way of the same on the table, and goes by a statement on the table.
    Scope.COLUMN: "columns",
    Scope.TABLE: "table",
    Scope.TABLES: "tables",
    Scope.SCHEMA: "schema",
    Scope.DATABASE_TABLES: "all tables",
    Scope.SCHEMAS: "all schemas",
    Scope.DATABASE: "database",
}
"""What a change is about, in the order in which it is taken away."""
ORDER = tuple(KINDS)
OF_DATABASE = frozenset({Scope.DATABASE_TABLES, Scope.SCHEMAS, Scope.DATABASE})
ONE_BY_ONE = OF_DATABASE | {Scope.TABLES}
"""What a statement takes a single one of."""
BESIDE_ALL = frozenset({"ALTER", "DROP"})


@dataclass(frozen=True, slots=True)
class Taken:
    """What is taken away at one place: a database, a schema, a table, or (an empty path) later tables everywhere.

    :param writer: who creates later tables; ``sent``: the privileges as REVOKE names them; ``told``: as a report does.
    """

    scope: Scope
    path: statements.Path
    writer: str
    sent: tuple[str, ...]
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class From:
    """From whom it is taken, where, and why; ``of`` is whose leaving is the reason."""

    identity: Identity
    database: str
    reason: Reason
    of: str = ""

    def change(self, one: Taken) -> Change:
        path = one.path if one.scope in OF_DATABASE else (self.database, *one.path)
        names = (one.writer,) if one.writer else ()
        return Change("revoke", KINDS[one.scope], path, self.reason, one.told, self.identity, self.of, names)


def revokes(taken: Iterable[Taken], origin: From, external: Collection[str] = ()) -> Iterator[Step]:
    """Plan to take privileges away; what is alike shares a statement.

    On ``external`` schemas Redshift takes a statement outside a transaction only, and by its page no privilege but
    USAGE, so ALL isn't sent: https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html
    """

    def alone(one: Taken) -> bool:
        return one.scope is Scope.SCHEMA and one.path[0] in external

    def statement(one: Taken) -> tuple[int, tuple[str, ...], str, bool, bool, statements.Path]:
        """What those share that go into one statement, in the order of the statements."""
        apart = one.path if one.scope in ONE_BY_ONE or alone(one) else ()
        return ORDER.index(one.scope), one.sent, one.writer, bool(one.path), alone(one), apart

    taken = (replace(one, sent=one.told) if alone(one) else one for one in taken)
    listed = sorted(taken, key=lambda one: (statement(one), one.path))
    for _, group in groupby(listed, key=statement):
        alike = list(group)
        yield from _steps(alike, origin, autocommit=alone(alike[0]))


def _steps(alike: list[Taken], origin: From, *, autocommit: bool) -> Iterator[Step]:
    scope, sent, writer = alike[0].scope, alike[0].sent, alike[0].writer

    def make(paths: list[statements.Path]) -> statements.Statement:
        if scope is Scope.DEFAULT:
            schemas = [name for path in paths for name in path]
            return statements.DefaultPrivileges(origin.identity, sent, [writer], schemas, taken=True)
        on = Scope.TABLE if scope is Scope.COLUMN else scope
        return statements.Privileges(origin.identity, sent, on, paths, taken=True, alone=autocommit)

    yield from steps(map(origin.change, alike), 0 if scope in OF_DATABASE else 1, make)


def _by_place(grants: Iterable[Grant]) -> dict[tuple[Scope, statements.Path, str], set[Grant]]:
    """Group grants by where they are taken away: those on columns at table level."""
    found: dict[tuple[Scope, statements.Path, str], set[Grant]] = {}
    for grant in grants:
        place = (grant.whole.scope, grant.whole.path, grant.writer)
        found.setdefault(place, set()).add(grant)
    return found


def everything(grants: Iterable[Grant]) -> Iterator[Taken]:
    """Take all that is held at each place at once: ALL takes RULE and TRIGGER, and what is on columns, too.

    What PostgreSQL's ALL doesn't know is named beside it: there are servers whose ALL leaves that.
    """
    for place, held in _by_place(grants).items():
        told = {f"{grant.privilege} on columns" if grant.column else grant.privilege for grant in held}
        named = told & BESIDE_ALL if place[0] in (Scope.SCHEMA, Scope.TABLES, Scope.TABLE) else set()
        if rest := told - named:
            yield Taken(*place, statements.ALL, tuple(sorted(rest)))
        if named:
            yield Taken(*place, tuple(sorted(named)), tuple(sorted(named)))


def pruned(wanted: Mapping[str, frozenset[Grant]], grants: frozenset[Grant]) -> Iterator[Taken]:
    """Tell what a role holds in some schemas that isn't desired."""
    desired = frozenset(grant for grants in wanted.values() for grant in grants)
    kept = set(_by_place(desired))
    for place, held in _by_place(g for g in grants - desired if g.schema in wanted).items():
        unnamed = statements.UNNAMED_LATER if place[0] is Scope.DEFAULT else statements.UNNAMED
        privileges = {grant.privilege for grant in held}
        everything = place not in kept and not privileges.isdisjoint(unnamed)
        if words := statements.ALL if everything else tuple(sorted(privileges - statements.UNNAMED)):
            yield Taken(*place, words, words)
