"""The hook: connect to one database of the cluster as admin or linked user, read, plan, apply."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from airflow.providers.amazon.aws.hooks.redshift_sql import RedshiftSQLHook
from airflow.providers.common.compat.sdk import AirflowNotFoundException
from botocore.exceptions import BotoCoreError, ClientError
from redshift_connector.core import Connection as DriverConnection
from redshift_connector.error import Error as DriverError

from airflow_provider_datagraph.access.plan import Plan, Step
from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.engine.retrying import looking_again, retrying
from airflow_provider_datagraph.engine.running import run_steps
from airflow_provider_datagraph.exceptions import MisconfigurationError, NotReadyError
from airflow_provider_datagraph.hooks import connections
from airflow_provider_datagraph.hooks.connecting import connect
from airflow_provider_datagraph.hooks.driver_only import DriverOnly
from airflow_provider_datagraph.hooks.faults import (
    Fault,
    classify,
    connect_error,
    drift_remains,
    statement_error,
    token_error,
)
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.catalog.sessions import read_session
from airflow_provider_datagraph.redshift.names import fold
from airflow_provider_datagraph.redshift.values import Session

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Connection

A = TypeVar("A")
Read = Callable[[Rows, Session], A]
Reread = Callable[[Rows, A], A]
MakePlan = Callable[[A], Plan]


class DataGraphHook(DriverOnly, RedshiftSQLHook):
    """Read and change access in one database of the admin connection's cluster.

    It builds the driver's arguments itself, never writes a statement to a log (CREATE USER holds a hash), and
    doesn't retry a connection: operators leave that to Airflow, sensors to their next poke.

    :param redshift_conn_id: the admin connection's id; default ``redshift_default``.
    :param database: the database to connect to; default the connection's own.
    :param user_conn_id: the user connection's id, to connect as the linked user; default None: as admin.
    :param aws_conn_id: the AWS connection for IAM logins (``iam`` in the extra); default ``aws_default``.
    :param tries: how often a plan is made and applied when other transactions conflict; default 10.
    :param longest_wait: the longest wait between two tries, in seconds; default 20.
    :param loaded: connections by id that were looked up already, as a trigger must; default None: look them up.
    :param borrow_database: whether a user connection without a database uses the admin connection's; default False:
        it is refused, since Segment connects to the checkpoint database.

    https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html
    """

    def __init__(
        self,
        redshift_conn_id: str = "redshift_default",
        *,
        database: str | None = None,
        user_conn_id: str | None = None,
        aws_conn_id: str | None = "aws_default",
        tries: int = 10,
        longest_wait: float = 20.0,
        loaded: Mapping[str, Connection] | None = None,
        borrow_database: bool = False,
    ) -> None:
        super().__init__(redshift_conn_id=redshift_conn_id, aws_conn_id=aws_conn_id, log_sql=False)
        self.admin_conn_id = redshift_conn_id
        self.user_conn_id = user_conn_id
        self.database = database
        self.tries = tries
        self.longest_wait = longest_wait
        self.loaded = loaded
        self.borrow_database = borrow_database
        self.warned: set[str] | None = set()  # shared by a task's hooks; None: nothing is told

    def _load(self, conn_id: str, what: str) -> Connection:
        return connections.load(self.get_connection if self.loaded is None else self._loaded, conn_id, what)

    def _loaded(self, conn_id: str) -> Connection:
        if self.loaded is None or conn_id not in self.loaded:
            raise AirflowNotFoundException(conn_id)
        return self.loaded[conn_id]

    @cached_property
    def admin_connection(self) -> Connection:
        """The admin connection.

        :raises MisconfigurationError: if there is none, or it is of another type.
        """
        return self._load(self.admin_conn_id, "admin connection")

    @cached_property
    def user_connection(self) -> Connection:
        """The user connection.

        :raises MisconfigurationError: if there is none, or it is of another type.
        """
        return self._load(self.user_conn_id or "", "user connection")

    @cached_property
    def arguments(self) -> dict[str, Any]:
        """The driver's arguments. They hold a password: nothing logs or returns them.

        :raises MisconfigurationError: with everything that the connections lack.
        """
        if self.user_conn_id is None:
            admin = self.admin_connection
            arguments = connections.admin_arguments(admin, self.database, self._token(admin))
        else:
            borrowed = self.admin_connection.schema if self.borrow_database else None
            database = (self.user_connection.schema or borrowed) if self.database is None else self.database
            arguments = connections.user_arguments(self.user_connection, self.admin_connection, database)
        weakness = connections.tls_weakness(arguments)
        if weakness and self.warned is not None and weakness not in self.warned:
            self.warned.add(weakness)
            self.log.warning("%s", weakness)
        return {"application_name": "airflow-provider-datagraph", **arguments}

    def _token(self, admin: Connection) -> tuple[str, str, int] | None:
        if not connections.switch(admin, "iam"):
            return None
        connections.switch(admin, "is_serverless")
        try:
            return self.get_iam_token(admin)
        except (BotoCoreError, ClientError) as error:
            raise token_error(error, self.admin_conn_id) from error

    @property
    def login(self) -> str:
        """The database user behind the connection.

        For a cluster, GetClusterCredentials puts ``IAM:`` before the user's name; a workgroup's users are named so.
        """
        user = str(self.arguments["user"])
        return user if self.is_serverless else user.removeprefix("IAM:").removeprefix("IAMA:")

    @property
    def is_serverless(self) -> bool:
        """Whether the host is a Redshift Serverless workgroup's, which Segment doesn't support."""
        admin = self.admin_connection
        return connections.switch(admin, "is_serverless") or ".redshift-serverless." in str(admin.host)

    # The parent's is wrapped by tenacity, which tries a wrong password five times; this one is plain.
    def get_conn(self) -> DriverConnection:  # type: ignore[override]  # (see above)
        """Connect once.

        :return: the driver's connection.
        :raises MisconfigurationError: if the login, the database or TLS is refused.
        :raises PassingFaultError: if the server can't be reached.
        """
        try:
            return connect(self.arguments)
        except (DriverError, OSError) as error:
            folded = fold(str(self.arguments["database"]))
            if classify(error) is Fault.DATABASE_MISSING and folded != self.arguments["database"]:
                # As SQL would: a name that isn't there as typed is the one that Redshift folds it to.
                self.arguments["database"] = folded
                return self.get_conn()
            self._raise(self._connect_error(error), error)

    def _connect_error(self, error: Exception) -> Exception:
        refused = NotReadyError if self.user_conn_id else MisconfigurationError
        return connect_error(error, self.user_conn_id or self.admin_conn_id, self.arguments, refused)

    @staticmethod
    def _raise(translated: Exception, error: Exception) -> NoReturn:
        if translated is error:
            raise error
        raise translated from error

    def login_works(self) -> bool:
        """Try the login; the database may be missing, since the login comes before it.

        :return: whether it is accepted.
        :raises PassingFaultError: if the server can't be reached.
        """
        try:
            connect(self.arguments).close()
        except (DriverError, OSError) as error:
            fault = classify(error)
            if fault in (Fault.LOGIN, Fault.DATABASE_MISSING):
                return fault is Fault.DATABASE_MISSING
            self._raise(self._connect_error(error), error)
        return True

    @contextmanager
    def _connected(self) -> Iterator[DriverConnection]:
        connection = self.get_conn()
        try:
            yield connection
        except (DriverError, OSError) as error:
            self._raise(statement_error(error, self.login, str(self.arguments["database"])), error)
        finally:
            # A broken connection can't be closed politely, and its error isn't the one to show.
            with suppress(DriverError, OSError):
                connection.close()

    def read(self, read: Read[A], names: Iterable[str] | None = None) -> A:
        """Read the catalog in one transaction; a conflict starts all over.

        :param read: one of :mod:`..access.catalog`'s readers, its other parameters bound.
        :param names: the names that will be looked up; default None: any.
        :return: what it read.
        """
        return retrying(lambda: self._read_alone(read, names), self.tries, self.longest_wait)

    def _read_alone(self, read: Read[A], names: Iterable[str] | None) -> A:
        with self._connected() as connection:
            return self._read(connection, read, names)

    def _read(self, connection: DriverConnection, read: Read[A], names: Iterable[str] | None) -> A:
        rows = self._rows(connection)
        return read(rows, read_session(rows, self.login, str(self.arguments["database"]), names))

    @staticmethod
    def _rows(connection: DriverConnection) -> Rows:
        cursor = connection.cursor()

        def rows(sql: str) -> list[Any]:
            cursor.execute(sql)
            return list(cursor.fetchall())

        return rows

    def converge(
        self,
        read: Read[A],
        make_plan: MakePlan[A],
        *,
        plan_only: bool = False,
        reread: Reread[A] | None = None,
        names: Iterable[str] | None = None,
    ) -> Report:
        """Read, plan and apply in one transaction, then read again; a conflict starts all over.

        :param read: reads the current access.
        :param make_plan: makes the plan from it.
        :param plan_only: whether to show the plan instead of applying it; default False.
        :param reread: reads again what a plan may have changed; default None: everything.
        :param names: the names that will be looked up; default None: any.
        :return: the report.
        :raises MisconfigurationError: with every blocking finding, before anything is changed.
        :raises DriftRemainsError: if the catalog doesn't show what was applied.
        """
        done: list[str] = []

        def converge() -> Report:
            with self._connected() as connection:
                current = self._read(connection, read, names)
                plan = make_plan(current)
                if plan_only:
                    return Report.of(plan, 0)
                self._apply(connection, plan, done)
                if plan.steps:
                    again = reread or (lambda rows, _: self._read(connection, read, names))
                    self._verify(connection, lambda rows: make_plan(again(rows, current)))
            return Report(len(done), plan.in_place, tuple(done), plan.findings)

        return retrying(lambda: looking_again(converge), self.tries, self.longest_wait)

    def _apply(self, connection: DriverConnection, plan: Plan, done: list[str]) -> None:
        if plan.blocking:
            raise MisconfigurationError.of(finding.message for finding in plan.blocking)
        alone = [step for step in plan.steps if step.autocommit]
        together = [step for step in plan.steps if not step.autocommit]
        if alone:
            self._run_alone(connection, alone, done)
        run_steps(connection, together, str(self.arguments["database"]))
        connection.commit()
        # From here on it is done, even if a conflict makes the check below start all over.
        done += [sentence for step in together for sentence in step.sentences]

    def _run_alone(self, connection: DriverConnection, steps: list[Step], done: list[str]) -> None:
        connection.rollback()
        connection.autocommit = True
        for step in steps:
            run_steps(connection, [step], str(self.arguments["database"]))
            done += step.sentences
        connection.autocommit = False

    def _verify(self, connection: DriverConnection, plan_again: Callable[[Rows], Plan]) -> None:
        # Each look is a transaction of its own then, and costs no BEGIN.
        connection.autocommit = True
        plan = plan_again(self._rows(connection))
        if remaining := (*plan.sentences, *(finding.message for finding in plan.blocking)):
            raise drift_remains(remaining, self.login, str(self.arguments["database"]))
