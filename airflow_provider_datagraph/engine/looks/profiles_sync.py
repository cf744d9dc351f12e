"""What Segment's Profiles Sync has written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from redshift_connector.error import Error as DriverError

from airflow_provider_datagraph.access import profiles_sync
from airflow_provider_datagraph.access.plan import Finding, blocking
from airflow_provider_datagraph.access.profiles_sync import ALIASES, REQUIRED_TABLES, Seen, State
from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.engine.looks.base import Look, Reader, Sessions
from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.hooks.faults import database_gone, details, vanished, vanished_error
from airflow_provider_datagraph.redshift.catalog.effective import granted_relations, usable_schemas
from airflow_provider_datagraph.redshift.catalog.identities import read_users, user_grants
from airflow_provider_datagraph.redshift.catalog.relations import read_columns, read_named
from airflow_provider_datagraph.redshift.catalog.schemas import read_namespaces
from airflow_provider_datagraph.redshift.names import fold, join_path, literal
from airflow_provider_datagraph.redshift.statements import written
from airflow_provider_datagraph.redshift.values import Identities, Identity, User

KNOWN_COLUMNS = profiles_sync.OF_EVENTS.union(*profiles_sync.COLUMNS.values())
RECEIVED = "received_at"
"""When Segment received what a row is about, in UTC: the sort key, https://segment.com/docs/connections/storage/warehouses/redshift-tuning/"""


