"""The offboarding DAG: its form, a plan by default, a refusal before any change, and the end of all access."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from redshift_connector.error import InterfaceError

from tests.dags.airflow_process import Airflow, Outcome
from tests.dags.runs import ADMIN_PASSWORD, LINKED_PASSWORD
from tests.dags.warehouse import Warehouse, readable, with_new_identities
from tests.integration.conftest import connect, run

DAG_ID = "segment_data_graph_offboard"
RETL = "__segment_reverse_etl"
LEFT = {
    "svv_schema_privileges": "identity_name",
    "svv_relation_privileges": "identity_name",
    "svv_database_privileges": "identity_name",
    "svv_default_privileges": "grantee_name",
}


@dataclass(frozen=True)
class Ending:
    """One warehouse, and run after run of the DAG on it."""

    warehouse: Warehouse
    before: set[tuple[str, ...]]
    plan: Outcome
    refused: Outcome
    done: Outcome
    again: Outcome


def offboard(airflow: Airflow, warehouse: Warehouse, **form: object) -> Outcome:
    sent = warehouse.sent_since(warehouse.mark())
    return airflow.run(DAG_ID, {"role": warehouse.names.role, **form}, warehouse.connections(), sent)


def rows(warehouse: Warehouse, *names: str) -> set[tuple[str, ...]]:
    """The catalog's rows in every database; with names, only those that name somebody of them."""
    found: set[tuple[str, ...]] = set()
    own = warehouse.names
    for database in (own.analytics, own.ops, own.profiles, warehouse.server.database):
        with closing(connect(warehouse.server, database)) as connection:
            for view, column in LEFT.items():
                query = f"SELECT {column}, privilege_type FROM {view}"
                found |= {(database, view, *map(str, row)) for row in run(connection, query)}
            for query in ("SELECT usename FROM pg_user", "SELECT role_name FROM svv_roles"):
                found |= {(query, str(row[0])) for row in run(connection, query)}
    return {row for row in found if not names or not set(names).isdisjoint(row)}


@pytest.fixture(scope="session")
def ending(airflow: Airflow, untouched: Warehouse) -> Ending:
    warehouse = with_new_identities(untouched)
    names, server = warehouse.names, warehouse.server
    warehouse.run(
        server.database,
        f"CREATE ROLE {names.role}",
        f"CREATE USER {names.user} PASSWORD '{LINKED_PASSWORD}'",
        f"GRANT ROLE {names.role} TO {names.user}",
        f"CREATE DATABASE {names.checkpoint}",
        f"GRANT CREATE ON DATABASE {names.checkpoint} TO ROLE {names.role}",
    )
    for database, schema in ((names.analytics, "crm"), (names.ops, "devices")):
        warehouse.run(
            database,
            f"GRANT USAGE ON SCHEMA {schema} TO ROLE {names.role}",
            f"GRANT SELECT FOR TABLES IN SCHEMA {schema} TO ROLE {names.role}",
        )
    with closing(connect(server, names.checkpoint, names.user, LINKED_PASSWORD)) as connection:
        run(connection, f"CREATE SCHEMA {RETL}")
        run(connection, f"CREATE TABLE {RETL}.checkpoints (id int)")
    assert readable(warehouse, [(names.analytics, "crm", "accounts")]) == {(names.analytics, "crm", "accounts"): True}
    return Ending(
        warehouse,
        rows(warehouse),
        offboard(airflow, warehouse),
        offboard(airflow, warehouse, plan_only=False),
        offboard(airflow, warehouse, plan_only=False, checkpoint_database=names.checkpoint),
        offboard(airflow, warehouse, plan_only=False, checkpoint_database=names.checkpoint),
    )


@pytest.fixture(scope="session")
def described(airflow: Airflow) -> dict[str, Any]:
    return airflow.ask("describe", dag_id=DAG_ID)


