"""Airflow connections -> the driver's arguments. Built here: the driver takes more than a connection's fields may hold,
and misreads it. With ``ssl`` as text it sends the password without TLS, and a port above 65535 is another port.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from airflow.providers.common.compat.sdk import Connection

from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.redshift.names import InvalidInput, check_identity

DEFAULT_PORT = 5439
DEFAULT_AWS = "aws_default"
"""The AWS connection of everything in Airflow that names none; it needn't exist."""


def _sslmode(value: Any, name: str) -> Any:
    if value not in ("verify-ca", "verify-full"):
        raise InvalidInput(
            f"{name} is {value!r}: give verify-ca or verify-full, or leave it out: TLS is on, and verifies, unless ssl "
            "is false."
        )
    return value


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


Parse = Callable[[Any, str], Any]
_from_one = partial(arguments.whole_number, least=1)
# What a connection's extra may hand to the driver.
DRIVER_EXTRAS: Mapping[str, Parse] = {
    "ssl": arguments.boolean,
    "sslmode": _sslmode,
    "timeout": partial(arguments.number, least=0.1),
    "tcp_keepalive": arguments.boolean,
    "tcp_keepalive_idle": _from_one,
    "tcp_keepalive_interval": _from_one,
    "tcp_keepalive_count": _from_one,
    "application_name": arguments.text,
    "source_address": arguments.text,
}
# Identity and IAM are the hook's business: what the amazon provider's hook reads, or its documentation writes there.
HOOK_EXTRAS: Mapping[str, Parse] = {
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
    "port": _from_one,
    "database": arguments.text,
}
EXTRAS = {**DRIVER_EXTRAS, **HOOK_EXTRAS}
# What common-sql reads from the extra of any database connection.
COMMON_SQL_EXTRAS = frozenset(
    "dialect placeholder insert_statement_format replace_statement_format escape_word_format "
    "escape_column_names".split()
)
# What PostgreSQL's clients call them.
OTHER_NAMES = {
    "connect_timeout": "timeout",
    "statement_timeout": "timeout",
    "keepalives": "tcp_keepalive",
    "keepalives_idle": "tcp_keepalive_idle",
    "keepalives_interval": "tcp_keepalive_interval",
    "keepalives_count": "tcp_keepalive_count",
}
IN_EXTRA: Mapping[str, str] = {"port": "port", "database": "schema", "db_user": "login"}
"""What the extra may hold in the place of a field, as Airflow's ``redshift_default`` does."""
# They belong to a host: lent with it, and not without.
TLS_EXTRAS = frozenset({"ssl", "sslmode"})
VERIFY_CA = (
    "whoever holds any certificate of an authority that this machine trusts, and gets in between, is handed the "
    "password."
)
"""What ``sslmode=verify-ca`` gives up."""


def extra_of(connection: Connection) -> dict[str, Any]:
    """Parse a connection's extra, without what is None or a blank text: that is left out.

    ``extra_dejson`` calls Airflow's supervisor, which a trigger can't.
    """
    try:
        parsed = json.loads(connection.extra or "{}")
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise MisconfigurationError(f"The extra of connection {connection.conn_id} isn't a JSON object: correct it.")
    return {key: value for key, value in parsed.items() if value is not None and str(value).strip()}


