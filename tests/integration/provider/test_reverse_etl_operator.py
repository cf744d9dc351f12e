"""GrantReverseEtlOperator: work in another user's Reverse ETL schema, proved as the linked user."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_datagraph.access import messages
from airflow_provider_datagraph.access.plan import Fact, note
from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.access.reverse_etl import ON_TABLES
from airflow_provider_datagraph.redshift.statements import Privileges
from airflow_provider_datagraph.redshift.values import Grant, Identity, Scope
from tests.support.segment import RETL, Logged, Segment, codes, execute, message, notes, said

TABLE = f"{RETL}.records_s1"
WRITES = (f"INSERT INTO {TABLE} VALUES ('2')", f"UPDATE {TABLE} SET id = '3'", f"DELETE FROM {TABLE}")


@pytest.fixture
def owner(warehouse: Segment) -> str:
    """The old Segment user, who owns the schema and its table."""
    name = warehouse.cluster.user("retl")
    warehouse.sql(f"CREATE SCHEMA {RETL} AUTHORIZATION {name}")
    statements = (f"CREATE TABLE {TABLE} (id varchar(9))", f"INSERT INTO {TABLE} VALUES ('1')")
    warehouse.sql(*statements, user=name)
    return name


def grant(segment: Segment, **arguments: Any) -> dict[str, Any]:
    return execute(segment.grant_reverse_etl(**arguments))


@pytest.mark.parametrize(
    ("drop", "of_a_table", "of_the_schema"), [("none", "42501", "42501"), ("tables", "", "42501"), ("all", "", "")]
)
def test_the_linked_user_works_there_and_drops_what_is_told(
    warehouse: Segment, logged: Logged, owner: str, drop: str, of_a_table: str, of_the_schema: str
) -> None:
    work = (f"SELECT id FROM {TABLE}", *WRITES, f"CREATE TABLE {RETL}.own (id int)")
    assert {statement: warehouse.refusal(statement) for statement in work} == dict.fromkeys(work, "42501")
    report = grant(warehouse, schema_owner=owner, drop=drop)
    assert (codes(report), notes(report), report["changed"]) == ([], ["reverse_etl_closed", "reverse_etl_owner"], 2)
    assert said("reverse_etl_owner", f"{warehouse.warehouse}.{RETL}", owner=owner) in logged()
    assert {statement: warehouse.refusal(statement) for statement in work} == dict.fromkeys(work, "")
    assert warehouse.refusal("SELECT 1 FROM crm.accounts") == "42501"
    warehouse.sql(f"CREATE TABLE {RETL}.later (id int)", user=owner)
    for statement in (f"INSERT INTO {RETL}.later VALUES (1)", f"SELECT 1 FROM {RETL}.later"):
        assert warehouse.refusal(statement) == "", statement
    assert warehouse.refusal(f"DROP TABLE {RETL}.later") == of_a_table
    assert warehouse.refusal(f"DROP TABLE {TABLE}") == of_a_table
    assert warehouse.refusal(f"DROP SCHEMA {RETL} CASCADE") == of_the_schema


def test_what_the_owner_may_do_already_is_not_told_again(warehouse: Segment, logged: Logged, owner: str) -> None:
    grant(warehouse, schema_owner=owner)
    database = warehouse.warehouse
    statement = Privileges(Identity("user", owner), ON_TABLES, Scope.TABLES, [(RETL,)])
    facts: dict[str, Fact] = {"owner": owner, "database": database, "statement": statement}
    told, log = messages.said(note("reverse_etl_closed", f"{database}.{RETL}", **facts)), logged()
    # What to run stands on a line of its own.
    assert told.text in log and f"→ {told.remedy}" in log
    warehouse.sql(statement.sql)
    assert notes(grant(warehouse, schema_owner=owner)) == ["reverse_etl_owner"]


def test_more_drop_is_added_and_less_takes_nothing_away(warehouse: Segment, owner: str) -> None:
    role, database = warehouse.role, warehouse.warehouse
    grant(warehouse, trusted_owners=[owner], drop="none")
    since = warehouse.cluster.mark()
    assert grant(warehouse, schema_owner=owner, drop="all")["changed"] == 2
    assert warehouse.cluster.changes(since) == [
        f'GRANT DROP ON SCHEMA "{RETL}" TO ROLE "{role}"',
        f'GRANT DROP FOR TABLES IN SCHEMA "{RETL}" TO ROLE "{role}"',
    ]
    with warehouse.cluster.untouched():
        report = grant(warehouse, schema_owner=owner, drop="none")
    assert report["changed"] == 0
    # What it tells of is kept until somebody does what it proposes.
    taking = tuple(f'REVOKE DROP {on} "{RETL}" FROM ROLE "{role}"' for on in ("FOR TABLES IN SCHEMA", "ON SCHEMA"))
    held = frozenset(Grant(scope, "DROP", RETL) for scope in (Scope.SCHEMA, Scope.TABLES))
    facts: dict[str, Fact] = {"role": role, "database": database, "statements": taking}
    told = said("reverse_etl_kept", f"{database}.{RETL}", grants=held, **facts)
    assert message(report, "reverse_etl_kept") == told
    warehouse.sql(*taking)
    assert codes(grant(warehouse, schema_owner=owner, drop="none", fail_on_drift=True)) == []
    assert warehouse.refusal(f"DROP TABLE {TABLE}") == "42501"


def test_another_schema_can_be_named(warehouse: Segment) -> None:
    old = warehouse.cluster.user("retl")
    warehouse.sql(f'CREATE SCHEMA "old.etl" AUTHORIZATION {old}')
    assert grant(warehouse, schema='"old.etl"', schema_owner=old, drop="none")["changed"] == 2
    assert warehouse.refusal('CREATE TABLE "old.etl".own (id int)') == ""


def test_a_missing_database_is_only_a_note_of_a_plan(linked: Segment, logged: Logged) -> None:
    name = linked.cluster.future_database()
    with linked.cluster.untouched():
        report = grant(linked, database=name, plan_only=True)
    told = said("database_missing", name, case="reverse_etl")
    notes = {"notes": {"database_missing": 1}, "noted": {"database_missing": told}}
    assert report == {**Report().as_dict(), **notes}
    assert told in logged()
