"""The reference DAG on a schedule, without anybody who fills in its form; and the one that looks before it."""

from __future__ import annotations

import json
from typing import Any

from airflow_provider_datagraph.access.profiles_sync import REQUIRED_TABLES
from local_redshift.running import Server
from tests.dags.airflow_process import Airflow, Outcome
from tests.dags.runs import LINKED_PASSWORD
from tests.dags.test_dag_runs import ALL_TASKS
from tests.dags.warehouse import Warehouse, build, profiles_sync_begins, readable

SKIPPED = {"wait_for_profiles_sync", "grant_profiles_sync", "grant_reverse_etl"}
VARIABLE = "AIRFLOW_VAR_SEGMENT_DATA_GRAPH"


def given(warehouse: Warehouse) -> dict[str, Any]:
    """What a company types once."""
    names = warehouse.names
    schemas = [f"{names.analytics}.crm", f"{names.ops}.devices"]
    return {"schemas": schemas, "role": names.role, "checkpoint_database": names.checkpoint}


def opened(warehouse: Warehouse, outcome: Outcome, skipped: set[str] = SKIPPED) -> None:
    """The run did all that was asked, and skipped what nobody asked for."""
    assert outcome.state == "success", outcome.log[-3000:]
    assert outcome.states == {name: "skipped" if name in skipped else "success" for name in ALL_TASKS}
    names = warehouse.names
    paths = {(names.analytics, "crm", "accounts"): True, (names.ops, "devices", "phones"): True}
    paths[names.analytics, "payroll", "salaries"] = False
    assert readable(warehouse, paths) == paths


def test_everything_from_a_variable_and_on_the_second_cluster(airflow: Airflow, warehouse: Warehouse) -> None:
    found = warehouse.connections()
    # The first cluster's connections aren't defined.
    connections = {"west": found["redshift_default"], "west_user": found["segment_linked_user"]}
    clusters = [{"redshift_conn_id": f"{name}", "user_conn_id": f"{name}_user"} for name in ("east", "west")]
    value = json.dumps({**given(warehouse), "connections": clusters, "cluster": "west"})
    opened(warehouse, airflow.run("scheduled", {}, connections, warehouse.listening(), **{VARIABLE: value}))


def test_everything_from_arguments_and_no_table_that_comes_later(airflow: Airflow, dag_server: Server) -> None:
    warehouse = build(dag_server, LINKED_PASSWORD)
    names, sent = warehouse.names, warehouse.listening()
    pins = {"profiles_sync": f"{names.profiles}.profiles_prod", "reverse_etl_database": "", "future_tables": "none"}
    with profiles_sync_begins(warehouse) as looks:
        arguments = json.dumps({**given(warehouse), **pins})
        outcome = airflow.run("arguments", {}, warehouse.connections(), sent, ARGUMENTS=arguments)
    opened(warehouse, outcome, {"grant_reverse_etl"})
    assert [text for text in outcome.changes if "FOR TABLES" in text] == []
    # These came while it waited.
    assert looks
    paths = {(names.profiles, "profiles_prod", table): True for table in (*REQUIRED_TABLES, "order_completed")}
    warehouse.run(names.profiles, "CREATE TABLE profiles_prod.later (id int)", user=names.segment)
    warehouse.run(names.analytics, "CREATE TABLE crm.later (id int)", user=names.etl)
    paths |= {(names.profiles, "profiles_prod", "later"): False, (names.analytics, "crm", "later"): False}
    assert readable(warehouse, paths) == paths


def test_patterns_that_mean_nothing_yet_are_no_failure(airflow: Airflow, warehouse: Warehouse) -> None:
    conf = {**given(warehouse), "schemas": [f"{warehouse.names.ops}.marts_*"]}
    outcome = airflow.run("scheduled", conf, warehouse.connections(), warehouse.listening())
    others = {name for name, state in outcome.states.items() if state == "skipped"}
    assert (outcome.state, others) == ("success", {*SKIPPED, "grant_schemas", "validate", "audit"})
    assert [row["code"] for row in outcome.reports["summary"]["findings"]] == ["pattern_empty"]


def test_a_run_that_can_open_nothing_that_is_named_is_no_success(airflow: Airflow, warehouse: Warehouse) -> None:
    external = "CREATE EXTERNAL SCHEMA lake FROM DATA CATALOG DATABASE 'd' IAM_ROLE default"
    warehouse.run(warehouse.names.ops, external)
    conf = {**given(warehouse), "schemas": [f"{warehouse.names.ops}.lake"]}
    outcome = airflow.run("scheduled", conf, warehouse.connections(), warehouse.listening())
    assert (outcome.state, outcome.states["validate"]) == ("failed", "failed")
    assert "Neither schemas nor tables is given" in outcome.log


def test_lists_of_a_variable_and_names_that_a_dag_file_maps_over(airflow: Airflow, warehouse: Warehouse) -> None:
    warehouse.make_identities()
    names, sent = warehouse.names, warehouse.listening()
    mapped = [f"{names.ops}.depots", f"{names.analytics}.billing"]
    more = {"AIRFLOW_VAR_SEGMENT_SCHEMAS": json.dumps([f"{names.analytics}.crm", f"{names.ops}.dev*"])}
    conf = {"role": names.role}
    outcome = airflow.run("notations", conf, warehouse.connections(), sent, MAPPED=json.dumps(mapped), **more)
    assert outcome.states == {"printed": "success", "mapped[0]": "success", "mapped[1]": "success"}, outcome.log[-3000:]
    labels = {outcome.tasks[f"mapped[{at}]"].label for at in (0, 1)}
    assert labels == {f"Schema {names.ops}.depots", f"Schema {names.analytics}.billing"}
    paths = [(names.analytics, "crm", "accounts"), (names.ops, "devices", "phones"), (names.ops, "depots", "doors")]
    assert readable(warehouse, paths) == dict.fromkeys(paths, True)


def test_the_preflight_tells_what_works(airflow: Airflow, warehouse: Warehouse) -> None:
    warehouse.make_identities()
    outcome = airflow.run("segment_preflight", {}, warehouse.connections(), warehouse.listening())
    report = outcome.reports["preflight"]
    assert (outcome.state, outcome.changes, report["findings"]) == ("success", [], [])
    assert {"admin_logs_in", "user_logs_in", "crosses_databases"} <= report["notes"].keys()
    assert f"logs in to {warehouse.server.host}:{warehouse.server.port} as {warehouse.names.user}." in outcome.log
