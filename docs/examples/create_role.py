"""Segment's role and user."""

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_datagraph.operators import CreateSegmentRoleOperator

with DAG("create_role", schedule=None):
    CreateSegmentRoleOperator(task_id="role", role="segment_linked_role", user_conn_id="segment_linked_user")
