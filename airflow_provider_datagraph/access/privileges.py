"""The value types: what a role should be able to do, what it can do, and what lies between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


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


@dataclass(frozen=True)
class CurrentAccess:
    """What the catalog told, for one role, from one database. What wasn't asked for is empty.

    :param relations: stored names of tables and views, by schema; ``views``: those that are views, with their owners
        (empty where the catalog names none); ``late_views``: those that are late-binding; ``table_owners``: who owns
        today's tables.
    :param grants: what the role itself holds.
    :param inherited: what the roles that are granted to it hold.
    :param granted_roles: those roles; ``by_role``: what other roles hold on the named schemas.
    :param others: what PUBLIC, groups and the role's members hold, by a phrase that names them.
    :param secured: tables with row-level security, by schema; ``masked``: those with masked columns.
    :param creators: users that may create in a schema, as (user, schema); ``stuck``: writers of default privileges
        that prune would take away, and who can't create there any more.
    :param hidden: whether the admin can't see the role's privileges at all.
    :param members: users that hold the role; ``role_members``: roles that hold it.
    :param user_roles: roles that the linked user holds; ``user_grants``: its direct privileges.
    :param login_works: whether the user connection logs in; None where nobody tried.
    """

    session: Session
    roles: Mapping[str, Role] = field(default_factory=lambda: MappingProxyType({}))
    users: Mapping[str, User] = field(default_factory=lambda: MappingProxyType({}))
    databases: Mapping[str, Database] = field(default_factory=lambda: MappingProxyType({}))
    schemas: Mapping[str, Schema] = field(default_factory=lambda: MappingProxyType({}))
    relations: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    views: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    late_views: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    table_owners: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    grants: frozenset[Grant] = frozenset()
    inherited: frozenset[Grant] = frozenset()
    granted_roles: frozenset[str] = frozenset()
    by_role: Mapping[str, frozenset[Grant]] = field(default_factory=lambda: MappingProxyType({}))
    others: Mapping[str, frozenset[Grant]] = field(default_factory=lambda: MappingProxyType({}))
    secured: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    masked: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    creators: frozenset[tuple[str, str]] = frozenset()
    stuck: frozenset[tuple[str, str]] = frozenset()
    hidden: bool = False
    members: frozenset[str] = frozenset()
    role_members: frozenset[str] = frozenset()
    user_roles: frozenset[str] = frozenset()
    user_grants: frozenset[Grant] = frozenset()
    login_works: bool | None = None


@dataclass(frozen=True, slots=True)
class DesiredUser:
    """The linked user. The hash is a secret of its own: it never shows in a repr.

    :param name: the login.
    :param password_hash: the hash that CREATE USER sends.
    :param password_problems: what the clear password lacks, a phrase each.
    """

    name: str
    password_hash: str = field(repr=False)
    password_problems: tuple[str, ...] = ()


class FutureTables(StrEnum):
    """How tables that don't exist yet are reached."""

    SCOPED = "scoped"
    DEFAULT_PRIVILEGES = "default_privileges"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class DesiredSchema:
    """What the role should hold in one schema.

    :param name: the schema as typed.
    :param tables: table names as typed, or None for all tables.
    :param schema_privileges: privileges on the schema itself.
    :param table_privileges: privileges on its tables.
    :param future: how later tables are reached, for all tables.
    :param writers: whose later tables default privileges are for; None: those who own today's.
    """

    name: str
    tables: tuple[str, ...] | None = None
    schema_privileges: tuple[str, ...] = ("USAGE",)
    table_privileges: tuple[str, ...] = ("SELECT",)
    future: FutureTables = FutureTables.SCOPED
    writers: tuple[str, ...] | None = None

    @property
    def by_table(self) -> bool:
        """Whether privileges are granted table by table, so that today's tables have to be known."""
        return self.tables is not None or self.future is not FutureTables.SCOPED

    @property
    def todays(self) -> bool:
        """Whether all of today's tables are granted at once, and not as a scoped permission."""
        return self.tables is None and self.future is not FutureTables.SCOPED

    @property
    def by_default(self) -> bool:
        """Whether later tables are reached by default privileges."""
        return self.tables is None and self.future is FutureTables.DEFAULT_PRIVILEGES


@dataclass(frozen=True, slots=True)
class Finding:
    """What a plan can't fix by granting.

    :param code: a stable word for programs.
    :param object: what it is about.
    :param message: a sentence for people.
    :param blocking: whether nothing may be changed while it stands.
    """

    code: str
    object: str
    message: str
    blocking: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One statement of a plan. The statement may hold a hash, so a repr leaves it out.

    :param sql: the statement.
    :param sentences: what it changes and why, a sentence for each object.
    :param autocommit: whether Redshift takes it outside a transaction only.
    """

    sql: str = field(repr=False)
    sentences: tuple[str, ...]
    autocommit: bool = False


@dataclass(frozen=True)
class Plan:
    """The difference: ordered steps, what is held already, and findings.

    :param in_place: how many of the desired things hold already.
    """

    steps: tuple[Step, ...] = ()
    in_place: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """Every change of every step, a sentence each."""
        return tuple(sentence for step in self.steps for sentence in step.sentences)

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that forbid any change."""
        return tuple(finding for finding in self.findings if finding.blocking)
