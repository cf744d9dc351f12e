"""The DAG that asks before it changes anything, where Airflow knows how."""

from __future__ import annotations

from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_1_PLUS

from airflow_provider_datagraph.example_dags import Connections, segment_data_graph_approval
from tests.e2e.asks import DAG_ID

if AIRFLOW_V_3_1_PLUS:
    dag = segment_data_graph_approval(
        DAG_ID,
        assigned_users=[{"id": "admin", "name": "admin"}],
        connections=Connections("secrets_admin", "secrets_asks_user"),
        variable=None,
        max_active_runs=4,
        default_args={"retries": 0},
    )
