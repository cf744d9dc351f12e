"""Airflow connections -> the driver's arguments. Built here: the driver takes more than a connection's fields may hold,
and misreads it. With ``ssl`` as text it sends the password without TLS, and a port above 65535 is another port.
"""

from __future__ import annotations

import inspect
import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from airflow.providers.common.compat.sdk import AirflowNotFoundException, Connection

from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.redshift.names import InvalidInput, check_identity

DEFAULT_PORT = 5439
DEFAULT_AWS = "aws_default"
"""The AWS connection of everything in Airflow that names none; it needn't exist."""
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
    if value in ("disable", "allow", "prefer", "require"):
        modes = ", ".join(SSL_MODES)
        raise InvalidInput(
            f"{name} is {value!r}: give one of {modes}, or leave it out: TLS is on, and verifies, unless ssl is false."
        )
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

# What PostgreSQL's clients call them.
OTHER_NAMES = {
    "connect_timeout": "timeout",
    "statement_timeout": "timeout",
    "keepalives": "tcp_keepalive",
    "keepalives_idle": "tcp_keepalive_idle",
    "keepalives_interval": "tcp_keepalive_interval",
    "keepalives_count": "tcp_keepalive_count",
}


def host_name(value: str, conn_id: str | None) -> str:
    """Check that a host is one, and take white space away: the console shows it with port and database behind it."""
    host = value.strip()
    try:
        # What is looked up: IDNA makes dots, slashes and nothing at all of other characters.
        known = host.encode("idna").decode()
    except UnicodeError:
        fits = False
    else:
        fits = host.isprintable() and all(c.isalnum() or c in "-_." for c in known)
        fits &= known.count(".") == host.count(".")
    if not fits:
        raise InvalidInput(
            f"Connection {conn_id}: its host isn't a host's name alone: port and database have fields of their own."
        )
    return host


def port_number(value: int | None, conn_id: str | None) -> int:
    """Check a port; None or 0 is Redshift's own."""
    port = int(value or DEFAULT_PORT)
    if not 0 < port < 65536:
        raise InvalidInput(f"Connection {conn_id}: there is no port {port}: give one from 1 to 65535.")
    return port


def _of_aws(value: Any, name: str) -> str:
    """The name of a cluster or a work group; the one that Airflow's ``redshift_default`` comes with is none."""
    if not isinstance(value, str) or not re.fullmatch("[A-Za-z0-9-]{1,64}", value.strip()):
        raise InvalidInput(f"{name} is {value!r}: give letters, digits and hyphens, as AWS shows it.")
    return value.strip()


def _life(value: Any, name: str) -> int:
    seconds = arguments.whole_number(value, name)
    if not 900 <= seconds <= 3600:
        raise InvalidInput(f"{name} is {value!r}: AWS takes 900 to 3600 seconds.")
    return seconds


# What the amazon provider's own hook reads from the extra, or its documentation writes there.
HOOK_EXTRAS: Mapping[str, Callable[[Any, str], Any]] = {
    "iam": arguments.boolean,
    "aws_conn_id": arguments.text,
    "cluster_identifier": _of_aws,
    "region": arguments.text,
    "profile": arguments.text,
    "is_serverless": arguments.boolean,
    "serverless_work_group": _of_aws,
    "serverless_token_duration_seconds": _life,
    "db_user": arguments.text,
    "db_groups": arguments.names,
    "port": _whole_number,
    "database": arguments.text,
}
IN_EXTRA: Mapping[str, str] = {"port": "port", "database": "schema", "db_user": "login"}
"""What the extra may hold in the place of a field, as Airflow's ``redshift_default`` does."""
# What common-sql reads from the extra of any database connection.
COMMON_SQL_EXTRAS = frozenset(
    "dialect placeholder insert_statement_format replace_statement_format escape_word_format "
    "escape_column_names".split()
)
# They belong to a host: lent with it, and not without.
TLS_EXTRAS = frozenset({"ssl", "sslmode"})
VERIFY_CA = (
    "whoever holds any certificate of an authority that this machine trusts, and gets in between, is handed the "
    "password."
)
"""What ``sslmode=verify-ca`` gives up."""


