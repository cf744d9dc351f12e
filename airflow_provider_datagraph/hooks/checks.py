"""What a connection's fields may hold. The driver takes more, and misreads it: with ``ssl`` as text it sends the
password without TLS, and a port above 65535 is another port.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.redshift.names import InvalidInput

DEFAULT_PORT = 5439
SSL_MODES = ("verify-ca", "verify-full")


def _number(value: Any, name: str) -> float:
    """A number above zero; a connection that is written as a URI holds it as text."""
    try:
        number = float(value) if isinstance(value, str) else value
    except ValueError:
        number = None
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 < number < 1e6:
        raise InvalidInput(f"{name} is {value!r}: give a number above 0.")
    return number


def _whole_number(value: Any, name: str) -> int:
    number = _number(value, name)
    if number != int(number):
        raise InvalidInput(f"{name} is {value!r}: give a whole number above 0.")
    return int(number)


def _sslmode(value: Any, name: str) -> str:
    return arguments.choice(value, name, SSL_MODES)


# What a connection's extra may hand to the driver. Identity and IAM are the hook's own business.
DRIVER_EXTRAS: Mapping[str, Callable[[Any, str], Any]] = {
    "ssl": arguments.boolean,
    "sslmode": _sslmode,
    "timeout": _number,
    "tcp_keepalive": arguments.boolean,
    "tcp_keepalive_idle": _whole_number,
    "tcp_keepalive_interval": _whole_number,
    "tcp_keepalive_count": _whole_number,
    "application_name": arguments.text,
    "source_address": arguments.text,
}


def flag(extra: Mapping[str, Any], name: str, conn_id: str | None) -> bool:
    """Read a switch that Airflow's own hook reads too, and takes for on whatever it holds.

    :param extra: the connection's extra.
    :param name: the switch.
    :param conn_id: the connection's id.
    :return: whether it is on.
    :raises MisconfigurationError: if it is neither true nor false.
    """
    value = extra.get(name, False)
    if not isinstance(value, bool):
        raise MisconfigurationError(
            f"The extra of connection {conn_id}: {name} is {value!r}: write true or false, unquoted."
        )
    return value


def host_name(value: str, conn_id: str | None) -> str:
    """Check that a host is one: the console shows it with port and database behind it.

    :param value: the host as typed.
    :param conn_id: the connection's id.
    :return: the host, without outer white space.
    :raises InvalidInput: if it can't be a host's name.
    """
    host = value.strip()
    try:
        host.encode("idna")
    except UnicodeError:
        fits = False
    else:
        fits = not any(c.isspace() or c in "/:@,?#" for c in host)
    if not fits:
        raise InvalidInput(
            f"Connection {conn_id}: its host isn't a host's name alone: port and database have fields of their own."
        )
    return host


def port_number(value: int | None, conn_id: str | None) -> int:
    """Check a port.

    :param value: the port; None or 0 for Redshift's own.
    :param conn_id: the connection's id.
    :return: the port.
    :raises InvalidInput: if there is no such port.
    """
    port = int(value or DEFAULT_PORT)
    if not 0 < port < 65536:
        raise InvalidInput(f"Connection {conn_id}: there is no port {port}: give one from 1 to 65535.")
    return port
