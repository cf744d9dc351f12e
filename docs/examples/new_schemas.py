"""Names that another task returns: mapped over by number, and never rendered."""

from typing import Any

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_datagraph.operators import GrantSchemaOperator
from airflow_provider_datagraph.xcom import INDEX, from_xcom

with DAG("new_schemas", schedule=None):

    @task
    def found() -> list[dict[str, Any]]:
        """Name what is new, in groups."""
        return [{"schema": ["analytics.crm", "analytics.billing"]}, {"schema": ["ops.devices"]}]

    @task
    def numbers(groups: Any) -> list[int]:
        """Count the groups."""
        return list(range(len(groups)))

    GrantSchemaOperator.partial(
        task_id="grant",
        schema=from_xcom("found", INDEX, "schema"),
    ).expand(index=numbers(found()))
