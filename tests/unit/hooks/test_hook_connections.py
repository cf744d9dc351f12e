"""Airflow connections -> the driver's arguments and what AWS is asked, and what connections lack."""

from __future__ import annotations

import inspect
import json
from typing import Any

import pytest
import redshift_connector
from airflow.providers.common.compat.sdk import Connection

from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.hooks import connections
from airflow_provider_datagraph.hooks.connections import Given

ADMIN: dict[str, Any] = {
    **{"conn_id": "admin_id", "conn_type": "redshift", "host": "cluster.example.com"},
    **{"login": "admin", "password": "Admin-Secret1", "schema": "dev"},
}
USER: dict[str, Any] = {
    **{"conn_id": "user_id", "conn_type": "redshift"},
    **{"login": "segment_user", "password": "User-Secret1", "schema": "profiles"},
}
OPTIONS: dict[str, Any] = {
    **{"ssl": True, "sslmode": "verify-full", "timeout": 0.1, "application_name": "mine"},
    **{"source_address": "10.0.0.1", "tcp_keepalive": True, "tcp_keepalive_idle": 1},
    **{"tcp_keepalive_interval": 10, "tcp_keepalive_count": 5},
}
CLUSTER = {"iam": True, "cluster_identifier": "main"}
WORKGROUP = {"iam": "True", "is_serverless": "true", "serverless_work_group": "group"}


def connection(base: dict[str, Any], extra: Any = None, **fields: Any) -> Connection:
    """A connection with some fields replaced; None leaves a field out."""
    given = {**base, **fields, "extra": extra if extra is None or isinstance(extra, str) else json.dumps(extra)}
    return Connection(**{name: value for name, value in given.items() if value is not None})


def admin(extra: Any = None, database: str | None = None, **fields: Any) -> dict[str, Any]:
    arguments, _ = connections.admin_arguments(connection(ADMIN, extra, **fields), database)
    return arguments


def user(
    extra: Any = None, lent: Any = None, database: str | None = None, port: int | None = None, **fields: Any
) -> dict[str, Any]:
    """The arguments of a user connection, and of an admin connection with an extra and a port of its own."""
    both = connection(USER, extra, **fields), connection(ADMIN, lent, port=port)
    return connections.user_arguments(*both, database)


def problems(call: Any, *values: Any, **named: Any) -> tuple[str, ...]:
    """The sentences of a misconfiguration; none of them may hold a password."""
    with pytest.raises(MisconfigurationError) as caught:
        call(*values, **named)
    assert "Secret1" not in str(caught.value)
    return caught.value.problems


@pytest.mark.parametrize("extra", [None, "", '{"a": 1, "b": null, "c": false, "d": " "}'])
def test_an_extra_is_a_json_object_and_what_is_blank_is_left_out(extra: str | None) -> None:
    assert connections.extra_of(connection(ADMIN, extra)) == ({"a": 1, "c": False} if extra else {})


def test_the_driver_is_handed_its_own_extras() -> None:
    others = {**CLUSTER, **WORKGROUP, "region": "x", "db_user": "x", "aws_conn_id": "x", "profile": "x"}
    others |= {"serverless_token_duration_seconds": 900, "db_groups": ["x"], "port": 1, "database": "x"}
    others |= dict.fromkeys(connections.COMMON_SQL_EXTRAS, "x")
    # Without iam nobody reads the rest, so it may hold what Airflow's redshift_default comes with.
    others |= {"cluster_identifier": "<CLUSTER_IDENTIFIER>", "iam": "off"}
    found = Problems()
    assert Given(connection(ADMIN, {**OPTIONS, **others, "gone": None}), found).options() == OPTIONS
    assert found.sentences == []
    # As a connection's URI holds it.
    assert admin({"timeout": "7", "ssl": "false"})["timeout"] == 7