class Given:
    """Reads what a connection holds. What can't be used is a problem, and counts as left out."""

    def __init__(self, connection: Connection, problems: Problems) -> None:
        self.connection, self.problems = connection, problems
        self.held: dict[str, Any] = problems.check(extra_of, connection, default={})

    def _use(self, part: str, parse: Callable[..., Any], *values: Any) -> Any:
        try:
            return parse(*values)
        except InvalidInput as error:
            where = f"The {part} of connection {self.connection.conn_id} can't be used"
            self.problems.add(*(f"{where}: {problem}" for problem in error.problems))
            return None

    def extra(self, name: str) -> Any:
        """Read a value of the extra."""
        return self._use("extra", EXTRAS[name], self.held[name], name) if name in self.held else None

    def field(self, name: str) -> Any:
        """Read a field, by its name in ``IN_EXTRA``, or what the extra holds in the place of an empty one."""
        own, given = getattr(self.connection, IN_EXTRA[name]), self.extra(name)
        if own and given and own != given:
            self._contradicts(f"its field {IN_EXTRA[name]} is {own!r}, and {name} in its extra is {given!r}")
        return own or given

    def _tell(self, what: str) -> None:
        self.problems.add(f"Connection {self.connection.conn_id}{what}")

    def _contradicts(self, how: str) -> None:
        self._tell(f" contradicts itself: {how}. Take one of the two away.")

    def host(self) -> str:
        """Read the host, which has to be one alone: the console shows it with port and database behind it."""
        host = (self.connection.host or "").strip()
        try:
            # What is looked up: IDNA makes dots, slashes and nothing at all of other characters.
            known = host.encode("idna").decode()
        except UnicodeError:
            known = "?"
        fits = host.isprintable() and all(c.isalnum() or c in "-_." for c in known)
        if not fits or known.count(".") != host.count("."):
            self._tell(": its host isn't a host's name alone: port and database have fields of their own.")
        return host

    def port(self) -> int:
        """Read the port; none, or 0, is Redshift's own."""
        port = int(self.field("port") or DEFAULT_PORT)
        if not 0 < port < 65536:
            self._tell(f": there is no port {port}: give one from 1 to 65535.")
        return port

    def check_user(self) -> None:
        """Check that the login can be the linked user's."""
        if self.connection.login:
            self._use("login", check_identity, self.connection.login, "user")

    def lacks(self, what: str, **fields: Any) -> None:
        """Tell which of some fields are empty; the database's is called ``schema``."""
        gaps = [name for name, value in fields.items() if not str(value or "").strip()]
        if gaps:
            listed = ", ".join("schema (the database)" if name == "schema" else name for name in gaps)
            self.problems.add(f"The {what} connection {self.connection.conn_id} lacks {listed}: fill it in.")

    def options(self) -> dict[str, Any]:
        """Read what the extra hands to the driver, and tell of whatever else can't be used there."""
        conn_id = self.connection.conn_id
        strangers = sorted(self.held.keys() - EXTRAS.keys() - COMMON_SQL_EXTRAS)
        if strangers:
            hints = (f" {name} is {OTHER_NAMES[name]} here." for name in strangers if name in OTHER_NAMES)
            self.problems.add(
                f"The extra of connection {conn_id} holds {', '.join(strangers)}, which nothing reads: remove or "
                f"correct it.{''.join(hints)}"
            )
        read = {name: self.extra(name) for name in DRIVER_EXTRAS}
        if read["ssl"] is False and read["sslmode"]:
            self._contradicts("ssl is false in its extra, and sslmode says how TLS verifies")
        return {name: value for name, value in read.items() if value is not None}

    @property
    def serverless(self) -> bool:
        """Whether it leads to a Redshift Serverless workgroup."""
        return bool(self.extra("is_serverless")) or ".redshift-serverless." in str(self.connection.host)


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


def cluster_of(connection: Connection) -> tuple[str, str | None]:
    """Name the cluster that a connection leads to, and its AWS region; empty, and None, where nothing says it.

    The extra has them (``cluster_identifier``, ``region``), or the endpoint, ``cluster.id.region.redshift…``, does.
    """
    extra, (place, is_endpoint, _) = extra_of(connection), (connection.host or "").strip().partition(".redshift.")
    parts = place.split(".") if is_endpoint else [""]
    return extra.get("cluster_identifier", parts[0]), extra.get("region", parts[-1] or None)


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


