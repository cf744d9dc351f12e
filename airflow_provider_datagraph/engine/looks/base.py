"""What a look is, and the sessions that it is taken through."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from redshift_connector.error import Error as DriverError

from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.access.validation import Path
from airflow_provider_datagraph.exceptions import PassingFaultError
from airflow_provider_datagraph.hooks.faults import Fault, classify, details, execute, statement_error
from airflow_provider_datagraph.hooks.redshift import TIMEOUT, DataGraphHook
from airflow_provider_datagraph.redshift.catalog.sessions import read_session
from airflow_provider_datagraph.redshift.names import one_line
from airflow_provider_datagraph.redshift.values import Session

if TYPE_CHECKING:
    from redshift_connector.core import Connection as DriverConnection

A_MOMENT = 0.2
"""Seconds that a statement has to end by itself."""


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
    def ends(self) -> bool:
        """Whether waiting changes nothing any more."""
        return self.done or bool(self.problems)

    @property
    def problems(self) -> tuple[str, ...]:
        """What a person has to correct first; empty where waiting may be enough."""
        return () if self.done else tuple(map(str, self.report.blocking))

    def as_dict(self) -> dict[str, Any]:
        """Give the report, and what stands beside it, as JSON for XCom."""
        return {**self.report.as_dict(), **self.more}


class Probe(Protocol):
    """Looks again and again, through sessions that it may share."""

    sessions: Sessions

    @property
    def admin(self) -> Reader:
        """The admin's session."""

    def look(self) -> Look:
        """Look once."""


class Late(PassingFaultError):
    """The look's time is over."""


