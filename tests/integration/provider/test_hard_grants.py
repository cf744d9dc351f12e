"""Granting and pruning where names, owners or other transactions make it hard."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from airflow_provider_datagraph.access import messages
from airflow_provider_datagraph.access.messages import change_text
from airflow_provider_datagraph.access.plan import Change, Fact, Reason, note
from airflow_provider_datagraph.access.reverse_etl import ON_TABLES
from airflow_provider_datagraph.engine.converge import Converger
from airflow_provider_datagraph.exceptions import MisconfigurationError, VanishedError
from airflow_provider_datagraph.redshift.statements import Privileges
from airflow_provider_datagraph.redshift.values import Grant, Identity, Scope
from tests.support.redshift import PASSWORD, quoted, run
from tests.support.segment import (
    RETL,
    Logged,
    Segment,
    changes,
    close,
    codes,
    creating,
    drop,
    execute,
    grant,
    message,
    notes,
    planned,
    said,
)

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


def case_sensitive(segment: Segment, database: str, *statements: str) -> None:
    with closing(segment.cluster.connect(database)) as connection:
        run(connection, "SET enable_case_sensitive_identifier TO true", *statements)


def test_any_name_is_written_in_one_notation(warehouse: Segment) -> None:
    written = [quoted(name) for name in NAMES]
    for schema in written:
        warehouse.sql(f"CREATE SCHEMA {schema}")
        warehouse.sql(*(f"CREATE TABLE {schema}.{table} (id int)" for table in (schema, "other")))
    twice(warehouse, written)
    # Keys of `tables` are schemas in the same notation; a bare name does as well.
    tables = {
        (schema if at % 2 else name): [schema] for at, (schema, name) in enumerate(zip(written, NAMES, strict=True))
    }
    report = twice(warehouse, written, tables=tables, prune=True)
    assert report["changed"] == 2 * len(NAMES)
    qualified = [f"{warehouse.warehouse}.{schema}" for schema in written]
    keys = {key: [schema] for key, schema in zip(qualified, written, strict=True)}
    same = grant(warehouse, qualified, tables=keys, database=warehouse.warehouse, prune=True, fail_on_drift=True)
    assert same["in_place"] == 2 * len(NAMES)
    assert all(warehouse.reads(name, name) for name in NAMES)
    assert not any(warehouse.reads(name, "other") for name in NAMES)
    assert grant(warehouse, written, prune=True)["changed"] == 2 * len(NAMES)
    assert all(warehouse.reads(name, "other") for name in NAMES)
    close(warehouse, written)
    assert warehouse.held() == set()


def test_what_is_stored_with_capitals_is_pruned_and_closed(warehouse: Segment) -> None:
    role, database = warehouse.role, warehouse.warehouse
    held = f'GRANT SELECT ON crm."Orders" TO ROLE {role}'
    case_sensitive(warehouse, database, 'CREATE TABLE crm."Orders" (id int)', held)
    report = twice(warehouse, "crm", tables=["accounts"], prune=True)
    assert ("revoke", f"table {database}.crm.Orders", ("SELECT",)) in changes(report)
    case_sensitive(warehouse, database, held)
    close(warehouse, "crm")
    assert warehouse.held() == set()


def test_a_database_that_is_stored_with_capitals(warehouse: Segment) -> None:
    cluster = warehouse.cluster
    name = "Upper" + cluster.name("db")
    case_sensitive(warehouse, "dev", f'CREATE DATABASE "{name}"')
    try:
        with closing(cluster.connect(name)) as connection:
            run(connection, "CREATE SCHEMA low", "CREATE TABLE low.t (id int)")
        assert twice(warehouse, "low", database=name)["changed"] == 2
        assert close(warehouse, "low", database=name)["changed"] == 2
    finally:
        case_sensitive(warehouse, "dev", f'DROP DATABASE "{name}"')


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


def test_what_vanishes_again_and_again_is_told_in_a_sentence(
    warehouse: Segment, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply = Converger._apply

    def renamed(*given: Any) -> None:
        warehouse.sql("ALTER TABLE crm.accounts RENAME TO away")
        try:
            apply(*given)
        finally:
            warehouse.sql("ALTER TABLE crm.away RENAME TO accounts")

    monkeypatch.setattr(Converger, "_apply", renamed)
    with pytest.raises(VanishedError, match="somebody dropped or renamed it since"):
        grant(warehouse, "crm", tables=["accounts"])
    assert warehouse.held() == set()


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
        plan = grant(warehouse, "crm", future_tables="none", plan_only=True)
        told = ("SELECT",), Identity("role", warehouse.role)
        tables = Change(
            "grant", "todays tables", (database, "crm"), Reason.NOT_HELD, *told, names=("accounts", "contacts")
        )
        assert change_text(tables) in [row["text"] for row in plan["changes"]]
        before = cluster.snapshot()
        with pytest.raises(MisconfigurationError, match=f"{clerk} may not grant SELECT on 2 tables"):
            grant(warehouse, "crm", future_tables="none")
        assert cluster.snapshot() == before
        # What it may hand on, it does.
        cluster.sql(database, f"GRANT SELECT ON crm.accounts TO {clerk} WITH GRANT OPTION")
        twice(warehouse, "crm", tables=["accounts"])
        # What it gave, it takes back: a superuser's REVOKE leaves it.
        close(warehouse, "crm")
    finally:
        cluster.sql(database, "ALTER SCHEMA crm OWNER TO awsuser", f"REVOKE SELECT ON crm.accounts FROM {clerk}")


def test_a_smaller_choice_of_drop_tells_what_stays(warehouse: Segment) -> None:
    cluster, database, role = warehouse.cluster, warehouse.warehouse, warehouse.role
    cluster.sql(database, f"CREATE SCHEMA {RETL}")

    def work(choice: str, **arguments: Any) -> dict[str, Any]:
        return execute(warehouse.grant_reverse_etl(drop=choice, **arguments))

    assert "reverse_etl_kept" not in codes(work("all"))
    on_tables, on_schema = (
        f'REVOKE DROP {on} "{RETL}" FROM ROLE "{role}"' for on in ("FOR TABLES IN SCHEMA", "ON SCHEMA")
    )
    held = frozenset(Grant(scope, "DROP", RETL) for scope in (Scope.SCHEMA, Scope.TABLES))
    facts: dict[str, Fact] = {"role": role, "database": database, "statements": (on_tables, on_schema)}
    told = said("reverse_etl_kept", f"{database}.{RETL}", grants=held, **facts)
    assert (
        message(work("none", plan_only=True), "reverse_etl_kept") == message(work("none"), "reverse_etl_kept") == told
    )
    cluster.sql(database, on_tables, on_schema)
    assert "reverse_etl_kept" not in codes(work("none", fail_on_drift=True))


def test_what_is_open_to_the_owner_already_is_not_told_again(warehouse: Segment, logged: Logged) -> None:
    cluster, database = warehouse.cluster, warehouse.warehouse
    owner = cluster.user("retl")
    cluster.sql(database, f"CREATE SCHEMA {RETL} AUTHORIZATION {owner}")
    statement = Privileges(Identity("user", owner), ON_TABLES, Scope.TABLES, [(RETL,)])
    facts: dict[str, Fact] = {"owner": owner, "database": database, "statement": statement}
    assert notes(execute(warehouse.grant_reverse_etl(schema_owner=owner))) == [
        "reverse_etl_closed",
        "reverse_etl_owner",
    ]
    told = messages.said(note("reverse_etl_closed", f"{database}.{RETL}", **facts))
    log = logged()
    # What to run stands on a line of its own.
    assert told.text in log and f"→ {told.remedy}" in log
    cluster.sql(database, statement.sql)
    assert notes(execute(warehouse.grant_reverse_etl(schema_owner=owner))) == ["reverse_etl_owner"]
