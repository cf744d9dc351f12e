"""All that a form asks for, in one task."""

from airflow.providers.common.compat.sdk import DAG, Param

from airflow_provider_datagraph.operators import CheckWarehouseOperator, OpenWarehouseOperator
from airflow_provider_datagraph.xcom import from_xcom

FORM = {"schemas": Param(["analytics.crm"], type="array", items={"type": "string"})}

with DAG("open_warehouse", schedule=None, params=FORM):
    check = CheckWarehouseOperator(task_id="check", schemas="{{ params.schemas | tojson }}")
    check >> OpenWarehouseOperator(task_id="open", checked=from_xcom("check"))
