"""A schema that Segment isn't to read any more."""

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_datagraph.operators import RevokeSchemaOperator

with DAG("close_schemas", schedule=None):
    RevokeSchemaOperator(task_id="close", schema=["analytics.crm"])
