"""The reference DAGs, as functions that a DAG file calls with what it doesn't leave to its form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_datagraph.lazy import lazily

if TYPE_CHECKING:
    from airflow_provider_datagraph.example_dags.approval import segment_data_graph_approval
    from airflow_provider_datagraph.example_dags.grant import segment_data_graph
    from airflow_provider_datagraph.example_dags.offboard import segment_data_graph_offboard
    from airflow_provider_datagraph.example_dags.pins import Connections
    from airflow_provider_datagraph.example_dags.preflight import segment_preflight

__all__ = [
    "Connections",
    "segment_data_graph",
    "segment_data_graph_approval",
    "segment_data_graph_offboard",
    "segment_preflight",
]
__getattr__ = lazily(
    __name__,
    {
        "Connections": "pins",
        "segment_data_graph": "grant",
        "segment_data_graph_approval": "approval",
        "segment_data_graph_offboard": "offboard",
        "segment_preflight": "preflight",
    },
)
