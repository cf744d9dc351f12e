"""The whole DAG on a warehouse with several databases, proved by logging in as the linked user."""

from __future__ import annotations

import re

import pytest

from airflow_provider_datagraph.access.profiles_sync import REQUIRED_TABLES
from tests.dags.runs import Story, as_planned
from tests.dags.warehouse import Warehouse, allowed, readable
from tests.support.cluster import Path
from tests.support.segment import RETL, changes

ALL_TASKS = {
    "check",
    "role",
    "checkpoint_database",
    "grant_schemas",
    "grant_reverse_etl",
    "wait_for_profiles_sync",
    "grant_profiles_sync",
    "validate",
    "audit",
    "summary",
}


@pytest.fixture(scope="session")
def later(story: Story) -> Warehouse:
    """Tables that are created after the last run, each by its schema's own writer."""
    warehouse, names = story.warehouse, story.warehouse.names
    warehouse.run(names.analytics, "CREATE TABLE crm.later (id int)", user=names.etl)
    warehouse.run(names.analytics, "CREATE VIEW crm.later_view AS SELECT id FROM crm.accounts", user=names.etl)
    warehouse.run(names.analytics, "CREATE TABLE billing.later (id int)", user=names.etl)
    warehouse.run(names.analytics, 'CREATE TABLE "My.Schema".later (id int)', user=names.etl)
    warehouse.run(names.analytics, "CREATE TABLE payroll.later (id int)", user=names.etl)
    warehouse.run(names.analytics, "CREATE TABLE __segment_reverse_etl.later (id int)", user=names.retl)
    warehouse.run(names.profiles, "CREATE TABLE profiles_prod.later (id int)", user=names.segment)
    warehouse.run(names.profiles, "CREATE SCHEMA other", "CREATE TABLE other.things (id int)", user=names.segment)
    warehouse.run(
        names.ops, "CREATE TABLE devices.later (id int)", "CREATE SCHEMA later", "CREATE TABLE later.t (id int)"
    )
    return warehouse


def matrix(warehouse: Warehouse) -> dict[Path, bool]:
    """What the linked user may read after the last run, and what it mustn't."""
    names = warehouse.names
    an, ops, profiles = names.analytics, names.ops, names.profiles
    opened = {
        (an, "crm"): ("accounts", "mixedcase", "names", "later", "later_view"),
        (an, "billing"): ("invoices",),
        (an, "my.schema"): ("things", "later"),
        (an, "__segment_reverse_etl"): ("records", "later"),
        (ops, "devices"): ("phones", "later"),
        (ops, "depots"): ("doors",),
        (profiles, "profiles_prod"): (*REQUIRED_TABLES, "order_completed", "later"),
        (warehouse.server.database, names.own_schema): ("settings",),
    }
    closed = {
        (an, "billing"): ("payments", "later"),
        (an, "payroll"): ("salaries", "later"),
        (ops, "later"): ("t",),
        (profiles, "other"): ("things",),
    }
    return {
        (*schema, table): yes
        for yes, schemas in ((True, opened), (False, closed))
        for schema, tables in schemas.items()
        for table in tables
    }


def test_the_linked_user_reads_exactly_what_was_opened(later: Warehouse) -> None:
    expected = matrix(later)
    assert readable(later, expected) == expected


def test_what_it_may_change(later: Warehouse) -> None:
    names = later.names
    databases = (names.checkpoint, names.analytics, names.ops, names.profiles, later.server.database)
    found = {name: allowed(later, name, "CREATE SCHEMA __segment_reverse_etl_new") for name in databases}
    assert found == {name: name == names.checkpoint for name in databases}
    for table in ("records", "later"):
        for statement in (
            f"INSERT INTO {RETL}.{table} VALUES (1)",
            f"UPDATE {RETL}.{table} SET id = 2",
            f"DELETE FROM {RETL}.{table}",
            f"CREATE TABLE {RETL}.new_{table} (id int)",
        ):
            assert allowed(later, names.analytics, statement), statement
    for statement in (
        "INSERT INTO crm.accounts VALUES (2, 'two')",
        "DELETE FROM crm.accounts",
        "CREATE TABLE crm.theirs (id int)",
        "DROP TABLE billing.invoices",
    ):
        assert not allowed(later, names.analytics, statement), statement


