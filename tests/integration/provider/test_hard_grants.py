"""Granting and pruning where names, owners or other transactions make it hard."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from airflow_provider_datagraph.engine.converge import Converger
from airflow_provider_datagraph.exceptions import MisconfigurationError, VanishedError
from tests.support.redshift import PASSWORD, quoted, run
from tests.support.segment import Segment, close, codes, execute, grant, message

NAMES = (
    *("my.schema", 'qu"ote', "sp ace", "a$b", "größe", "日本語", "select", "x" * 60, "it's", "back\\slash"),
    *("semi;colon--", "%s %", "[", "[list", "{json", "{x}"),
)


def twice(segment: Segment, schema: Any, **arguments: Any) -> dict[str, Any]:
    """Plan, apply what was planned and nothing else, and plan again: then nothing is left."""
    planned = grant(segment, schema, plan_only=True, **arguments)["planned"]
    report = grant(segment, schema, **arguments)
    assert report["planned"] == planned
    assert grant(segment, schema, fail_on_drift=True, **arguments)["planned"] == []
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


def test_a_key_that_means_no_schema_is_told(warehouse: Segment) -> None:
    with pytest.raises(MisconfigurationError) as caught:
        grant(warehouse, ["crm"], tables={"crm": ["accounts"], '"crm"': ["contacts"], 'a"b': ["t"], "x.crm": ["t"]})
    assert list(caught.value.problems) == [
        "tables names schema crm twice: name it once.",
        "tables names tables of schema a\"b, which isn't among the schemas.",
        "tables names tables of schema x.crm, which isn't among the schemas.",
    ]


def test_what_is_stored_with_capitals_is_pruned_and_closed(warehouse: Segment) -> None:
    role, database = warehouse.role, warehouse.warehouse
    held = f'GRANT SELECT ON crm."Orders" TO ROLE {role}'
    case_sensitive(warehouse, database, 'CREATE TABLE crm."Orders" (id int)', held)
    report = twice(warehouse, "crm", tables=["accounts"], prune=True)
    assert f"revoke SELECT on table {database}.crm.Orders from role {role}: not desired" in report["planned"]
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
    ("statement", "told"),
    [
        ("DROP TABLE crm.contacts", "contacts doesn't exist: correct the name, or create the table first."),
        ("ALTER SCHEMA crm RENAME TO crm_old", "Schema crm doesn't exist in database"),
        ("DROP ROLE {role} FORCE", "Role {role} doesn't exist: correct the name"),
    ],
)
def test_what_vanishes_between_reading_and_changing_is_told_as_if_it_had_before(
    warehouse: Segment, monkeypatch: pytest.MonkeyPatch, statement: str, told: str
) -> None:
    pending = [statement.format(role=warehouse.role)]
    apply = Converger._apply

    def after_it(*given: Any) -> None:
        warehouse.sql(*pending)
        pending.clear()
        apply(*given)

    monkeypatch.setattr(Converger, "_apply", after_it)
    with pytest.raises(MisconfigurationError, match=told.format(role=warehouse.role)):
        grant(warehouse, "crm", tables=["accounts", "contacts"])
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


def test_later_tables_of_who_cannot_create_any_more_stop_pruning_before(warehouse: Segment) -> None:
    cluster, database = warehouse.cluster, warehouse.warehouse
    writer = cluster.user("writer")
    cluster.sql(database, f"GRANT CREATE, USAGE ON SCHEMA crm TO {writer}")
    grant(warehouse, "crm", future_tables="default_privileges", writers=[writer])
    cluster.sql(database, f"REVOKE CREATE ON SCHEMA crm FROM {writer}")
    with cluster.untouched(), pytest.raises(MisconfigurationError) as caught:
        grant(warehouse, "crm", prune=True)
    (problem,) = caught.value.problems
    assert f'run GRANT CREATE ON SCHEMA "crm" TO "{writer}" in database {database} first' in problem
    assert "writer_cannot_create" in codes(grant(warehouse, "crm", prune=True, plan_only=True))
    cluster.sql(database, f"GRANT CREATE ON SCHEMA crm TO {writer}")
    twice(warehouse, "crm", prune=True)


def test_tables_that_the_admin_may_not_read_are_not_passed_over(warehouse: Segment) -> None:
    cluster, database = warehouse.cluster, warehouse.warehouse
    clerk = cluster.user("clerk", "SYSLOG ACCESS UNRESTRICTED")
    # The permission comes through a role of the clerk's role.
    sight, inner = cluster.role("sight", clerk), cluster.role("inner")
    cluster.sql("dev", f"GRANT ROLE {inner} TO ROLE {sight}", f"GRANT ACCESS SYSTEM TABLE TO ROLE {inner}")
    cluster.sql(database, f"ALTER SCHEMA crm OWNER TO {clerk}")
    warehouse.admin_connection(login=clerk, password=PASSWORD)
    try:
        planned = grant(warehouse, "crm", future_tables="none", plan_only=True)["planned"]
        assert any("not held on accounts, contacts" in sentence for sentence in planned)
        before = cluster.snapshot()
        with pytest.raises(MisconfigurationError, match="Redshift refuses user"):
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
    cluster.sql(database, "CREATE SCHEMA __segment_reverse_etl")

    def work(drop: str, **arguments: Any) -> dict[str, Any]:
        return execute(warehouse.grant_reverse_etl(drop=drop, **arguments))

    assert "reverse_etl_kept" not in codes(work("all"))
    for drop, held in (
        ("tables", "DROP on schema __segment_reverse_etl"),
        ("none", "DROP on schema __segment_reverse_etl, DROP on the tables of schema __segment_reverse_etl"),
    ):
        report = work(drop, plan_only=True)
        text = message(report, "reverse_etl_kept")
        assert text.startswith(f"Role {role} also holds {held}: it is kept, since this takes nothing away.")
        assert message(work(drop), "reverse_etl_kept") == text
    statements = text.partition(f"runs in database {database}: ")[2].split("; ")
    cluster.sql(database, *statements)
    assert "reverse_etl_kept" not in codes(work("none", fail_on_drift=True))


def test_what_is_open_to_the_owner_already_is_not_told_again(warehouse: Segment) -> None:
    cluster, database = warehouse.cluster, warehouse.warehouse
    owner = cluster.user("retl")
    cluster.sql(database, f"CREATE SCHEMA __segment_reverse_etl AUTHORIZATION {owner}")

    def work() -> dict[str, Any]:
        return execute(warehouse.grant_reverse_etl())

    statement = message(work(), "reverse_etl_closed").partition(f"in database {database}: ")[2]
    cluster.sql(database, statement)
    assert codes(work()) == ["reverse_etl_owner"]
