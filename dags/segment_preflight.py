"""Preflight, as Airflow finds it: name an AWS connection in `aws_conn_id` to have the network looked at, too."""

from airflow_provider_datagraph.dags import Connections, segment_preflight

dag = segment_preflight(
    connections=Connections(redshift_conn_id="redshift_default", user_conn_id="segment_linked_user"),
)
