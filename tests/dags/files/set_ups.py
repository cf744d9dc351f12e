"""The reference DAGs as tests set them up, and single tasks: lists in other notations, and one whose time is over."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_datagraph.example_dags import segment_data_graph, segment_data_graph_offboard
from airflow_provider_datagraph.operators import GrantSchemaOperator

# With everything on the form: each test brings names of its own.
unpinned = segment_data_graph("unpinned")
offboard = segment_data_graph_offboard("unpinned_offboard")
# With pins and patterns, for tests/security/test_hostile_trigger.py.
pinned = segment_data_graph(
    "pinned",
    role="pinned_role",
    checkpoint_database="pinned_checkpoint",
    allow=["shop.marts_*", 'shop."lit*"', "Shop.Profiles", "shop.__segment_reverse_etl"],
)
# On a schedule: with all that it needs in a Variable, and in arguments.
DAILY: dict[str, Any] = {"schedule": "@daily", "start_date": datetime(2026, 1, 1, tzinfo=UTC)}
scheduled = segment_data_graph("scheduled", **DAILY)
arguments = segment_data_graph("arguments", variable=None, **DAILY, **json.loads(os.environ.get("ARGUMENTS", "{}")))

with DAG("notations", params={"role": "", "schemas": []}, schedule=None) as notations:
    of_role = {"role": "{{ params.role }}"}
    GrantSchemaOperator(task_id="printed", schema="{{ var.json.segment_schemas }}", **of_role)
    GrantSchemaOperator.partial(task_id="mapped", **of_role).expand(schema=json.loads(os.environ.get("MAPPED", "[]")))

with DAG("time_is_over", params={"role": "", "schema": ""}, schedule=None) as time_is_over:
    # It waits for another session's lock, longer than it may take.
    limit = timedelta(seconds=2)
    GrantSchemaOperator(task_id="grant", schema="{{ params.schema }}", **of_role, execution_timeout=limit)
