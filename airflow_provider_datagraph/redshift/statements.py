"""The statements that change something, as values: the one place that writes their SQL.

Each page is ``https://docs.aws.amazon.com/redshift/latest/dg/<page>.html``. Grammar: r_GRANT, r_REVOKE,
t_scoped-permissions; that of the others stands beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TypeVar

from airflow_provider_datagraph.redshift.names import fold, literal, quote
from airflow_provider_datagraph.redshift.values import Identity, Immutable, Owned, Scope

T = TypeVar("T")
Path = tuple[str, ...]
"""The names that lead to something, as stored: a database, a schema, or a schema and a table."""
STATEMENT_BYTES = 60_000
"""A safe statement size: Redshift's limit is 16 MB, other tools in the way cut far below."""
ALL = ("ALL",)
"""Every privilege: at table level those on columns too, and what REVOKE can't name (RULE and TRIGGER)."""
UNNAMED = frozenset({"RULE", "TRIGGER"})
"""They come with ALL, and can't be named in REVOKE."""
UNNAMED_LATER = UNNAMED | {"DROP", "ALTER"}
"""The page of ALTER DEFAULT PRIVILEGES doesn't name these beside REVOKE: ALL takes them, too."""
# r_enable_case_sensitive_identifier
EXACT_NAMES = "SET enable_case_sensitive_identifier TO true"
_ON = {
    Scope.DATABASE: "ON DATABASE",
    Scope.SCHEMAS: "FOR SCHEMAS IN DATABASE",
    Scope.DATABASE_TABLES: "FOR TABLES IN DATABASE",
    Scope.SCHEMA: "ON SCHEMA",
    Scope.TABLES: "FOR TABLES IN SCHEMA",
    Scope.TABLE: "ON TABLE",
}


def written(path: Path) -> str:
    """Write a path as SQL does: each part in double quotes."""
    return ".".join(map(quote, path))


def _listed(paths: Iterable[Path]) -> str:
    return ", ".join(map(written, paths))


def chunks(items: Iterable[T], path: Callable[[T], Path]) -> Iterator[list[T]]:
    """Split a list, in order, so that each part fits a statement, which names ``path`` for an item."""
    chunk: list[T] = []
    size = 0
    for item in items:
        length = len(written(path(item)).encode())
        if chunk and size + length > STATEMENT_BYTES:
            yield chunk
            chunk, size = [], 0
        chunk.append(item)
        size += length + 2
    if chunk:
        yield chunk


class Statement(Immutable):
    """Base of all. They name what is there as the catalog holds it. As facts of findings they can't be written to."""

    @property
    def sql(self) -> str:
        raise NotImplementedError

    @property
    def shown(self) -> str:
        """The statement as people may see it: without the hash of a password."""
        return self.sql

    @property
    def paths(self) -> Sequence[Path]:
        raise NotImplementedError

    @property
    def autocommit(self) -> bool:
        """Whether Redshift takes it outside a transaction only."""
        return False


def folds(statements: Iterable[Statement]) -> bool:
    """Tell whether Redshift would fold a name in them, unless it is told not to (:data:`EXACT_NAMES`)."""
    names = chain.from_iterable(path for statement in statements for path in statement.paths)
    return any(fold(name) != name for name in names)


@dataclass(frozen=True)
class _OfCluster(Statement):
    """What is there once in a cluster: ``kind`` is ``role``, ``user`` or ``database``."""

    kind: str
    name: str

    @property
    def paths(self) -> Sequence[Path]:
        return [(self.name,)]

    @property
    def autocommit(self) -> bool:
        return self.kind == "database"


@dataclass(frozen=True)
class Create(_OfCluster):
    """Create a role, a user or a database. A password's hash never shows. r_CREATE_ROLE, _USER, _DATABASE"""

    password_hash: str = field(default="", repr=False)

    @property
    def sql(self) -> str:
        password = f" PASSWORD {literal(self.password_hash)}" if self.kind == "user" else ""
        return f"CREATE {self.kind.upper()} {quote(self.name)}{password}"

    @property
    def shown(self) -> str:
        return replace(self, password_hash="<hash>").sql


@dataclass(frozen=True)
class Drop(_OfCluster):
    """Drop a role, a user or a database. r_DROP_DATABASE, r_DROP_USER, r_DROP_ROLE"""

    @property
    def sql(self) -> str:
        return f"DROP {self.kind.upper()} {quote(self.name)}"


@dataclass(frozen=True)
class AlterUser(Statement):
    """Change what a user may do, such as ``NOCREATEDB``, or its ``PASSWORD``, whose hash never shows. r_ALTER_USER"""

    user: str
    option: str
    password_hash: str = field(default="", repr=False)

    @property
    def sql(self) -> str:
        password = f" {literal(self.password_hash)}" if self.password_hash else ""
        return f"ALTER USER {quote(self.user)} {self.option}{password}"

    @property
    def shown(self) -> str:
        return replace(self, password_hash=self.password_hash and "<hash>").sql

    @property
    def paths(self) -> Sequence[Path]:
        return [(self.user,)]


