"""By IAM in two databases; and sensors that wait while tokens end, a password rotates, a place moves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_datagraph.operators.schema import GrantSchemaOperator
from airflow_provider_datagraph.sensors.access import ValidateAccessSensor
from airflow_provider_datagraph.sensors.profiles_sync import ProfilesSyncTablesSensor
from tests.e2e.ways import DAG_ID, DATABASES, LATER, ROLE

IAM: dict[str, Any] = {"redshift_conn_id": "ways_iam", "aws_conn_id": "ways_aws"}
# Airflow 2 fails one of two tasks that add the same new dataset in one moment.
MOVED, SYNC = ({"schema": "profiles", "database": database} for database in DATABASES)
WAIT: dict[str, Any] = {"poke_interval": 2, "timeout": 240}

with DAG(
    dag_id=DAG_ID,
    schedule="@once",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args={"priority_weight": 100},
) as dag:
    for database in DATABASES:
        GrantSchemaOperator(task_id=f"grant_{database}", schema="crm", database=database, role=ROLE, **IAM)
    ProfilesSyncTablesSensor(task_id="token_ends", **SYNC, **IAM, **WAIT)
    ProfilesSyncTablesSensor(task_id="endpoint_moves", redshift_conn_id="ways_moved", **MOVED, **WAIT)
    ValidateAccessSensor(
        task_id="password_rotates",
        redshift_conn_id="ways_admin",
        user_conn_id="ways_user",
        role=ROLE,
        tables=list(LATER),
        wait_for_grants=True,
        **WAIT,
    )
