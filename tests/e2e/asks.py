"""Runs of a DAG that asks: what a person answers, and what happens before."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.dags.warehouse import Warehouse
    from tests.e2e.services import Installation
    from tests.e2e.web import Web

DAG_ID = "asks"
# Airflow 3.1 and 3.2 defer.
WAITS = ("awaiting_input", "deferred")
# Each run has a role and a checkpoint database of its own, called like it, and one schema to open.
ANSWERS = {"approved": "Approve", "rejected": "Reject", "changed": "Approve", "cleared": "Approve"}


def build(warehouse: Warehouse) -> None:
    """Make what is to be opened."""
    warehouse.run("dev", "CREATE DATABASE asks")
    warehouse.run("asks", "CREATE SCHEMA crm", "CREATE TABLE crm.accounts (id int)")


def trigger(web: Web) -> None:
    """Start all runs."""
    for run in ANSWERS:
        web.trigger(DAG_ID, run, schemas=["asks.crm"], role=f"{run}_role", checkpoint_database=f"{run}_database")


def answer(airflow: Installation, web: Web, warehouse: Warehouse) -> None:
    """Wait until all runs ask, change what two of them have planned, and answer."""

    def waiting() -> bool:
        asked = [one for one in airflow.states() if (one.dag_id, one.task_id) == (DAG_ID, "approve")]
        return sum(one.state in WAITS for one in asked) == len(ANSWERS)

    airflow.wait(waiting, "all runs to ask")
    warehouse.run("dev", "CREATE ROLE changed_role")
    warehouse.run("asks", "GRANT USAGE ON SCHEMA crm TO ROLE changed_role")
    cleared = {"dry_run": False, "dag_run_id": "cleared", "task_ids": ["plan"], "only_failed": False}
    assert web.ask(f"dags/{DAG_ID}/clearTaskInstances", web.token, cleared) == 200
    refused = "cleared", "plan", "failed"
    airflow.wait(lambda: refused in {(one.run_id, one.task_id, one.state) for one in airflow.states()}, "the refusal")
    for run, chosen in ANSWERS.items():
        place = f"dags/{DAG_ID}/dagRuns/{run}/taskInstances/approve/-1/hitlDetails"
        assert web.ask(place, web.token, {"chosen_options": [chosen], "params_input": {}}, "PATCH") == 200
