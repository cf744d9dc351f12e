"""Look every day at what Segment can read, and tell a channel where it is more than was allowed."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_datagraph.exceptions import DriftError
from airflow_provider_datagraph.operators import AuditAccessOperator

START = datetime(2026, 1, 1, tzinfo=UTC)


def tell(context: Any) -> None:
    """Send what an audit found to wherever people look; here to standard output."""
    error = context.get("exception")
    if isinstance(error, DriftError):
        told = [f"Segment's access isn't as allowed: {error}", *(row["text"] for row in error.report["findings"])]
    else:
        told = [f"The audit couldn't run: {error}"]
    sys.stdout.write("\n- ".join(told))


with DAG("example_audit_with_callback", schedule="@daily", start_date=START, catchup=False, tags=["example"]) as dag:
    AuditAccessOperator(
        task_id="audit",
        allowed=["analytics.crm", "analytics.marts_*", "segment_profiles.profiles_prod"],
        exact=True,
        on_failure_callback=tell,
    )
