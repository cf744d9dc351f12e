"""The hook: connect to one database of the cluster, as the admin or as the linked user."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import cached_property
from inspect import signature
from threading import Thread
from traceback import walk_tb
from typing import Any, NoReturn
from weakref import WeakKeyDictionary

import redshift_connector
from airflow.providers.amazon.aws.hooks.redshift_sql import RedshiftSQLHook
from airflow.providers.common.compat.sdk import AirflowNotFoundException, Connection
from redshift_connector.core import Connection as DriverConnection
from redshift_connector.error import Error as DriverError

from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.form.arguments import Problems, text
from airflow_provider_datagraph.hooks import connections, faults
from airflow_provider_datagraph.hooks.connections import DEFAULT_AWS, Given
from airflow_provider_datagraph.hooks.faults import Fault, classify
from airflow_provider_datagraph.hooks.iam import Tokens
from airflow_provider_datagraph.redshift.catalog.sessions import CANCEL, SET_UP
from airflow_provider_datagraph.redshift.names import fold, one_line

TIMEOUT = 300.0
"""Seconds for the login and for each answer where the connection names no ``timeout``: a statement may have to wait for
its turn in the cluster's queue, and a packet that is dropped has no other end."""
KEEPALIVE: Mapping[str, Any] = {
    "tcp_keepalive": True,
    "tcp_keepalive_idle": 60,
    "tcp_keepalive_interval": 15,
    "tcp_keepalive_count": 4,
}
"""Seconds, where the connection says nothing: firewalls forget a connection that is silent for some minutes, and a
server that is gone is noticed within two. https://docs.aws.amazon.com/redshift/latest/mgmt/connecting-firewall-guidance.html"""
TAKEN = signature(redshift_connector.connect).parameters
"""What the installed driver takes; the lowest knows nothing of keepalives."""
PATIENCE = 3.0
"""Seconds after which cancelling gives up: Airflow waits for a task that it ends, and the time limit is still there."""
PROVIDER = "airflow-provider-datagraph"
NAME_BYTES = 63
"""How much of an application's name PostgreSQL's clients and servers keep."""