def load(get: Callable[[str], Connection], conn_id: str, what: str, kind: str = "redshift") -> Connection:
    """Get a connection of the right type; ``what`` it is (``admin connection``, …) is for the message.

    :raises MisconfigurationError: if there is none, or it is of another type.
    """
    if not isinstance(conn_id, str) or not conn_id.strip():
        raise MisconfigurationError(
            f"The id of the {what} is {conn_id!r}: give the id of an Airflow connection of type {kind}, as text."
        )
    try:
        connection = get(conn_id)
    except AirflowNotFoundException:
        raise MisconfigurationError(
            f"The {what} {conn_id} isn't defined: create an Airflow connection of type {kind} with this id."
        ) from None
    if connection.conn_type != kind:
        raise MisconfigurationError(
            f"The {what} {conn_id} is of type {connection.conn_type or 'none'}: make it one of type {kind}."
        )
    return connection


def extra_of(connection: Connection) -> dict[str, Any]:
    """Parse a connection's extra, without None. ``extra_dejson`` calls Airflow's supervisor, which a trigger can't."""
    try:
        parsed = json.loads(connection.extra or "{}")
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise MisconfigurationError(f"The extra of connection {connection.conn_id} isn't a JSON object: correct it.")
    return {key: value for key, value in parsed.items() if value is not None}


def of_hook(connection: Connection, name: str) -> Any:
    """Read what the driver isn't handed from a connection's extra: a key of ``HOOK_EXTRAS``. A blank text is None.

    :raises MisconfigurationError: if it is of another type.
    """
    value = extra_of(connection).get(name)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        return HOOK_EXTRAS[name](value, name)
    except InvalidInput as error:
        raise _unusable(connection, error) from None


def field(connection: Connection, name: str) -> Any:
    """Read a field of a connection, by its name in ``IN_EXTRA``, or what its extra holds in the place of an empty one.

    :raises MisconfigurationError: if both hold something, and not the same.
    """
    own, given = getattr(connection, IN_EXTRA[name]), of_hook(connection, name)
    if own and given and own != given:
        raise MisconfigurationError(
            f"Connection {connection.conn_id} contradicts itself: its field {IN_EXTRA[name]} is {own!r}, and {name} in "
            f"its extra is {given!r}. Take one of the two away."
        )
    return own or given


def _unusable(connection: Connection, error: InvalidInput) -> MisconfigurationError:
    return MisconfigurationError(f"The extra of connection {connection.conn_id} can't be used: {error}")


def extras(connection: Connection) -> dict[str, Any]:
    """Take the driver's arguments from a connection's extra: what the installed driver knows.

    :raises MisconfigurationError: if the extra holds a name that nobody reads, or a value of another type.
    """
    import redshift_connector

    given, problems = extra_of(connection), Problems()
    strangers = sorted(given.keys() - DRIVER_EXTRAS.keys() - HOOK_EXTRAS.keys() - COMMON_SQL_EXTRAS)
    if strangers:
        problems.add(
            f"The extra of connection {connection.conn_id} holds {', '.join(strangers)}, which nothing reads: "
            "remove or correct it."
            + "".join(f" {name} is {OTHER_NAMES[name]} here." for name in strangers if name in OTHER_NAMES)
        )
    options: dict[str, Any] = {}
    for name in [name for name in DRIVER_EXTRAS if name in given]:
        try:
            options[name] = DRIVER_EXTRAS[name](given[name], name)
        except InvalidInput as error:
            problems.add(*_unusable(connection, error).problems)
    if options.get("ssl") is False and "sslmode" in options:
        problems.add(
            f"The extra of connection {connection.conn_id} contradicts itself: ssl is false, and sslmode says how "
            "TLS verifies. Take one of the two away."
        )
    raise_all(problems)
    known = inspect.signature(redshift_connector.connect).parameters
    return {name: value for name, value in options.items() if name in known}


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _with_tls(options: Mapping[str, Any], host: str) -> dict[str, Any]:
    """Say how TLS verifies where the connection doesn't: the driver's own default takes a certificate for any name.

    The end of a tunnel is named in no cluster's certificate.

    https://docs.aws.amazon.com/redshift/latest/mgmt/python-configuration-options.html
    """
    if options.get("ssl") is False or "sslmode" in options:
        return dict(options)
    return {**options, "sslmode": "verify-ca" if _is_loopback(host) else "verify-full"}


