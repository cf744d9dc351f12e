"""The database that Segment writes in."""

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_datagraph.operators import CreateCheckpointDatabaseOperator

with DAG("create_checkpoint_database", schedule=None):
    CreateCheckpointDatabaseOperator(task_id="database", checkpoint_database="segment_linked_profiles_db")
