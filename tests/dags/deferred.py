"""Put sensors into Airflow's database as if a worker had deferred them. It reads a JSON list of triggers' arguments."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger
from airflow.providers.common.compat.sdk import DAG
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.serialization import serialized_objects
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState

from airflow_provider_datagraph.triggers.poll import PollTrigger

DAG_ID = "waiting"


def seed(session: Any, triggers: list[dict[str, Any]]) -> None:
    """Make a run, and in it a mapped task instance for each trigger."""
    now = datetime.now(UTC)
    with DAG(DAG_ID, schedule=None, start_date=now) as dag:
        EmptyOperator(task_id="wait")
    # The second is its name before Airflow 3.2.
    names = vars(serialized_objects)
    serial = names.get("DagSerialization") or names["SerializedDAG"]
    task = serial.from_dict(serial.to_dict(dag)).get_task("wait")
    model: dict[str, Any] = {}
    version: dict[str, Any] = {}
    dates: dict[str, Any] = {"execution_date": now}
    if AIRFLOW_V_3_0_PLUS:
        from airflow.models.dag_version import DagVersion
        from airflow.models.dagbundle import DagBundleModel

        session.add(DagBundleModel(name="b"))
        session.flush()
        model, dates = {"bundle_name": "b"}, {"logical_date": now, "run_after": now}
    session.add(DagModel(dag_id=DAG_ID, fileloc="", **model))  # type: ignore[no-untyped-call]  # Airflow's
    session.flush()
    if AIRFLOW_V_3_0_PLUS:
        made = DagVersion.write_dag(dag_id=DAG_ID, bundle_name="b", session=session)
        session.flush()
        version = {"dag_version_id": made.id}
    session.add(DagRun(dag_id=DAG_ID, run_id="r", run_type="manual", state=DagRunState.RUNNING, **dates))
    session.flush()
    for at, given in enumerate(triggers):
        trigger = Trigger.from_object(PollTrigger(**given))
        session.add(trigger)
        session.flush()
        ti = TaskInstance(task, run_id="r", state="deferred", map_index=at, **version)
        ti.trigger_id, ti.next_method, ti.next_kwargs, ti.try_number = trigger.id, "resume", {}, 1
        ti.trigger_timeout = now + timedelta(days=2)
        session.add(ti)


if __name__ == "__main__":
    with create_session() as session:
        seed(session, json.load(sys.stdin))
