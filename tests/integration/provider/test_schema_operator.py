"""GrantSchemaOperator: what it opens, by whatever name, and what stays closed; proved by the linked user's logins."""

from __future__ import annotations

import functools
import uuid
from typing import Any

import hypothesis
import pytest
import redshift_connector
from hypothesis import strategies as st
from pytest_mock import MockerFixture

from airflow_provider_datagraph.access.messages import change_text
from airflow_provider_datagraph.access.plan import Change, Reason
from airflow_provider_datagraph.redshift.names import fold, is_system_schema, join_path, quote
from airflow_provider_datagraph.redshift.values import Identity
from tests.support.redshift import run
from tests.support.segment import Segment, execute, grant


def test_a_whole_schema_opens_for_reading_and_the_others_stay_closed(linked: Segment) -> None:
    report = grant(linked, "crm")
    assert (report["changed"], report["in_place"], report["findings"], report["notes"]) == (2, 0, [], {})
    assert linked.reads("crm", "accounts") and linked.reads("crm", "contacts")
    assert not linked.reads("billing", "invoices") and not linked.reads("payroll", "salaries")
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
    warehouse.sql("CREATE TABLE crm.later (id int)")
    assert not warehouse.reads("crm", "later")
    report = grant(warehouse, "crm", future_tables="none")
    assert report["changed"] == 1
    path, whom = (warehouse.warehouse, "crm"), Identity("role", warehouse.role)
    todays = Change("grant", "todays tables", path, Reason.NOT_HELD, ("SELECT",), whom, names=("later",))
    assert report["changes"][0]["text"] == change_text(todays, done=True)
    assert warehouse.reads("crm", "later")


def test_a_longer_list_adds_a_table_and_a_shorter_one_takes_none_away(linked: Segment) -> None:
    grant(linked, "crm", tables=["accounts"])
    since = linked.cluster.mark()
    grant(linked, "crm", tables=["accounts", "contacts"])
    sent = [f'GRANT SELECT ON TABLE "crm"."contacts" TO ROLE "{linked.role}"']
    assert linked.cluster.changes(since) == sent
    with linked.cluster.untouched():
        grant(linked, "crm", tables=["contacts"])
    assert linked.reads("crm", "accounts")


def test_upper_case_folds_as_the_server_folds_it(linked: Segment) -> None:
    reports = [grant(linked, written, tables=["ACCOUNTS"]) for written in ("CRM", "Crm", '"CRM"')]
    assert [(report["changed"], report["in_place"]) for report in reports] == [(2, 0), (0, 2), (0, 2)]
    assert linked.held() == {("crm", "SCHEMA", "USAGE"), ("crm", "accounts", "SELECT")}
    assert linked.reads("crm", "accounts")


@pytest.fixture
def case_sensitive(mocker: MockerFixture) -> None:
    """Every new session has the parameter on, as after ALTER USER ... SET on a cluster."""
    real = redshift_connector.connect

    @functools.wraps(real)
    def connect(*args: Any, **kwargs: Any) -> Any:
        connection = real(*args, **kwargs)
        connection.autocommit = True
        run(connection, "SET enable_case_sensitive_identifier TO true")
        connection.autocommit = False
        return connection

    mocker.patch("redshift_connector.connect", connect)


@pytest.mark.usefixtures("case_sensitive")
def test_where_identifiers_are_case_sensitive_two_schemas_stay_apart(warehouse: Segment) -> None:
    warehouse.sql('CREATE SCHEMA "Crm"')
    warehouse.sql('CREATE TABLE "Crm"."Accounts" (id int)', 'CREATE TABLE "Crm".accounts (id int)')
    assert grant(warehouse, "Crm", tables=["Accounts"])["changed"] == 2
    assert warehouse.held() == {("Crm", "SCHEMA", "USAGE"), ("Crm", "Accounts", "SELECT")}
    assert warehouse.reads("Crm", "Accounts")
    assert not warehouse.reads("Crm", "accounts")
    assert not warehouse.reads("crm", "accounts")
    assert grant(warehouse, "Crm", tables=["Accounts"])["changes"] == []
    execute(warehouse.grant_reverse_etl(schema="Crm"))
    assert {row[0] for row in warehouse.held()} == {"Crm"}


LETTERS = st.characters(exclude_categories=("C", "Z"), include_characters=" ")
NAMES = st.text(LETTERS, min_size=1, max_size=52).map(str.strip).filter(lambda name: 0 < len(name.encode()) <= 52)


@hypothesis.settings(
    max_examples=30, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(name=NAMES.filter(lambda name: name.isprintable() and not is_system_schema(name)))
def test_any_legal_name_comes_back_as_the_server_folds_it_and_opens(warehouse: Segment, name: str) -> None:
    database, table = warehouse.warehouse, f"t{uuid.uuid4().hex[:8]}"
    statements = [f"CREATE SCHEMA IF NOT EXISTS {quote(name)}", f"CREATE TABLE {quote(name)}.{table} (id int)"]
    warehouse.cluster.sql(database, *statements)
    query = f"SELECT schema_name FROM svv_redshift_tables WHERE database_name = '{database}' AND table_name = '{table}'"
    assert warehouse.cluster.sql(database, query) == [(fold(name),)]
    grant(warehouse, join_path(name), tables=[table])
    assert warehouse.reads(name, table)
