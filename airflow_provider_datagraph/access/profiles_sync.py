"""The prerequisite: Profiles Sync's tables and states. Pure. https://segment.com/docs/unify/profiles-sync/tables/"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from airflow_provider_datagraph.access.plan import Fact, Finding, blocking, finding
from airflow_provider_datagraph.redshift.names import InvalidInput, join_path
from airflow_provider_datagraph.redshift.statements import Privileges
from airflow_provider_datagraph.redshift.values import Identity, Scope

_OF_MATERIALIZED = "canonical_segment_id seq received_at uuid_ts timestamp"
COLUMNS: Mapping[str, frozenset[str]] = {
    table: frozenset(columns.split())
    for table, columns in {
        "external_id_mapping_updates": "external_id_hash external_id_type external_id_value id received_at segment_id "
        "seq timestamp triggering_event_id triggering_event_name triggering_event_source_id "
        "triggering_event_source_name triggering_event_source_slug triggering_event_type uuid_ts",
        "id_graph_updates": "segment_id canonical_segment_id triggering_event_type triggering_event_id timestamp",
        "profile_traits_updates": "segment_id seq uuid_ts timestamp received_at",
        "profile_merges": f"segment_id {_OF_MATERIALIZED}",
        "user_identifiers": f"type value {_OF_MATERIALIZED}",
        "user_traits": f"name value {_OF_MATERIALIZED}",
    }.items()
}
"""The documented columns that a table always has: never those of traits, which come with the first value."""
OF_EVENTS = frozenset({"id", "event_id", "segment_id", "canonical_segment_id", "received_at"})
"""What every other table is known by: one is enough, since Segment's pages disagree on those of events."""
SOURCES = {
    "profile_merges": "id_graph_updates",
    "user_identifiers": "external_id_mapping_updates",
    "user_traits": "profile_traits_updates",
}
"""What Segment makes each materialized table of."""
RAW_TABLES = ("external_id_mapping_updates", "id_graph_updates", "profile_traits_updates")
"""Append-only history, filled by the first backfill."""
MATERIALIZED_TABLES = tuple(SOURCES)
"""The current state. Physical tables of Segment's, not Redshift's materialized views."""
REQUIRED_TABLES = RAW_TABLES + MATERIALIZED_TABLES
# Variants met in Segment's own pages.
ALIASES = {
    "user_identifier": "user_identifiers",
    "profile_trait_updates": "profile_traits_updates",
    "id_graph_updated": "id_graph_updates",
    "id_graph_udpates": "id_graph_updates",
    "identities": "identifies",
}
_WORD = re.compile("[A-Z0-9]+[a-z0-9]*|[a-z]+[a-z0-9]*")


class State(StrEnum):
    """What a table is met in."""

    MISSING = "missing"
    MISNAMED = "misnamed"
    NOT_SEGMENTS = "not_segments"
    NOT_READABLE = "not_readable"
    COLUMNS_MISSING = "columns_missing"
    EXISTS = "exists"
    """It is as it should be; its rows weren't looked for, since something else is missing."""
    ROWS_UNKNOWN = "rows_unknown"
    EMPTY = "empty"
    STALE = "stale"
    READY = "ready"


NOT_IN_PLACE = frozenset(State) - {State.EXISTS, State.ROWS_UNKNOWN, State.EMPTY, State.READY}
"""What holds up whoever waits, whatever was asked for."""


def event_table(name: str) -> str:
    """Name the table of a Track event (or of a table) as Segment does: words with ``_`` between, and before a digit.

    https://segment.com/docs/connections/storage/warehouses/schema/ and https://github.com/segmentio/go-snakecase
    """
    table = "_".join(_WORD.findall(name)).lower()
    if not table:
        raise InvalidInput(f"event_tables has {name!r}, which holds no letter and no digit: name an event.")
    return f"_{table}" if table[0].isdigit() else table


def group_of(table: str) -> str:
    """Tell which group a table is of: ``raw``, ``materialized`` or ``event``."""
    if table in RAW_TABLES:
        return "raw"
    return "materialized" if table in MATERIALIZED_TABLES else "event"


def no_schema(database: str, schema: str, tables: Mapping[str, set[str]]) -> Finding:
    """Tell that the schema doesn't exist; ``tables`` are those of the database's schemas that are called alike."""
    path = join_path(database, schema)
    others = tuple(sorted(join_path(database, name) for name, found in tables.items() if found >= {*REQUIRED_TABLES}))
    if others:
        return finding("schema_elsewhere", path, schemas=others)
    return finding("schema_missing", path, case="unsynced")


