"""The DAG without access to later tables, and without a schema of the customer's."""

from __future__ import annotations

from airflow_provider_datagraph.access.profiles_sync import REQUIRED_TABLES
from tests.dags.runs import Story, as_planned
from tests.dags.warehouse import readable


def test_what_nobody_asked_for_is_skipped_and_the_rest_goes_on(todays_tables: Story) -> None:
    for outcome in (todays_tables.plan, todays_tables.first, todays_tables.again):
        assert outcome.state == "success"
        others = {name: state for name, state in outcome.states.items() if state != "success"}
        assert others == {"grant_schemas": "skipped", "grant_reverse_etl": "skipped"}
        assert outcome.reports["summary"]["segment"]["database"] == todays_tables.warehouse.names.checkpoint


def test_tables_that_came_while_it_waited_are_open_and_later_ones_are_not(todays_tables: Story) -> None:
    warehouse, names = todays_tables.warehouse, todays_tables.warehouse.names
    assert todays_tables.segment.looks_before
    warehouse.run(names.profiles, "CREATE TABLE profiles_prod.later (id int)", user=names.segment)
    expected = {(names.profiles, "profiles_prod", table): True for table in (*REQUIRED_TABLES, "order_completed")}
    expected[names.profiles, "profiles_prod", "later"] = False
    expected[names.analytics, "crm", "accounts"] = False
    assert readable(warehouse, expected) == expected


def test_it_grants_todays_tables_and_nothing_scoped(todays_tables: Story) -> None:
    role = todays_tables.warehouse.names.role
    schemas = [text for text in todays_tables.first.changes if "SCHEMA" in text]
    assert schemas == [
        f'GRANT USAGE ON SCHEMA "profiles_prod" TO ROLE "{role}"',
        f'GRANT SELECT ON ALL TABLES IN SCHEMA "profiles_prod" TO ROLE "{role}"',
    ]


def test_again_it_changes_nothing(todays_tables: Story) -> None:
    assert todays_tables.again.sent
    assert todays_tables.again.changes == []
    assert todays_tables.again.reports["summary"]["changed"] == 0


def test_the_plan_changes_nothing(todays_tables: Story) -> None:
    assert todays_tables.plan.sent
    assert todays_tables.plan.changes == []


def test_the_plan_tells_of_every_grant(todays_tables: Story) -> None:
    plan, done = (outcome.reports["summary"] for outcome in (todays_tables.plan, todays_tables.first))
    assert as_planned(plan) == as_planned(done) != []
