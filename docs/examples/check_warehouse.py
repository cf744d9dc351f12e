"""A form of your own: checked whole before the first grant, which takes what the check understood."""

from airflow.providers.common.compat.sdk import DAG, Param

from airflow_provider_datagraph.operators import CheckWarehouseOperator, GrantSchemaOperator
from airflow_provider_datagraph.xcom import from_xcom

FORM = {"schemas": Param(["analytics.crm"], type="array", items={"type": "string"})}

with DAG("check_warehouse", schedule=None, params=FORM):
    check = CheckWarehouseOperator(task_id="check", schemas="{{ params.schemas | tojson }}", allow=["analytics.*"])
    grant = GrantSchemaOperator(task_id="grant", schema=from_xcom("check", "validate", "schemas"))
    check >> grant
