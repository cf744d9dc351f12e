"""Airflow connections -> the driver's arguments. Built here, since a stray extra breaks the driver's ``connect``."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowNotFoundException

from airflow_provider_datagraph.access.names import InvalidInput, check_identity
from airflow_provider_datagraph.exceptions import MisconfigurationError

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Connection

DEFAULT_PORT = 5439

# What a connection's extra may hand to the driver. Identity and IAM are the hook's own business.
DRIVER_EXTRAS = frozenset(
    {
        "ssl",
        "sslmode",
        "timeout",
        "tcp_keepalive",
        "tcp_keepalive_idle",
        "tcp_keepalive_interval",
        "tcp_keepalive_count",
        "application_name",
        "source_address",
    }
)
# What the amazon provider's own hook reads from the extra.
HOOK_EXTRAS = frozenset(
    {
        "iam",
        "cluster_identifier",
        "region",
        "is_serverless",
        "serverless_work_group",
        "serverless_token_duration_seconds",
        "db_user",
    }
)
# What common-sql reads from the extra of any database connection.
COMMON_SQL_EXTRAS = frozenset(
    {
        "dialect",
        "placeholder",
        "insert_statement_format",
        "replace_statement_format",
        "escape_word_format",
        "escape_column_names",
    }
)


def load(get: Callable[[str], Connection], conn_id: str, what: str) -> Connection:
    """Get a connection of the right type.

    :param get: looks a connection up by its id.
    :param conn_id: the id.
    :param what: ``admin connection`` or ``user connection``, for the message.
    :return: the connection.
    :raises MisconfigurationError: if there is none, or it is of another type.
    """
    try:
        connection = get(conn_id)
    except AirflowNotFoundException:
        raise MisconfigurationError(
            f"The {what} {conn_id} isn't defined: create an Airflow connection of type redshift with this id."
        ) from None
    if connection.conn_type != "redshift":
        raise MisconfigurationError(
            f"The {what} {conn_id} is of type {connection.conn_type or 'none'}: make it one of type redshift."
        )
    return connection


def extra_of(connection: Connection) -> dict[str, Any]:
    """Parse a connection's extra. ``extra_dejson`` would call Airflow's supervisor, which a trigger's thread can't.

    :param connection: the connection.
    :return: the extra's entries that have a value.
    :raises MisconfigurationError: if it isn't a JSON object.
    """
    try:
        parsed = json.loads(connection.extra or "{}")
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise MisconfigurationError(f"The extra of connection {connection.conn_id} isn't a JSON object: correct it.")
    return {key: value for key, value in parsed.items() if value is not None}


def extras(connection: Connection) -> dict[str, Any]:
    """Take the driver's arguments from a connection's extra.

    :param connection: the connection.
    :return: only what the installed driver knows.
    :raises MisconfigurationError: if the extra holds a name that nobody reads.
    """
    import redshift_connector

    given = extra_of(connection)
    strangers = sorted(set(given) - DRIVER_EXTRAS - HOOK_EXTRAS - COMMON_SQL_EXTRAS)
    if strangers:
        raise MisconfigurationError(
            f"The extra of connection {connection.conn_id} holds {', '.join(strangers)}, which nothing reads: "
            "remove or correct it."
        )
    known = inspect.signature(redshift_connector.connect).parameters
    return {key: value for key, value in given.items() if key in DRIVER_EXTRAS and key in known}


def admin_arguments(connection: Connection, database: str | None, token: tuple[str, str, int] | None) -> dict[str, Any]:
    """Build the driver's arguments for the admin.

    :param connection: the admin connection.
    :param database: the database to connect to; default the connection's schema field.
    :param token: login, temporary password and port where IAM gave them.
    :return: the arguments of ``redshift_connector.connect``.
    :raises MisconfigurationError: with everything that the connection lacks.
    """
    login, password, port = token or (connection.login, connection.password, connection.port or DEFAULT_PORT)
    database = database or connection.schema
    given = {"host": connection.host, "login": login, "password": password, "schema (the database)": database}
    _refuse_gaps(f"The admin connection {connection.conn_id}", given)
    return {
        "host": connection.host,
        "port": int(port),
        "user": login,
        "password": password,
        "database": database,
        **extras(connection),
    }


def user_arguments(
    user: Connection, admin: Connection | None, database: str | None, checked: bool = True
) -> dict[str, Any]:
    """Build the driver's arguments for the linked user; what it lacks comes from the admin connection.

    :param user: the user connection.
    :param admin: the admin connection, where host, port, TLS and timeouts come from if the other has none.
    :param database: the database to connect to; default the user connection's schema field.
    :param checked: whether to refuse a login that can't be the linked user's; default True.
    :return: the arguments of ``redshift_connector.connect``.
    :raises MisconfigurationError: with everything that the connections lack.
    """
    host = user.host or (admin.host if admin else None)
    port = user.port or (admin.port if admin else None) or DEFAULT_PORT
    database = database or user.schema
    given = {"host": host, "login": user.login, "password": user.password, "schema (the database)": database}
    _refuse_gaps(f"The user connection {user.conn_id}", given)
    if checked:
        check_login(user)
    options = {**(extras(admin) if admin else {}), **extras(user)}
    return {
        "host": host,
        "port": int(port),
        "user": user.login,
        "password": user.password,
        "database": database,
        **options,
    }


def check_login(user: Connection) -> str:
    """Check that a user connection's login can be the linked user's.

    :param user: the user connection.
    :return: the login.
    :raises MisconfigurationError: if it is missing or no name for a user.
    """
    try:
        return check_identity(user.login or "", "user")
    except InvalidInput as error:
        problems = [f"The login of connection {user.conn_id} can't be used. {p}" for p in error.problems]
        raise MisconfigurationError.of(problems) from None


def _refuse_gaps(subject: str, given: dict[str, Any]) -> None:
    gaps = [name for name, value in given.items() if not value]
    if gaps:
        raise MisconfigurationError(f"{subject} lacks {', '.join(gaps)}: fill it in.")
