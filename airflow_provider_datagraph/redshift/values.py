"""What Redshift's catalog tells of: identities, databases, schemas, and who holds what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from airflow_provider_datagraph.redshift.names import join_path


class Scope(StrEnum):
    """What a privilege is held on. Those with ``in`` are scoped permissions: they reach tomorrow's objects, too."""

    DATABASE = "database"
    SCHEMAS = "schemas in database"
    DATABASE_TABLES = "tables in database"
    SCHEMA = "schema"
    TABLES = "tables in schema"
    TABLE = "table"
    COLUMN = "column"
    DEFAULT = "default"


@dataclass(frozen=True, order=True, slots=True)
class Grant:
    """One privilege (upper case) that somebody holds or should hold. Names are as stored.

    :param schema: empty for the scopes of a database, and for ``DEFAULT`` where later tables of every schema are meant.
    :param column: for ``COLUMN`` alone, as ``writer``, who creates the later tables, is for ``DEFAULT``.
    :param database: for its own scopes alone: the others are of the connected one.
    """

    scope: Scope
    privilege: str
    schema: str = ""
    relation: str = ""
    column: str = ""
    database: str = field(default="", kw_only=True)
    writer: str = field(default="", kw_only=True)

    @property
    def path(self) -> tuple[str, ...]:
        return tuple(part for part in (self.database, self.schema, self.relation, self.column) if part)

    @property
    def whole(self) -> Grant:
        """The same on the whole table, where it is on a column."""
        return replace(self, scope=Scope.TABLE, column="") if self.scope is Scope.COLUMN else self


@dataclass(frozen=True, slots=True)
class Role:
    """A role as the catalog tells it."""

    name: str
    owner: str


@dataclass(frozen=True, slots=True)
class User:
    """A user as the catalog tells it."""

    name: str
    user_id: int
    superuser: bool = False
    createdb: bool = False


@dataclass(frozen=True, slots=True)
class Database:
    """A database of the cluster; ``kind`` is ``local``, ``shared`` or another word of the catalog."""

    name: str
    owner: str
    kind: str = "local"


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema of the connected database; ``kind`` is ``local``, ``external`` or ``shared``."""

    name: str
    owner: str
    kind: str = "local"


@dataclass(frozen=True, slots=True)
class Session:
    """Who reads the catalog, where, and how its names compare (``enable_case_sensitive_identifier``)."""

    user: str
    database: str
    superuser: bool = True
    case_sensitive: bool = False


@dataclass(frozen=True, order=True, slots=True)
class Identity:
    """Who holds a privilege: a ``role``, ``user``, ``group`` or ``public``, as the catalog says it."""

    kind: str
    name: str

    def __str__(self) -> str:
        return "PUBLIC" if self.kind == "public" else f"{self.kind} {self.name}"


def unwritable(value: Any) -> Any:
    """Wrap a mapping, and those in it, so that nobody can write to it, and make a tuple of a list."""
    if isinstance(value, Mapping):
        return MappingProxyType({key: unwritable(one) for key, one in value.items()})
    return tuple(value) if isinstance(value, list) else value


class Immutable:
    """Base of frozen dataclasses that hold mappings or lists."""

    def __post_init__(self) -> None:
        for name, value in list(vars(self).items()):
            object.__setattr__(self, name, unwritable(value))


NOBODY = "nobody"


@dataclass(frozen=True)
class Identities(Immutable):
    """Who there is in the cluster: all users, and the roles that the session sees. Every reading begins with it."""

    session: Session
    roles: Mapping[str, Role] = field(default_factory=dict)
    users: Mapping[str, User] = field(default_factory=dict)

    def owner_names(self) -> Callable[[Any], str]:
        """Name owners by their ids; the catalog may tell of one that doesn't exist any more, or of none."""
        names = {user.user_id: user.name for user in self.users.values()}
        return lambda user_id: NOBODY if user_id is None else names.get(int(user_id), f"user id {user_id}")


PUBLIC = Identity("public", "public")
"""Everybody; the catalog's views call it by different names."""
SHOWN_BYTES = 50
"""The width of a name in STV_SESSIONS: https://docs.aws.amazon.com/redshift/latest/dg/r_STV_SESSIONS.html"""


@dataclass(frozen=True, order=True, slots=True)
class Owned:
    """Something that has an owner: ``database``, ``schema``, ``role``, or ``table``, or view (``name``: its schema)."""

    kind: str
    name: str
    table: str = ""

    @property
    def path(self) -> tuple[str, ...]:
        return (self.name, self.table) if self.table else (self.name,)

    def said(self, database: str) -> str:
        """Name it in a sentence, with the database that it is in."""
        if self.kind in ("database", "role"):
            return f"{self.kind} {self.name}"
        return f"{self.kind} {join_path(database, *self.path)}"


@dataclass(frozen=True, order=True, slots=True)
class OpenSession:
    """Somebody who is logged in. The view shows the first 50 bytes of a name."""

    process: int
    user: str
    database: str

    def is_in(self, database: str) -> bool:
        """Tell whether it is connected to a database; where the name is cut off, it may be."""
        return _same(self.database, database)

    def is_of(self, user: str) -> bool:
        """Tell whether it is a user's, likewise."""
        return _same(self.user, user)


def _same(shown: str, name: str) -> bool:
    return shown == name or (len(shown.encode()) >= SHOWN_BYTES and name.startswith(shown))
