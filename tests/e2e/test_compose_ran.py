"""docker-compose.yaml works: its services, its connections, and ./dags where they are mounted."""

from __future__ import annotations

import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS

from tests.e2e import reference
from tests.e2e.compose import SERVICES
from tests.e2e.scene import Evidence
from tests.e2e.services import OVERLAY

composed = pytest.mark.skipif(not AIRFLOW_V_3_0_PLUS, reason="the compose file runs Airflow 3")


def test_nothing_of_the_file_is_laid_over() -> None:
    for service in SERVICES.values():
        assert OVERLAY.keys().isdisjoint(service.get("environment", {}))


@composed
def test_every_service_became_healthy(evidence: Evidence) -> None:
    assert evidence.healthy == SERVICES.keys() - {"postgres", "airflow-init"}


@composed
def test_the_reference_dag_opened_the_warehouse(evidence: Evidence) -> None:
    states = {task.task_id: task.state for task in evidence.tasks if task.dag_id == reference.DAG_ID}
    # No Reverse ETL schema is to be shared.
    assert states.pop("grant_reverse_etl") == "skipped"
    assert (len(states), set(states.values())) == (9, {"success"})


@composed
def test_no_web_page_gets_in(evidence: Evidence) -> None:
    answers = dict(evidence.answers)
    assert answers.pop("who is logged in") == 200
    assert len(answers) > 20
    assert {who: status for who, status in answers.items() if status not in (401, 403)} == {}


def test_nothing_survived(evidence: Evidence) -> None:
    assert evidence.survivors == []
