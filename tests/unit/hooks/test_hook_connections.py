"""Airflow connections -> the driver's arguments, and what connections lack."""

from __future__ import annotations

import inspect
import json
from typing import Any

import pytest
import redshift_connector
from airflow.providers.common.compat.sdk import AirflowNotFoundException, Connection

from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.hooks import connections
from airflow_provider_datagraph.redshift.names import InvalidInput

ADMIN: dict[str, Any] = {
    **{"conn_id": "admin_id", "conn_type": "redshift", "host": "cluster.example.com"},
    **{"login": "admin", "password": "Admin-Secret1", "schema": "dev"},
}
USER: dict[str, Any] = {
    **{"conn_id": "user_id", "conn_type": "redshift"},
    **{"login": "segment_user", "password": "User-Secret1", "schema": "profiles"},
}
KNOWN = inspect.signature(redshift_connector.connect).parameters
KEEPALIVE = {"tcp_keepalive": True, "tcp_keepalive_idle": 60, "tcp_keepalive_interval": 10, "tcp_keepalive_count": 5}
PLAIN = {"ssl": True, "sslmode": "verify-full", "timeout": 30, "application_name": "mine", "source_address": "10.0.0.1"}
# The keepalive options came with redshift-connector 2.1.8.
OPTIONS: dict[str, Any] = {name: value for name, value in {**PLAIN, **KEEPALIVE}.items() if name in KNOWN}


def connection(base: dict[str, Any], extra: Any = None, **fields: Any) -> Connection:
    """A connection with some fields replaced; None leaves a field out."""
    given = {**base, **fields, "extra": extra if extra is None or isinstance(extra, str) else json.dumps(extra)}
    return Connection(**{name: value for name, value in given.items() if value is not None})


def problems(call: Any, *values: Any, **named: Any) -> tuple[str, ...]:
    """The sentences of a misconfiguration; none of them may hold a password."""
    with pytest.raises(MisconfigurationError) as caught:
        call(*values, **named)
    assert "Secret1" not in str(caught.value)
    return caught.value.problems


def test_a_connection_of_the_right_type_is_loaded() -> None:
    known = {"admin_id": connection(ADMIN)}
    assert connections.load(known.__getitem__, "admin_id", "admin connection") is known["admin_id"]


def test_a_missing_connection_is_told() -> None:
    def get(conn_id: str) -> Connection:
        raise AirflowNotFoundException(f"secret detail about {conn_id}")

    assert problems(connections.load, get, "nowhere", "user connection") == (
        "The user connection nowhere isn't defined: create an Airflow connection of type redshift with this id.",
    )


@pytest.mark.parametrize("conn_id", ["", "  ", None, 5])
def test_an_id_is_text(conn_id: Any) -> None:
    assert problems(connections.load, {}.__getitem__, conn_id, "user connection") == (
        f"The id of the user connection is {conn_id!r}: give the id of an Airflow connection of type redshift, as "
        "text.",
    )


@pytest.mark.parametrize(("conn_type", "word"), [("postgres", "postgres"), ("", "none")])
def test_a_connection_of_another_type_is_told(conn_type: str, word: str) -> None:
    other = connection(ADMIN, conn_type=conn_type)
    assert problems(connections.load, lambda _: other, "admin_id", "admin connection") == (
        f"The admin connection admin_id is of type {word}: make it one of type redshift.",
    )


@pytest.mark.parametrize(
    ("extra", "read"),
    [(None, {}), ("", {}), ("{}", {}), ('{"a": 1, "b": null, "c": false, "d": ""}', {"a": 1, "c": False, "d": ""})],
)
def test_an_extra_is_a_json_object(extra: str | None, read: dict[str, Any]) -> None:
    assert connections.extra_of(connection(ADMIN, extra)) == read


@pytest.mark.parametrize("extra", ["[1]", '"text"', "5", "null", "true", "{not json"])
def test_what_is_no_json_object_is_refused(extra: str) -> None:
    broken = connection(ADMIN)
    broken.extra = extra
    told = "The extra of connection admin_id isn't a JSON object: correct it."
    assert problems(connections.extra_of, broken) == (told,)


