"""What a role should hold in schemas of one database, and what the catalog told of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from airflow_provider_datagraph.redshift.catalog.privileges import Held
from airflow_provider_datagraph.redshift.catalog.relations import BySchema, Sources
from airflow_provider_datagraph.redshift.values import Grant, Identities, Identity, Immutable, Schema, Scope


class FutureTables(StrEnum):
    """How tables that don't exist yet are reached."""

    SCOPED = "scoped"
    DEFAULT_PRIVILEGES = "default_privileges"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class DesiredSchema:
    """What the role should hold in one schema.

    :param tables: table names as typed, or None for all tables.
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
class Target:
    """A desired schema beside the names that the catalog has for it; a plan-only run goes on as if it existed.

    :param relations: today's tables and views; ``listed``: those of them that are named one by one.
    """

    desired: DesiredSchema
    name: str
    relations: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()
    writers: frozenset[str] = frozenset()
    exists: bool = True

    @property
    def grants(self) -> frozenset[Grant]:
        desired, name = self.desired, self.name
        found = {Grant(Scope.SCHEMA, privilege, name) for privilege in desired.schema_privileges}
        if not desired.by_table:
            return frozenset(found | {Grant(Scope.TABLES, p, name) for p in desired.table_privileges})
        tables = self.relations if desired.tables is None else self.listed
        found |= {Grant(Scope.TABLE, p, name, t) for p in desired.table_privileges for t in tables}
        return frozenset(
            found | {Grant(Scope.DEFAULT, p, name, writer=w) for p in desired.table_privileges for w in self.writers}
        )


@dataclass(frozen=True)
class Tables(Immutable):
    """The tables and views in some schemas, each by schema; views have owners, or an empty text for none.

    :param owners: who owns tables; ``sources``: what the database's views read; None where that wasn't read.
    """

    names: Mapping[str, frozenset[str]]
    views: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    owners: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sources: Sources | None = None


@dataclass(frozen=True)
class Context(Immutable):
    """What may satisfy a desire in another way, what stands in its way, and what is only reported.

    :param inherited_roles: the roles whose privileges the role has; ``inherited``: what they hold.
    :param others: what PUBLIC, groups and the role's members hold.
    :param secured: tables with row-level security; ``masked``: those with masked columns.
    :param members: users that hold the role; None where that wasn't read, as the next.
    """

    inherited_roles: frozenset[str] = frozenset()
    inherited: frozenset[Grant] = frozenset()
    others: Mapping[Identity, frozenset[Grant]] = field(default_factory=dict)
    secured: BySchema = field(default_factory=dict)
    masked: BySchema = field(default_factory=dict)
    members: frozenset[str] | None = None
    late_views: BySchema | None = None


@dataclass(frozen=True)
class SchemaAccess(Identities):
    """What the catalog told of schemas of the connected database, and of a role's access to them.

    :param hidden: whether the admin can't see the role's privileges at all.
    :param all_schemas: the names of all schemas, also of those that the admin can't see; None where that wasn't read.
    :param grants: what the role itself holds, as far as it was read: in schemas that aren't named, too.
    :param held: what roles, PUBLIC and groups hold on schemas, and who owns those that are named, where it was asked.
    :param tables: their tables; None where that wasn't read, as the next.
    :param creators: writers of default privileges that may create in a schema, as (user, schema).
    :param stuck: writers whose default privileges can't be taken away, since they can't create there any more.
    :param context: what is read where something is lacking, and by a plan-only run.
    """

    schemas: Mapping[str, Schema] = field(default_factory=dict)
    hidden: bool = False
    all_schemas: frozenset[str] | None = None
    grants: frozenset[Grant] = frozenset()
    held: Held = field(default_factory=Held)
    tables: Tables | None = None
    creators: frozenset[tuple[str, str]] | None = None
    stuck: frozenset[tuple[str, str]] | None = None
    context: Context | None = None
