"""PreflightOperator: what works and what is missing, in a report whatever it finds; nothing is changed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_datagraph.access.database import DatabaseAccess
from airflow_provider_datagraph.access.plan import note
from airflow_provider_datagraph.engine import preflight
from airflow_provider_datagraph.engine.converge import Converger
from airflow_provider_datagraph.exceptions import MisconfigurationError, PassingFaultError
from airflow_provider_datagraph.hooks.redshift import DataGraphHook
from airflow_provider_datagraph.redshift.values import Database, Session
from local_redshift.faults_client import Faults
from tests.integration.faults.support import listening, quickly, silence
from tests.support.aws import aws
from tests.support.redshift import PASSWORD, mark, statements
from tests.support.segment import Logged, Segment, codes, drop, execute, message, notes, said

CANARY = "C4nary-of-a-secret"
WORKS = ["admin_logs_in", "capitals", "crosses_databases", "public_creates", "user_logs_in"]
SCOPES = "privilege_scope FROM svv_database_privileges WHERE identity"
OLD = 'column "privilege_scope" does not exist in svv_database_privileges'


def look(segment: Segment, **arguments: Any) -> dict[str, Any]:
    """The report; nothing is changed."""
    with segment.cluster.untouched():
        return execute(segment.preflight(**arguments))


def test_where_all_is_well_there_is_no_finding(linked: Segment, logged: Logged) -> None:
    linked.cluster.database()
    since = mark(linked.server)
    report = execute(linked.preflight())
    assert (codes(report), notes(report)) == ([], WORKS)
    sent = [text for text in statements(linked.server, since) if not text.startswith("SET statement_timeout")]
    assert len(sent) == 9, sent
    place, log = f"{linked.server.host}:{linked.server.port}", logged()
    for conn_id, login in (("redshift_default", linked.admin), ("segment_linked_user", linked.user)):
        assert f"Connection {conn_id} logs in to {place} as {login}." in log
    assert PASSWORD not in json.dumps(report) + log


def test_what_the_admin_lacks_is_named(linked: Segment) -> None:
    linked.admin_connection(login=linked.cluster.user("clerk"), password=PASSWORD)
    schemas = ["public", "crm", "no_such_db.s"]
    report = look(linked, schemas=schemas, role=linked.role, checkpoint_database=linked.checkpoint)
    assert codes(report) == ["admin_lacks", "schema_missing", *["admin_lacks"] * 3, "not_connected"]
    for part in ("CREATEDB", 'USAGE ON SCHEMA "public", "crm" TO', 'FOR TABLES IN SCHEMA "crm" TO'):
        assert any(part in row["remedy"] for row in report["findings"])


def test_what_is_told_as_a_note(linked: Segment) -> None:
    other = linked.cluster.database()
    linked.sql(f"REVOKE TEMP ON DATABASE {other} FROM PUBLIC", "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    # The linked user's own session tells of capitals.
    linked.sql(f"ALTER USER {linked.user} SET enable_case_sensitive_identifier TO true")
    try:
        report = look(linked)
        assert report["noted"]["temp_revoked"] == said("temp_revoked", "", databases=(other,))
        assert report["noted"]["capitals"] == said("capitals", linked.user, case="kept")
        assert codes(report) == [] and "public_creates" not in notes(report)
        linked.user_connection(login=f"{linked.user}_2")
        report = look(linked)
        assert codes(report) == []
        assert "user_missing" in notes(report) and "user_logs_in" not in notes(report)
    finally:
        linked.sql("GRANT CREATE ON SCHEMA public TO PUBLIC")


USER: dict[str, Any] = {"password": CANARY}
FIELDS: dict[str, tuple[dict[str, Any], bool, str]] = {
    "a wrong password": ({"login": "nobody", "password": CANARY}, True, "refuses the login or password"),
    "a user's wrong password": (USER, True, "refuses the login or password of user"),
    "no password": ({"password": None}, True, "lacks password"),
    "no such database": ({"schema": "no_such_db"}, True, "there is no database no_such_db"),
    "TLS that isn't there": ({"extra": {}}, True, "TLS"),
    "nobody listens": ({}, False, "refused"),
}


@pytest.mark.parametrize("case", FIELDS)
def test_a_connection_that_fails_is_a_finding(linked: Segment, logged: Logged, case: str) -> None:
    fields, blocking, told = FIELDS[case]
    with listening(None) as port, quickly():
        if fields is USER:
            linked.user_connection(**fields)
        else:
            linked.admin_connection(**(fields or {"port": port}))
            linked.user_connection(**{"port": linked.server.port, "host": linked.server.host, "extra": {"ssl": False}})
        report = look(linked)
    assert codes(report)[:1] == ["not_connected"]
    assert report["findings"][0]["blocking"] is blocking and told in report["findings"][0]["text"]
    assert CANARY not in json.dumps(report) + logged()


def test_silence_is_no_fault(linked: Segment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "SECONDS", 0.3)
    with listening(silence) as port:
        linked.admin_connection(port=port, extra={"ssl": False, "timeout": 0.3})
        report = look(linked)
        with pytest.raises(PassingFaultError, match="no answer yet, as from a cluster that is resuming"):
            execute(linked.check())
    assert codes(report) == ["no_answer", "no_answer"]
    assert not any(row["blocking"] for row in report["findings"])


def test_what_a_cluster_lacks_is_a_finding_and_not_retried(linked: Segment, faults: Faults) -> None:
    faults.error(SCOPES, "42703", OLD, times=None)
    report = look(linked)
    assert codes(report) == ["old_patch"] and "user_logs_in" in notes(report)
    with pytest.raises(MisconfigurationError) as error:
        execute(linked.check())
    assert said("old_patch", linked.warehouse) in error.value.problems
    faults.clear()
    # The local Redshift looks for the table before it meets a fault.
    linked.cluster.database("CREATE TABLE public.datagraph_preflight (id int)")
    faults.error("datagraph_preflight", "0A000", "cross-database references", times=None)
    for found in (look(linked), execute(linked.check())):
        assert codes(found) == ["cross_database_refused"]


def test_a_database_that_is_dropped_before_it_is_named_is_no_fault(segment: Segment) -> None:
    name = segment.checkpoint
    known = DatabaseAccess(Session(segment.admin, segment.warehouse), databases={name: Database(name, segment.admin)})
    found = Converger(DataGraphHook()).read(lambda rows, _: list(preflight.cross(rows, known)))
    assert found == [note("crosses_databases", name)]


def test_what_is_hidden_from_the_admin_is_told_before_it_is_missed(linked: Segment) -> None:
    cluster, dba = linked.cluster, linked.cluster.user("dba", "CREATEUSER")
    linked.sql(f"GRANT ROLE {linked.role} TO {dba}", f"ALTER USER {dba} NOCREATEUSER")
    linked.admin_connection(login=dba, password=PASSWORD)
    linked.sql(f"ALTER USER {dba} CREATEDB SYSLOG ACCESS UNRESTRICTED")
    seeing = cluster.role("seeing", dba)
    linked.sql(f"GRANT ACCESS SYSTEM TABLE TO ROLE {seeing}")
    assert "hidden" not in codes(look(linked)) + codes(drop(linked, plan_only=True))
    linked.sql("ALTER SYSTEM SET metadata_security = TRUE")
    try:
        for report in (look(linked), execute(linked.check(schemas=[], profiles_sync=f"{linked.warehouse}.later"))):
            assert message(report, "hidden") == said("hidden", dba, case="tables")
        assert message(drop(linked, plan_only=True), "hidden") == said("hidden", dba, case="owned")
        with pytest.raises(MisconfigurationError, match="who owns what"):
            drop(linked)
        linked.sql(f"GRANT ACCESS CATALOG TO ROLE {seeing}")
        assert "hidden" not in codes(look(linked)) + codes(drop(linked, plan_only=True))
    finally:
        linked.sql("ALTER SYSTEM SET metadata_security = FALSE")


PUBLIC = {"PubliclyAccessible": "true"}
US, EU = ("52.25.130.38/32", "34.223.203.0/29", "34.223.203.8/29"), ("3.251.0.0/16",)
# The cluster's fields, who is let in, the workspace's region, and the findings.
NETWORKS: dict[str, tuple[dict[str, str], tuple[str, ...], str, list[str]]] = {
    "all is well": (PUBLIC, US, "us", []),
    "all is well in Europe": (PUBLIC, EU, "eu", []),
    "open to everybody": (PUBLIC, ("0.0.0.0/0",), "us", []),
    "the other region's": (PUBLIC, EU, "us", ["addresses_shut_out"]),
    "half of a range": (PUBLIC, US[:2], "us", ["addresses_shut_out"]),
    "not public": ({}, US, "us", ["not_public"]),
    "paused": ({**PUBLIC, "ClusterStatus": "paused"}, US, "us", ["cluster_unavailable"]),
    "resuming": ({**PUBLIC, "ClusterStatus": "resuming"}, US, "us", ["cluster_unavailable"]),
    "modified": ({**PUBLIC, "ClusterAvailabilityStatus": "Modifying"}, US, "us", ["cluster_unavailable"]),
    "old nodes": ({**PUBLIC, "NodeType": "dc2.large"}, US, "us", ["old_nodes"]),
    "another port": ({**PUBLIC, "Endpoint": "<Port>5439</Port>"}, US, "us", ["other_port"]),
}


def with_aws(segment: Segment, endpoint: str, **extra: Any) -> None:
    given = {"region_name": "us-east-1", "endpoint_url": endpoint, "aws_session_token": CANARY}
    fields = {"conn_type": "aws", "login": "key", "password": CANARY, "extra": given}
    segment.monkeypatch.setenv("AIRFLOW_CONN_AWS", json.dumps(fields))
    segment.admin_connection(extra={"ssl": False, **extra})


@pytest.mark.parametrize("case", NETWORKS)
def test_the_guides_networking_step(linked: Segment, case: str) -> None:
    fields, cidrs, region, expected = NETWORKS[case]
    asked: list[dict[str, list[str]]] = []
    with aws(fields, *cidrs, asked=asked) as endpoint:
        with_aws(linked, endpoint, cluster_identifier="main")
        report = look(linked, aws_conn_id="aws", region=region)
    assert codes(report) == expected
    assert [(one["Action"], one.get("ClusterIdentifier") or one["Filter.1.Value.1"]) for one in asked] == [
        (["DescribeClusters"], ["main"]),
        (["DescribeSecurityGroupRules"], ["sg-1"]),
    ]


def test_what_shuts_segment_out_comes_with_the_commands(linked: Segment) -> None:
    with aws(PUBLIC, US[0]) as endpoint:
        with_aws(linked, endpoint, cluster_identifier="main", region="eu-west-1")
        report = look(linked, aws_conn_id="aws")
    port = linked.server.port
    assert report["findings"][0]["remedy"] == (
        f"Run: aws ec2 authorize-security-group-ingress --group-id sg-1 --protocol tcp --port {port} "
        "--cidr 34.223.203.0/28 --region eu-west-1"
    )


@pytest.mark.parametrize("action", ["DescribeClusters", "DescribeSecurityGroupRules", ""])
def test_what_aws_refuses_is_a_finding_without_its_words(linked: Segment, logged: Logged, action: str) -> None:
    with aws(PUBLIC, *US, refuses=action) as endpoint:
        with_aws(linked, endpoint if action else "http://127.0.0.1:9", cluster_identifier="main")
        report = look(linked, aws_conn_id="aws")
    reason = f"{action}: AccessDenied" if action else "EndpointConnectionError"
    assert message(report, "cluster_unread") == said("cluster_unread", "aws", reason=reason)
    assert CANARY not in json.dumps(report) + logged()


@pytest.mark.parametrize(("name", "value"), [("region", "apac"), ("aws_conn_id", " "), ("user_conn_id", [])])
def test_arguments_are_refused(linked: Segment, name: str, value: Any) -> None:
    with pytest.raises(MisconfigurationError, match=name):
        look(linked, **{name: value})
