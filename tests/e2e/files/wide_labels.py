"""One mapped task that opens many schemas; in a second DAG, which renders native objects, too."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_datagraph.operators.schema import GrantSchemaOperator
from airflow_provider_datagraph.redshift.names import quote
from tests.e2e.wide import DAGS, SCHEMAS

for dag_id, native in DAGS.items():
    with DAG(
        dag_id=dag_id,
        schedule="@once",
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,
        render_template_as_native_obj=native,
    ) as dag:
        GrantSchemaOperator.partial(
            task_id="grant",
            redshift_conn_id="secrets_admin",
            schema=[quote(schema) for schema in SCHEMAS],
            database=dag_id,
            role=f"{dag_id}_role",
        ).expand(index=[0])
    globals()[dag_id] = dag
