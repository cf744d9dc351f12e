"""The reference DAG, as Airflow finds it; docs/reference-dag.md says what it does, and what else can be set here.

What is given here isn't on the form, so that whoever may trigger the DAG can't choose it. All schemas of the cluster
are on it, though, unless `allow=["analytics.*"]` says which may be opened to Segment.
"""

from airflow_provider_datagraph.example_dags import Connections, segment_data_graph

dag = segment_data_graph(
    role="segment_linked_role",
    checkpoint_database="segment_linked_profiles_db",
    connections=Connections(redshift_conn_id="redshift_default", user_conn_id="segment_linked_user"),
)
