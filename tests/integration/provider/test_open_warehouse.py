"""OpenWarehouseOperator: a plan of everything, and exactly that plan, or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.operators.warehouse import OpenWarehouseOperator
from tests.support.cluster import Cluster
from tests.support.segment import RETL, WAREHOUSE, Segment, execute, sent

APPROVED = {
    "chosen_options": ["Approve"],
    "responded_at": "2026-11-27T10:00:00Z",
    "responded_by_user": {"id": "7", "name": "Ada\n<b>"},
}


def checked(segment: Segment, **more: Any) -> dict[str, Any]:
    """What the check returns for two schemas of two databases."""
    form = {
        "role": segment.role,
        "checkpoint_database": segment.checkpoint,
        "reverse_etl_owner": "",
        "future_tables": "scoped",
    }
    schemas = [f"{segment.warehouse}.crm", f"{segment.warehouse}.billing", *more.pop("schemas", ())]
    grants = {"schema": schemas, "tables": [f"{segment.warehouse}.billing.invoices"]}
    return {"form": form, "grants": grants, "profiles_sync": None, "reverse_etl_database": None, **more}


def plan(segment: Segment, **more: Any) -> dict[str, Any]:
    return execute(OpenWarehouseOperator(task_id="plan", checked=checked(segment, **more), plan_only=True))


def apply(segment: Segment, approved: Any, **more: Any) -> dict[str, Any]:
    task = OpenWarehouseOperator(
        task_id="apply", checked=checked(segment, **more), approved=approved, approval=APPROVED
    )
    return execute(task)


def test_what_was_approved_is_made_and_a_rerun_finds_it_made(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    segment = Segment(cluster, monkeypatch, cluster.database(*WAREHOUSE))
    second = segment.cluster.database("CREATE SCHEMA marts", "CREATE TABLE marts.orders (id int)")
    more = {"schemas": [f"{second}.marts"]}
    before = segment.snapshot()
    planned = plan(segment, **more)
    assert segment.snapshot() == before
    assert planned["approval"] is None and planned["changed"] == 0
    # What the plan itself creates isn't told as missing.
    assert planned["findings"] == []
    # What the plan doesn't name changes nothing of it.
    segment.sql(f"CREATE SCHEMA {RETL}")
    made = apply(segment, planned, **more)
    assert sent(made) == sent(planned)
    assert made["approval"] == {"by": "Ada\n<b>", "at": "2026-11-27T10:00:00Z"}
    assert made["noted"]["approved"] == "Ada\\n<b> approved the plan at 2026-11-27T10:00:00Z."
    assert segment.reads("crm", "accounts") and segment.reads("billing", "invoices")
    assert segment.reads("marts", "orders", second) and not segment.reads("payroll", "salaries")
    # A retry, whose first try did all or a part, isn't held up by what is done.
    assert apply(segment, planned, **more)["changed"] == 0


def test_the_plan_is_shown_whole_and_no_name_gets_out_of_it(warehouse: Segment) -> None:
    name = "``` # [x](http://y) <b>|`"
    quoted = '"' + name.replace('"', '""') + '"'
    warehouse.sql(f"CREATE SCHEMA {quoted}", f"CREATE TABLE {quoted}.t (id int)")
    own = warehouse.warehouse
    planned = plan(warehouse, schemas=[f"{own}.{quoted}"], reverse_etl_database=own)
    assert [*planned["plan"]] == [
        f"{part} in {own}" for part in ("role", "checkpoint_database", "grants", "reverse_etl")
    ]
    shown = planned["markdown"]
    fences = [line for line in shown.splitlines() if line.lstrip(" ").startswith("```")]
    assert fences == ["```text", "```", "```sql", "```"]
    assert "CREATE DATABASE" in shown and name in shown


@pytest.mark.parametrize(
    "change", ["GRANT USAGE ON SCHEMA crm TO ROLE {role}", "DROP TABLE crm.contacts; DROP TABLE billing.invoices"]
)
def test_a_plan_that_has_changed_isnt_made(warehouse: Segment, change: str) -> None:
    planned = plan(warehouse)
    warehouse.sql(*change.format(role=warehouse.role).split("; "))
    before = warehouse.snapshot()
    with pytest.raises(MisconfigurationError) as caught:
        apply(warehouse, planned)
    assert warehouse.snapshot() == before
    if change.startswith("GRANT"):
        [told] = caught.value.problems
        assert told.startswith(f"grants in {warehouse.warehouse}: the plan isn't what was approved any more (")
        assert "GRANT USAGE" in told


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("checked", "x", "checked isn't what a CheckWarehouseOperator returned"),
        ("checked", {"form": {"role": "r"}}, "checked isn't what a CheckWarehouseOperator returned"),
        ("approved", {"changed": 0}, "approved isn't a plan"),
        ("approval", {"chosen_options": ["Reject"]}, "approval isn't an approval"),
        ("approved", "", "approved is ''"),
    ],
)
def test_what_isnt_one_is_refused(warehouse: Segment, name: str, value: Any, told: str) -> None:
    given: dict[str, Any] = {"checked": checked(warehouse), name: value}
    with pytest.raises(MisconfigurationError, match=told.replace("'", ".")):
        execute(OpenWarehouseOperator(task_id="apply", **given))
