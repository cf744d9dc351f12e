"""What the summary tells a person to type into Segment."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_mock import MockerFixture

from airflow_provider_datagraph.access.report import ChangeRow, FindingRow, Report
from airflow_provider_datagraph.operators.summary import SegmentSummaryOperator, merge
from airflow_provider_datagraph.xcom import from_xcom

SAID = """\
Unify > Data Graph > Connect warehouse > Redshift asks for:
Host      h.example
Port      5440
Database  segment_linked_profiles_db
Username  reader
Password  as in the Airflow connection segment_linked_user"""


def test_the_log_says_what_to_type(monkeypatch: pytest.MonkeyPatch, mocker: MockerFixture) -> None:
    known = {"conn_type": "redshift", "password": "Secret-1"}
    admin = {**known, "host": "h.example", "port": 5440, "login": "boss", "schema": "dev"}
    monkeypatch.setenv("AIRFLOW_CONN_REDSHIFT_DEFAULT", json.dumps(admin))
    monkeypatch.setenv("AIRFLOW_CONN_SEGMENT_LINKED_USER", json.dumps({**known, "login": "reader"}))
    log = mocker.patch.object(SegmentSummaryOperator, "log")
    report = SegmentSummaryOperator(task_id="summary", reports=[]).execute({})
    words, shown = log.info.call_args.args
    assert (words, [line.strip() for line in shown.splitlines()]) == ("%s", SAID.splitlines())
    database = "segment_linked_profiles_db"
    assert report["segment"] == {"host": "h.example", "port": 5440, "database": database, "username": "reader"}


def test_only_what_the_run_creates_is_not_missing() -> None:
    changes = [
        ChangeRow(action, about, [], "", "", "", applied=False)
        for action, about in [
            ("create", "role r"),
            ("create", "database d"),
            ("grant", "role g"),
            ("grant", "schema d.s"),
        ]
    ]
    comes = [FindingRow("role_missing", "r", ""), FindingRow("not_ready", "database d", "")]
    stays = [
        FindingRow("role_missing", "g", ""),
        FindingRow("not_ready", "schema d.s", ""),
        FindingRow("database_owner", "database d", ""),
    ]
    report = merge([Report(changes=tuple(changes), findings=tuple(comes + stays))])
    assert (report.changes, report.findings) == (tuple(changes), tuple(stays))


def test_in_a_list_a_mapped_task_stands_for_all_of_its_instances() -> None:
    def pull(task_ids: str, map_indexes: int | None = None) -> Any:
        alone = {"check": {"report": 1}}.get(task_ids)
        return alone if map_indexes == -1 else [{"report": 2}, {"report": 3}]

    reports = [from_xcom("check"), from_xcom("mapped"), from_xcom("check", "report"), "as it is"]
    operator = SegmentSummaryOperator(task_id="summary", reports=reports)
    context: Any = {"ti": SimpleNamespace(xcom_pull=pull)}
    operator.take_arguments(context)
    assert operator.reports == [{"report": 1}, [{"report": 2}, {"report": 3}], 1, "as it is"]