TAKE = "Take one of the two away."
EXTRA = "The extra of connection admin_id"
CONTRADICTS = "Connection admin_id contradicts itself: "
REFUSED: list[tuple[Any, dict[str, Any], str]] = [
    *((broken, {}, f"{EXTRA} isn't a JSON object: correct it.") for broken in ("[1]", '"text"', "null", "{not json")),
    (
        {**OPTIONS, "user": "x", "sslMode": "x", "gone": None},
        {},
        f"{EXTRA} holds sslMode, user, which nothing reads: remove or correct it.",
    ),
    *(
        ({"sslmode": word}, {}, f"{EXTRA} can't be used: sslmode is {word!r}: give verify-ca or verify-full, or leave")
        for word in ("disable", "prefer", "require")
    ),
    ({"keepalives_idle": 60}, {}, "correct it. keepalives_idle is tcp_keepalive_idle here."),
    ({"connect_timeout": 5}, {}, "correct it. connect_timeout is timeout here."),
    ({"connect_timeout": 5, "keepalives": 1}, {}, "timeout is timeout here. keepalives is tcp_keepalive here."),
    ({"statement_timeout": 5}, {}, "correct it. statement_timeout is timeout here."),
    ({"timeout": True}, {}, "timeout is True: give a number that is at least 0.1."),
    ({"timeout": 0}, {}, "timeout is 0: give a number that is at least 0.1."),
    ({"tcp_keepalive_idle": "x"}, {}, "tcp_keepalive_idle is 'x': give a number that is at least 1."),
    ({"tcp_keepalive_count": 1.5}, {}, "tcp_keepalive_count is 1.5: give a whole number."),
    ({"application_name": 5}, {}, "application_name is 5: give a text that isn't empty."),
    ({"port": "x"}, {}, "port is 'x': give a number that is at least 1."),
    ({"port": 5440}, {}, f"{CONTRADICTS}its field port is 5439, and port in its extra is 5440. {TAKE}"),
    ({"database": "x"}, {}, f"{CONTRADICTS}its field schema is 'dev', and database in its extra is 'x'. {TAKE}"),
    ({"ssl": False, "sslmode": "verify-ca"}, {}, f"{CONTRADICTS}ssl is false in its extra, and sslmode says how TLS"),
    ({"iam": "yes"}, {}, "iam is 'yes', not a boolean: give True or False."),
    ({**CLUSTER, "db_user": "x"}, {}, f"its field login is 'admin', and db_user in its extra is 'x'. {TAKE}"),
    ({**CLUSTER, "cluster_identifier": "<ID>"}, {}, "is '<ID>': give letters, digits and hyphens, as AWS shows it."),
    ({**CLUSTER, "is_serverless": "no"}, {}, "is_serverless is 'no', not a boolean"),
    ({**WORKGROUP, "serverless_token_duration_seconds": 60}, {}, "is 60: AWS takes 900 to 3600 seconds."),
    ({**WORKGROUP, "serverless_token_duration_seconds": 5000}, {}, "is 5000: AWS takes 900 to 3600 seconds."),
    ({**CLUSTER, "aws_conn_id": 5}, {}, "aws_conn_id is 5: give a text"),
    ({"iam": True}, {}, "lacks cluster_identifier, which iam needs: add it, or take iam out to log in with"),
    ({"iam": True, "is_serverless": True}, {}, "lacks serverless_work_group, which iam needs: add it, or take"),
    ({**WORKGROUP, "db_groups": ["g"]}, {}, "names db_groups, which AWS takes with a cluster's db_user only: add"),
    (None, {"host": None}, "The admin connection admin_id lacks host: fill it in."),
    (
        None,
        dict.fromkeys(("login", "schema")),
        "The admin connection admin_id lacks login, schema (the database): fill",
    ),
    (
        None,
        dict.fromkeys(("host", "login", "password", "schema")),
        "lacks host, login, password, schema (the database)",
    ),
    *((None, {"port": port}, f"Connection admin_id: there is no port {port}: give one from") for port in (-1, 65536)),
]


@pytest.mark.parametrize(("extra", "fields", "told"), REFUSED, ids=lambda value: ascii(value)[:40])
def test_what_a_connection_lacks_or_contradicts_is_one_sentence(extra: Any, fields: dict[str, Any], told: str) -> None:
    (sentence,) = problems(admin, extra, **{"port": 5439, **fields})
    assert told in sentence and "admin_id" in sentence


def test_the_admin_connects_to_its_own_database_or_to_another() -> None:
    own = {"user": "admin", "password": "Admin-Secret1", "host": "cluster.example.com"}
    assert admin(OPTIONS, port=65535) == {**own, "database": "dev", "port": 65535, **OPTIONS}
    assert admin(OPTIONS, "analytics", schema=None) == {**own, "database": "analytics", "port": 5439, **OPTIONS}


AWSUSER = {"DbUser": "admin", "AutoCreate": False}
BY_IAM = ("redshift", "get_cluster_credentials_with_iam")
BY_USER = ("redshift", "get_cluster_credentials")
BY_GROUP = ("redshift-serverless", "get_credentials")