def token_request(given: Given, database: str) -> TokenRequest:
    """Say what AWS is asked for a connection with ``iam``, for one database.

    A cluster's own user (``db_user``, or the login) is let in by GetClusterCredentials, which creates none here.
    Without one, GetClusterCredentialsWithIAM makes the user out of who asks, ``IAM:name`` or ``IAMR:role``; so does a
    workgroup.

    https://docs.aws.amazon.com/redshift/latest/APIReference/API_GetClusterCredentials.html
    https://docs.aws.amazon.com/redshift/latest/APIReference/API_GetClusterCredentialsWithIAM.html
    https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/API_GetCredentials.html
    """
    for each in HOOK_EXTRAS:
        given.extra(each)
    user, groups, serverless = given.field("db_user"), given.extra("db_groups"), given.serverless
    where = "serverless_work_group" if serverless else "cluster_identifier"
    name = given.extra(where) or (None if serverless else cluster_of(given.connection)[0])
    extra = f"The extra of connection {given.connection.conn_id}"
    if not name and where not in given.held:
        given.problems.add(
            f"{extra} lacks {where}, which iam needs: add it, or take iam out to log in with the password."
        )
    if groups and (serverless or not user):
        given.problems.add(
            f"{extra} names db_groups, which AWS takes with a cluster's db_user only: add that, or take db_groups away."
        )
    asked: dict[str, Any]
    if serverless:
        call, life = "get_credentials", given.extra("serverless_token_duration_seconds")
        asked = {"workgroupName": name, "dbName": database, "durationSeconds": life}
    elif user:
        call, own = "get_cluster_credentials", {"DbUser": user, "AutoCreate": False}
        asked = {"ClusterIdentifier": name, "DbName": database, **own, "DbGroups": list(groups) if groups else None}
    else:
        call, asked = "get_cluster_credentials_with_iam", {"ClusterIdentifier": name, "DbName": database}
    # boto3 takes "default" by itself, and fails where it is asked for and there is no configuration.
    profile = None if given.extra("profile") == "default" else given.extra("profile")
    asked = {key: value for key, value in asked.items() if value is not None}
    return TokenRequest(
        "redshift-serverless" if serverless else "redshift", call, asked, given.extra("region"), profile
    )


def aws_id(connection: Connection, argument: Any) -> Any:
    """Name the AWS connection that an admin connection's passwords are asked with, an operator's argument first.

    :return: its id; None where the connection has a password of its own.
    """
    given = Given(connection, Problems())
    if not given.extra("iam"):
        return None
    return argument if argument is not None else given.extra("aws_conn_id") or DEFAULT_AWS


def check_profile(connection: Connection, aws: Connection) -> None:
    """Refuse an admin connection that names another profile of the machine's AWS configuration than the AWS one."""
    wanted, own = extra_of(connection).get("profile"), extra_of(aws).get("profile_name")
    if wanted and own and wanted != own:
        raise MisconfigurationError(
            f"The extra of connection {connection.conn_id} names the profile {wanted!r}, and that of the AWS "
            f"connection {aws.conn_id} the profile {own!r}. Take one of the two away."
        )


def admin_arguments(connection: Connection, database: str | None) -> tuple[dict[str, Any], TokenRequest | None]:
    """Build the driver's arguments for the admin; with ``iam``, without ``user`` and ``password``, which AWS gives.

    :param database: the database to connect to; default the connection's schema field.
    :return: the arguments, and what AWS is asked.
    :raises MisconfigurationError: with everything that the connection lacks.
    """
    problems = Problems()
    given = Given(connection, problems)
    own = given.field("database")
    database = own if database is None else database
    iam, login, password = given.extra("iam"), connection.login, connection.password
    given.lacks(
        "admin", host=connection.host, **({} if iam else {"login": login, "password": password}), schema=database
    )
    place: dict[str, Any] = {"host": given.host(), "port": given.port()}
    options = given.options()
    request = token_request(given, database or "") if iam else None
    problems.raise_all(MisconfigurationError)
    user = {} if iam else {"user": connection.login, "password": connection.password}
    return {**place, **user, "database": database, **_with_tls(options, place["host"])}, request


def user_arguments(user: Connection, admin: Connection, database: str | None) -> dict[str, Any]:
    """Build the driver's arguments for the linked user; what it lacks comes from the admin connection.

    Host, port, TLS (only together with the host) and timeouts.

    :param database: the database to connect to; default the user connection's schema field.
    :raises MisconfigurationError: with everything that the connections lack.
    """
    problems = Problems()
    own, lent = Given(user, problems), Given(admin, problems)
    named = own.field("database")
    database = named if database is None else database
    own.lacks("user", login=user.login, password=user.password, schema=database)
    own.check_user()
    has_host = bool((user.host or "").strip())
    if not has_host:
        lent.lacks("admin", host=admin.host)
    place: dict[str, Any] = {
        "host": (own if has_host else lent).host(),
        "port": (own if own.field("port") else lent).port(),
    }
    options, mine = lent.options(), own.options()
    if has_host or mine.keys() & TLS_EXTRAS:
        options = {name: value for name, value in options.items() if name not in TLS_EXTRAS}
    problems.raise_all(MisconfigurationError)
    known = {**place, "user": user.login, "password": user.password, "database": database}
    return {**known, **_with_tls({**options, **mine}, place["host"])}
