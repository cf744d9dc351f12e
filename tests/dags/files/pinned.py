"""The reference DAG with pins and patterns, for tests/security/test_hostile_trigger.py."""

from __future__ import annotations

from airflow_provider_datagraph.example_dags import segment_data_graph

pinned = segment_data_graph(
    "pinned",
    role="pinned_role",
    checkpoint_database="pinned_checkpoint",
    allow=["shop.marts_*", 'shop."lit*"', "Shop.Profiles", "shop.__segment_reverse_etl"],
)
