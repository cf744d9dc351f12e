"""Plan, approve, apply, by Airflow's own scheduler: exactly what was approved is made, or nothing."""

from __future__ import annotations

import json

import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_1_PLUS

from tests.e2e.asks import ANSWERS, DAG_ID
from tests.e2e.scene import Evidence
from tests.support.redshift import sql

pytestmark = pytest.mark.skipif(not AIRFLOW_V_3_1_PLUS, reason="Airflow asks since 3.1")
ENDS = {
    "approved": {"plan": "success", "apply": "success", "validate": "success", "summary": "success"},
    "rejected": {"plan": "success", "apply": "skipped", "validate": "skipped", "summary": "skipped"},
    "changed": {"plan": "success", "apply": "failed", "validate": "upstream_failed", "summary": "upstream_failed"},
    # A new plan wouldn't be what is shown.
    "cleared": {"plan": "failed"},
}
LOGS = {"changed": ("apply", "the plan isn't what was approved any more (-"), "cleared": ("plan", "start a new run")}


@pytest.mark.parametrize("name", ANSWERS)
def test_it_ended_as_the_person_said(evidence: Evidence, name: str) -> None:
    states = {one.task_id: one.state for one in evidence.tasks if (one.dag_id, one.run_id) == (DAG_ID, name)}
    assert ENDS[name].items() <= states.items()
    if name in LOGS:
        task, told = LOGS[name]
        logs = [path.read_text() for path in evidence.left.home.glob(f"logs/**/run_id={name}/task_id={task}/*.log")]
        assert any(told in log for log in logs)


def test_nothing_was_made_but_what_was_approved(evidence: Evidence) -> None:
    server = evidence.left.server
    roles = [str(name) for (name,) in sql(server, "dev", "SELECT role_name FROM svv_roles")]
    databases = [str(name) for (name,) in sql(server, "dev", "SELECT datname FROM pg_database")]
    # The other is what has changed meanwhile.
    assert {name for name in roles if name.split("_")[0] in ANSWERS} == {"approved_role", "changed_role"}
    assert {name for name in databases if name.split("_")[0] in ANSWERS} == {"approved_database"}
    query = "SELECT privilege_type FROM svv_relation_privileges WHERE identity_name = 'changed_role'"
    assert sql(server, "asks", query) == []


def test_the_report_says_who_approved_it(evidence: Evidence) -> None:
    query = "SELECT value FROM xcom WHERE (dag_id, run_id, task_id, key) = (%s, 'approved', %s, 'return_value')"
    for task in ("apply", "summary"):
        [(text,)] = evidence.left.metadata.run(query, DAG_ID, task)
        report = json.loads(text) if isinstance(text, str) else text
        assert report["noted"]["approved"].startswith("admin approved the plan at 20")
