"""What Segment's user reaches, and by which way. It fails where that is more than what is allowed."""

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_datagraph.operators import AuditAccessOperator

with DAG("audit_access", schedule=None):
    AuditAccessOperator(task_id="audit", allowed=["analytics.crm", "analytics.billing.invoices"], exact=True)