def tls_weakness(arguments: Mapping[str, Any]) -> str | None:
    """Say what a connection's settings of TLS give up on a way that leaves this machine; None: nothing."""
    host = arguments["host"]
    if _is_loopback(host):
        return None
    if arguments.get("ssl") is False:
        return (
            f"The way to {host} goes without TLS (ssl is false): whoever is on it reads the password and everything "
            "else. Take ssl out of the connection's extra."
        )
    if arguments["sslmode"] == "verify-ca":
        return (
            f"The name {host} isn't verified (sslmode=verify-ca): {VERIFY_CA} If its certificate is for that name, "
            "take sslmode out of the connection's extra."
        )
    return None


@dataclass(frozen=True)
class TokenRequest:
    """What AWS is asked for a temporary password, for one database: boto3's names of service and action.

    :param region: where to ask; ``profile``: of the machine's AWS configuration. None: as the AWS connection says.
    """

    client: str
    call: str
    parameters: Mapping[str, Any]
    region: str | None = None
    profile: str | None = None


def is_serverless(connection: Connection) -> bool:
    """Tell whether a connection leads to a Redshift Serverless workgroup."""
    return bool(of_hook(connection, "is_serverless")) or ".redshift-serverless." in str(connection.host)


def token_request(connection: Connection, database: str) -> TokenRequest:
    """Say what AWS is asked for a connection with ``iam``, for one database.

    A cluster's own user (``db_user``, or the login) is let in by GetClusterCredentials, which creates none here.
    Without one, GetClusterCredentialsWithIAM makes the user out of who asks, ``IAM:name`` or ``IAMR:role``; so does a
    workgroup.

    :raises MisconfigurationError: with everything that the connection lacks.
    https://docs.aws.amazon.com/redshift/latest/APIReference/API_GetClusterCredentials.html
    https://docs.aws.amazon.com/redshift/latest/APIReference/API_GetClusterCredentialsWithIAM.html
    https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/API_GetCredentials.html
    """
    problems = Problems()
    read = {name: problems.check(of_hook, connection, name, default=None) for name in HOOK_EXTRAS}
    user = problems.check(field, connection, "db_user", default=None)
    serverless: bool | None = problems.check(is_serverless, connection, default=None)
    host = (connection.host or "").strip()
    where = "serverless_work_group" if serverless else "cluster_identifier"
    name = read[where]
    if name is None and not serverless and ".redshift." in host:
        name = host.partition(".")[0]
    if name is None and serverless is not None and not extra_of(connection).get(where):
        problems.add(
            f"The extra of connection {connection.conn_id} lacks {where}, which iam needs: add it, or take iam out to "
            "log in with the password."
        )
    if read["db_groups"] and (serverless or not user):
        problems.add(
            f"The extra of connection {connection.conn_id} names db_groups, which AWS takes with a cluster's db_user "
            "only: add that, or take db_groups away."
        )
    raise_all(problems)
    if serverless:
        asked = {"workgroupName": name, "dbName": database}
        call, life = "get_credentials", {"durationSeconds": read["serverless_token_duration_seconds"]}
        asked |= {key: value for key, value in life.items() if value}
    else:
        asked = {"ClusterIdentifier": name, "DbName": database}
        call = "get_cluster_credentials" if user else "get_cluster_credentials_with_iam"
        if user:
            asked |= {"DbUser": user, "AutoCreate": False}
        if read["db_groups"]:
            asked["DbGroups"] = list(read["db_groups"])
    # boto3 takes "default" by itself, and fails where it is asked for and there is no configuration.
    profile = None if read["profile"] == "default" else read["profile"]
    return TokenRequest("redshift-serverless" if serverless else "redshift", call, asked, read["region"], profile)


def aws_id(connection: Connection, given: Any) -> Any:
    """Name the AWS connection that an admin connection's passwords are asked with: an operator's argument wins."""
    return given if given is not None else of_hook(connection, "aws_conn_id") or DEFAULT_AWS


