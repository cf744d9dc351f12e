"""Arguments that came to nothing, on every way on which Airflow brings a value to a task."""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import DAG, AirflowSkipException, task

from airflow_provider_datagraph.operators.schema import GrantSchemaOperator
from airflow_provider_datagraph.xcom import from_xcom

FIELDS = ("tables", "database", "writers")


def grants(way: str, value: Any, *upstream: Any) -> None:
    """Make a task for each argument, which gets this value."""
    for field in FIELDS:
        made = GrantSchemaOperator(task_id=f"{way}__{field}", **{field: value})
        for other in upstream:
            other >> made


for native in (False, True):
    with DAG(
        dag_id="came_to_nothing_native" if native else "came_to_nothing",
        schedule=None,
        catchup=False,
        params={"role": "", "schema": ""},
        render_template_as_native_obj=native,
        default_args={
            "redshift_conn_id": "nothing_admin",
            "schema": "{{ params.schema }}",
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
        def maps_to_none(field: str) -> list[dict[str, Any]]:
            return [{field: None}]

        none = returns_none()
        pulled = "ti.xcom_pull(task_ids='returns_none')"
        grants("template", f"{{{{ {pulled} }}}}" if native else f"{{{{ {pulled} or '' }}}}", none)
        if not native:
            # No template comes in here, so both DAGs do the same.
            listed = lists_none()
            grants("output", none)
            grants("skipped", skips())
            grants("from_xcom", from_xcom("returns_none"), none)
            for field in FIELDS:
                GrantSchemaOperator.partial(task_id=f"expand__{field}").expand(**{field: listed})
                GrantSchemaOperator.partial(task_id=f"expand_kwargs__{field}").expand_kwargs(maps_to_none(field))
        # Otherwise the others would prove nothing.
        GrantSchemaOperator(task_id="left_out", schema="{{ params.schema }}", plan_only=True)
    globals()[dag.dag_id] = dag
