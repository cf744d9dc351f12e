"""Connections to the local Redshift, and what it received."""

from __future__ import annotations

import gc
import socket
import uuid
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import Any

import redshift_connector
from redshift_connector import error as errors

from airflow_provider_datagraph.hooks.redshift import close_half_made
from local_redshift.running import Server

PASSWORD = "Linked-Reader-1"
"""Passes Redshift's policy; for users that tests create."""


def connect(
    server: Server,
    database: str = "dev",
    user: str | None = None,
    password: str | None = None,
    autocommit: bool = True,
) -> Any:
    """A connection of the unmodified driver; a superuser's unless told otherwise."""
    try:
        connection = redshift_connector.connect(
            host=server.host,
            port=server.port,
            database=database,
            user=user or server.user,
            password=password or (PASSWORD if user else server.password),
            ssl=False,
            # Without a name the driver searches all modules for its caller.
            application_name="tests",
        )
    except (errors.Error, OSError) as error:
        close_half_made(error)
        raise
    connection.autocommit = autocommit
    return connection


def abandon(connection: Any) -> None:
    """Close a connection whose server may be gone."""
    with suppress(errors.Error, OSError):
        connection.close()


def run(connection: Any, *statements: str) -> list[tuple[Any, ...]]:
    """Execute statements one by one; the last one's rows."""
    cursor = connection.cursor()
    for sql in statements:
        cursor.execute(sql)
    return [tuple(row) for row in cursor.fetchall()] if statements and cursor.description else []


def sql(
    server: Server, database: str, *statements: str, user: str | None = None, password: str | None = None
) -> list[tuple[Any, ...]]:
    """Run statements on a connection of their own; the last one's rows."""
    with closing(connect(server, database, user, password)) as connection:
        return run(connection, *statements)


def code(error: errors.Error) -> str:
    """The SQLSTATE that a server's error carries."""
    return str(error.args[0]["C"])


def refused(connection: Any, sql: str) -> tuple[str, str]:
    """Execute one statement that must fail, and return the error's SQLSTATE and text."""
    try:
        run(connection, sql)
    except errors.Error as error:
        return code(error), error.args[0]["M"]
    raise AssertionError(f"not refused: {sql}")


def turned_away(server: Server, user: str, password: str) -> str:
    """Log in with what must be refused, and return the text."""
    try:
        connect(server, user=user, password=password).close()
    except errors.InterfaceError as error:
        assert code(error) == "28000"
        return str(error.args[0]["M"])
    raise AssertionError(f"{user} logs in")


def unique(prefix: str) -> str:
    """A name that no other test uses: roles, users and databases belong to the whole server."""
    return f"{prefix}_{uuid.uuid4().hex[:10]}"


def quoted(*parts: str) -> str:
    """A dotted name, each part in double quotes."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def admin_fields(server: Server, database: str) -> dict[str, Any]:
    """What Airflow's connection for the superuser holds."""
    known = {"host": server.host, "port": server.port, "login": server.user, "password": server.password}
    return {"conn_type": "redshift", **known, "schema": database, "extra": {"ssl": False}}


def mark(server: Server) -> int:
    """Where SYS_QUERY_HISTORY stands now; pass it to `statements`."""
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"
    connection = connect(server)
    run(connection, "SELECT 1")
    query = f"SELECT query_id FROM sys_query_history WHERE start_time > '{now}' ORDER BY query_id DESC LIMIT 1"
    last = int(run(connection, query)[0][0])
    connection.close()
    # The query itself has a number, too.
    return last + 1


SET_UP = "SELECT set_config('statement_timeout', "
"""What sets a session of the package up. It is sent once for each, and counted by itself."""


def statements(server: Server, since: int) -> list[str]:
    """The statements that the server received after `since` was taken, in order, but for what sets sessions up."""
    connection = connect(server)
    rows = run(connection, f"SELECT query_text FROM sys_query_history WHERE query_id > {since} ORDER BY query_id")
    connection.close()
    return [str(row[0]) for row in rows if not str(row[0]).startswith(SET_UP)]


def open_sockets() -> set[int]:
    """The sockets of this process that nobody has closed, whether or not anything refers to them."""
    return {one.fileno() for one in gc.get_objects() if type(one) is socket.socket and one.fileno() != -1}
