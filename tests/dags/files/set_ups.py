"""The reference DAG on a schedule: with all that it needs in a Variable, and in arguments. Lists in other notations."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import Any

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_datagraph.example_dags import segment_data_graph
from airflow_provider_datagraph.operators import GrantSchemaOperator

DAILY: dict[str, Any] = {"schedule": "@daily", "start_date": datetime(2026, 1, 1, tzinfo=UTC)}
scheduled = segment_data_graph("scheduled", **DAILY)
with DAG("notations", params={"role": "", "schemas": []}, schedule=None) as notations:
    of_role = {"role": "{{ params.role }}"}
    GrantSchemaOperator(task_id="printed", schema="{{ var.json.segment_schemas }}", **of_role)
    GrantSchemaOperator.partial(task_id="mapped", **of_role).expand(schema=json.loads(os.environ.get("MAPPED", "[]")))
arguments = segment_data_graph("arguments", variable=None, **DAILY, **json.loads(os.environ.get("ARGUMENTS", "{}")))
