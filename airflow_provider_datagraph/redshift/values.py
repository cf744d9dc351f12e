"""What Redshift's catalog tells of: identities, databases, schemas, and who holds what."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from airflow_provider_datagraph.redshift.names import join_path


class Scope(StrEnum):
    """What a privilege is held on.

    Those with ``in`` are scoped permissions: they reach today's objects and tomorrow's.
    """

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
    """One privilege that a role holds or should hold.

    :param scope: what it is held on.
    :param privilege: upper case, such as ``SELECT``.
    :param schema: the schema as stored; the database's name for the scopes of a database; for ``DEFAULT`` it is
        empty where later tables of every schema are meant.
    :param relation: the table or view as stored; the writer for ``DEFAULT``; empty for the wider scopes.
    :param column: the column, for ``COLUMN`` alone.
    """

    scope: Scope
    privilege: str
    schema: str
    relation: str = ""
    column: str = ""


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
    """Who reads the catalog, where, and how its names compare.

    :param user: the admin's login.
    :param database: the connected database.
    :param superuser: whether the whole catalog is visible.
    :param case_sensitive: ``enable_case_sensitive_identifier``.
    """

    user: str
    database: str
    superuser: bool = True
    case_sensitive: bool = False


@dataclass(frozen=True, order=True, slots=True)
class Identity:
    """Who holds a privilege.

    :param kind: ``role``, ``user``, ``group`` or ``public``, as the catalog says it.
    :param name: its name as stored.
    """

    kind: str
    name: str

    def __str__(self) -> str:
        """How a sentence names it."""
        return "PUBLIC" if self.kind == "public" else f"{self.kind} {self.name}"


SHOWN_BYTES = 50
"""The width of a name in STV_SESSIONS: https://docs.aws.amazon.com/redshift/latest/dg/r_STV_SESSIONS.html"""


@dataclass(frozen=True, order=True, slots=True)
class Owned:
    """Something that has an owner.

    :param kind: ``database``, ``schema``, ``table`` (also a view) or ``role``.
    :param name: its name; the schema for a table.
    :param table: the table or view.
    """

    kind: str
    name: str
    table: str = ""

    @property
    def path(self) -> tuple[str, ...]:
        """The names that lead to it, in its database."""
        return (self.name, self.table) if self.table else (self.name,)

    def said(self, database: str) -> str:
        """Name it in a sentence.

        :param database: the database that it is in.
        :return: such as ``schema d.s``.
        """
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
        """Tell whether it is connected to a database; where the name is cut off, it may be.

        :param database: the database's name.
        :return: whether it is.
        """
        return _same(self.database, database)

    def is_of(self, user: str) -> bool:
        """Tell whether it is a user's, likewise.

        :param user: the user's name.
        :return: whether it is.
        """
        return _same(self.user, user)


def _same(shown: str, name: str) -> bool:
    return shown == name or (len(shown.encode()) >= SHOWN_BYTES and name.startswith(shown))
