"""One mapped task that opens many schemas."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_datagraph.operators.schema import GrantSchemaOperator
from airflow_provider_datagraph.redshift.names import quote

SCHEMAS = json.loads((Path(os.environ["AIRFLOW_HOME"]) / "world.json").read_text())["wide"]
with DAG(dag_id="wide", schedule="@once", start_date=datetime(2026, 1, 1, tzinfo=UTC), catchup=False) as dag:
    GrantSchemaOperator.partial(
        task_id="grant",
        redshift_conn_id="secrets_admin",
        schema=[quote(schema) for schema in SCHEMAS],
        database="wide",
        role="wide_role",
    ).expand(index=[0])