@dataclass(eq=False)
class ProfilesSyncProbe:
    """Looks for tables of a schema in the catalog of its database, as admin, and for rows in them.

    What exists is read where nothing is hidden from anybody; what the linked user, where one is named, or else the
    admin may read is asked there, too. Rows are read as that one. See :class:`.ProfilesSyncTablesSensor`.
    """

    sessions: Sessions
    schema: str
    database: str | None = None
    tables: Sequence[str] = REQUIRED_TABLES
    user_conn_id: str | None = None
    require_rows: bool = False
    max_staleness: float | None = None

    @property
    def admin(self) -> Reader:
        return self.sessions.reader(self.database)

    def look(self) -> Look:
        try:
            return self._look()
        except MisconfigurationError as error:
            if self.database is None or not database_gone(error):
                raise
            missing = [blocking("database_missing", self.database, case="look")]
            return _told(join_path(self.database, self.schema), missing, dict.fromkeys(self.tables, State.MISSING))
        except DriverError as error:
            if not vanished(error):
                raise
            raise vanished_error(error, self.admin.database) from error

    def _look(self) -> Look:
        admin, linked = self.admin, self.user_conn_id is not None
        rows, typed = admin.rows, [self.schema, *self.tables]
        session = admin.session(compares=list(map(fold, typed)) != typed)
        schema, *wanted = typed if session.case_sensitive else map(fold, typed)
        namespaces, users = read_namespaces(rows), read_users(rows)
        reader = self.sessions.reader(session.database, self.user_conn_id) if linked else admin
        login = reader.hook.login
        schemas, names = self._of_all()
        named = read_named(rows, names)
        found = next((oid for oid, (name, _) in namespaces.items() if name == schema), None)
        if found is None:
            tables: dict[str, set[str]] = {}
            for place, name, view in named.values():
                if place in namespaces and not view:
                    tables.setdefault(namespaces[place][0], set()).add(name)
            strangers = [blocking("user_missing", login)] if linked and login not in users else []
            findings = [*strangers, profiles_sync.no_schema(session.database, schema, tables)]
            return _told(join_path(session.database, schema), findings, dict.fromkeys(wanted, State.MISSING))
        known = {*wanted, *REQUIRED_TABLES, *ALIASES}
        here = {name: (oid, view) for oid, (place, name, view) in named.items() if place == found and name in known}
        usable, selectable = self._may(login, users.get(login), schema, linked=linked)
        ids = [oid for oid, (place, _, _) in named.items() if namespaces.get(place, ("",))[0] in schemas]
        columns = read_columns(rows, ids, KNOWN_COLUMNS) if ids else {}
        stored = {
            name: profiles_sync.Stored(view, columns.get(oid, frozenset()), selectable is None or oid in selectable)
            for name, (oid, view) in here.items()
        }
        owner = Identities(session, users=users).owner_names()(namespaces[found][1])
        grantee = Identity("user", login)
        if linked and not (usable and all(one.selectable for one in stored.values())):
            roles = [role for holder, role in user_grants(rows) if holder == login]
            grantee = Identity("role", roles[0]) if len(roles) == 1 else grantee
        seen = Seen(session.database, schema, owner, wanted, stored, login, linked, usable, grantee)
        if not seen.held_up(self.require_rows):
            seen = self._with_rows(seen, reader)
        states, held = {table: seen.state(table) for table in wanted}, seen.held_up(self.require_rows)
        ready = f"Schema {seen.path}, which belongs to {owner}, has all of {', '.join(wanted)}."
        return _told(seen.path, seen.findings(), states, len(wanted) - len(held), "" if held else ready)

    def _of_all(self) -> tuple[set[str], set[str]]:
        """Name the schemas and tables of all who look in this round: the same statements read for all of them."""
        alike = [one for one in self.sessions.asked if isinstance(one, ProfilesSyncProbe)]
        schemas = {spelt for one in alike for spelt in (one.schema, fold(one.schema))}
        tables = {spelt for one in alike for table in one.tables for spelt in (table, fold(table))}
        return schemas, {*tables, *REQUIRED_TABLES, *ALIASES}

    def _may(
        self, login: str, user: User | None, schema: str, *, linked: bool
    ) -> tuple[bool | None, frozenset[int] | None]:
        """Ask whether who reads may use the schema, and what that one may select from; None: from everything."""
        if user is None and linked:
            return None, frozenset()
        if user is None or user.superuser:
            # Not every name that AWS logs in is one of the catalog's: the server tells when rows are read.
            return True, None
        rows = self.admin.rows
        return schema in usable_schemas(rows, login), granted_relations(rows, login)

    def _with_rows(self, seen: Seen, reader: Reader) -> Seen:
        """Read which tables hold a row, and where it is asked, one that is new enough."""
        readable = [table for table in seen.wanted if seen.readable(table)]
        fresh: frozenset[str] | None = None if self.max_staleness is None else frozenset()
        try:
            full = _holding(reader, seen, readable)
            if self.max_staleness is not None:
                since = datetime.now(UTC) - timedelta(seconds=self.max_staleness)
                newer = f" WHERE {RECEIVED} >= {literal(f'{since:%Y-%m-%d %H:%M:%S}')}"
                dated = [table for table in full if RECEIVED in seen.stored[table].columns]
                fresh = _holding(reader, seen, dated, newer)
        except DriverError as error:
            if vanished(error):
                raise
            return replace(seen, filled={}, fresh=fresh, reason=details(error)[1])
        return replace(seen, filled={table: table in full for table in readable}, fresh=fresh)


def _holding(reader: Reader, seen: Seen, tables: Sequence[str], condition: str = "") -> frozenset[str]:
    """Tell which tables hold a row, in one statement for all of them."""
    asked = (
        f"SELECT {literal(table)} FROM (SELECT 1 FROM {written((seen.schema, table))}{condition} LIMIT 1) x"
        for table in tables
    )
    return frozenset(str(row[0]) for row in reader.rows(" UNION ALL ".join(asked))) if tables else frozenset()


def _told(
    path: str, findings: Iterable[Finding], states: Mapping[str, State], in_place: int = 0, ready: str = ""
) -> Look:
    """Make a look.

    :param path: the schema's.
    :param ready: what is said where nothing holds it up.
    """
    report = Report.of(findings, in_place=in_place)
    rows = [
        {"table": table, "group": profiles_sync.group_of(table), "state": str(state)} for table, state in states.items()
    ]
    return Look(
        report, ready or " ".join(map(str, report.findings)), done=bool(ready), more={"schema": path, "tables": rows}
    )
