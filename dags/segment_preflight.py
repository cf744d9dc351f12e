"""Preflight, as Airflow finds it: with `aws_conn_id` among the connections the network is looked at, too."""

from airflow_provider_datagraph.example_dags import Connections, segment_preflight

dag = segment_preflight(
    connections=Connections(redshift_conn_id="redshift_default", user_conn_id="segment_linked_user"),
)
