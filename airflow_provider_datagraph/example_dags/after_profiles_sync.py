"""Wait for Profiles Sync before a DAG of one's own reads its tables; the wait holds no worker."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_datagraph.sensors import ProfilesSyncTablesSensor

START = datetime(2026, 1, 1, tzinfo=UTC)

with DAG("example_after_profiles_sync", schedule="@daily", start_date=START, catchup=False, tags=["example"]) as dag:
    ready = ProfilesSyncTablesSensor(
        task_id="profiles_sync_is_ready",
        database="segment_profiles",
        schema="profiles_prod",
        timeout=6 * 3600,
    )

    @task
    def read_the_profiles() -> None:
        """Do what needs the tables."""

    ready >> read_the_profiles()
