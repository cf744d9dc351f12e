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
    # Airflow's own operators add the last one.
    strange = {"plan-only": True, "dry_run": True, "schema": ["crm"], "openlineage": {"parentRunId": "1"}}
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
        **strange,
    )
    stopped_in_check(outcome)
    own = warehouse.server.database
    of_conf = "The run's conf holds {}, which no param of the DAG is called, so it would do nothing: {}"
    for sentence in (
        of_conf.format("'plan-only'", "did you mean plan_only?"),
        of_conf.format("'schema'", "did you mean schemas?"),
        of_conf.format("'dry_run'", "give one of checkpoint_database, future_tables, plan_only, profiles_sync, "),
        f"{names.analytics}.atlantis: database {names.analytics} has no schema atlantis",
        f"{names.ops}.lemuria: database {names.ops} has no schema lemuria",
        f"{names.ops}.devices.tablets: schema {names.ops}.devices has no table tablets",
        "mu.things: there is no database mu",
        f"no_such_schema: database {own} has no schema no_such_schema",
        f"write {own}.{names.own_schema}.settings.",
        "schemas has the entry 'a.b.c.d'",
        "there is no database hyperborea",
        "'UpperCase' has upper-case letters",
        "12 problems:",
    ):
        assert sentence in outcome.log, sentence
    assert f"{names.analytics}.crm:" not in outcome.log