@pytest.mark.parametrize("name", OPTIONS)
def test_each_allowed_extra_goes_to_the_driver(name: str) -> None:
    assert connections.extras(connection(ADMIN, {name: OPTIONS[name]})) == {name: OPTIONS[name]}


HOOKS = (
    "iam cluster_identifier region is_serverless serverless_work_group serverless_token_duration_seconds db_user "
    "aws_conn_id profile db_groups port database "
    "dialect placeholder insert_statement_format replace_statement_format escape_word_format "
    "escape_column_names"
).split()


@pytest.mark.parametrize("name", HOOKS)
def test_extras_that_airflows_hooks_read_dont(name: str) -> None:
    assert connections.extras(connection(ADMIN, {name: "x", "timeout": 3})) == {"timeout": 3}


def test_unknown_extras_are_refused_by_name() -> None:
    given = {**OPTIONS, "user": "x", "sslMode": "x", "credentials_provider": "x", "gone": None}
    assert problems(connections.extras, connection(ADMIN, given)) == (
        "The extra of connection admin_id holds credentials_provider, sslMode, user, which nothing reads: remove or "
        "correct it.",
    )


@pytest.mark.parametrize(
    ("name", "value", "way"),
    [
        *(("sslmode", word, "and verifies, unless ssl is false.") for word in ("disable", "prefer", "require")),
        ("keepalives_idle", 60, "correct it. keepalives_idle is tcp_keepalive_idle here."),
        ("connect_timeout", 5, "correct it. connect_timeout is timeout here."),
        ("statement_timeout", 5, "correct it. statement_timeout is timeout here."),
    ],
)
def test_what_postgresql_calls_otherwise_is_refused_with_its_name_here(name: str, value: Any, way: str) -> None:
    (told,) = problems(connections.extras, connection(ADMIN, {name: value}))
    assert told.endswith(way)


def test_the_admin_connects_to_its_own_database() -> None:
    arguments = connections.admin_arguments(connection(ADMIN, OPTIONS, port=5440), None)
    own = {"user": "admin", "password": "Admin-Secret1", "database": "dev"}
    assert arguments == {"host": "cluster.example.com", "port": 5440, **own, **OPTIONS}
    inspect.signature(redshift_connector.connect).bind(**arguments)


def test_another_database_may_be_named() -> None:
    arguments = connections.admin_arguments(connection(ADMIN), "analytics")
    assert (arguments["database"], arguments["port"]) == ("analytics", 5439)
    bare = connection(ADMIN, schema=None)
    assert connections.admin_arguments(bare, "analytics")["database"] == "analytics"


CLUSTER = {"iam": True, "cluster_identifier": "main"}
WORKGROUP = {"iam": "True", "is_serverless": "true", "serverless_work_group": "group"}
AWSUSER = {"DbUser": "admin", "AutoCreate": False}
BY_IAM = ("redshift", "get_cluster_credentials_with_iam")
BY_USER = ("redshift", "get_cluster_credentials")


@pytest.mark.parametrize(
    ("extra", "fields", "called", "parameters"),
    [
        (CLUSTER, {}, BY_USER, {"ClusterIdentifier": "main", **AWSUSER}),
        ({"iam": True, "db_user": "admin"}, {"login": None}, BY_USER, {"ClusterIdentifier": "endpoint", **AWSUSER}),
        ({**CLUSTER, "db_groups": ["ops"]}, {}, BY_USER, {"ClusterIdentifier": "main", **AWSUSER, "DbGroups": ["ops"]}),
        (CLUSTER, {"login": ""}, BY_IAM, {"ClusterIdentifier": "main"}),
        (WORKGROUP, {}, ("redshift-serverless", "get_credentials"), {"workgroupName": "group"}),
        (
            {**WORKGROUP, "is_serverless": "", "serverless_token_duration_seconds": "1800"},
            {"host": "w.1.eu-west-1.redshift-serverless.amazonaws.com"},
            ("redshift-serverless", "get_credentials"),
            {"workgroupName": "group", "durationSeconds": 1800},
        ),
    ],
)
def test_a_token_is_for_one_database(
    extra: dict[str, Any], fields: dict[str, Any], called: tuple[str, str], parameters: dict[str, Any]
) -> None:
    host = {"host": "endpoint.abc.eu-west-1.redshift.amazonaws.com"}
    asked = connections.token_request(connection(ADMIN, extra, **{**host, **fields}), "analytics")
    name = "dbName" if "workgroupName" in parameters else "DbName"
    assert ((asked.client, asked.call), asked.parameters) == (called, {name: "analytics", **parameters})
    assert (asked.region, asked.profile) == (None, None)


