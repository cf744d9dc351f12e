"""The preflight DAG, by ``airflow dags test``: it looks as a user and as an admin, and changes nothing."""

from __future__ import annotations

from tests.dags.airflow_process import Airflow
from tests.dags.runs import ADMIN_PASSWORD, LINKED_PASSWORD
from tests.dags.warehouse import Warehouse


def test_it_tells_what_works(airflow: Airflow, warehouse: Warehouse) -> None:
    warehouse.make_identities()
    outcome = airflow.run_command("segment_preflight", {}, warehouse.connections(), warehouse.listening())
    report = outcome.reports["preflight"]
    assert (outcome.state, outcome.changes, report["findings"]) == ("success", [], [])
    assert {"admin_logs_in", "user_logs_in", "crosses_databases"} <= report["notes"].keys()
    assert f"logs in to {warehouse.server.host}:{warehouse.server.port} as {warehouse.names.user}." in outcome.log
    assert LINKED_PASSWORD not in outcome.log and ADMIN_PASSWORD not in outcome.log
