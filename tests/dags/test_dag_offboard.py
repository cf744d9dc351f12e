"""The offboarding DAG: a plan by default, a refusal before any change, and the end of all access."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

import pytest

from tests.dags.airflow_process import Airflow, Outcome
from tests.dags.runs import ADMIN_PASSWORD, LINKED_PASSWORD
from tests.dags.warehouse import Warehouse, readable, with_new_identities
from tests.support.cluster import Cluster
from tests.support.redshift import connect, run, turned_away
from tests.support.segment import RETL, changes, codes, said

DAG_ID = "unpinned_offboard"


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
    sent = warehouse.listening()
    return airflow.run(DAG_ID, {"role": warehouse.names.role, **form}, warehouse.connections(), sent)


def rows(warehouse: Warehouse, *names: str) -> set[tuple[str, ...]]:
    """The catalog's rows in every database; with names, only those that name somebody of them."""
    cluster, own = Cluster(warehouse.server), warehouse.names
    found = cluster.snapshot(own.analytics, own.ops, own.profiles, warehouse.server.database)
    cluster.close()
    held = {(place, *row) for place, listed in found.items() for row in listed}
    return {row for row in held if not names or not set(names).isdisjoint(row)}


@pytest.fixture(scope="session")
def ending(airflow: Airflow, untouched: Warehouse) -> Ending:
    warehouse = with_new_identities(untouched)
    names, server = warehouse.names, warehouse.server
    warehouse.make_identities(f"GRANT CREATE ON DATABASE {names.checkpoint} TO ROLE {names.role}")
    for database, schema in ((names.analytics, "crm"), (names.ops, "devices")):
        warehouse.run(
            database,
            f"GRANT USAGE ON SCHEMA {schema} TO ROLE {names.role}",
            f"GRANT SELECT FOR TABLES IN SCHEMA {schema} TO ROLE {names.role}",
        )
    with closing(connect(server, names.checkpoint, names.user, LINKED_PASSWORD)) as connection:
        run(connection, f"CREATE SCHEMA {RETL}", f"CREATE TABLE {RETL}.checkpoints (id int)")
    assert readable(warehouse, [(names.analytics, "crm", "accounts")]) == {(names.analytics, "crm", "accounts"): True}
    return Ending(
        warehouse,
        rows(warehouse),
        offboard(airflow, warehouse),
        offboard(airflow, warehouse, plan_only=False),
        offboard(airflow, warehouse, plan_only=False, checkpoint_database=names.checkpoint),
        offboard(airflow, warehouse, plan_only=False, checkpoint_database=names.checkpoint),
    )


def test_by_default_it_is_a_plan_and_changes_nothing(ending: Ending) -> None:
    report, names = ending.plan.reports["offboard"], ending.warehouse.names
    assert (ending.plan.state, ending.plan.changes, report["changed"]) == ("success", [], 0)
    assert ending.plan.sent
    planned = [(row["database"], row["statement"]) for row in report["changes"]]
    assert (names.analytics, f'REVOKE ALL ON SCHEMA "crm" FROM ROLE "{names.role}"') in planned
    assert (names.ops, f'REVOKE ALL FOR TABLES IN SCHEMA "devices" FROM ROLE "{names.role}"') in planned
    assert {("drop", f"user {names.user}", ()), ("drop", f"role {names.role}", ())} <= set(changes(report))
    # What would stop it is in the plan, too.
    assert (codes(report), report["notes"]) == (["owned"], {"database_kept": 1})


def test_what_the_user_owns_stops_it_before_any_change(ending: Ending) -> None:
    outcome, names = ending.refused, ending.warehouse.names
    assert (outcome.state, outcome.changes) == ("failed", [])
    assert outcome.tasks["offboard"].tries == 1
    owned = (f"schema {names.checkpoint}.{RETL}", f"table {names.checkpoint}.{RETL}.checkpoints")
    assert said("owned", names.checkpoint, user=names.user, owned=owned) in outcome.log


def test_afterwards_nothing_is_left_and_nobody_else_noticed(ending: Ending) -> None:
    warehouse, names = ending.warehouse, ending.warehouse.names
    assert ending.done.state == "success"
    leaving = {names.role, names.user, names.checkpoint}
    assert rows(warehouse, *leaving) == set()
    assert rows(warehouse) == {row for row in ending.before if leaving.isdisjoint(row)}
    assert "password authentication failed" in turned_away(warehouse.server, names.user, LINKED_PASSWORD)


def test_again_it_changes_nothing(ending: Ending) -> None:
    assert (ending.again.state, ending.again.changes) == ("success", [])
    report = ending.again.reports["offboard"]
    assert (report["changed"], changes(report)) == (0, [])


def test_no_password_is_in_its_log(ending: Ending) -> None:
    for outcome in (ending.plan, ending.refused, ending.done, ending.again):
        assert outcome.log
        assert LINKED_PASSWORD not in outcome.log and ADMIN_PASSWORD not in outcome.log
