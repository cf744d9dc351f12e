"""A plan that somebody has to approve before it is made."""

from airflow_provider_datagraph.example_dags import segment_data_graph_approval

dag = segment_data_graph_approval(
    "approval",
    role="segment_linked_role",
    allow=["analytics.*"],
    assigned_users=[{"id": "7", "name": "ada"}],
)
