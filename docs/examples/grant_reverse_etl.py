"""A Reverse ETL schema that another of Segment's users made."""

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_datagraph.operators import GrantReverseEtlOperator

with DAG("grant_reverse_etl", schedule=None):
    GrantReverseEtlOperator(task_id="reverse_etl", database="analytics", schema_owner="segment_retl")
