"""The DAG files parse with no connection, and say nothing; see tests/unit/test_dag_files.py."""

from __future__ import annotations

import pytest

from tests.dags.airflow_process import Airflow
from tests.dags.worker import FILES
from tests.unit.test_dag_files import FORMS


@pytest.mark.parametrize("dag_id", FORMS)
def test_it_parses_with_no_connection_no_error_and_no_warning(airflow: Airflow, dag_id: str) -> None:
    assert not [name for name in airflow.env if name.startswith("AIRFLOW_CONN_")]
    # Airflow shows the source of the file that calls the function.
    wanted = {"errors": {}, "warnings": [], "params": list(FORMS[dag_id]), "file": str(FILES[dag_id])}
    assert airflow.ask("describe", dag_id=dag_id) == wanted
