"""The value types of offboarding: who leaves, what the cluster knows of them, and what one database holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from airflow_provider_datagraph.access.names import join_path, quote
from airflow_provider_datagraph.access.privileges import Database, Grant, Role, Session, User
from airflow_provider_datagraph.access.revocations import Identity

SHOWN_BYTES = 50
"""The width of a name in STV_SESSIONS: https://docs.aws.amazon.com/redshift/latest/dg/r_STV_SESSIONS.html"""


@dataclass(frozen=True, slots=True)
class Leaving:
    """Who leaves, and how.

    :param role: the role's name.
    :param user: the user's name.
    :param drop: the checkpoint database, where it is to be dropped.
    :param home: the checkpoint database, where it is known: the one in which the setup grants CREATE.
    :param new_owner: who gets what the user owns; None: what it owns stands in the way.
    :param force: whether what the setup never gave is taken away too.
    """

    role: str
    user: str
    drop: str | None = None
    home: str | None = None
    new_owner: str | None = None
    force: bool = False


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
    def sql(self) -> str:
        """How ALTER names it; ALTER TABLE is for views too."""
        name = quote(self.name) + (f".{quote(self.table)}" if self.table else "")
        return f"{self.kind.upper()} {name}"

    def said(self, database: str) -> str:
        """Name it in a sentence.

        :param database: the database that it is in.
        :return: such as ``schema d.s``.
        """
        if self.kind in ("database", "role"):
            return f"{self.kind} {self.name}"
        return f"{self.kind} {join_path(database, self.name, *([self.table] if self.table else []))}"


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


@dataclass(frozen=True)
class Cluster:
    """What belongs to the whole cluster.

    :param unseen: databases of which the admin knows no more than the name.
    :param sees_all: whether the admin sees everybody's privileges.
    :param members: who holds the role; ``granted_roles``: the roles that it holds.
    :param user_roles: the roles that the user holds.
    :param system: the role's system permissions.
    :param on_databases: what role and user hold on databases, scoped permissions too.
    :param sessions: who is logged in; None where that can't be told.
    """

    session: Session
    roles: Mapping[str, Role]
    users: Mapping[str, User]
    databases: Mapping[str, Database]
    unseen: frozenset[str] = frozenset()
    sees_all: bool = True
    members: frozenset[Identity] = frozenset()
    granted_roles: frozenset[str] = frozenset()
    user_roles: frozenset[str] = frozenset()
    system: frozenset[str] = frozenset()
    on_databases: frozenset[tuple[Identity, Grant]] = frozenset()
    sessions: tuple[OpenSession, ...] | None = ()


@dataclass(frozen=True)
class Holdings:
    """What role and user hold in the connected database.

    :param held: their privileges, with those on tables that others create later.
    :param made: what others will hold on the tables that the user creates later.
    :param unnamed: privileges of kinds that aren't handled, a phrase each.
    :param external: external schemas.
    :param stuck: writers of default privileges that can't create in the schema any more, as (writer, schema).
    :param owned: what the user owns; ``others``: what others own, with their ids, where it was asked for.
    """

    session: Session
    held: frozenset[tuple[Identity, Grant]] = frozenset()
    made: frozenset[tuple[Identity, Grant]] = frozenset()
    unnamed: frozenset[str] = frozenset()
    external: frozenset[str] = frozenset()
    stuck: frozenset[tuple[str, str]] = frozenset()
    owned: frozenset[Owned] = frozenset()
    others: frozenset[tuple[Owned, int]] = frozenset()
