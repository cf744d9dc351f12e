"""A grant that waits for another session's lock, longer than the task may take."""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_datagraph.operators.schema import GrantSchemaOperator

with DAG(dag_id="time_is_over", schedule=None, catchup=False, params={"role": "", "schema": ""}) as dag:
    GrantSchemaOperator(
        task_id="grant",
        schema="{{ params.schema }}",
        role="{{ params.role }}",
        execution_timeout=timedelta(seconds=2),
    )
