"""Arguments that came to nothing, as Airflow itself brings them to tasks; see tests/security/test_nothing_widens.py."""

from __future__ import annotations

import pytest

from tests.dags.airflow_process import Airflow
from tests.dags.warehouse import Warehouse, readable
from tests.support.segment import changes

WAYS = {
    "came_to_nothing": ("template", "output", "skipped", "from_xcom", "expand", "expand_kwargs"),
    "came_to_nothing_native": ("template",),
}


@pytest.mark.parametrize("dag_id", WAYS)
def test_nothing_is_opened(airflow: Airflow, warehouse: Warehouse, dag_id: str) -> None:
    names, own = warehouse.names, warehouse.server.database
    warehouse.make_identities()
    admin, sent = warehouse.connections()["redshift_default"], warehouse.listening()
    conf = {"role": names.role, "schema": names.own_schema}
    outcome = airflow.run(dag_id, conf, {"nothing_admin": admin}, sent)
    tasks = {name.partition("[")[0]: (task.state, task.tries) for name, task in outcome.tasks.items()}
    assert {way: tasks[way] for way in WAYS[dag_id]} == dict.fromkeys(WAYS[dag_id], ("failed", 1))
    blank = [way for way in WAYS[dag_id] if way != "from_xcom"]
    assert outcome.log.count("it is given, and came to nothing") >= len(blank)
    assert ("has returned nothing there, or an empty value" in outcome.log) == ("from_xcom" in WAYS[dag_id])
    # Otherwise the others would prove nothing.
    assert tasks["left_out"][0] == "success" and changes(outcome.reports["left_out"]) != []
    assert outcome.changes == []
    path = (own, names.own_schema, "settings")
    assert readable(warehouse, [path]) == {path: False}
