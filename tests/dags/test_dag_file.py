"""The DAG files parse with no connection, and Airflow checks their forms; see tests/unit/test_dag_files.py."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dags.airflow_process import Airflow
from tests.dags.worker import FILES
from tests.unit.test_dag_files import FORMS, MAIN, OFFBOARD, UNPINNED

RIGHT: dict[str, dict[str, Any]] = {
    **{dag_id: {"schemas": ["crm"], "profiles_sync": "a.b"} for dag_id in (MAIN, UNPINNED)},
    OFFBOARD: {},
}


@pytest.mark.parametrize("dag_id", FORMS)
def test_it_parses_with_no_connection_no_error_and_no_warning(airflow: Airflow, dag_id: str) -> None:
    assert not [name for name in airflow.env if name.startswith("AIRFLOW_CONN_")]
    described = airflow.ask("describe", dag_id=dag_id)
    assert (described.get("raised"), described["errors"], described["warnings"]) == (None, {}, [])
    # Airflow shows the source of the file that calls the function.
    assert described["file"] == str(FILES[dag_id])


def test_a_broken_file_is_noticed(airflow: Airflow) -> None:
    # A DAG id that the file doesn't have.
    assert airflow.ask("describe", dag_id="broken").get("raised")


@pytest.mark.parametrize("dag_id", FORMS)
def test_each_field_has_a_default(airflow: Airflow, dag_id: str) -> None:
    values = airflow.ask("validate", dag_id=dag_id, conf={})["values"]
    assert values == {name: default for name, (default, _) in FORMS[dag_id].items()}


@pytest.mark.parametrize(
    ("dag_id", "wrong"),
    [
        *((MAIN, {"schemas": value}) for value in ("crm", [1])),
        (MAIN, {"profiles_sync": 5}),
        *((MAIN, {name: value}) for name, value in (("future_tables", "all"), ("plan_only", "False"))),
        (UNPINNED, {"role": ["r"]}),
        *((OFFBOARD, wrong) for wrong in ({"force": "yes"}, {"new_owner": 5})),
    ],
    ids=str,
)
def test_the_form_refuses_wrong_types(airflow: Airflow, dag_id: str, wrong: dict[str, object]) -> None:
    assert airflow.ask("validate", dag_id=dag_id, conf=RIGHT[dag_id])["values"].items() >= RIGHT[dag_id].items()
    reply = airflow.ask("validate", dag_id=dag_id, conf={**RIGHT[dag_id], **wrong})
    assert reply.get("raised") == "ParamValidationError", reply
    assert f"param {next(iter(wrong))}" in reply["message"]
