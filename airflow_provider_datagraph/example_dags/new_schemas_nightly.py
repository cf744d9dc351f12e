"""Open new schemas every night: what a pattern means is looked up in each run.

The Airflow Variable ``segment_data_graph`` holds what the form would::

    {"schemas": ["analytics.marts_*", "!analytics.*_tmp"], "profiles_sync": "segment_profiles.profiles_prod"}
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow_provider_datagraph.example_dags import segment_data_graph

dag = segment_data_graph(
    "example_new_schemas_nightly",
    allow=["analytics.marts_*", "segment_profiles.profiles_prod"],
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    tags=["example"],
)