def application_name(dag_id: str, task_id: str) -> str:
    """Name a task for whoever looks at the cluster's sessions: https://docs.aws.amazon.com/redshift/latest/dg/r_STL_CONNECTION_LOG.html

    :return: provider, DAG and task, with what isn't printable ASCII escaped, each id cut where it is too long.
    """
    dag, task = (ascii(one)[1:-1] for one in (dag_id, task_id))
    room = NAME_BYTES - len(f"{PROVIDER}//")
    task = task[: max(room - len(dag), room // 2)]
    return f"{PROVIDER}/{dag[: room - len(task)]}/{task}"


# ValueError: what Python raises where the machine forbids md5.
LOGIN_ERRORS = (DriverError, OSError, ValueError)


def connect(arguments: Mapping[str, Any]) -> DriverConnection:
    """Connect once; the driver raises its own Error, OSError or ValueError."""
    # Hardly a text is sent twice, and at any CREATE the driver closes each that it keeps, in an exchange a text.
    given = {"timeout": TIMEOUT, "max_prepared_statements": 0, **KEEPALIVE, **arguments}
    try:
        return redshift_connector.connect(**{name: value for name, value in given.items() if name in TAKEN})
    except LOGIN_ERRORS as error:
        close_half_made(error)
        raise


def set_up(connection: DriverConnection, seconds: float) -> int:
    """Let the server end a statement shortly before the driver gives up waiting for it: it would go on otherwise.

    :return: the session's process, which the driver keeps to itself.

    https://docs.aws.amazon.com/redshift/latest/dg/r_statement_timeout.html
    """
    connection.autocommit = True
    cursor = connection.cursor()
    # 0 would be no limit at all.
    cursor.execute(SET_UP.format(milliseconds=max(1, int(seconds * 900))))
    ((_, process),) = cursor.fetchall()
    connection.autocommit = False
    return int(process)


def cancel(sessions: Mapping[DriverConnection, DataGraphHook]) -> None:
    """Let the server cancel what open connections are running, from a second login each; after 3 s, give up.

    It may be called from any thread, and in the middle of the driver's work: the connections aren't touched.

    https://docs.aws.amazon.com/redshift/latest/dg/PG_CANCEL_BACKEND.html
    """
    # Threads, since a name's look-up and AWS have no limit that would be theirs alone.
    end = time.monotonic() + PATIENCE
    logins = {
        Thread(target=hook.cancel_here, args=(connection, end), daemon=True): hook
        for connection, hook in sessions.items()
    }
    for login in logins:
        login.start()
    for login, hook in logins.items():
        login.join(max(0.0, end - time.monotonic()))
        if login.is_alive():
            hook.log.warning("The server wasn't reached within %g s: its time limit ends what is running.", PATIENCE)


def close_half_made(error: BaseException) -> None:
    """Close what a failed login leaves open: the driver returns no connection then, and keeps its socket."""
    made = [frame.f_locals.get("self") for frame, _ in walk_tb(error.__traceback__)]
    for connection in {id(one): one for one in made if isinstance(one, DriverConnection)}.values():
        # It may not have got as far as having a socket.
        with suppress(DriverError, OSError, AttributeError):
            connection.close()


class DataGraphHook(RedshiftSQLHook):
    """Connect to one database of the admin connection's cluster.

    It builds the driver's arguments itself, never writes a statement to a log (CREATE USER holds a hash), and
    doesn't retry a connection: operators leave that to Airflow, sensors to their next poke.

    :param redshift_conn_id: the admin connection's id; default ``redshift_default``.
    :param database: the database to connect to; default the connection's own.
    :param user_conn_id: the user connection's id, to connect as the linked user; default None: as admin.
    :param aws_conn_id: the AWS connection for IAM logins (``iam`` in the extra); default None: the one that the admin
        connection's extra names, else ``aws_default``.
    :param loaded: connections by id that were looked up already, as a trigger must; default None: look them up.
    :param application_name: what the cluster's sessions are called, where the connection's extra says nothing; default
        the provider's name.
    """

    def __init__(
        self,
        redshift_conn_id: str = "redshift_default",
        *,
        database: str | None = None,
        user_conn_id: str | None = None,
        aws_conn_id: str | None = None,
        loaded: Mapping[str, Connection] | None = None,
        application_name: str = PROVIDER,
    ) -> None:
        super().__init__(redshift_conn_id=redshift_conn_id, aws_conn_id=aws_conn_id, log_sql=False)
        self.admin_conn_id = redshift_conn_id
        self.user_conn_id = user_conn_id
        self.database = database
        self.loaded = loaded
        self.application_name = application_name
        self.tokens: Tokens | None = None
        self.limit = math.inf  # of the login and each answer, in seconds, where the connection doesn't say less
        self.tried = False
        self.warned: set[str] | None = set()  # shared by a task's hooks; None: nothing is told
        self.sessions: dict[DriverConnection, DataGraphHook] = {}  # those of `connected`; shared by a task's hooks
        self._processes: WeakKeyDictionary[DriverConnection, int] = WeakKeyDictionary()
        self.expected = False  # whether the connections were found before

    def _load(self, conn_id: str, what: str, kind: str = "redshift") -> Connection:
        """Look up a connection of the right type; ``what`` it is (``admin connection``, …) is for the message."""
        wanted = f"an Airflow connection of type {kind}"
        if not isinstance(conn_id, str) or not conn_id.strip():
            raise MisconfigurationError(f"The id of the {what} is {conn_id!r}: give the id of {wanted}, as text.")
        try:
            found = self.get_connection(conn_id) if self.loaded is None else self.loaded[conn_id]
        except (AirflowNotFoundException, KeyError):
            if kind == "aws" and conn_id == DEFAULT_AWS:
                # boto3 finds by itself what it needs, as for all of Airflow.
                return Connection(conn_id=conn_id, conn_type="aws")
            if self.expected:
                # Airflow 3 says so, too, where a secrets backend fails.
                raise faults.lookup_error(conn_id, "it isn't found, and was before") from None
            missing = f"The {what} {conn_id} isn't defined: create {wanted} with this id."
            raise MisconfigurationError(missing) from None
        except Exception as error:
            # Its text may quote what it looked up.
            raise faults.lookup_error(conn_id, type(error).__name__) from None
        if found.conn_type != kind:
            raise MisconfigurationError(
                f"The {what} {conn_id} is of type {found.conn_type or 'none'}: make it one of type {kind}."
            )
        return found

    def forget(self) -> None:
        """Look the connections up again where they are needed next: a secret rotates, an endpoint moves."""
        for name in ("admin_connection", "user_connection", "arguments"):
            self.__dict__.pop(name, None)

    @property  # type: ignore[misc]  # the parent's can be set, which nobody does
    def connection(self) -> Any:
        """The admin connection, for what Airflow's own hook takes from its fields.

        :raises MisconfigurationError: for the linked user, and for another database: no connection has their fields.
        """
        if self.user_conn_id is not None or self.database is not None:
            raise MisconfigurationError(
                f"{type(self).__name__} for the linked user or for a database of choice has no Airflow connection that "
                "holds its login: use get_conn."
            )
        return self.admin_connection

    conn = connection

    def get_uri(self) -> NoReturn:
        """Refuse it, with :meth:`get_sqlalchemy_engine` and ``sqlalchemy_url``.

        :raises MisconfigurationError: always: they would connect as the admin, and by another driver's TLS settings.
        """
        raise MisconfigurationError(
            f"{type(self).__name__} has no URI and no SQLAlchemy engine: they would hold the password, and not verify "
            "the host. Use get_conn."
        )

    def get_sqlalchemy_engine(self, engine_kwargs: dict[str, Any] | None = None) -> NoReturn:  # noqa: ARG002  as called
        self.get_uri()

    sqlalchemy_url = property(get_uri)

    @cached_property
    def admin_connection(self) -> Connection:
        """The admin connection.

        :raises MisconfigurationError: if there is none, or it is of another type.
        """
        return self._load(self.admin_conn_id, "admin connection")

    @cached_property
    def user_connection(self) -> Connection:
        return self._load(self.user_conn_id or "", "user connection")

    @cached_property
    def arguments(self) -> dict[str, Any]:
        """The driver's arguments. They hold a password: nothing logs or returns them.

        With ``iam``, AWS isn't asked here: user and password are in them from the first connect on.

        :raises MisconfigurationError: with everything that the connections lack.
        """
        problems = Problems()
        if self.aws_conn_id is not None:
            # Whether it is needed or not: what was given, and came to nothing, is told.
            problems.check(text, self.aws_conn_id, "aws_conn_id", default="")
        linked = self.user_conn_id is not None
        arguments: dict[str, Any] = problems.check(self._as_user if linked else self._as_admin, default={})
        problems.raise_all(MisconfigurationError)
        weakness = connections.tls_weakness(arguments)
        if weakness and self.warned is not None and weakness not in self.warned:
            self.warned.add(weakness)
            self.log.warning("%s", one_line(weakness))
        return {"application_name": self.application_name, **arguments}

    def _as_user(self) -> dict[str, Any]:
        return connections.user_arguments(self.user_connection, self.admin_connection, self.database)

    def _as_admin(self) -> dict[str, Any]:
        admin, problems = self.admin_connection, Problems()
        arguments, request = problems.check(connections.admin_arguments, admin, self.database, default=({}, None))
        aws, named = None, connections.aws_id(admin, self.aws_conn_id)
        if named is not None:
            aws = problems.check(self._load, named, "AWS connection", "aws", default=None)
            if aws is not None:
                problems.check(connections.check_profile, admin, aws, default=None)
        problems.raise_all(MisconfigurationError)
        # A trigger's thread can't tell Airflow what to mask.
        made = Tokens(request, aws, self.admin_conn_id, masked=self.loaded is None) if request and aws else None
        if made is None or self.tokens is None or not made.asks_as(self.tokens):
            self.tokens = made
        return arguments

    def _with_login(self) -> dict[str, Any]:
        """The arguments, with a temporary password that isn't near its end where AWS gives them."""
        arguments = self.arguments
        if self.tokens is not None:
            arguments["user"], arguments["password"] = self.tokens.current()
        return arguments

    @property
    def login(self) -> str:
        """The database user behind the connection; where AWS makes it out of who asks, AWS is asked."""
        arguments = self.arguments
        if self.tokens is None:
            return str(arguments["user"])
        # GetClusterCredentials puts ``IAM:`` before a user's name; who is made out of an IAM identity is named so.
        return str(self.tokens.request.parameters.get("DbUser") or self._with_login()["user"])

    @property
    def is_serverless(self) -> bool:
        """Whether the host is a Redshift Serverless workgroup's, which Segment doesn't support."""
        return Given(self.admin_connection, Problems()).serverless

    # The parent's is wrapped by tenacity, which tries a wrong password five times; this one is plain.
    def get_conn(self) -> DriverConnection:  # type: ignore[override]  # (see above)
        """Connect once; each time after the first, the connections are looked up again.

        :raises MisconfigurationError: if the login, the database or TLS is refused.
        :raises PassingFaultError: if the server can't be reached.
        """
        if self.tried:
            self.forget()
        self.tried = True
        arguments = self._with_login()
        seconds = min(self.limit, arguments.get("timeout", TIMEOUT))
        try:
            connection = connect({**arguments, "timeout": seconds})
        except LOGIN_ERRORS as error:
            folded = fold(str(arguments["database"]))
            if classify(error) is Fault.DATABASE_MISSING and folded != arguments["database"]:
                # As SQL would: a name that isn't there as typed is the one that Redshift folds it to.
                self.database = folded
                return self.get_conn()
            raise self._connect_error(error) from error
        try:
            self._processes[connection] = set_up(connection, seconds)
        except (DriverError, OSError) as error:
            with suppress(DriverError, OSError):
                connection.close()
            self._raise(error)
        return connection

    def _connect_error(self, error: Exception) -> Exception:
        who = self.user_conn_id or self.admin_conn_id
        return faults.connect_error(error, who, self.arguments, linked=self.user_conn_id is not None)

    def _raise(self, error: Exception) -> NoReturn:
        """Raise what went wrong in a statement, translated; a conflict as it is."""
        translated = faults.statement_error(error, self.login, str(self.arguments["database"]))
        raise translated from (None if translated is error else error)

    def login_works(self) -> bool:
        """Try the login, and tell whether it is accepted; the database may be missing, since the login comes first.

        :raises PassingFaultError: if the server can't be reached.
        """
        arguments = self._with_login()
        try:
            connect(arguments).close()
        except LOGIN_ERRORS as error:
            if classify(error) not in (Fault.LOGIN, Fault.DATABASE_MISSING):
                raise self._connect_error(error) from error
            return classify(error) is Fault.DATABASE_MISSING
        return True

    def cancel(self, connection: DriverConnection) -> None:
        """Let the server cancel what an open connection of :meth:`get_conn` is running: see :func:`cancel`."""
        cancel({connection: self})

    def cancel_here(self, connection: DriverConnection, end: float) -> None:
        """Do it in this thread, however long a login takes; after ``end`` the process may be another's."""
        try:
            with closing(connect({**self._with_login(), "timeout": PATIENCE})) as other:
                other.autocommit = True
                if time.monotonic() < end:
                    other.cursor().execute(CANCEL.format(process=self._processes[connection]))
        except Exception as error:
            self.log.warning("Nothing was cancelled (%s): the server's time limit ends it.", faults.details(error)[1])

    @contextmanager
    def connected(self) -> Iterator[DriverConnection]:
        """Connect for the time of a block.

        :return: the connection, in a transaction that nothing commits.
        :raises MisconfigurationError: see :meth:`get_conn`; also if Redshift refuses a statement of the block.
        :raises PassingFaultError: if the server can't be reached, or the connection breaks.
        """
        connection = self.get_conn()
        self.sessions[connection] = self
        try:
            yield connection
        except (DriverError, OSError) as error:
            self._raise(error)
        except BaseException as error:
            # The task's time is over, or somebody interrupts it: the server doesn't notice that by itself.
            if not isinstance(error, Exception):
                cancel(self.sessions)
                self.sessions.clear()
            raise
        finally:
            self.sessions.pop(connection, None)
            # A broken connection can't be closed politely, and its error isn't the one to show.
            with suppress(DriverError, OSError):
                connection.close()
