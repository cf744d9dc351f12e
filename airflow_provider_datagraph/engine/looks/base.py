"""What a look is, and the connection that it is taken through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from redshift_connector.error import Error as DriverError

from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.exceptions import PassingFaultError
from airflow_provider_datagraph.hooks.faults import Fault, classify, details, execute, statement_error
from airflow_provider_datagraph.hooks.redshift import DataGraphHook
from airflow_provider_datagraph.redshift.catalog.sessions import read_session
from airflow_provider_datagraph.redshift.names import one_line
from airflow_provider_datagraph.redshift.values import Session

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Connection
    from redshift_connector.core import Connection as DriverConnection

Connections = Mapping[str, "Connection"]


@dataclass(frozen=True)
class Look:
    """The result of one look.

    :param message: a sentence that says what is still missing, on one line.
    :param done: whether everything is as wanted. Where it isn't, and a finding is blocking, no waiting mends it.
    :param more: JSON values that the sensor returns beside the report, by key.
    """

    report: Report
    message: str
    done: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", one_line(self.message))

    @property
    def problems(self) -> tuple[str, ...]:
        """What a person has to correct first; empty where waiting may be enough."""
        return () if self.done else tuple(map(str, self.report.blocking))

    def as_dict(self) -> dict[str, Any]:
        """Give the report, and what stands beside it, as JSON for XCom."""
        return {**self.report.as_dict(), **self.more}


class Probe(Protocol):
    """Looks again and again; it keeps its connections in between."""

    @property
    def readers(self) -> list[Reader]:
        """Its connections."""

    def look(self) -> Look:
        """Look once."""

    def close(self) -> None:
        """Close the connections."""


def take(probe: Probe) -> Look:
    """Take a look.

    :raises MisconfigurationError: for what a person has to correct.
    :raises PassingFaultError: for what isn't known to need one.
    """
    try:
        return probe.look()
    except (DriverError, OSError) as error:
        hook = probe.readers[0].hook
        raise statement_error(error, hook.login, str(hook.arguments["database"])) from error


@dataclass
class Reader:
    """A connection that is kept, in autocommit, and opened anew after a fault."""

    hook: DataGraphHook
    connection: DriverConnection | None = None

    def __post_init__(self) -> None:
        # The trigger looks again and again, and the sensor has warned on its worker.
        self.hook.warned = None
        # Hardly a text is sent twice, and keeping them costs an exchange each once there are many.
        self.hook.driver_options["max_prepared_statements"] = 0

    def rows(self, sql: str) -> list[Any]:
        """Run a query.

        :raises PassingFaultError: if the server can't be reached, or another transaction conflicts.
        """
        with self._cursor() as cursor:
            execute(cursor, sql)
            return list(cursor.fetchall())

    def rolled_back(self, statements: Iterable[str]) -> None:
        """Run statements in a transaction of which nothing stays, whatever happens.

        :raises PassingFaultError: as :meth:`rows`.
        """
        with self._cursor() as cursor:
            connection: Any = self.connection
            connection.autocommit = False
            try:
                for sql in statements:
                    execute(cursor, sql)
            finally:
                # Where the connection is gone, so is the transaction.
                with suppress(DriverError, OSError):
                    connection.rollback()
                connection.autocommit = True

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        if self.connection is None:
            self.connection = self.hook.get_conn()
            self.connection.autocommit = True
        try:
            yield self.connection.cursor()
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


class _Connects(Protocol):
    """What a probe knows of its connections."""

    redshift_conn_id: str
    aws_conn_id: str | None
    loaded: Connections | None
    application: str


def make_reader(probe: _Connects, database: str | None, user_conn_id: str | None = None) -> Reader:
    """Make one of a probe's connections; nothing is looked up yet.

    :param database: the database to connect to; None: the connection's own.
    :param user_conn_id: the user connection, to connect as the linked user; default as admin.
    """
    hook = DataGraphHook(
        probe.redshift_conn_id,
        database=database,
        user_conn_id=user_conn_id,
        aws_conn_id=probe.aws_conn_id,
        loaded=probe.loaded,
        application_name=probe.application,
    )
    return Reader(hook)
