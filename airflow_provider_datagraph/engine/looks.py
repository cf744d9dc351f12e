"""What the sensors look at. One look is the same from a worker's poke and from the triggerer."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from redshift_connector.error import Error as DriverError

from airflow_provider_datagraph.access.messages import counted, said
from airflow_provider_datagraph.access.plan import Finding
from airflow_provider_datagraph.access.profiles_sync import REQUIRED_TABLES, missing_tables, no_database
from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.access.validation import nothing_to_read, unreachable, unreadable
from airflow_provider_datagraph.exceptions import MisconfigurationError, PassingFaultError
from airflow_provider_datagraph.hooks.faults import Fault, classify, details, statement_error
from airflow_provider_datagraph.hooks.redshift import DataGraphHook
from airflow_provider_datagraph.redshift.catalog.databases import DATABASES
from airflow_provider_datagraph.redshift.catalog.identities import read_users
from airflow_provider_datagraph.redshift.catalog.relations import read_relations
from airflow_provider_datagraph.redshift.catalog.schemas import read_schemas, schema_names
from airflow_provider_datagraph.redshift.catalog.sessions import read_session
from airflow_provider_datagraph.redshift.names import fold, join_path, one_line, resolve, split_path
from airflow_provider_datagraph.redshift.statements import written
from airflow_provider_datagraph.redshift.values import Identities, Session

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Connection
    from redshift_connector.core import Connection as DriverConnection

Connections = Mapping[str, "Connection"]
_Path = tuple[str, str, str]


class Kind(Enum):
    """What is to be read: named by the caller, or found in a schema."""

    LISTED = "listed"
    TABLE = "table"
    VIEW = "view"


@dataclass(frozen=True)
class Look:
    """The result of one look.

    :param done: whether everything is as wanted.
    :param message: a sentence that says what is still missing, on one line.
    """

    report: Report
    message: str
    done: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", one_line(self.message))


class Probe(Protocol):
    """Looks again and again; it keeps its connections in between."""

    @property
    def readers(self) -> list[_Reader]:
        """Its connections."""

    def look(self) -> Look:
        """Look once."""

    def close(self) -> None:
        """Close the connections."""


@dataclass
class _Reader:
    """A connection that is kept, in autocommit, and opened anew after a fault."""

    hook: DataGraphHook
    connection: DriverConnection | None = None

    def __post_init__(self) -> None:
        # The trigger looks again and again, and the sensor has warned on its worker.
        self.hook.warned = None

    def rows(self, sql: str) -> list[Any]:
        """Run a query.

        :raises PassingFaultError: if the server can't be reached, or another transaction conflicts.
        """
        if self.connection is None:
            self.connection = self.hook.get_conn()
            self.connection.autocommit = True
        try:
            cursor = self.connection.cursor()
            cursor.execute(sql)
            return list(cursor.fetchall())
        except (DriverError, OSError) as error:
            fault, database = classify(error), str(self.hook.arguments["database"])
            if fault is Fault.PASSING:
                self.close()
                raise statement_error(error, self.hook.login, database) from error
            if fault is Fault.CONFLICT:
                text = details(error)[1]
                raise PassingFaultError(
                    f"Another transaction in database {database} conflicts ({text}). The sensor will check again."
                ) from error
            raise

    def session(self) -> Session:
        """Read how names compare."""
        return read_session(self.rows, self.hook.login, str(self.hook.arguments["database"]))

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self.connection is not None:
            with suppress(DriverError, OSError):
                self.connection.close()
            self.connection = None


@dataclass
class AccessProbe:
    """Names every column of each table, and no row, as the linked user, from the checkpoint database.

    In a schema that is to be read whole, what anybody who may create there can add holds nothing up: a name that the
    user's session folds is told beside something that can be read, and so is a view that can't.

    :param redshift_conn_id: the admin connection: it lists the tables of ``schemas``.
    :param database: the checkpoint database; None: the user connection's own.
    :param schemas: ``schema`` or ``database.schema``, whose tables are all read.
    :param tables: ``schema.table`` or ``database.schema.table``.
    :param loaded: connections by id, looked up already.
    """

    redshift_conn_id: str
    user_conn_id: str
    database: str | None = None
    schemas: Sequence[str] = ()
    tables: Sequence[str] = ()
    loaded: Connections | None = None
    admin: _Reader = field(init=False)
    user: _Reader = field(init=False)

    def __post_init__(self) -> None:
        self.admin = _Reader(DataGraphHook(self.redshift_conn_id, loaded=self.loaded))
        user = DataGraphHook(
            self.redshift_conn_id, database=self.database, user_conn_id=self.user_conn_id, loaded=self.loaded
        )
        self.user = _Reader(user)

    def look(self) -> Look:
        kinds, findings = self._targets()
        capitals = {path for path in kinds if any(fold(name) != name for name in path)}
        folded = capitals if capitals and not self.user.session().case_sensitive else set()
        refused = {path: finding for path in kinds if (finding := self._read(path, path in folded)) is not None}
        stops = _holding_up(kinds, refused, folded)
        others = [finding for finding in refused.values() if finding not in stops]
        proved, count = len(kinds) - len(refused), counted(len(kinds), "table")
        report = Report.of([*stops, *others, *findings], in_place=proved)
        if report.blocking:
            return Look(report, " ".join(map(str, report.blocking)))
        who = f"{self.user.hook.login}, connected to {self.user.hook.arguments['database']},"
        if stops:
            return Look(report, f"{who} can't read {len(refused)} of {count}. {report.findings[0]}")
        share = f"{proved} of {count}; the rest holds nothing up" if refused else f"every one of {count}"
        return Look(report, f"{who} can read {share}.", done=True)

    def _targets(self) -> tuple[dict[_Path, Kind], list[Finding]]:
        """Resolve what is to be read; only the admin sees tables that the user can't read yet."""
        session = self.admin.session()
        stored: Callable[[str], str] = str if session.case_sensitive else fold
        kinds: dict[_Path, Kind] = {}
        for text in self.tables:
            *place, schema, table = map(stored, split_path(text))
            kinds[place[0] if place else session.database, schema, table] = Kind.LISTED
        findings: list[Finding] = []
        for text in self.schemas:
            *place, schema = map(stored, split_path(text))
            database = place[0] if place else session.database
            found = list(read_relations(self.admin.rows, database, [schema]))
            for one in sorted(found, key=lambda one: one.name):
                kinds.setdefault((database, schema, one.name), Kind.VIEW if one.view else Kind.TABLE)
            if not found:
                exists = schema in schema_names(self.admin.rows, database)
                findings.append(nothing_to_read(database, schema, exists=exists))
        return kinds, findings

    def _read(self, path: _Path, folded: bool) -> Finding | None:
        if folded:
            # What it is folded to may be another table.
            return unreachable(path, self.user.hook.login)
        # Segment's guide, step 4, without any of the customer's data, and without computing a view. Three-part names:
        # https://docs.aws.amazon.com/redshift/latest/dg/cross-database_usage.html
        try:
            self.user.rows(f"SELECT * FROM {written(path)} WHERE FALSE")
        except (DriverError, OSError) as error:
            return unreadable(path, *details(error))
        return None

    @property
    def readers(self) -> list[_Reader]:
        return [self.admin, self.user]

    def close(self) -> None:
        self.admin.close()
        self.user.close()


