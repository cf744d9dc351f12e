"""Open a few tables of a schema, and whole schemas beside it. Later tables of `billing` stay closed."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_datagraph.operators import GrantSchemaOperator
from airflow_provider_datagraph.sensors import ValidateAccessSensor

with DAG("example_granular_tables", schedule=None, tags=["example"]) as dag:
    grant = GrantSchemaOperator(
        task_id="grant",
        schema=["analytics.crm", "analytics.billing"],
        tables=["analytics.billing.invoices", "analytics.billing.customers"],
        prune=True,
    )
    validate = ValidateAccessSensor(
        task_id="validate",
        checkpoint_database="segment_linked_profiles_db",
        schemas=["analytics.crm"],
        tables=["analytics.billing.invoices", "analytics.billing.customers"],
    )
    grant >> validate