@pytest.mark.parametrize(
    ("extra", "fields", "called", "parameters"),
    [
        (CLUSTER, {}, BY_USER, {"ClusterIdentifier": "main", **AWSUSER}),
        ({"iam": True, "db_user": "admin"}, {"login": None}, BY_USER, {"ClusterIdentifier": "endpoint", **AWSUSER}),
        ({**CLUSTER, "db_groups": ["ops"]}, {}, BY_USER, {"ClusterIdentifier": "main", **AWSUSER, "DbGroups": ["ops"]}),
        (CLUSTER, {"login": ""}, BY_IAM, {"ClusterIdentifier": "main"}),
        (WORKGROUP, {}, BY_GROUP, {"workgroupName": "group"}),
        (
            {**WORKGROUP, "is_serverless": "", "serverless_token_duration_seconds": "1800"},
            {"host": "w.1.eu-west-1.redshift-serverless.amazonaws.com"},
            BY_GROUP,
            {"workgroupName": "group", "durationSeconds": 1800},
        ),
    ],
)
def test_a_token_is_for_one_database(
    extra: dict[str, Any], fields: dict[str, Any], called: tuple[str, str], parameters: dict[str, Any]
) -> None:
    host = {"host": "endpoint.abc.eu-west-1.redshift.amazonaws.com"}
    for more, where in (({}, (None, None)), ({"region": "r", "profile": "p"}, ("r", "p"))):
        asking = connection(ADMIN, {**extra, **more}, **{**host, **fields})
        _, asked = connections.admin_arguments(asking, "analytics")
        assert asked is not None
        name = "dbName" if "workgroupName" in parameters else "DbName"
        assert ((asked.client, asked.call), asked.parameters) == (called, {name: "analytics", **parameters})
        assert (asked.region, asked.profile) == where


def test_the_user_takes_host_port_and_options_from_the_admin_where_it_has_none() -> None:
    lent = {"ssl": True, "sslmode": "verify-ca", "timeout": 30, "iam": True, "cluster_identifier": "main"}
    # Text, as in a connection that is written as a URI.
    arguments = user({"timeout": "5", "application_name": "mine"}, lent, port=5440)
    own = {"user": "segment_user", "password": "User-Secret1", "database": "profiles"}
    options = {"ssl": True, "sslmode": "verify-ca", "timeout": 5, "application_name": "mine"}
    assert arguments == {"host": "cluster.example.com", "port": 5440, **own, **options}
    inspect.signature(redshift_connector.connect).bind(**arguments)
    proxy = connection(USER, host="proxy.example.com", port=6000)
    arguments = connections.user_arguments(proxy, connection(ADMIN, port=5440), "analytics")
    assert (arguments["host"], arguments["port"], arguments["database"]) == ("proxy.example.com", 6000, "analytics")
    assert user()["port"] == 5439


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            dict.fromkeys(("login", "password", "schema")),
            "The user connection user_id lacks login, password, schema (the database): fill it in.",
        ),
        ({"password": None, "database": "dev"}, "The user connection user_id lacks password: fill it in."),
        (
            {"login": "Segment"},
            "The login of connection user_id can't be used: The user name 'Segment' has upper-case letters: write it "
            "in lower case.",
        ),
        (
            {"extra": {"stray": 1}},
            "The extra of connection user_id holds stray, which nothing reads: remove or correct it.",
        ),
        ({"lent": {"stray": 1}}, f"{EXTRA} holds stray, which nothing reads: remove or correct it."),
    ],
)
def test_what_the_user_s_connection_lacks_is_one_sentence(given: dict[str, Any], told: str) -> None:
    assert problems(user, **given) == (told,)


@pytest.mark.parametrize("host", ["h", " h.example. ", "10.0.0.1", "a_b.c-d.example", "münchen.example"])
def test_a_host_is_a_name_alone(host: str) -> None:
    assert admin(host=host)["host"] == host.strip()


# What IDNA makes a dot or another sign of, or leaves out, and what nothing can look up.
ODD = "\0 \n \x1b \u200b \u00ad \u3002 \uff0e \uff61 \u2024 \ufe52 \uff0f \uff20 \uff1a / : @ , ? # % * [ \\ '".split(
    " "
)


@pytest.mark.parametrize("odd", [*ODD, " ", ".."], ids=ascii)
def test_another_sign_makes_it_no_host(odd: str) -> None:
    (told,) = problems(admin, host=f"a{odd}b.example")
    assert told.startswith("Connection admin_id: its host isn't a host's name alone: port and ")
