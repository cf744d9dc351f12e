"""What works and what is missing, before anything is set up."""

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_datagraph.operators import PreflightOperator

with DAG("preflight", schedule=None):
    PreflightOperator(task_id="preflight", schemas=["analytics.crm"], region="eu")
