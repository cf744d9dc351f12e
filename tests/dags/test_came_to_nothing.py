"""Arguments that came to nothing, as Airflow itself brings them to tasks."""

from __future__ import annotations

import json

import pytest

from tests.dags.airflow_process import Airflow
from tests.dags.warehouse import Warehouse, readable
from tests.support.segment import changes

WAYS = {
    "came_to_nothing": ("template", "output", "skipped", "from_xcom", "expand", "expand_kwargs"),
    "came_to_nothing_native": ("template",),
}
FIELDS = ("tables", "database", "writers")


@pytest.mark.parametrize("dag_id", WAYS)
def test_nothing_is_opened(airflow: Airflow, warehouse: Warehouse, dag_id: str) -> None:
    names, own = warehouse.names, warehouse.server.database
    warehouse.make_identities()
    admin = json.loads(warehouse.connections()["redshift_default"])
    sent = warehouse.listening()
    conf = {"role": names.role, "schema": names.own_schema}
    outcome = airflow.run(dag_id, conf, {"nothing_admin": json.dumps(admin)}, sent)
    tasks = {name.partition("[")[0]: task for name, task in outcome.tasks.items()}
    grants = {f"{way}__{field}": tasks[f"{way}__{field}"] for way in WAYS[dag_id] for field in FIELDS}
    assert {name: (task.state, task.tries) for name, task in grants.items()} == dict.fromkeys(grants, ("failed", 1))
    blank = [way for way in WAYS[dag_id] if way != "from_xcom"]
    assert outcome.log.count("it is given, and came to nothing") >= len(FIELDS) * len(blank)
    assert ("has returned nothing there, or an empty value" in outcome.log) == ("from_xcom" in WAYS[dag_id])
    assert tasks["left_out"].state == "success"
    assert changes(outcome.reports["left_out"]) != []
    assert outcome.changes == []
    path = (own, names.own_schema, "settings")
    assert readable(warehouse, [path]) == {path: False}
