"""Connections as documentation shows them, and as Airflow ships one: what the driver and AWS are asked, or the refusal.

https://airflow.apache.org/docs/apache-airflow-providers-amazon/stable/connections/redshift.html
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from airflow.providers.common.compat.sdk import Connection
from airflow.utils import db
from pytest_mock import MockerFixture

from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.hooks.connections import TokenRequest, cluster_of
from airflow_provider_datagraph.hooks.redshift import PROVIDER, DataGraphHook

README = "".join((Path(__file__).parents[3] / name).read_text() for name in ("README.md", "docs/connections.md"))
HOST = "redshift-cluster-1.123456789.us-west-1.redshift.amazonaws.com"
GROUP = "default.123456789.us-east-1.redshift-serverless.amazonaws.com"
SECRET = "P+@ss/word:1"
Request = TokenRequest | None
# Whom AWS names comes with the temporary password.
SEEN: dict[str, Any] = {"host": HOST, "port": 5439, "database": "dev", "sslmode": "verify-full"}
LACKS = "The admin connection redshift_default lacks {}: fill it in."


def as_json(given: dict[str, Any]) -> str:
    return json.dumps({"conn_type": "redshift", **given})


def as_uri(given: dict[str, Any]) -> str:
    """A connection as somebody writes it by hand: all values of its query are text."""
    login, secret, host = (quote(given.get(name, ""), safe="") for name in ("login", "password", "host"))
    port = f":{given['port']}" if "port" in given else ""
    extra = {key: str(value) for key, value in given.get("extra", {}).items()}
    return f"redshift://{login}{secret and ':'}{secret}@{host}{port}/{given.get('schema', '')}?{urlencode(extra)}"


def asked(connections: dict[str, str], monkeypatch: pytest.MonkeyPatch, **hook: Any) -> tuple[dict[str, Any], Request]:
    """What the driver and AWS would be asked for connections."""
    for conn_id, text in connections.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", text)
    made = DataGraphHook(**hook)
    arguments = dict(made.arguments)
    assert arguments.pop("application_name") == PROVIDER
    return arguments, made.tokens.request if made.tokens else None


def token(database: str, region: str | None = "us-east-1", cluster: str = "redshift-cluster-1") -> TokenRequest:
    user = {"DbUser": "awsuser", "AutoCreate": False}
    cluster_of_it = {"ClusterIdentifier": cluster, "DbName": database, **user}
    return TokenRequest("redshift", "get_cluster_credentials", cluster_of_it, region)


BY_PASSWORD = {"schema": "Dev", "host": HOST, "login": "awsuser", "password": SECRET, "port": 5439}
IAM = {"iam": True, "cluster_identifier": "redshift-cluster-1", "port": 5439, "region": "us-east-1"}
IAM |= {"db_user": "awsuser", "database": "dev", "profile": "default"}
SERVERLESS = {"iam": True, "is_serverless": True, "serverless_work_group": "default"}
SERVERLESS |= {"serverless_token_duration_seconds": 3600, "port": 5439, "region": "us-east-1"}
SERVERLESS |= {"database": "dev", "profile": "default"}
REQUIRED = {"login": "awsuser", "schema": "dev"}
INFERRED = {"host": HOST, **REQUIRED, "extra": {"iam": True}}
WORKGROUP = {"workgroupName": "default", "dbName": "dev", "durationSeconds": 3600}
# The fields, and the driver's arguments with what AWS is asked; or what is refused.
PAGE: dict[str, tuple[dict[str, Any], dict[str, Any] | str, Request]] = {
    "database": (BY_PASSWORD, {**SEEN, "database": "Dev", "user": "awsuser", "password": SECRET}, None),
    "iam": ({"host": HOST, **REQUIRED, "password": SECRET, "extra": IAM}, SEEN, token("dev")),
    "iam, with all in the extra": ({"host": HOST, "extra": IAM}, SEEN, token("dev")),
    "iam, its cluster inferred": (INFERRED, SEEN, token("dev", None)),
    "iam, switched off": (
        {**BY_PASSWORD, "schema": "dev", "extra": {**IAM, "iam": False}},
        {**SEEN, "user": "awsuser", "password": SECRET},
        None,
    ),
    "serverless": (
        {"host": GROUP, "extra": SERVERLESS},
        {**SEEN, "host": GROUP},
        TokenRequest("redshift-serverless", "get_credentials", WORKGROUP, "us-east-1"),
    ),
    # DescribeClusters isn't called, so where Airflow's hook leaves the host to AWS, it is asked for.
    "nothing": ({}, LACKS.format("host, login, password, schema (the database)"), None),
    "iam, without a host": ({**REQUIRED, "extra": IAM}, LACKS.format("host"), None),
    "serverless, without a host": ({"extra": SERVERLESS}, LACKS.format("host"), None),
}
both_notations = pytest.mark.parametrize("written", [as_json, as_uri])


@both_notations
@pytest.mark.parametrize("name", PAGE)
def test_an_example_of_airflow_s_page(name: str, written: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fields, arguments, request = PAGE[name]
    connection = {"redshift_default": written(fields)}
    if isinstance(arguments, dict):
        assert asked(connection, monkeypatch) == (arguments, request)
    else:
        with pytest.raises(MisconfigurationError) as refused:
            asked(connection, monkeypatch)
        assert refused.value.problems == (arguments,)


def test_the_connection_that_airflow_ships(mocker: MockerFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    merged = mocker.patch.object(db, "merge_conn")
    db.create_default_connections(session=mocker.Mock())
    (shipped,) = (call.args[0] for call in merged.mock_calls if call.args[0].conn_id == "redshift_default")
    assert "<REDSHIFT_CLUSTER_IDENTIFIER>" in shipped.extra
    name = "cluster_identifier is '<REDSHIFT_CLUSTER_IDENTIFIER>': give letters, digits and hyphens, as AWS shows it."
    with pytest.raises(MisconfigurationError) as refused:
        asked({"redshift_default": as_json({"extra": shipped.extra})}, monkeypatch)
    told = f"The extra of connection redshift_default can't be used: {name}"
    assert refused.value.problems == (LACKS.format("host"), told)
    edited = {"host": HOST, "extra": {**json.loads(shipped.extra), "cluster_identifier": "redshift-cluster-1"}}
    assert asked({"redshift_default": as_json(edited)}, monkeypatch) == (SEEN, token("dev", None))
    # The README's fields, where somebody only fills the form in, and forgets the extra.
    assert re.search(r"`airflow connections delete redshift_default` first, or edit it\s+and empty its extra", README)


SHOWN = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", README, re.DOTALL)]


@both_notations
def test_the_readme_s_connections_are_understood_and_its_policy_is_enough(
    written: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    password, linked, iam = (one for one in SHOWN if one.get("conn_type"))
    linked = {**linked, "password": "Reader-1"}
    place = {**SEEN, "host": "my-cluster.abc123.eu-west-1.redshift.amazonaws.com"}
    both = {"redshift_default": written(password), "segment_linked_user": written(linked)}
    assert asked(both, monkeypatch) == ({**place, "user": "awsuser", "password": "..."}, None)
    user = {"user": "segment_linked_user", "password": "Reader-1", "database": "segment_linked_profiles_db"}
    assert asked(both, monkeypatch, user_conn_id="segment_linked_user") == ({**place, **user}, None)
    ((statement,),) = (one["Statement"] for one in SHOWN if "Statement" in one)
    for database in ("dev", "analytics", "segment_linked_profiles_db"):
        arguments, request = asked({"redshift_default": written(iam)}, monkeypatch, database=database)
        assert arguments == {**place, "database": database} and request is not None
        asks = request.parameters
        assert asks == {**token(database, "eu-west-1", "my-cluster").parameters, "DbUser": "dgadmin"}
        names = {f"dbuser:my-cluster/{asks['DbUser']}", f"dbname:my-cluster/{database}"}
        assert statement["Action"] == "redshift:GetClusterCredentials"
        assert names <= {resource.split(":", 5)[5] for resource in statement["Resource"]}


ENDPOINT = "main.abc1.eu-west-1.redshift.amazonaws.com"


@pytest.mark.parametrize(
    ("host", "extra", "found"),
    [
        (f" {ENDPOINT} ", {}, ("main", "eu-west-1")),
        ("main.abc1.cn-north-1.redshift.amazonaws.com.cn", {}, ("main", "cn-north-1")),
        (ENDPOINT, {"cluster_identifier": "other", "region": "us-east-1"}, ("other", "us-east-1")),
        ("warehouse.example.com", {"cluster_identifier": "main"}, ("main", None)),
        ("redshift.internal.eu.example.com", {}, ("", None)),
        (None, {}, ("", None)),
    ],
)
def test_the_extra_names_it_or_the_endpoint_does(host: str | None, extra: dict[str, Any], found: Any) -> None:
    connection = Connection(conn_id="c", conn_type="redshift", host=host, extra=json.dumps(extra))
    assert cluster_of(connection) == found
