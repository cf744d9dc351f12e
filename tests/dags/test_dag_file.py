"""The DAG file parses with no connection, and Airflow fills its form; see tests/unit/test_dag_files.py."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dags.airflow_process import Airflow
from tests.dags.runs import DAG_ID
from tests.unit.test_dag_files import FORMS


@pytest.fixture(scope="session")
def described(airflow: Airflow) -> dict[str, Any]:
    assert not [name for name in airflow.env if name.startswith("AIRFLOW_CONN_")]
    return airflow.ask("describe", dag_id=DAG_ID)


def test_it_parses_with_no_connection_no_error_and_no_warning(described: dict[str, Any]) -> None:
    assert (described.get("raised"), described["errors"], described["warnings"]) == (None, {}, [])


def test_a_broken_file_is_noticed(airflow: Airflow) -> None:
    # A DAG id that the file doesn't have.
    assert airflow.ask("describe", dag_id="broken").get("raised")


def test_the_only_field_without_a_default_is_profiles_sync(airflow: Airflow) -> None:
    values = airflow.ask("validate", dag_id=DAG_ID, conf={"profiles_sync": "a.b"})["values"]
    assert values == {**{name: default for name, (_, default, _) in FORMS[DAG_ID].items()}, "profiles_sync": "a.b"}
