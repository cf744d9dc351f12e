"""Grant what dbt (or cosmos) has just built: a table listed by name loses its grant when dbt makes it anew.

The DAG that runs dbt names the asset as an outlet of its last task. A whole schema with a scoped permission needs none
of this: later tables are open as soon as they are there.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.providers.common.compat.sdk import DAG, Asset

from airflow_provider_datagraph.operators import GrantSchemaOperator
from airflow_provider_datagraph.sensors import ValidateAccessSensor

START = datetime(2026, 1, 1, tzinfo=UTC)
BUILT = Asset("dbt_marts_are_built")

with DAG("example_after_dbt", schedule=[BUILT], start_date=START, catchup=False, tags=["example"]) as dag:
    grant = GrantSchemaOperator(
        task_id="grant",
        schema="analytics.marts",
        tables=["orders", "customers"],
    )
    validate = ValidateAccessSensor(
        task_id="validate",
        checkpoint_database="segment_linked_profiles_db",
        tables=["analytics.marts.orders", "analytics.marts.customers"],
    )
    grant >> validate