@dataclass(frozen=True, slots=True)
class Stored:
    """What stands under a table's name: Profiles Sync writes no view; ``columns``: those that it has in any table."""

    view: bool
    columns: frozenset[str]
    selectable: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """The schema of Profiles Sync, as a look saw it: the tables that are waited for, and what is there, by name.

    :param login: who reads: the linked user where ``linked``, or the admin.
    :param usable: whether that one has USAGE; None: there is no such user.
    :param grantee: whom to grant what it lacks: its role, where it has one.
    :param filled: whether a table holds a row, by name, for those that could be read; None: nobody looked.
    :param fresh: the tables with a row that is new enough; None: nobody asked.
    """

    database: str
    schema: str
    owner: str
    wanted: Sequence[str]
    stored: Mapping[str, Stored]
    login: str
    linked: bool
    usable: bool | None
    grantee: Identity
    filled: Mapping[str, bool] | None = None
    fresh: frozenset[str] | None = None
    reason: str = "it lacks privileges"

    @property
    def path(self) -> str:
        return join_path(self.database, self.schema)

    def state(self, table: str) -> State:
        one = self.stored.get(table)
        if one is None:
            return State.MISNAMED if self._aliases(table) else State.MISSING
        columns = COLUMNS.get(table, OF_EVENTS)
        if one.view or not one.columns & columns:
            return State.NOT_SEGMENTS
        if self.linked and not self.readable(table):
            return State.NOT_READABLE
        if table in COLUMNS and columns - one.columns:
            return State.COLUMNS_MISSING
        return State.EXISTS if self.filled is None else self._rows(table, self.filled)

    def _rows(self, table: str, filled: Mapping[str, bool]) -> State:
        if table not in filled:
            return State.ROWS_UNKNOWN
        if not filled[table]:
            return State.EMPTY
        return State.STALE if self._old(group_of(table)) else State.READY

    def readable(self, table: str) -> bool:
        return bool(self.usable) and table in self.stored and self.stored[table].selectable

    def _aliases(self, table: str) -> list[str]:
        return [alias for alias, right in ALIASES.items() if right == table and alias in self.stored]

    def _old(self, group: str) -> bool:
        """Tell whether no table of a group has a row that is new enough; events may stay away."""
        return self.fresh is not None and group != "event" and group not in map(group_of, self.fresh)

    def _in(self, state: State, group: str | None = None) -> tuple[str, ...]:
        return tuple(t for t in self.wanted if self.state(t) is state and group in (None, group_of(t)))

    def held_up(self, require_rows: bool) -> list[str]:
        """Tell which tables aren't as they are waited for; raw and materialized ones may have to hold rows."""
        held = NOT_IN_PLACE | ({State.ROWS_UNKNOWN} if require_rows or self.fresh is not None else set())
        return [table for table in self.wanted if self.state(table) in held or self._lacks_rows(table, require_rows)]

    def _lacks_rows(self, table: str, require_rows: bool) -> bool:
        group = group_of(table)
        return self.state(table) is State.EMPTY and (self._old(group) or (require_rows and group != "event"))

    def findings(self) -> Iterator[Finding]:
        yield from self._closed()
        if tables := self._in(State.MISSING, "raw"):
            yield finding("raw_missing", self.path, tables=tables, owner=self.owner)
        if tables := self._in(State.MISSING, "materialized"):
            yield finding("materialized_missing", self.path, tables=tables, owner=self.owner)
        if tables := self._in(State.MISSING, "event"):
            yield finding("event_tables_missing", self.path, tables=tables, owner=self.owner)
        if misnamed := self._in(State.MISNAMED):
            aliases = tuple(alias for table in misnamed for alias in self._aliases(table))
            yield finding("tables_misnamed", self.path, tables=misnamed, aliases=aliases)
        if foreign := self._in(State.NOT_SEGMENTS):
            yield finding("not_segments", self.path, tables=foreign, owner=self.owner)
        if partial := self._in(State.COLUMNS_MISSING):
            lacking = [(table, COLUMNS[table] - self.stored[table].columns) for table in partial]
            columns = tuple(join_path(table, column) for table, found in lacking for column in sorted(found))
            yield finding("columns_missing", self.path, columns=columns, owner=self.owner)
        yield from self._of_rows()

    def _closed(self) -> Iterator[Finding]:
        """Tell what the linked user may not read: no waiting heals it."""
        if not self.linked:
            return
        if self.usable is None:
            yield blocking("user_missing", self.login)
            return
        facts: dict[str, Fact] = {"login": self.login, "database": self.database}
        if not self.usable:
            give = Privileges(self.grantee, ("USAGE",), Scope.SCHEMA, [(self.schema,)])
            yield blocking("schema_not_visible", self.path, statement=give, **facts)
        closed = tuple(t for t in self._in(State.NOT_READABLE) if not self.stored[t].selectable)
        if closed:
            give = Privileges(self.grantee, ("SELECT",), Scope.TABLE, [(self.schema, table) for table in closed])
            yield blocking("table_not_selectable", self.path, tables=closed, statement=give, **facts)

    def _of_rows(self) -> Iterator[Finding]:
        if unknown := self._in(State.ROWS_UNKNOWN):
            yield finding("rows_unknown", self.path, tables=unknown, login=self.login, reason=self.reason)
        raw = self._in(State.EMPTY, "raw")
        if raw:
            yield finding("raw_empty", self.path, tables=raw)
        # What is made of an empty table is empty, too.
        made = tuple(table for table in self._in(State.EMPTY, "materialized") if SOURCES[table] not in raw)
        if made:
            yield finding("materialized_empty", self.path, tables=made)
        for group in ("raw", "materialized"):
            if stale := self._in(State.STALE, group):
                yield finding("stale", self.path, tables=stale, group=group)
