"""Every operator run twice: the second run sends nothing that changes anything."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_datagraph.operators.check import CheckWarehouseOperator
from airflow_provider_datagraph.operators.database import CreateCheckpointDatabaseOperator
from airflow_provider_datagraph.operators.reverse_etl import GrantReverseEtlOperator
from airflow_provider_datagraph.operators.role import CreateSegmentRoleOperator
from airflow_provider_datagraph.operators.schema import GrantSchemaOperator
from airflow_provider_datagraph.operators.summary import SegmentSummaryOperator
from tests.integration.provider.support import Segment, run

CHECKPOINTS = "{{ params.checkpoints }}"
WAREHOUSE = "{{ params.warehouse }}"

# An operator, its arguments, and how many changes its first run makes.
RUNS: list[tuple[type, dict[str, Any], int]] = [
    (CheckWarehouseOperator, {"schemas": ["crm"], "profiles_sync": f"{WAREHOUSE}.profiles"}, 0),
    (CreateSegmentRoleOperator, {}, 3),
    (CreateCheckpointDatabaseOperator, {"database": CHECKPOINTS}, 2),
    (GrantSchemaOperator, {"schema": ["crm", "billing"]}, 4),
    (GrantSchemaOperator, {"schema": ["crm", "billing"], "prune": True}, 4),
    (GrantSchemaOperator, {"schema": "crm", "future_tables": "none"}, 2),
    (GrantSchemaOperator, {"schema": "crm", "future_tables": "none", "prune": True}, 2),
    (GrantSchemaOperator, {"schema": "crm", "tables": ["accounts"]}, 2),
    (GrantSchemaOperator, {"schema": "crm", "tables": ["accounts"], "prune": True}, 2),
    (GrantSchemaOperator, {"schema": ["crm", "billing"], "tables": {"crm": ["accounts"]}}, 4),
    (GrantReverseEtlOperator, {"database": WAREHOUSE, "schema": "crm"}, 2),
    (GrantReverseEtlOperator, {"database": WAREHOUSE, "schema": "crm", "drop": "all"}, 2),
    (GrantReverseEtlOperator, {"database": WAREHOUSE}, 0),
    (SegmentSummaryOperator, {"reports": [], "database": CHECKPOINTS}, 0),
]


@pytest.mark.parametrize(("operator", "arguments", "changes"), RUNS)
def test_the_second_run_changes_nothing(
    linked: Segment, operator: type, arguments: dict[str, Any], changes: int
) -> None:
    cluster = linked.cluster
    if operator is CreateSegmentRoleOperator:
        linked.role, linked.user = cluster.name("role"), cluster.name("user")
        linked.user_connection()
    if operator is not SegmentSummaryOperator:
        arguments = {"role": linked.role, **arguments}
    params = {"checkpoints": cluster.future_database(), "warehouse": linked.warehouse}
    begin = cluster.mark()
    first = run(operator(task_id="first", **arguments), **params)
    assert first["changed"] == len(first["planned"]) == changes
    assert bool(cluster.changes(begin)) is bool(changes)
    with cluster.untouched():
        second = run(operator(task_id="second", **arguments), **params)
    assert (second["changed"], second["planned"]) == (0, [])
    assert bool(second["in_place"]) is bool(changes)
