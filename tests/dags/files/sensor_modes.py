"""Both sensors in all modes, each in a state that ends in one way; an audit that fails, the way back, and a leak."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_datagraph.operators.audit import AuditAccessOperator
from airflow_provider_datagraph.operators.offboard import DropSegmentRoleOperator, RevokeSchemaOperator
from airflow_provider_datagraph.sensors.access import ValidateAccessSensor
from airflow_provider_datagraph.sensors.profiles_sync import ProfilesSyncTablesSensor

MODES: dict[str, dict[str, Any]] = {
    "deferrable": {"deferrable": True},
    "poke": {"deferrable": False, "mode": "poke"},
    "reschedule": {"deferrable": False, "mode": "reschedule"},
}
PROFILES: dict[str, dict[str, Any]] = {
    "password": {"redshift_conn_id": "modes_wrong_password"},
    "connection": {"redshift_conn_id": "modes_nowhere"},
    "database": {"database": "atlantis"},
    "timeout": {"timeout": 0},
    "refused_port": {"redshift_conn_id": "modes_refused_port", "timeout": 0},
    "hard_timeout": {"timeout": 0, "soft_fail": False},
    "done": {"schema": "modes_profiles"},
    "iam": {"schema": "modes_profiles", "redshift_conn_id": "modes_iam", "aws_conn_id": "modes_aws"},
}
ACCESS: dict[str, dict[str, Any]] = {
    "user_password": {"user_conn_id": "modes_user_wrong_password"},
    "checkpoint_database": {"checkpoint_database": "atlantis"},
}

with DAG(
    dag_id="sensor_modes",
    schedule=None,
    catchup=False,
    params={"control": "", "role": ""},
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
        for name, given in PROFILES.items():
            ProfilesSyncTablesSensor(task_id=f"{name}_{mode}", **{"schema": "modes_missing", **how, **given})
        for name, given in ACCESS.items():
            ValidateAccessSensor(
                task_id=f"{name}_{mode}", **{"user_conn_id": "modes_user", "tables": ["a.b"], **how, **given}
            )

    role = "{{ params.role }}"
    revoke = RevokeSchemaOperator(task_id="revoke", schema="modes_profiles", role=role)
    revoke >> DropSegmentRoleOperator(task_id="drop", role=role, user_conn_id="modes_leaving")

    AuditAccessOperator(task_id="audit", role=role, user_conn_id="modes_user", allowed=["nothing"], exact=True)

    @task
    def leak(value: str) -> str:
        """Do what no task of the package may do."""
        print(f"leaked: {value}")  # noqa: T201  # the task log is one of the places that are searched
        return value

    leak("{{ params.control }}")
