"""SegmentSummaryOperator: what to type into Segment, and the whole run's changes in one report."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.operators.database import CreateCheckpointDatabaseOperator
from airflow_provider_datagraph.operators.role import CreateSegmentRoleOperator
from airflow_provider_datagraph.operators.schema import GrantSchemaOperator
from airflow_provider_datagraph.operators.summary import SegmentSummaryOperator
from tests.integration.provider.support import PASSWORD, Segment, codes, run


def summary(segment: Segment, reports: Any, **arguments: Any) -> dict[str, Any]:
    with segment.cluster.untouched():
        return run(SegmentSummaryOperator(task_id="summary", reports=reports, **arguments))


def finding(code: str, about: str) -> dict[str, str]:
    return {"code": code, "object": about, "message": f"{about} is so."}


def test_the_settings_open_a_session_where_segment_connects(linked: Segment) -> None:
    database = linked.cluster.future_database("checkpoint")
    run(CreateCheckpointDatabaseOperator(task_id="database", database=database, role=linked.role))
    settings = summary(linked, [], database=database)["segment"]
    server = linked.cluster.server
    assert settings == {"host": server.host, "port": server.port, "database": database, "username": linked.user}
    connection = linked.cluster.connect(settings["database"], settings["username"], PASSWORD)
    connection.close()


def test_the_password_is_in_neither_the_result_nor_the_log(
    segment: Segment, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    result = summary(segment, [])
    out, err = capfd.readouterr()
    shown = repr(result) + out + err + caplog.text
    assert "as in the Airflow connection segment_linked_user" in shown
    assert PASSWORD not in shown
    assert segment.cluster.server.password not in shown


def test_counts_add_up_and_a_finding_is_told_once(segment: Segment) -> None:
    first = {"changed": 2, "in_place": 1, "planned": ["a", "b"], "findings": [finding("x", "one")]}
    second = {"changed": 0, "in_place": 3, "planned": [], "findings": [finding("x", "one"), finding("y", "two")]}
    proof = {"changed": 0, "in_place": 40, "planned": [], "findings": [finding("schema_empty", "db.s")]}
    result = summary(segment, [first, [second, None], None], proofs=[proof])
    assert (result["changed"], result["in_place"], result["planned"]) == (2, 4, ["a", "b"])
    assert codes(result) == ["x", "y", "schema_empty"]


def test_the_reports_of_a_plan_only_run_find_no_role_missing(segment: Segment) -> None:
    database = segment.cluster.future_database()
    role: Any = {"role": segment.role, "plan_only": True}
    reports: list[Any] = [
        run(CreateSegmentRoleOperator(task_id="role", **role)),
        run(CreateCheckpointDatabaseOperator(task_id="database", database=database, **role)),
        [run(GrantSchemaOperator(task_id="grant", schema=["crm", "billing"], **role))],
    ]
    assert [codes(report) for report in reports[:2]] == [[], ["role_missing"]]
    result = summary(segment, reports, database=database, plan_only=True)
    assert (result["changed"], len(result["planned"]), result["findings"]) == (0, 9, [])
    assert result["segment"]["database"] == database


def test_a_role_that_nobody_creates_stays_missing(segment: Segment) -> None:
    report = run(GrantSchemaOperator(task_id="grant", schema="crm", role=segment.role, plan_only=True))
    assert codes(summary(segment, [report])) == ["role_missing"]


def test_its_arguments_are_templates(segment: Segment) -> None:
    operator = SegmentSummaryOperator(
        task_id="summary", reports=[], database="{{ params.database }}", user_conn_id="{{ params.conn }}"
    )
    settings = run(operator, database="checkpoints", conn="segment_linked_user")["segment"]
    assert (settings["database"], settings["username"]) == ("checkpoints", segment.user)


@pytest.mark.parametrize("database", ["", "template1"])
def test_a_bad_database_is_refused(segment: Segment, database: str) -> None:
    with pytest.raises(MisconfigurationError):
        summary(segment, [], database=database)


def test_a_missing_user_connection_is_refused(segment: Segment) -> None:
    segment.connection("segment_linked_user", conn_type=None)
    with pytest.raises(MisconfigurationError, match="segment_linked_user isn't defined"):
        summary(segment, [])
