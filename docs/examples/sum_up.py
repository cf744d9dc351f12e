"""What was granted, what is proved, and what to type into Segment, in one log."""

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_datagraph.operators import GrantSchemaOperator, SegmentSummaryOperator
from airflow_provider_datagraph.sensors import ValidateAccessSensor
from airflow_provider_datagraph.xcom import from_xcom

with DAG("sum_up", schedule=None):
    grant = GrantSchemaOperator(task_id="grant", schema="analytics.crm")
    validate = ValidateAccessSensor(task_id="validate", schemas=["analytics.crm"])
    summary = SegmentSummaryOperator(task_id="summary", reports=[from_xcom("grant")], proofs=[from_xcom("validate")])
    grant >> validate >> summary
