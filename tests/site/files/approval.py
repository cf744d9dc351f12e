"""The DAG that asks before it changes anything."""

from airflow_provider_datagraph.example_dags import segment_data_graph_approval

dag = segment_data_graph_approval()
