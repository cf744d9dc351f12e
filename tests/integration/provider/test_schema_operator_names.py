"""GrantSchemaOperator: names that need quotes, fold, or keep their case."""

from __future__ import annotations

import functools
import uuid
from typing import Any

import hypothesis
import pytest
import redshift_connector
from hypothesis import strategies as st
from pytest_mock import MockerFixture

from airflow_provider_datagraph.redshift.names import fold, is_system_schema, join_path, quote
from tests.support.redshift import quoted, run
from tests.support.segment import Segment, execute, grant


def add(segment: Segment, schema: str, *tables: str) -> None:
    statements = [f"CREATE SCHEMA {quoted(schema)}"]
    statements += [f"CREATE TABLE {quoted(schema, table)} (id int)" for table in tables]
    segment.sql(*statements)


@pytest.mark.parametrize("written", ["CRM", "Crm", '"CRM"'])
def test_upper_case_folds_as_the_server_folds_it(linked: Segment, written: str) -> None:
    assert grant(linked, written, tables=["ACCOUNTS"])["changed"] == 2
    assert linked.held() == {("crm", "SCHEMA", "USAGE"), ("crm", "accounts", "SELECT")}
    assert linked.reads("crm", "accounts")
    with linked.cluster.untouched():
        assert grant(linked, written, tables=["Accounts"])["in_place"] == 2


def test_only_ascii_letters_fold(warehouse: Segment) -> None:
    add(warehouse, "STRASSE_Ä", "T")
    grant(warehouse, "Strasse_Ä")
    assert warehouse.reads("strasse_Ä", "t")


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
    add(warehouse, "Crm", "Accounts", "accounts")
    assert grant(warehouse, "Crm", tables=["Accounts"])["changed"] == 2
    assert warehouse.held() == {("Crm", "SCHEMA", "USAGE"), ("Crm", "Accounts", "SELECT")}
    assert warehouse.reads("Crm", "Accounts")
    assert not warehouse.reads("Crm", "accounts")
    assert not warehouse.reads("crm", "accounts")
    assert grant(warehouse, "Crm", tables=["Accounts"])["changes"] == []


@pytest.mark.usefixtures("case_sensitive")
def test_where_they_are_a_reverse_etl_schema_is_the_one_that_is_named(warehouse: Segment) -> None:
    add(warehouse, "Crm", "Records")
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
