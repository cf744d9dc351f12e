"""A sensor in all modes, each in a state that ends in one way; and a leak."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_datagraph.sensors.profiles_sync import ProfilesSyncTablesSensor
from tests.support.waiting import MODES

STATES: dict[str, dict[str, Any]] = {
    "done": {"schema": "modes_profiles"},
    "timeout": {"timeout": 0},
    "password": {"redshift_conn_id": "modes_wrong_password"},
    "connection": {"redshift_conn_id": "modes_nowhere"},
    "hard_timeout": {"timeout": 0, "soft_fail": False},
}

with DAG(
    dag_id="sensor_modes",
    schedule=None,
    catchup=False,
    params={"control": ""},
    default_args={
        "redshift_conn_id": "modes_admin",
        "soft_fail": True,
        "retries": 1,
        "retry_delay": timedelta(0),
        "poke_interval": 0.1,
        "timeout": 30,
    },
) as dag:
    for mode, how in MODES.items():
        for name, given in STATES.items():
            ProfilesSyncTablesSensor(task_id=f"{name}_{mode}", **{"schema": "modes_missing", **how, **given})

    @task
    def leak(value: str) -> str:
        """Do what no task of the package may do."""
        print(f"leaked: {value}")  # noqa: T201  # the task log is one of the places that are searched
        return value

    leak("{{ params.control }}")
