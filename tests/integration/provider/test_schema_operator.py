"""GrantSchemaOperator: what it opens, proved by logging in as the linked user, and what stays closed."""

from __future__ import annotations

from typing import Any

from airflow_provider_datagraph.access.messages import change_text
from airflow_provider_datagraph.access.plan import Change, Reason
from airflow_provider_datagraph.redshift.values import Identity
from tests.support.segment import Segment, grant


def later_table(segment: Segment, schema: str) -> None:
    creator = segment.cluster.user("creator")
    segment.sql(f"GRANT USAGE, CREATE ON SCHEMA {schema} TO {creator}")
    segment.sql(f"CREATE TABLE {schema}.later (id int)", user=creator)


def test_a_whole_schema_opens_and_the_others_stay_closed(linked: Segment) -> None:
    assert not linked.reads("crm", "accounts")
    report = grant(linked, "crm")
    assert (report["changed"], report["in_place"], report["findings"], report["notes"]) == (2, 0, [], {})
    assert linked.reads("crm", "accounts")
    assert linked.reads("crm", "contacts")
    assert not linked.reads("billing", "invoices")
    assert not linked.reads("payroll", "salaries")


def test_it_opens_for_reading_only(linked: Segment) -> None:
    grant(linked, "crm")
    for statement in (
        "INSERT INTO crm.accounts VALUES (2, 'x')",
        "UPDATE crm.accounts SET id = 2",
        "DELETE FROM crm.accounts",
        "DROP TABLE crm.accounts",
        "CREATE TABLE crm.mine (id int)",
    ):
        assert linked.refusal(statement) == "42501", statement


def test_a_snapshot_leaves_a_later_table_closed_until_the_next_run(warehouse: Segment) -> None:
    grant(warehouse, "crm", future_tables="none")
    assert warehouse.reads("crm", "accounts")
    later_table(warehouse, "crm")
    assert not warehouse.reads("crm", "later")
    report = grant(warehouse, "crm", future_tables="none")
    assert report["changed"] == 1
    path, whom = (warehouse.warehouse, "crm"), Identity("role", warehouse.role)
    todays = Change("grant", "todays tables", path, Reason.NOT_HELD, ("SELECT",), whom, names=("later",))
    assert report["changes"][0]["text"] == change_text(todays, done=True)
    assert warehouse.reads("crm", "later")
    with warehouse.cluster.untouched():
        assert grant(warehouse, "crm", future_tables="none")["changes"] == []


def test_a_longer_list_adds_a_table_and_a_shorter_one_takes_none_away(linked: Segment) -> None:
    grant(linked, "crm", tables=["accounts"])
    since = linked.cluster.mark()
    grant(linked, "crm", tables=["accounts", "contacts"])
    sent = [f'GRANT SELECT ON TABLE "crm"."contacts" TO ROLE "{linked.role}"']
    assert linked.cluster.changes(since) == sent
    with linked.cluster.untouched():
        grant(linked, "crm", tables=["contacts"])
    assert linked.reads("crm", "accounts")


def test_a_view_is_opened_like_a_table(warehouse: Segment) -> None:
    warehouse.sql("CREATE VIEW payroll.names AS SELECT name FROM crm.accounts")
    grant(warehouse, "payroll", tables=["names"])
    assert warehouse.reads("payroll", "names")
    assert not warehouse.reads("payroll", "salaries")
    assert not warehouse.reads("crm", "accounts")


def test_a_mapping_lists_tables_of_some_and_opens_the_others_whole(warehouse: Segment) -> None:
    grant(warehouse, ["crm", "billing"], tables={"crm": ["accounts"]})
    assert warehouse.reads("crm", "accounts")
    assert not warehouse.reads("crm", "contacts")
    assert warehouse.reads("billing", "invoices")
    warehouse.sql("CREATE TABLE billing.later (id int)", "CREATE TABLE crm.later (id int)")
    assert warehouse.reads("billing", "later")
    assert not warehouse.reads("crm", "later")


def test_a_plan_reads_more_than_a_run_that_finds_all_in_place(linked: Segment) -> None:
    linked.open("crm")

    def asks_for_members(**arguments: Any) -> bool:
        since = linked.cluster.mark()
        assert grant(linked, **arguments)["changes"] == []
        return any("svv_user_grants" in text for text in linked.cluster.received(since))

    assert (asks_for_members(), asks_for_members(plan_only=True)) == (False, True)