@dataclass(frozen=True)
class ChangeOwner(Statement):
    """Give something to another user; ALTER TABLE is for views too. r_ALTER_TABLE, _SCHEMA, _DATABASE, _ROLE"""

    owned: Owned
    new_owner: str

    @property
    def sql(self) -> str:
        return f"ALTER {self.owned.kind.upper()} {written(self.owned.path)} OWNER TO {quote(self.new_owner)}"

    @property
    def paths(self) -> Sequence[Path]:
        return [self.owned.path, (self.new_owner,)]


@dataclass(frozen=True)
class _Given(Statement):
    """What one is given, or loses; a user may get it with the ``option`` to give it to others, and no role."""

    identity: Identity
    taken: bool = field(default=False, kw_only=True)
    option: bool = field(default=False, kw_only=True)
    _option = "GRANT"

    @property
    def verb(self) -> str:
        return "REVOKE" if self.taken else "GRANT"

    @property
    def whom(self) -> str:
        kind = {"role": "ROLE ", "group": "GROUP "}.get(self.identity.kind, "")
        name = "PUBLIC" if self.identity.kind == "public" else kind + quote(self.identity.name)
        option = f" WITH {self._option} OPTION" if self.option else ""
        return f"{'FROM' if self.taken else 'TO'} {name}{option}"

    @property
    def paths(self) -> Sequence[Path]:
        return [] if self.identity.kind == "public" else [(self.identity.name,)]


@dataclass(frozen=True)
class Membership(_Given):
    """A role, granted to a user or another role."""

    role: str
    _option = "ADMIN"

    @property
    def sql(self) -> str:
        return f"{self.verb} ROLE {quote(self.role)} {self.whom}"

    @property
    def paths(self) -> Sequence[Path]:
        return [(self.role,), *super().paths]


@dataclass(frozen=True)
class SystemPermission(_Given):
    """A permission such as ``ACCESS SYSTEM TABLE``. r_roles-system-privileges"""

    permission: str

    @property
    def sql(self) -> str:
        return f"{self.verb} {self.permission} {self.whom}"


@dataclass(frozen=True)
class Privileges(_Given):
    """Privileges on databases, schemas or tables: upper case, such as ``SELECT``, or :data:`ALL`.

    :param todays: whether all of today's tables in the schemas are meant.
    :param alone: whether Redshift takes it outside a transaction only, as on an external schema.
    """

    privileges: Sequence[str]
    scope: Scope
    objects: Sequence[Path]
    todays: bool = field(default=False, kw_only=True)
    alone: bool = field(default=False, kw_only=True)

    @property
    def sql(self) -> str:
        on = "ON ALL TABLES IN SCHEMA" if self.todays else _ON[self.scope]
        return f"{self.verb} {', '.join(self.privileges)} {on} {_listed(self.objects)} {self.whom}"

    @property
    def paths(self) -> Sequence[Path]:
        return [*self.objects, *super().paths]

    @property
    def autocommit(self) -> bool:
        return self.alone


def use_of_external(identity: Identity, schema: str) -> Privileges:
    """Let somebody use an external schema of the connected database. USAGE is all that there is on one.

    AWS's page r_GRANT says "users and groups only"; writes-granting and r_role-usage-notes grant it to roles.
    """
    return Privileges(identity, ("USAGE",), Scope.SCHEMA, [(schema,)], alone=True)


def use_of_shared(
    identity: Identity, database: str, schema: str, tables: Sequence[str] = (), *, taken: bool = False
) -> tuple[Privileges, ...]:
    """Let somebody read a schema of a datashare's database, or its ``tables``, from a local one; or take that away.

    First USAGE on the database, outside a transaction: AWS keeps statements "on an external resource" out of one,
    and doesn't say what is. By itself it opens all of a database that was created without PERMISSIONS; the others
    follow for one that was created with. writes-granting, r_GRANT
    """
    paths: list[Path] = [(database, schema, table) for table in tables] or [(database, schema)]
    read = Privileges(identity, ("SELECT",), Scope.TABLE, paths, todays=not tables, taken=taken)
    usage = Privileges(identity, ("USAGE",), Scope.DATABASE, [(database,)], taken=taken, alone=True)
    return usage, Privileges(identity, ("USAGE",), Scope.SCHEMA, [(database, schema)], taken=taken), read


@dataclass(frozen=True)
class DefaultPrivileges(_Given):
    """Privileges on the tables that ``writers`` create later; no schemas: in all. r_ALTER_DEFAULT_PRIVILEGES"""

    privileges: Sequence[str]
    writers: Sequence[str]
    schemas: Sequence[str]

    @property
    def sql(self) -> str:
        users = ", ".join(map(quote, self.writers))
        within = f" IN SCHEMA {', '.join(map(quote, self.schemas))}" if self.schemas else ""
        given = f"{self.verb} {', '.join(self.privileges)} ON TABLES {self.whom}"
        return f"ALTER DEFAULT PRIVILEGES FOR USER {users}{within} {given}"

    @property
    def paths(self) -> Sequence[Path]:
        return [tuple(self.writers), tuple(self.schemas), *super().paths]


def trial(schema: str) -> tuple[str, ...]:
    """Write what Segment does in its own database, for a transaction that is rolled back: no plan holds it."""
    table = written((schema, "trial"))
    return (
        f"CREATE SCHEMA {quote(schema)}",
        f"CREATE TABLE {table} (id int)",
        f"INSERT INTO {table} VALUES (1)",
        f"SELECT id FROM {table}",
    )
