"""The reference DAGs with everything on the form: each test brings names of its own."""

from __future__ import annotations

from airflow_provider_datagraph.example_dags import segment_data_graph, segment_data_graph_offboard

unpinned = segment_data_graph("unpinned")
offboard = segment_data_graph_offboard("unpinned_offboard")
