"""Logins that AWS gives a temporary password for, from the local Redshift's endpoint."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

from airflow_provider_datagraph.hooks.redshift import DataGraphHook
from local_redshift.running import Server
from tests.support.redshift import run
from tests.support.segment import Segment

CLUSTER = {"iam": True, "cluster_identifier": "main"}
NEAR_ITS_END = 290.0
"""Seconds that a temporary password lasts with which nobody connects a second time."""
WORKGROUP = {"iam": True, "is_serverless": True, "serverless_work_group": "group"}


def aws_fields(server: Server, who: str) -> dict[str, Any]:
    """What Airflow's connection to AWS holds."""
    aws = {"region_name": "us-east-1", "endpoint_url": server.endpoint}
    return {"conn_type": "aws", "login": who, "password": "Secret-of-aws", "extra": aws}


def with_iam(segment: Segment, extra: dict[str, Any], who: str = "", **fields: Any) -> str:
    """Let the admin log in by IAM, without a password.

    :return: the IAM identity that asks, as its user is called.
    """
    who = who or f"IAM:{segment.cluster.name('asks')}"
    segment.cluster.identities.append(who)
    segment.monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(aws_fields(segment.server, who)))
    segment.admin_connection(**{"password": None, "extra": {"ssl": False, **extra}, **fields})
    segment.server.asked_of_aws()
    return who


def sign_in(segment: Segment, who: str, *statements: str) -> str:
    """Log in as an IAM identity, whose user comes to exist with it, and run statements; the admin stays who it was.

    :return: the user's name.
    """
    with segment.monkeypatch.context() as kept:
        name = with_iam(segment, CLUSTER, who, login=None)
        with closing(DataGraphHook().get_conn()) as connection:
            run(connection, *statements)
            connection.commit()
        kept.undo()
    segment.admin_connection()
    return name
