"""One schema whole, and one table of another."""

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_datagraph.operators import GrantSchemaOperator

with DAG("grant_schemas", schedule=None):
    GrantSchemaOperator(task_id="crm", schema="analytics.crm")
    GrantSchemaOperator(task_id="invoices", schema="analytics.billing", tables=["invoices"])
