"""Another password: change the connection, run this, change Segment's settings."""

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_datagraph.operators import RotateSegmentPasswordOperator

with DAG("rotate_password", schedule=None):
    RotateSegmentPasswordOperator(task_id="rotate", user_conn_id="segment_linked_user")
