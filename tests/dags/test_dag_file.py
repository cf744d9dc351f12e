"""The DAG files parse with no connection, and Airflow checks their forms; see tests/unit/test_dag_files.py."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dags.airflow_process import Airflow
from tests.dags.runs import DAG_ID
from tests.unit.test_dag_files import FORMS, OFFBOARD

RIGHT: dict[str, dict[str, Any]] = {DAG_ID: {"schemas": ["crm"], "profiles_sync": "a.b"}, OFFBOARD: {}}


@pytest.mark.parametrize("dag_id", FORMS)
def test_it_parses_with_no_connection_no_error_and_no_warning(airflow: Airflow, dag_id: str) -> None:
    assert not [name for name in airflow.env if name.startswith("AIRFLOW_CONN_")]
    described = airflow.ask("describe", dag_id=dag_id)
    assert (described.get("raised"), described["errors"], described["warnings"]) == (None, {}, [])


def test_a_broken_file_is_noticed(airflow: Airflow) -> None:
    # A DAG id that the file doesn't have.
    assert airflow.ask("describe", dag_id="broken").get("raised")


def test_the_only_field_without_a_default_is_profiles_sync(airflow: Airflow) -> None:
    values = airflow.ask("validate", dag_id=DAG_ID, conf={"profiles_sync": "a.b"})["values"]
    assert values == {**{name: default for name, (_, default, _) in FORMS[DAG_ID].items()}, "profiles_sync": "a.b"}


@pytest.mark.parametrize(
    ("dag_id", "wrong"),
    [
        *((DAG_ID, {"schemas": value}) for value in ("crm", [1], None)),
        *((DAG_ID, {"profiles_sync": value}) for value in (None, "ab")),
        *(
            (DAG_ID, {name: value})
            for name, value in (("role", ["r"]), ("future_tables", "all"), ("plan_only", "False"))
        ),
        *((OFFBOARD, wrong) for wrong in ({"role": None}, {"force": "yes"}, {"new_owner": 5})),
    ],
    ids=str,
)
def test_the_form_refuses_wrong_types(airflow: Airflow, dag_id: str, wrong: dict[str, object]) -> None:
    assert airflow.ask("validate", dag_id=dag_id, conf=RIGHT[dag_id])["values"].items() >= RIGHT[dag_id].items()
    reply = airflow.ask("validate", dag_id=dag_id, conf={**RIGHT[dag_id], **wrong})
    assert reply.get("raised") == "ParamValidationError", reply
    assert f"param {next(iter(wrong))}" in reply["message"]
