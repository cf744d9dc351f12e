"""SegmentSummaryOperator: what to type into Segment, and the whole run's changes in one report."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from tests.support.redshift import PASSWORD
from tests.support.segment import Segment, codes, execute, grant


def summary(segment: Segment, reports: Any, **arguments: Any) -> dict[str, Any]:
    with segment.cluster.untouched():
        return execute(segment.summary(reports=reports, **arguments))


def finding(code: str, about: str) -> dict[str, str]:
    return {"code": code, "object": about, "message": f"{about} is so."}


def test_the_settings_open_a_session_where_segment_connects(linked: Segment) -> None:
    execute(linked.create_database())
    settings, server = summary(linked, [])["segment"], linked.server
    expected = {"host": server.host, "port": server.port, "database": linked.checkpoint, "username": linked.user}
    assert settings == expected
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
    assert segment.server.password not in shown


def test_counts_add_up_and_a_finding_is_told_once(segment: Segment) -> None:
    first = {"changed": 2, "in_place": 1, "planned": ["a", "b"], "findings": [finding("x", "one")]}
    second = {"changed": 0, "in_place": 3, "planned": [], "findings": [finding("x", "one"), finding("y", "two")]}
    proof = {"changed": 0, "in_place": 40, "planned": [], "findings": [finding("schema_empty", "db.s")]}
    result = summary(segment, [first, [second, None], None], proofs=[proof])
    assert (result["changed"], result["in_place"], result["planned"]) == (2, 4, ["a", "b"])
    assert codes(result) == ["x", "y", "schema_empty"]


def test_the_reports_of_a_plan_only_run_find_no_role_missing(segment: Segment) -> None:
    reports: list[Any] = [
        execute(segment.create_role(plan_only=True)),
        execute(segment.create_database(plan_only=True)),
        [grant(segment, ["crm", "billing"], plan_only=True)],
    ]
    assert [codes(report) for report in reports[:2]] == [[], ["role_missing"]]
    result = summary(segment, reports, plan_only=True)
    assert (result["changed"], len(result["planned"]), result["findings"]) == (0, 9, [])
    assert result["segment"]["database"] == segment.checkpoint


def test_a_role_that_nobody_creates_stays_missing(segment: Segment) -> None:
    assert codes(summary(segment, [grant(segment, plan_only=True)])) == ["role_missing"]