# What `airflow connections create-default-connections` makes, and the amazon provider's page shows.
SHIPPED = {**CLUSTER, "port": 5439, "region": "eu-west-1", "db_user": "admin", "database": "dev", "profile": "default"}


TAKE = "Take one of the two away."


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        ({"port": 5440}, f"its field port is 5439, and port in its extra is 5440. {TAKE}"),
        ({"database": "x"}, f"its field schema is 'dev', and database in its extra is 'x'. {TAKE}"),
        ({**CLUSTER, "db_user": "x"}, f"its field login is 'admin', and db_user in its extra is 'x'. {TAKE}"),
        ({"port": "x"}, "port is 'x': give a number above 0."),
        ({"iam": "yes"}, "iam is 'yes', not a boolean: give True or False."),
        ({**CLUSTER, "cluster_identifier": "<ID>"}, "is '<ID>': give letters, digits and hyphens, as AWS shows it."),
        ({**WORKGROUP, "serverless_token_duration_seconds": 60}, "seconds is 60: AWS takes 900 to 3600 seconds."),
        ({"iam": True}, "lacks cluster_identifier, which iam needs: add it, or take iam out to log in with"),
        ({"iam": True, "is_serverless": True}, "lacks serverless_work_group, which iam needs: add it, or take"),
        ({**WORKGROUP, "db_groups": ["g"]}, "names db_groups, which AWS takes with a cluster's db_user only: add"),
    ],
)
def test_what_contradicts_or_lacks_is_refused_before_aws_is_asked(extra: dict[str, Any], told: str) -> None:
    (sentence,) = problems(connections.admin_arguments, connection(ADMIN, extra, port=5439), None)
    assert told in sentence and "admin_id" in sentence


def test_all_that_an_edited_default_holds_is_told_at_once() -> None:
    shipped = {**SHIPPED, "cluster_identifier": "<REDSHIFT_CLUSTER_IDENTIFIER>", "region": "", "db_user": "awsuser"}
    bare = connection(ADMIN, {**shipped, "stray": 1}, host=None)
    told = problems(connections.admin_arguments, bare, None)
    for part in ("lacks host", "stray", "'<REDSHIFT_CLUSTER_IDENTIFIER>'", "'admin', and db_user"):
        assert any(part in sentence for sentence in told), part
    assert len(told) == 4


def test_two_profiles_contradict_each_other() -> None:
    aws = connection({"conn_id": "mine", "conn_type": "aws"}, {"profile_name": "theirs"})
    for profile in ("theirs", "", None):
        connections.check_profile(connection(ADMIN, {"profile": profile}), aws)
    assert connections.token_request(connection(ADMIN, {**CLUSTER, "profile": "p"}), "dev").profile == "p"
    assert problems(connections.check_profile, connection(ADMIN, {"profile": "p"}), aws) == (
        "The extra of connection admin_id names the profile 'p', and that of the AWS connection mine the profile "
        "'theirs'. Take one of the two away.",
    )


@pytest.mark.parametrize(("given", "extra", "named"), [(None, None, "aws_default"), (None, "e", "e"), ("g", "e", "g")])
def test_the_argument_names_the_aws_connection_before_the_extra(given: Any, extra: Any, named: str) -> None:
    assert connections.aws_id(connection(ADMIN, {"aws_conn_id": extra}), given) == named


@pytest.mark.parametrize(
    ("empty", "listed"),
    [
        (("host",), "host"),
        (("login", "schema"), "login, schema (the database)"),
        (("host", "login", "password", "schema"), "host, login, password, schema (the database)"),
    ],
)
def test_the_admins_gaps_are_told_at_once(empty: tuple[str, ...], listed: str) -> None:
    admin = connection(ADMIN, **dict.fromkeys(empty))
    assert problems(connections.admin_arguments, admin, None) == (
        f"The admin connection admin_id lacks {listed}: fill it in.",
    )


