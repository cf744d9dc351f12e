"""The steps that take privileges from somebody in one database, in the one order that Redshift takes them in. Pure.

Grammar: https://docs.aws.amazon.com/redshift/latest/dg/r_REVOKE.html,
https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_DEFAULT_PRIVILEGES.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from airflow_provider_datagraph.access.plan import Change, Reason, Step, steps
from airflow_provider_datagraph.redshift.statements import ALL, DefaultPrivileges, Path, Privileges, Statement
from airflow_provider_datagraph.redshift.values import Grant, Identity, Scope

ORDER = (
    # Redshift wants a writer of default privileges to be able to create in the schema.
    Scope.DEFAULT,
    Scope.TABLE,
    Scope.TABLES,
    Scope.SCHEMA,
    Scope.DATABASE_TABLES,
    Scope.SCHEMAS,
    Scope.DATABASE,
)
KINDS = {
    Scope.DEFAULT: "later tables",
    Scope.TABLE: "table",
    Scope.TABLES: "tables",
    Scope.SCHEMA: "schema",
    Scope.DATABASE_TABLES: "all tables",
    Scope.SCHEMAS: "all schemas",
    Scope.DATABASE: "database",
}
OF_DATABASE = frozenset({Scope.DATABASE_TABLES, Scope.SCHEMAS, Scope.DATABASE})
ONE_BY_ONE = OF_DATABASE | {Scope.TABLES}
"""What a statement takes a single one of."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What is taken away at one place.

    :param scope: what it is held on.
    :param schema: the schema, or the database for the scopes of one; empty for later tables of every schema.
    :param relation: the table, or the writer of later ones.
    :param sent: the privileges as REVOKE names them.
    :param told: the same as a report names them.
    """

    scope: Scope
    schema: str
    relation: str
    sent: tuple[str, ...]
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class From:
    """From whom it is taken, where, and why.

    :param of: whose leaving is the reason.
    """

    identity: Identity
    database: str
    reason: Reason
    of: str = ""

    def change(self, one: Taken) -> Change:
        """Tell what is taken at one place."""
        later = one.scope is Scope.DEFAULT
        inside = (one.schema, "" if later else one.relation)
        path = tuple(part for part in ("" if one.scope in OF_DATABASE else self.database, *inside) if part)
        names = (one.relation,) if later else ()
        return Change("revoke", KINDS[one.scope], path, self.reason, one.told, self.identity, self.of, names)


def revokes(taken: Iterable[Taken], origin: From, external: Collection[str] = ()) -> Iterator[Step]:
    """Plan to take privileges away.

    :param taken: what is taken away.
    :param origin: from whom, where, and why.
    :param external: schemas that are external: Redshift takes a statement on them outside a transaction only.
    :return: the steps; what is alike shares a statement.
    """

    def alone(one: Taken) -> bool:
        return one.scope is Scope.SCHEMA and one.schema in external

    def statement(one: Taken) -> tuple[int, tuple[str, ...], str, bool, bool, str]:
        """What those share that go into one statement, in the order of the statements."""
        writer = one.relation if one.scope is Scope.DEFAULT else ""
        apart = one.schema if one.scope in ONE_BY_ONE or alone(one) else ""
        return ORDER.index(one.scope), one.sent, writer, bool(one.schema), alone(one), apart

    listed = sorted(taken, key=lambda one: (statement(one), one.schema, one.relation))
    for _, group in groupby(listed, key=statement):
        alike = list(group)
        yield from _steps(alike, origin, alone(alike[0]))


def _steps(alike: list[Taken], origin: From, alone: bool) -> Iterator[Step]:
    scope, sent, writer = alike[0].scope, alike[0].sent, alike[0].relation

    def make(paths: list[Path]) -> Statement:
        if scope is Scope.DEFAULT:
            schemas = [name for path in paths for name in path]
            return DefaultPrivileges(origin.identity, sent, [writer], schemas, taken=True)
        return Privileges(origin.identity, sent, scope, paths, taken=True, alone=alone)

    yield from steps(map(origin.change, alike), 0 if scope in OF_DATABASE else 1, make)


def everything(grants: Iterable[Grant]) -> Iterator[Taken]:
    """Take all that is held at each place at once.

    ALL takes also what can't be named in REVOKE (RULE and TRIGGER), and at table level the column privileges.

    :param grants: what is held, in the connected database.
    :return: what is to be taken away.
    """
    found: dict[tuple[Scope, str, str], set[str]] = {}
    for grant in grants:
        scope = Scope.TABLE if grant.scope is Scope.COLUMN else grant.scope
        told = f"{grant.privilege} on columns" if grant.column else grant.privilege
        found.setdefault((scope, grant.schema, grant.relation), set()).add(told)
    for place, words in found.items():
        yield Taken(*place, ALL, tuple(sorted(words)))
