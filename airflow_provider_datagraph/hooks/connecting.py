"""Opening the driver's connection, with a limit to the login, and without leaving a socket open where it fails."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from traceback import walk_tb
from typing import Any

import redshift_connector
from redshift_connector.core import Connection as DriverConnection
from redshift_connector.error import Error as DriverError

CONNECT_TIMEOUT = 10.0
"""Seconds for the login where the connection names no ``timeout``; a packet that is dropped has no other end."""


def connect(arguments: Mapping[str, Any]) -> DriverConnection:
    """Connect once.

    :param arguments: the driver's arguments.
    :return: the driver's connection.
    :raises redshift_connector.Error: as the driver does, and OSError.
    """
    try:
        connection = redshift_connector.connect(**{"timeout": CONNECT_TIMEOUT, **arguments})
    except (DriverError, OSError) as error:
        close_half_made(error)
        raise
    if "timeout" not in arguments:
        # A statement may have to wait for its turn in the cluster's queue.
        connection._usock.settimeout(None)
    return connection


def close_half_made(error: BaseException) -> None:
    """Close what a failed login leaves open: the driver returns no connection then, and keeps its socket.

    :param error: the error that ended the login.
    """
    made = [frame.f_locals.get("self") for frame, _ in walk_tb(error.__traceback__)]
    for connection in {id(one): one for one in made if isinstance(one, DriverConnection)}.values():
        # It may not have got as far as having a socket.
        with suppress(DriverError, OSError, AttributeError):
            connection.close()
