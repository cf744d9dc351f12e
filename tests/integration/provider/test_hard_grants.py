"""Granting and pruning where names, owners or other transactions make it hard."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from pytest_mock import MockerFixture
from redshift_connector.cursor import Cursor

from airflow_provider_datagraph.access.plan import Fact, Plan, blocking
from airflow_provider_datagraph.access.schemas.plan import plan_schemas
from airflow_provider_datagraph.engine.converge import Converger
from airflow_provider_datagraph.exceptions import DriftRemainsError, MisconfigurationError, VanishedError
from tests.support.redshift import PASSWORD, quoted, run
from tests.support.segment import Segment, changes, close, codes, creating, drop, grant, planned, said

NAMES = (
    *("my.schema", 'qu"ote', "sp ace", "a$b", "größe", "日本語", "select", "x" * 60, "it's", "back\\slash"),
    *("semi;colon--", "%s %", "[", "[list", "{json", "{x}"),
)


def twice(segment: Segment, schema: Any, **arguments: Any) -> dict[str, Any]:
    """Plan, apply what was planned and nothing else, and plan again: then nothing is left."""
    plan = grant(segment, schema, plan_only=True, **arguments)
    report = grant(segment, schema, **arguments)
    assert planned(report) == planned(plan)
    assert grant(segment, schema, fail_on_drift=True, **arguments)["changes"] == []
    return report


def test_any_name_is_written_in_one_notation(warehouse: Segment) -> None:
    written = [quoted(name) for name in NAMES]
    for schema in written:
        warehouse.sql(f"CREATE SCHEMA {schema}")
        warehouse.sql(*(f"CREATE TABLE {schema}.{table} (id int)" for table in (schema, "other")))
    twice(warehouse, written)
    report = twice(warehouse, written, tables=[f"{name}.{name}" for name in written], prune=True)
    assert report["changed"] == 2 * len(NAMES)
    qualified = [f"{warehouse.warehouse}.{schema}" for schema in written]
    tables = [f"{path}.{name}" for path, name in zip(qualified, written, strict=True)]
    same = grant(warehouse, qualified, tables=tables, database=warehouse.warehouse, prune=True, fail_on_drift=True)
    assert same["in_place"] == 2 * len(NAMES)
    assert all(warehouse.reads(name, name) for name in NAMES)
    assert not any(warehouse.reads(name, "other") for name in NAMES)
    assert grant(warehouse, written, prune=True)["changed"] == 2 * len(NAMES)
    assert all(warehouse.reads(name, "other") for name in NAMES)
    close(warehouse, written)
    assert warehouse.held() == set()


def test_what_is_stored_with_capitals_is_granted_pruned_and_closed(warehouse: Segment) -> None:
    cluster, role = warehouse.cluster, warehouse.role
    name = "Upper" + cluster.name("db")
    cluster.exactly("dev", f'CREATE DATABASE "{name}"')
    try:
        made = ("CREATE SCHEMA low", "CREATE TABLE low.t (id int)", 'CREATE TABLE low."Orders" (id int)')
        held = f'GRANT SELECT ON low."Orders" TO ROLE {role}'
        cluster.exactly(name, *made, held)
        report = twice(warehouse, "low", tables=["t"], prune=True, database=name)
        assert ("revoke", f"table {name}.low.Orders", ("SELECT",)) in changes(report)
        cluster.exactly(name, held)
        close(warehouse, "low", database=name)
        assert cluster.held(name, role) == set()
    finally:
        cluster.close(name)
        cluster.exactly("dev", f'DROP DATABASE "{name}"')


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("DROP TABLE crm.contacts", "table_missing"),
        ("ALTER SCHEMA crm RENAME TO crm_old", "schema_missing"),
        ("DROP ROLE {role} FORCE", "role_missing"),
    ],
)
def test_what_vanishes_between_reading_and_changing_is_told_as_if_it_had_before(
    warehouse: Segment, monkeypatch: pytest.MonkeyPatch, statement: str, code: str
) -> None:
    database = warehouse.warehouse
    told = {
        "table_missing": said("table_missing", f"{database}.crm.contacts"),
        "schema_missing": said("schema_missing", f"{database}.crm", schema="crm", database=database),
        "role_missing": said("role_missing", warehouse.role),
    }
    pending = [statement.format(role=warehouse.role)]
    apply = Converger._apply

    def after_it(*given: Any) -> None:
        warehouse.sql(*pending)
        pending.clear()
        apply(*given)

    monkeypatch.setattr(Converger, "_apply", after_it)
    with pytest.raises(MisconfigurationError) as caught:
        grant(warehouse, "crm", tables=["accounts", "contacts"])
    assert caught.value.problems == (told[code],)
    assert warehouse.held() == set()


def test_what_vanishes_again_and_again_is_told_in_a_sentence(warehouse: Segment, mocker: MockerFixture) -> None:
    apply = Converger._apply

    def renamed(*given: Any) -> None:
        warehouse.sql("ALTER TABLE crm.accounts RENAME TO away")
        try:
            apply(*given)
        finally:
            warehouse.sql("ALTER TABLE crm.away RENAME TO accounts")

    tried = mocker.patch.object(Converger, "_apply", side_effect=renamed, autospec=True)
    with pytest.raises(VanishedError, match="somebody dropped or renamed it since"):
        grant(warehouse, "crm", tables=["accounts"])
    assert tried.call_count == 5
    assert warehouse.held() == set()


def test_what_another_transaction_did_meanwhile_is_not_planned_again(linked: Segment, mocker: MockerFixture) -> None:
    """It grants a part of the same, and ends a moment after the task has run into it."""
    spy = mocker.spy(Cursor, "execute")

    def tries() -> int:
        return [str(call.args[1])[:27] for call in spy.call_args_list].count('GRANT USAGE ON SCHEMA "crm"')

    def commit() -> None:
        deadline = time.monotonic() + 10
        while not tries():
            assert time.monotonic() < deadline, "the task never got there"
            time.sleep(0.005)
        # The spy counts when the call is made; a moment later it waits for our lock.
        time.sleep(0.15)
        run(rival, "COMMIT")

    with closing(linked.cluster.connect(linked.warehouse)) as rival, ThreadPoolExecutor(1) as pool:
        run(rival, "BEGIN", f"GRANT USAGE ON SCHEMA crm TO ROLE {linked.role}")
        committed = pool.submit(commit)
        report = grant(linked, longest_wait=0.2)
        committed.result(10)
    assert (tries(), report["changed"], report["in_place"]) == (1, 1, 1)
    assert linked.reads("crm", "accounts")


def test_what_would_stop_a_plan_once_it_is_carried_out_is_told(linked: Segment, mocker: MockerFixture) -> None:
    def stopped(*args: Any, **kwargs: Any) -> Plan:
        plan = plan_schemas(*args, **kwargs)
        return plan if plan.steps else replace(plan, findings=(blocking("role_missing", "gone"),))

    mocker.patch("airflow_provider_datagraph.operators.schema.plan_schemas", stopped)
    with pytest.raises(DriftRemainsError, match=r"lacks 1 changes, the first: Role gone doesn't exist"):
        grant(linked)


TAKING: dict[str, Callable[..., dict[str, Any]]] = {
    "prune": lambda segment, **more: grant(segment, "crm", prune=True, **more),
    "close": lambda segment, **more: close(segment, "crm", **more),
    "drop": drop,
}


@pytest.mark.parametrize("way", TAKING)
def test_later_tables_of_who_cannot_create_any_more_stop_it_before(warehouse: Segment, way: str) -> None:
    cluster, database, take = warehouse.cluster, warehouse.warehouse, TAKING[way]
    writer = cluster.user("writer")
    cluster.sql(database, f"GRANT CREATE, USAGE ON SCHEMA crm TO {writer}")
    grant(warehouse, "crm", future_tables="default_privileges", writers=[writer])
    cluster.sql(database, f"REVOKE CREATE ON SCHEMA crm FROM {writer}")
    with cluster.untouched(), pytest.raises(MisconfigurationError) as caught:
        take(warehouse)
    facts: dict[str, Fact] = {"writer": writer, "database": database, "statement": creating(writer)}
    assert caught.value.problems == (said("writer_cannot_create", f"{database}.crm", case="stuck", **facts),)
    assert "writer_cannot_create" in codes(take(warehouse, plan_only=True))
    # It isn't in the way of other schemas, and what it proposes is enough.
    assert close(warehouse, "billing")["in_place"] == 1
    cluster.sql(database, creating(writer).sql)
    plan = take(warehouse, plan_only=True)
    assert planned(take(warehouse)) == planned(plan) != []
    assert not any(row[1] == writer for row in cluster.held(database, warehouse.role))


def test_tables_that_the_admin_may_not_read_are_not_passed_over(warehouse: Segment) -> None:
    cluster, database = warehouse.cluster, warehouse.warehouse
    clerk = cluster.user("clerk", "SYSLOG ACCESS UNRESTRICTED")
    # The permission comes through a role of the clerk's role.
    sight, inner = cluster.role("sight", clerk), cluster.role("inner")
    cluster.sql("dev", f"GRANT ROLE {inner} TO ROLE {sight}", f"GRANT ACCESS SYSTEM TABLE TO ROLE {inner}")
    cluster.sql(database, f"ALTER SCHEMA crm OWNER TO {clerk}")
    warehouse.admin_connection(login=clerk, password=PASSWORD)
    try:
        lacks = f"{clerk} may not grant SELECT on 2 tables"
        with cluster.untouched(), pytest.raises(MisconfigurationError, match=lacks):
            grant(warehouse, "crm", future_tables="none")
        # What it may hand on, it does; what it gave, it takes back: a superuser's REVOKE leaves it.
        cluster.sql(database, f"GRANT SELECT ON crm.accounts TO {clerk} WITH GRANT OPTION")
        twice(warehouse, "crm", tables=["accounts"])
        close(warehouse, "crm")
    finally:
        cluster.sql(database, "ALTER SCHEMA crm OWNER TO awsuser", f"REVOKE SELECT ON crm.accounts FROM {clerk}")
