"""The end: a plan, until plan_only is taken out."""

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_datagraph.operators import DropSegmentRoleOperator

with DAG("offboard", schedule=None):
    DropSegmentRoleOperator(
        task_id="offboard",
        checkpoint_database="segment_linked_profiles_db",
        plan_only=True,
    )
