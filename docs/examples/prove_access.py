"""Log in as Segment's user, and read every column of every table."""

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_datagraph.sensors import ValidateAccessSensor

with DAG("prove_access", schedule=None):
    ValidateAccessSensor(task_id="validate", schemas=["analytics.crm"], tables=["analytics.billing.invoices"])