def check_profile(connection: Connection, aws: Connection) -> None:
    """Refuse an admin connection that names another profile of the machine's AWS configuration than the AWS one."""
    wanted, own = of_hook(connection, "profile"), extra_of(aws).get("profile_name")
    if wanted and own and wanted != own:
        raise MisconfigurationError(
            f"The extra of connection {connection.conn_id} names the profile {wanted!r}, and that of the AWS "
            f"connection {aws.conn_id} the profile {own!r}. Take one of the two away."
        )


def admin_arguments(connection: Connection, database: str | None) -> dict[str, Any]:
    """Build the driver's arguments for the admin; with ``iam``, without ``user`` and ``password``, which AWS gives.

    :param database: the database to connect to; default the connection's schema field.
    :raises MisconfigurationError: with everything that the connection lacks.
    """
    problems = Problems()
    iam = bool(problems.check(of_hook, connection, "iam", default=False))
    own: str | None = problems.check(field, connection, "database", default=connection.schema)
    database = own if database is None else database
    login = {} if iam else {"login": connection.login, "password": connection.password}
    given = {"host": connection.host, **login, "schema (the database)": database}
    _tell_gaps(f"The admin connection {connection.conn_id}", given, problems)
    options: dict[str, Any] = problems.check(extras, connection, default={})
    port = problems.check(field, connection, "port", default=None)
    place = _place(connection.host, connection.conn_id, port, connection.conn_id, problems)
    if iam:
        problems.check(token_request, connection, database or "", default=None)
    raise_all(problems)
    user = {} if iam else {"user": connection.login, "password": connection.password}
    return {**place, **user, "database": database, **_with_tls(options, place["host"])}


def user_arguments(user: Connection, admin: Connection, database: str | None) -> dict[str, Any]:
    """Build the driver's arguments for the linked user; what it lacks comes from the admin connection.

    Host, port, TLS (only together with the host) and timeouts.

    :param database: the database to connect to; default the user connection's schema field.
    :raises MisconfigurationError: with everything that the connections lack.
    """
    own_host = (user.host or "").strip()
    host, host_of = (own_host, user) if own_host else (admin.host, admin)
    problems = Problems()
    own_port = problems.check(field, user, "port", default=None)
    port, port_of = (own_port, user) if own_port else (problems.check(field, admin, "port", default=None), admin)
    own_database = problems.check(field, user, "database", default=user.schema)
    database = own_database if database is None else database
    given = {"login": user.login, "password": user.password, "schema (the database)": database}
    _tell_gaps(f"The user connection {user.conn_id}", given, problems)
    _tell_gaps(f"The admin connection {admin.conn_id}", {"host": host}, problems)
    if user.login:
        problems.check(check_login, user, default="")
    lent: dict[str, Any] = problems.check(extras, admin, default={})
    own: dict[str, Any] = problems.check(extras, user, default={})
    if own_host or own.keys() & TLS_EXTRAS:
        lent = {name: value for name, value in lent.items() if name not in TLS_EXTRAS}
    options = {**lent, **own}
    place = _place(host, host_of.conn_id, port, port_of.conn_id, problems)
    raise_all(problems)
    known = {**place, "user": user.login, "password": user.password, "database": database}
    return {**known, **_with_tls(options, place["host"])}


def check_login(user: Connection) -> str:
    """Check that a user connection's login can be the linked user's."""
    try:
        return check_identity(user.login or "", "user")
    except InvalidInput as error:
        problems = [f"The login of connection {user.conn_id} can't be used. {p}" for p in error.problems]
        raise MisconfigurationError.of(problems) from None


def _tell_gaps(subject: str, given: dict[str, Any], problems: Problems) -> None:
    gaps = [name for name, value in given.items() if not str(value or "").strip()]
    if gaps:
        problems.add(f"{subject} lacks {', '.join(gaps)}: fill it in.")


def _place(host: str | None, host_of: str, port: int | None, port_of: str, problems: Problems) -> dict[str, Any]:
    """Where to connect; whose fields they are is said where one can't be used."""
    return {
        "host": problems.check(host_name, host or "", host_of, default=""),
        "port": problems.check(port_number, port, port_of, default=0),
    }


def raise_all(problems: Problems) -> None:
    """End the checks of connections: a MisconfigurationError with every problem, if there is any."""
    if problems.sentences:
        raise MisconfigurationError.of(problems.sentences)
