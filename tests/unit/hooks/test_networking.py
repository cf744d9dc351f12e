"""Which cluster, in which AWS region, an admin connection leads to."""

from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import Connection

from airflow_provider_datagraph.hooks.networking import cluster_of

ENDPOINT = "main.abc1.eu-west-1.redshift.amazonaws.com"


@pytest.mark.parametrize(
    ("host", "extra", "found"),
    [
        (f" {ENDPOINT} ", {}, ("main", "eu-west-1")),
        ("main.abc1.cn-north-1.redshift.amazonaws.com.cn", {}, ("main", "cn-north-1")),
        (ENDPOINT, {"cluster_identifier": "other", "region": "us-east-1"}, ("other", "us-east-1")),
        ("warehouse.example.com", {"cluster_identifier": "main"}, ("main", None)),
        ("redshift.internal.eu.example.com", {}, ("redshift", None)),
        (None, {}, ("", None)),
    ],
)
def test_the_extra_names_it_or_the_endpoint_does(host: str | None, extra: dict[str, Any], found: Any) -> None:
    connection = Connection(conn_id="c", conn_type="redshift", host=host, extra=json.dumps(extra))
    assert cluster_of(connection) == found