def test_it_parses_with_no_connection_no_error_and_no_warning(described: dict[str, Any]) -> None:
    assert (described.get("raised"), described["errors"], described["warnings"]) == (None, {}, [])
    assert described["edges"] == {"offboard": []}
    assert "`redshift_default`" in described["doc"] and "`segment_linked_user`" in described["doc"]


@pytest.mark.parametrize("wrong", [{"role": None}, {"force": "yes"}, {"plan_only": 0}, {"new_owner": 5}], ids=str)
def test_the_form_refuses_wrong_types(airflow: Airflow, wrong: dict[str, object]) -> None:
    assert airflow.ask("validate", dag_id=DAG_ID, conf={})["values"]["plan_only"] is True
    reply = airflow.ask("validate", dag_id=DAG_ID, conf=wrong)
    assert reply.get("raised") == "ParamValidationError", reply


def test_by_default_it_is_a_plan_and_changes_nothing(ending: Ending) -> None:
    report, names = ending.plan.reports["offboard"], ending.warehouse.names
    assert (ending.plan.state, ending.plan.changes, report["changed"]) == ("success", [], 0)
    assert ending.plan.sent
    for sentence in (
        f"revoke USAGE on schema {names.analytics}.crm from role {names.role}: role {names.role} is dropped",
        f"revoke SELECT on the tables of {names.ops}.devices, also later ones, from role {names.role}: role",
        f"drop user {names.user}: it leaves",
    ):
        assert any(planned.startswith(sentence) for planned in report["planned"]), sentence
    # What would stop it is in the plan, too.
    assert {finding["code"] for finding in report["findings"]} == {"owned", "database_kept"}


def test_what_the_user_owns_stops_it_before_any_change(ending: Ending) -> None:
    outcome, names = ending.refused, ending.warehouse.names
    assert (outcome.state, outcome.changes) == ("failed", [])
    assert outcome.tasks["offboard"].tries == 1
    assert f"User {names.user} owns in database {names.checkpoint} schema {names.checkpoint}.{RETL}" in outcome.log


def test_afterwards_nothing_is_left_and_nobody_else_noticed(ending: Ending) -> None:
    warehouse, names = ending.warehouse, ending.warehouse.names
    assert ending.done.state == "success"
    leaving = {names.role, names.user}
    assert rows(warehouse, *leaving) == set()
    assert rows(warehouse) == {row for row in ending.before if leaving.isdisjoint(row)}
    with pytest.raises(InterfaceError, match="password authentication failed"):
        connect(warehouse.server, "dev", names.user, LINKED_PASSWORD)
    with closing(connect(warehouse.server)) as connection:
        databases = {str(row[0]) for row in run(connection, "SELECT database_name FROM svv_redshift_databases")}
    assert names.checkpoint not in databases
    assert {names.analytics, names.ops, names.profiles} <= databases


def test_again_it_changes_nothing(ending: Ending) -> None:
    assert (ending.again.state, ending.again.changes) == ("success", [])
    report = ending.again.reports["offboard"]
    assert (report["changed"], report["planned"]) == (0, [])


def test_no_password_is_in_its_log(ending: Ending) -> None:
    for outcome in (ending.plan, ending.refused, ending.done, ending.again):
        assert outcome.log
        assert LINKED_PASSWORD not in outcome.log and ADMIN_PASSWORD not in outcome.log


def test_a_key_that_the_form_doesn_t_have_stops_it(airflow: Airflow, warehouse: Warehouse) -> None:
    role, user = warehouse.names.role, warehouse.names.user
    warehouse.run("dev", f"CREATE ROLE {role}", f"CREATE USER {user} PASSWORD '{LINKED_PASSWORD}'")
    outcome = offboard(airflow, warehouse, plan_only=False, **{"plan-only": True})
    assert (outcome.states, outcome.tasks["offboard"].tries, outcome.changes) == ({"offboard": "failed"}, 1, [])
    assert "The run's conf holds 'plan-only'" in outcome.log
    assert "did you mean plan_only?" in outcome.log
