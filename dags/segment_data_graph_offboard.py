"""The way back, as Airflow finds it: whoever may trigger it may end Segment's access, and that of no other role."""

from airflow_provider_datagraph.example_dags import Connections, segment_data_graph_offboard

dag = segment_data_graph_offboard(
    role="segment_linked_role",
    connections=Connections(redshift_conn_id="redshift_default", user_conn_id="segment_linked_user"),
)
