"""An argument that came to nothing, on every way on which Airflow brings a value to a task."""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import DAG, AirflowSkipException, task

from airflow_provider_datagraph.operators.schema import GrantSchemaOperator
from airflow_provider_datagraph.xcom import from_xcom

SCHEMA = "{{ params.schema }}"

for native in (False, True):
    with DAG(
        dag_id="came_to_nothing_native" if native else "came_to_nothing",
        schedule=None,
        catchup=False,
        params={"role": "", "schema": ""},
        render_template_as_native_obj=native,
        default_args={
            "redshift_conn_id": "nothing_admin",
            "role": "{{ params.role }}",
            "trigger_rule": "none_failed",
        },
    ) as dag:

        @task
        def returns_none() -> None:
            """What a task returns that found nothing."""

        @task
        def skips() -> Any:
            """What was left out of the run."""
            raise AirflowSkipException

        @task
        def lists_none() -> list[Any]:
            return [None]

        @task
        def maps_to_none() -> list[dict[str, Any]]:
            return [{"tables": None}]

        none: Any = returns_none()
        pulled = "ti.xcom_pull(task_ids='returns_none')"
        template = f"{{{{ {pulled} }}}}" if native else f"{{{{ {pulled} or '' }}}}"
        none >> GrantSchemaOperator(task_id="template", schema=SCHEMA, tables=template)
        if not native:
            # No template comes in here, so both DAGs do the same.
            GrantSchemaOperator(task_id="output", schema=SCHEMA, tables=none)
            skipped: Any = skips()
            GrantSchemaOperator(task_id="skipped", schema=SCHEMA, tables=skipped)
            none >> GrantSchemaOperator(task_id="from_xcom", schema=SCHEMA, tables=from_xcom("returns_none"))
            GrantSchemaOperator.partial(task_id="expand", schema=SCHEMA).expand(tables=lists_none())
            GrantSchemaOperator.partial(task_id="expand_kwargs", schema=SCHEMA).expand_kwargs(maps_to_none())
        GrantSchemaOperator(task_id="left_out", schema=SCHEMA, plan_only=True)
    globals()[dag.dag_id] = dag
