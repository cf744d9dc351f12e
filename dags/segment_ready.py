"""An example: what runs once Segment reads what it is meant to. The sensors tell it, and no DAG is named here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.providers.common.compat.sdk import DAG, AssetAlias, task

with DAG(
    dag_id="segment_ready",
    # Once there is an event of both. Either alone: one alias instead of the list.
    schedule=[AssetAlias("segment-profiles-sync-ready"), AssetAlias("segment-access-granted")],
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
) as dag:

    @task
    def schemas(**context: Any) -> dict[str, int]:
        """Name each schema that the events are about, and how many of its tables were in place."""
        # Airflow 2.11 calls assets datasets.
        name = next(name for name in ("triggering_asset_events", "triggering_dataset_events") if name in context)
        events = [event for found in context[name].values() for event in found]
        return {getattr(event, "asset", event).uri: event.extra["in_place"] for event in events}

    schemas()