@dataclass
class Sessions:
    """What looks through one admin connection share: sessions, what they read in this round, and the time for it.

    :param make_hook: makes a hook for a ``database`` and a ``user_conn_id``, each None by default, as a task's does.
    :param seconds: how long a round may take.
    """

    make_hook: Callable[..., DataGraphHook]
    seconds: float = TIMEOUT
    readers: dict[tuple[str | None, str | None], Reader] = field(init=False, default_factory=dict)
    proved: dict[tuple[str | None, str], dict[Path, datetime]] = field(init=False, default_factory=dict)
    """What each linked user has read, by database and connection."""
    asked: Sequence[Probe] = field(init=False, default=())
    """Whose looks are taken in this round."""
    current: Probe | None = field(init=False, default=None)
    busy: tuple[Reader, DriverConnection] | None = field(init=False, default=None)
    """What waits for an answer: another value for each statement."""
    until: float = field(init=False, default=math.inf)
    running: bool = field(init=False, default=False)
    ended: bool = field(init=False, default=False)
    lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def reader(self, database: str | None = None, user_conn_id: str | None = None) -> Reader:
        """Give the session in a database, by default the connection's own; where there is none, without a login yet."""
        if database is not None and user_conn_id is None:
            database = None if self.reader().database == database else database
        if (database, user_conn_id) not in self.readers:
            hook = self.make_hook(database=database, user_conn_id=user_conn_id)
            self.readers[database, user_conn_id] = Reader(hook, self)
        reader = self.readers[database, user_conn_id]
        reader.used = True
        return reader

    def take_all(self, probes: Sequence[Probe], tell: Callable[[Probe, Look | Exception], None]) -> None:
        """Take a look for each of some probes, which share what is read; each answer is told at once.

        Who ends the sessions meanwhile leaves it to this thread to close them.
        """
        # The driver's own limit is for each answer, and set at the login.
        alarm = threading.Timer(self.seconds, self.interrupt)
        alarm.name, alarm.daemon = "datagraph-alarm", True
        with self.lock:
            self.running, self.until = True, 0.0 if self.ended else time.monotonic() + self.seconds
        alarm.start()
        try:
            self._renew()
            self.asked = probes
            for probe in probes:
                self.current = probe
                tell(probe, _answer(probe))
        finally:
            alarm.cancel()
            with self.lock:
                self.running, self.current = False, None
                if self.ended:
                    self.close()

    def _renew(self) -> None:
        """Forget what the last round read, and close what it didn't need."""
        for key, reader in list(self.readers.items()):
            if not reader.used:
                reader.close()
                del self.readers[key]
            reader.renew()

    def left(self) -> float:
        """Tell how many seconds are left for the look, or raise :class:`Late`."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise Late(f"The look took longer than {self.seconds:.0f} s (look_timeout), and was ended.")
        return left

    def cancel(self) -> None:
        """Let the server cancel what is running, for at most 3 s."""
        if self.busy is not None:
            reader, connection = self.busy
            reader.hook.cancel(connection)

    def interrupt(self) -> None:
        """End what is running, from a thread of its own; the look goes on with what comes next."""
        if self.busy is not None:
            _aside(self._interrupt, self.busy)

    def _interrupt(self, busy: tuple[Reader, DriverConnection]) -> None:
        # Most statements end by themselves.
        time.sleep(A_MOMENT)
        if self.busy is busy:
            self.cancel()

    def end(self) -> None:
        """Close the sessions for good, from any thread, without waiting for a look that is being taken."""
        with self.lock:
            self.ended, self.until = True, 0.0
            if not self.running:
                self.close()
        self.interrupt()

    def close(self) -> None:
        for reader in self.readers.values():
            reader.close()


def _answer(probe: Probe) -> Look | Exception:
    try:
        return probe.look()
    except (DriverError, OSError) as error:
        return statement_error(error, probe.admin.hook.login, probe.admin.database)
    except Exception as error:
        return error


def take(probe: Probe) -> Look:
    """Take a look, or raise what went wrong with it."""
    answers: list[Look | Exception] = []
    probe.sessions.take_all([probe], lambda _, answer: answers.append(answer))
    (answer,) = answers
    if isinstance(answer, Exception):
        raise answer
    return answer


@dataclass
class Reader:
    """A session that is kept, in autocommit, and opened anew after a fault; a query is sent once a round."""

    hook: DataGraphHook
    sessions: Sessions
    connection: DriverConnection | None = None
    used: bool = False
    read: dict[str, list[Any]] = field(init=False, default_factory=dict)
    trusted: set[str] = field(init=False, default_factory=set)
    """The databases whose privileges have explained a refusal in this round."""
    failed: Exception | None = field(init=False, default=None)
    """Why there is no session in this round."""
    sees: bool = field(init=False, default=False)
    """Whether it is known that the catalog hides no table from this session."""

    @property
    def database(self) -> str:
        return str(self.hook.arguments["database"])

    def renew(self) -> None:
        self.read.clear()
        self.trusted.clear()
        self.failed, self.used = None, False

    def rows(self, sql: str) -> list[Any]:
        """Run a query, unless this round has its answer."""
        if sql not in self.read:
            with self._cursor() as cursor:
                execute(cursor, sql)
                self.read[sql] = list(cursor.fetchall())
        return self.read[sql]

    def rolled_back(self, statements: Iterable[str]) -> None:
        """Run statements in a transaction of which nothing stays, whatever happens."""
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

    def _connect(self) -> DriverConnection:
        if self.failed is not None:
            raise self.failed
        try:
            self.hook.limit = self.sessions.left()
            connection = self.hook.get_conn()
        except Exception as error:
            # A login that is refused isn't tried again for each of many looks.
            self.failed = error
            raise
        connection.autocommit = True
        self.sees = False
        return connection

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        try:
            self.connection = connection = self.connection or self._connect()
            self.sessions.left()
            self.sessions.busy = (self, connection)
            yield connection.cursor()
        except (DriverError, OSError) as error:
            fault = classify(error)
            if fault is Fault.PASSING:
                self._give_up(error)
            if fault is Fault.CONFLICT:
                text = f"Another transaction in database {self.database} conflicts ({details(error)[1]})."
                raise PassingFaultError(f"{text} The sensor will check again.") from error
            raise
        finally:
            self.sessions.busy = None

    def _give_up(self, error: Exception) -> NoReturn:
        connection = self.connection
        if connection is not None and time.monotonic() >= self.sessions.until:
            self.connection = None
            # It may run on at the server, and nobody waits for it.
            _aside(self._abandon, connection)
            self.sessions.left()
        self.close()
        raise statement_error(error, self.hook.login, self.database) from error

    def _abandon(self, connection: DriverConnection) -> None:
        self.hook.cancel(connection)
        _close(connection)

    def session(self, *, compares: bool = True) -> Session:
        return read_session(self.rows, self.hook.login, self.database, compares=compares)

    def close(self) -> None:
        if self.connection is not None:
            _close(self.connection)
            self.connection = None


def _aside(function: Callable[..., None], *arguments: Any) -> None:
    """Run in a thread that nobody waits for."""
    threading.Thread(target=function, args=arguments, name="datagraph-cancel", daemon=True).start()


def _close(connection: DriverConnection) -> None:
    with suppress(DriverError, OSError):
        connection.close()
