"""The reference DAG on a schedule: with all that it needs in an Airflow Variable, and in arguments."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import Any

from airflow_provider_datagraph.example_dags import segment_data_graph

DAILY: dict[str, Any] = {"schedule": "@daily", "start_date": datetime(2026, 1, 1, tzinfo=UTC)}
scheduled = segment_data_graph("scheduled", **DAILY)
arguments = segment_data_graph("arguments", variable=None, **DAILY, **json.loads(os.environ.get("ARGUMENTS", "{}")))