def _holding_up(
    kinds: Mapping[_Path, Kind], refused: Mapping[_Path, Finding], folded: Container[_Path]
) -> list[Finding]:
    """Tell what has to be read and isn't: where nothing of a schema is proved, everything in it."""
    beside = {path[:2] for path in kinds.keys() - refused.keys()}

    def told(path: _Path) -> bool:
        return path[:2] in beside and kinds[path] is not Kind.LISTED and (path in folded or kinds[path] is Kind.VIEW)

    return [finding for path, finding in refused.items() if not told(path)]


@dataclass
class ProfilesSyncProbe:
    """Looks for tables of a schema in the catalog, as admin and, where named, as the linked user; views don't count.

    :param database: its database; None: the admin connection's.
    :param tables: the tables to wait for.
    :param user_conn_id: the user connection; None: look as admin only.
    :param loaded: connections by id, looked up already.
    """

    redshift_conn_id: str
    schema: str
    database: str | None = None
    tables: Sequence[str] = REQUIRED_TABLES
    user_conn_id: str | None = None
    loaded: Connections | None = None
    readers: list[_Reader] = field(init=False)

    def __post_init__(self) -> None:
        ids = [None] if self.user_conn_id is None else [None, self.user_conn_id]
        # The catalog's views show every database, so any one will do for looking.
        self.readers = [
            _Reader(DataGraphHook(self.redshift_conn_id, user_conn_id=user, loaded=self.loaded, borrow_database=True))
            for user in ids
        ]

    def look(self) -> Look:
        admin, *linked = self.readers
        session = admin.session()
        names = self._names(session)
        owner = self._owner(session, names)
        in_place, findings = self._look(admin, names, owner)
        for reader in linked:
            present, found = self._look(reader, self._names(reader.session()), owner)
            in_place += present
            findings += found
        report = Report.of(findings, in_place=in_place)
        if not findings:
            whose = f", which belongs to {owner}," if owner else ""
            path = join_path(*names[:2])
            return Look(report, f"Schema {path}{whose} has all of {', '.join(self.tables)}.", done=True)
        return Look(report, " ".join(map(str, report.findings)))

    def _names(self, session: Session) -> list[str]:
        """Write the names of database, schema and tables as the session compares them."""
        names = [self.database or str(self.readers[0].hook.arguments["database"]), self.schema, *self.tables]
        return names if session.case_sensitive else [fold(name) for name in names]

    def _owner(self, session: Session, names: Sequence[str]) -> str | None:
        """Read as admin whose the schema is; None where there is none."""
        rows, (database, schema) = self.readers[0].rows, names[:2]
        found = read_schemas(rows, Identities(session, users=read_users(rows)), database).get(database)
        if found is None:
            # Perhaps it shows none of its schemas.
            databases = [str(row[0]) for row in rows(DATABASES)]
            if resolve(database, databases, session.case_sensitive) is None:
                raise MisconfigurationError(str(said(no_database(database))))
        return found[schema].owner if found and schema in found else None

    def _look(self, reader: _Reader, names: Sequence[str], owner: str | None) -> tuple[int, list[Finding]]:
        database, schema, *wanted = names
        stored = {one.name: one.view for one in read_relations(reader.rows, database, [schema])}
        missing = tuple(table for table in wanted if stored.get(table, True))
        if not missing:
            return len(wanted), []
        linked = reader is not self.readers[0]
        known = schema in schema_names(reader.rows, database) if linked and not stored else owner is not None
        whose = owner or "nobody" if stored or known else None
        finding = missing_tables(join_path(database, schema), missing, stored, reader.hook.login, whose, linked=linked)
        return len(wanted) - len(missing), [finding]

    def close(self) -> None:
        for reader in self.readers:
            reader.close()


PROBES: Mapping[str, type[AccessProbe] | type[ProfilesSyncProbe]] = {
    "access": AccessProbe,
    "profiles_sync": ProfilesSyncProbe,
}


def make_probe(name: str, arguments: Mapping[str, Any], loaded: Connections | None = None) -> Probe:
    """Make a probe by its name, as a trigger's serialized form holds it.

    :param name: a key of ``PROBES``.
    :param loaded: connections by id, looked up already.
    """
    return PROBES[name](**arguments, loaded=loaded)