def test_every_task_of_every_run_succeeded(story: Story) -> None:
    server, names = story.warehouse.server, story.warehouse.names
    for outcome in (story.plan, story.first, story.again, story.more):
        assert outcome.state == "success"
        # Nothing had to be tried twice.
        assert {name: (task.state, task.tries) for name, task in outcome.tasks.items()} == dict.fromkeys(
            ALL_TASKS, ("success", 1)
        )
        # What Segment asks for.
        expected = {"host": server.host, "port": server.port, "database": names.checkpoint, "username": names.user}
        assert outcome.reports["summary"]["segment"] == expected
    # It is in the log too, where a person looks.
    assert re.search(rf"Database +{names.checkpoint}\b", story.first.log)


def test_the_plan_changed_nothing_and_is_what_the_run_then_did(story: Story) -> None:
    plan, done = story.plan.reports["summary"], story.first.reports["summary"]
    assert story.plan.sent
    assert (story.plan.changes, plan["changed"]) == ([], 0)
    assert story.plan.seconds < 60
    missing = ("schema_missing", f"{story.warehouse.names.profiles}.profiles_prod")
    assert {(row["code"], row["object"]) for row in plan["findings"]} == {missing}
    assert as_planned(plan) == as_planned(done)
    assert [row["applied"] for row in done["changes"]] == [True] * done["changed"]
    assert len(set(changes(done))) == done["changed"]
    assert sorted(row["statement"] for row in plan["changes"] if row["statement"]) == sorted(story.first.changes)


def test_the_run_says_what_it_understood_and_waits_for_segment(story: Story) -> None:
    names = story.warehouse.names
    told = ("What the form comes to:", f'  open "{names.analytics}"."billing"."invoices"', f"  role: {names.role}")
    assert [line for line in (*told, "  plan_only: False", "Not yet: ") if line not in story.first.log] == []
    # The schema was looked for before it was there, and the grant came after the last table.
    assert story.looks
    assert story.first.reports["wait_for_profiles_sync"]["in_place"] == len(REQUIRED_TABLES)


def test_the_run_sent_these_changes_and_no_others(story: Story) -> None:
    names = story.warehouse.names
    role = f'TO ROLE "{names.role}"'
    retl = '"__segment_reverse_etl"'
    tables = ["crm", "my.schema", "devices", names.own_schema, "profiles_prod"]
    assert sorted(story.first.changes) == sorted(
        [
            f'CREATE ROLE "{names.role}"',
            f"CREATE USER \"{names.user}\" PASSWORD '<hash>'",
            f'GRANT ROLE "{names.role}" TO "{names.user}"',
            f'CREATE DATABASE "{names.checkpoint}"',
            f'GRANT CREATE ON DATABASE "{names.checkpoint}" {role}',
            f'GRANT USAGE ON SCHEMA "crm", "billing", "my.schema" {role}',
            f'GRANT USAGE ON SCHEMA "devices" {role}',
            f'GRANT USAGE ON SCHEMA "{names.own_schema}" {role}',
            f'GRANT USAGE ON SCHEMA "profiles_prod" {role}',
            *(f'GRANT SELECT FOR TABLES IN SCHEMA "{name}" {role}' for name in tables),
            f'GRANT SELECT ON TABLE "billing"."invoices" {role}',
            f"GRANT USAGE, CREATE ON SCHEMA {retl} {role}",
            f"GRANT SELECT, INSERT, UPDATE, DELETE, DROP FOR TABLES IN SCHEMA {retl} {role}",
        ]
    )


def test_the_command_line_again_changes_nothing(story: Story) -> None:
    assert len(story.again.sent) > 10
    assert story.again.changes == []
    summary = story.again.reports["summary"]
    assert (summary["changed"], changes(summary)) == (0, [])
    # Everything of the first run is in place; a change may stand for several privileges.
    assert summary["in_place"] >= story.first.reports["summary"]["changed"]


def test_one_schema_more_sends_its_statements_alone(story: Story) -> None:
    role = story.warehouse.names.role
    assert sorted(story.more.changes) == [
        f'GRANT SELECT FOR TABLES IN SCHEMA "depots" TO ROLE "{role}"',
        f'GRANT USAGE ON SCHEMA "depots" TO ROLE "{role}"',
    ]
    assert story.more.reports["summary"]["changed"] == 2


def test_the_proof_read_every_opened_table(story: Story) -> None:
    # Beside Segment's, three relations of crm, and one of billing, My.Schema, devices and the admin's own each.
    assert story.first.reports["validate"]["in_place"] == len(REQUIRED_TABLES) + 7
    assert story.first.reports["validate"]["findings"] == []