def test_the_user_takes_host_port_and_options_from_the_admin() -> None:
    admin = connection(ADMIN, {"ssl": True, "sslmode": "verify-ca", "timeout": 30, "iam": True}, port=5440)
    # Text, as in a connection that is written as a URI.
    user = connection(USER, {"timeout": "5", "application_name": "mine"})
    arguments = connections.user_arguments(user, admin, None)
    own = {"user": "segment_user", "password": "User-Secret1", "database": "profiles"}
    options = {"ssl": True, "sslmode": "verify-ca", "timeout": 5, "application_name": "mine"}
    assert arguments == {"host": "cluster.example.com", "port": 5440, **own, **options}
    inspect.signature(redshift_connector.connect).bind(**arguments)


def test_the_users_own_host_and_port_come_first() -> None:
    user = connection(USER, host="proxy.example.com", port=6000)
    arguments = connections.user_arguments(user, connection(ADMIN, port=5440), "analytics")
    assert (arguments["host"], arguments["port"], arguments["database"]) == ("proxy.example.com", 6000, "analytics")
    assert connections.user_arguments(connection(USER), connection(ADMIN), None)["port"] == 5439


def test_the_users_gaps_are_told_at_once() -> None:
    bare = connection(USER, login=None, password=None, schema=None)
    assert problems(connections.user_arguments, bare, connection(ADMIN), None) == (
        "The user connection user_id lacks login, password, schema (the database): fill it in.",
    )
    assert problems(connections.user_arguments, bare, connection(ADMIN), "dev") == (
        "The user connection user_id lacks login, password: fill it in.",
    )


@pytest.mark.parametrize(
    ("login", "reason"),
    [
        ("Segment", "The user name 'Segment' has upper-case letters: write it in lower case."),
        ("select", "The user name 'select' is a reserved word of Redshift: choose another."),
    ],
)
def test_a_login_has_to_be_a_users_name(login: str, reason: str) -> None:
    user = connection(USER, login=login)
    sentence = f"The login of connection user_id can't be used. {reason}"
    assert problems(connections.check_login, user) == (sentence,)
    assert problems(connections.user_arguments, user, connection(ADMIN), None) == (sentence,)


def test_a_fitting_login_is_taken() -> None:
    assert connections.check_login(connection(USER)) == "segment_user"
    assert problems(connections.check_login, connection(USER, login=None)) == (
        "The login of connection user_id can't be used. The user name is empty: give the name of a user.",
    )


@pytest.mark.parametrize("whose", ["admin_id", "user_id"])
def test_stray_extras_of_both_connections_are_refused(whose: str) -> None:
    stray = {"stray": 1}
    admin = connection(ADMIN, stray if whose == "admin_id" else None)
    user = connection(USER, stray if whose == "user_id" else None)
    assert problems(connections.user_arguments, user, admin, None) == (
        f"The extra of connection {whose} holds stray, which nothing reads: remove or correct it.",
    )


@pytest.mark.parametrize("host", ["h", " h.example. ", "10.0.0.1", "a_b.c-d.example", "münchen.example"])
def test_a_host_is_a_name_alone(host: str) -> None:
    assert connections.host_name(host, "admin_id") == host.strip()


# What IDNA makes a dot or another sign of, or leaves out, and what nothing can look up.
ODD = "\0 \n \x1b \u200b \u00ad \u3002 \uff0e \uff61 \u2024 \ufe52 \uff0f \uff20 \uff1a / : @ , ? # % * [ \\ '".split(
    " "
)


@pytest.mark.parametrize("odd", [*ODD, " ", ".."], ids=ascii)
def test_another_sign_makes_it_no_host(odd: str) -> None:
    with pytest.raises(InvalidInput, match=r"^Connection admin_id: its host isn't a host's name alone: port and "):
        connections.host_name(f"a{odd}b.example", "admin_id")


@pytest.mark.parametrize(("given", "port"), [(None, 5439), (0, 5439), (1, 1), (65535, 65535)])
def test_a_port_is_one_or_redshifts_own(given: int | None, port: int) -> None:
    assert connections.port_number(given, "admin_id") == port


@pytest.mark.parametrize("port", [-1, 65536])
def test_there_is_no_such_port(port: int) -> None:
    with pytest.raises(InvalidInput, match=f"there is no port {port}"):
        connections.port_number(port, "admin_id")
