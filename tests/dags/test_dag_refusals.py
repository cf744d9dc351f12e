"""Bad input ends in `check`: everything wrong at once, nothing changed, nothing else run."""

from __future__ import annotations

from tests.dags.airflow_process import Airflow, Outcome
from tests.dags.runs import run
from tests.dags.test_dag_runs import ALL_TASKS
from tests.dags.warehouse import Warehouse


def stopped_in_check(outcome: Outcome) -> None:
    assert outcome.state == "failed"
    assert outcome.states["check"] == "failed"
    others = {name: state for name, state in outcome.states.items() if name != "check"}
    assert set(others) == ALL_TASKS - {"check"}
    assert set(others.values()) == {"upstream_failed"}
    # Nothing that a person has to correct is tried again.
    assert outcome.tasks["check"].tries == 1
    assert outcome.sent
    assert outcome.changes == []
    assert set(outcome.reports) <= {"check"}


def test_every_problem_of_every_database_at_once(airflow: Airflow, warehouse: Warehouse) -> None:
    names = warehouse.names
    outcome = run(
        airflow,
        warehouse,
        f"{names.analytics}.crm",
        f"{names.analytics}.atlantis",
        f"{names.ops}.lemuria",
        f"{names.ops}.devices.tablets",
        "mu.things",
        "no_such_schema",
        f"{names.own_schema}.settings",
        "a.b.c.d",
        reverse_etl_database="hyperborea",
        role="UpperCase",
    )
    stopped_in_check(outcome)
    own = warehouse.server.database
    for sentence in (
        f"{names.analytics}.atlantis: database {names.analytics} has no schema atlantis",
        f"{names.ops}.lemuria: database {names.ops} has no schema lemuria",
        f"{names.ops}.devices.tablets: schema {names.ops}.devices has no table tablets",
        "mu.things: there is no database mu",
        f"no_such_schema: database {own} has no schema no_such_schema",
        f"write {own}.{names.own_schema}.settings.",
        "'a.b.c.d' has 4 parts",
        "there is no database hyperborea",
        "'UpperCase' has upper-case letters",
        "9 problems:",
    ):
        assert sentence in outcome.log, sentence
    assert f"{names.analytics}.crm:" not in outcome.log


def test_a_key_that_the_form_doesn_t_have(airflow: Airflow, warehouse: Warehouse) -> None:
    strange = {"plan-only": True, "dry_run": True, "schema": ["crm"], "openlineage": {"parentRunId": "1"}}
    outcome = run(airflow, warehouse, f"{warehouse.names.analytics}.crm", "atlantis", **strange)
    stopped_in_check(outcome)
    for sentence in (
        "The run's conf holds 'plan-only', which no param of the DAG is called, so it would do nothing: did you mean "
        "plan_only?",
        "The run's conf holds 'schema', which no param of the DAG is called, so it would do nothing: did you mean "
        "schemas?",
        "The run's conf holds 'dry_run', which no param of the DAG is called, so it would do nothing: give one of "
        "checkpoint_database, future_tables, plan_only, profiles_sync, reverse_etl_database, reverse_etl_owner, role, "
        "schemas.",
        "has no schema atlantis",
        "4 problems:",
    ):
        assert sentence in outcome.log, sentence
