"""One DAG for two clusters: its form asks which, and neither can be reached with the other's user."""

from __future__ import annotations

from airflow_provider_datagraph.example_dags import Connections, segment_data_graph

dag = segment_data_graph(
    "example_two_clusters",
    connections=[
        Connections("redshift_europe", "segment_user_europe"),
        Connections("redshift_america", "segment_user_america"),
    ],
    tags=["example"],
)
