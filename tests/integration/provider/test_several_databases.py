"""Schemas of several databases in one task, and schemas that are meant by pattern."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_datagraph.exceptions import MisconfigurationError
from tests.support.segment import RETL, Segment, changes, close, codes, execute, grant, notes, sent


@pytest.fixture
def other(linked: Segment) -> str:
    made = "CREATE TABLE {0}.t (id int)"
    names = ("crm", "marts_a", "marts_b", "marts_tmp")
    return linked.cluster.database(*(text for name in names for text in (f"CREATE SCHEMA {name}", made.format(name))))


def test_each_database_is_a_transaction_in_order(linked: Segment, other: str) -> None:
    own, since = linked.warehouse, linked.cluster.mark()
    tables = [f"{other}.crm.t", f"{own}.crm.accounts"]
    report = grant(linked, ["crm", f"{other}.crm", f"{other}.marts_a", "billing"], tables=tables)
    role = f'TO ROLE "{linked.role}"'
    assert (
        linked.cluster.changes(since)
        == [
            f'GRANT USAGE ON SCHEMA "crm", "billing" {role}',
            f'GRANT SELECT FOR TABLES IN SCHEMA "billing" {role}',
            f'GRANT SELECT ON TABLE "crm"."accounts" {role}',
            f'GRANT USAGE ON SCHEMA "crm", "marts_a" {role}',
            f'GRANT SELECT FOR TABLES IN SCHEMA "marts_a" {role}',
            f'GRANT SELECT ON TABLE "crm"."t" {role}',
        ]
        == sent(report)
    )
    assert (linked.reads("crm", "accounts"), linked.reads("crm", "t", other)) == (True, True)
    assert not linked.reads("crm", "contacts")
    assert grant(linked, ["crm", f"{other}.crm", f"{other}.marts_a", "billing"], tables=tables)["changed"] == 0
    assert close(linked, [f"{other}.crm", "crm"])["changed"] > 0
    assert (linked.reads("crm", "accounts"), linked.reads("crm", "t", other)) == (False, False)


def test_what_is_done_is_kept_where_another_database_fails(linked: Segment, other: str) -> None:
    pushed: list[dict[str, Any]] = []
    context: Any = {"ti": SimpleNamespace(xcom_push=lambda key, value: pushed.append(value), map_index=-1)}
    task = linked.grant_schema(schema=["no_such", f"{other}.crm", "atlantis.crm"])
    with pytest.raises(MisconfigurationError) as error:
        task.execute(context)
    assert len(error.value.problems) == 2
    # The rerun does the rest.
    (report,) = pushed
    assert changes(report)[0] == ("grant", f"schema {other}.crm", ("USAGE",))
    assert linked.reads("crm", "t", other)


def test_a_rerun_opens_what_has_come_to_be_meant(linked: Segment, other: str) -> None:
    eve = linked.cluster.user("eve")
    entries = [f"{other}.marts_*", "!*_tmp", "billing"]
    plan = grant(linked, entries, plan_only=True)
    first = grant(linked, entries)
    opened = [f"schema {linked.warehouse}.billing", *(f"schema {other}.marts_{name}" for name in "ab")]
    for report in (plan, first):
        assert [row["object"] for row in report["changes"] if row["object"].startswith("schema ")] == opened
        assert (codes(report), notes(report)) == ([], [])
    linked.cluster.sql(other, "CREATE SCHEMA marts_c", f"CREATE SCHEMA marts_d AUTHORIZATION {eve}")
    linked.cluster.sql(other, "CREATE TABLE marts_c.t (id int)", "CREATE TABLE marts_d.t (id int)")
    again = grant(linked, entries)
    assert [row["object"] for row in again["changes"]] == [f"schema {other}.marts_c", f"tables {other}.marts_c"]
    assert codes(again) == ["left_out"]
    read = {name: linked.reads(f"marts_{name}", "t", other) for name in ("a", "c", "d", "tmp")}
    assert read == {"a": True, "c": True, "d": False, "tmp": False}
    assert grant(linked, [*entries, f"{other}.marts_d"])["changed"] == 2
    assert (linked.reads("marts_d", "t", other), grant(linked, entries)["changed"]) == (True, 0)
    since = linked.cluster.mark()
    grant(linked, entries[:2])
    assert len([text for text in linked.cluster.received(since) if "sys_query_history" not in text]) == 5
    # What the sensor reads by the same patterns, and what is closed by them.
    look = linked.access(schemas=entries, trusted_owners=[eve], wait=False)
    assert {row for row in execute(look)["proof"]["schemas"]} == {
        f"{linked.warehouse}.billing",
        *(f"{other}.marts_{name}" for name in "abcd"),
    }
    close(linked, f"{other}.marts_*")
    assert not any(linked.reads(f"marts_{name}", "t", other) for name in "abcd")
    assert linked.reads("billing", "invoices")


def test_no_pattern_opens_what_isn_t_anybody_s(linked: Segment) -> None:
    home = linked.cluster.database("CREATE SCHEMA crm", f"CREATE SCHEMA {RETL}")
    with linked.cluster.untouched():
        kept = grant(linked, f"{home}.*", checkpoint_database=home)
        assert codes(kept) == ["left_out", "pattern_empty"]
    report = grant(linked, [f"{home}.*", "!public"])
    assert {row["object"] for row in report["changes"]} == {f"schema {home}.crm", f"tables {home}.crm"}
    assert (codes(report), notes(report)) == ([], ["left_out"])
    for tables, told in ((["t"], "which is in none of the schemas"), (["c*.t"], "is in none")):
        with pytest.raises(MisconfigurationError, match=told):
            grant(linked, ["c*"], tables=tables)


def test_the_check_resolves_patterns_for_the_tasks(linked: Segment, other: str) -> None:
    eve = linked.cluster.user("eve")
    linked.cluster.sql(other, f"CREATE SCHEMA marts_eve AUTHORIZATION {eve}")
    entries = [f"{other}.*", f"!{other}.*_tmp", f"{other}.crm.t", "bill*", "!public", "!marts_b"]
    given: dict[str, Any] = {"profiles_sync": f"{other}.marts_b", "allow": ["billing", f"{other}.*"]}
    with linked.cluster.untouched():
        found = execute(linked.check(schemas=entries, **given))
    own, names = [f"{linked.warehouse}.billing"], [f"{other}.crm", f"{other}.marts_a"]
    expected = [*own, *names] if linked.warehouse < other else [*names, *own]
    # Who names a table of a schema has it opened by that alone, and Profiles Sync is opened elsewhere.
    assert found["grants"] == {"schema": expected, "tables": [f"{other}.crm.t"]}
    assert codes(found) == ["left_out"]
    assert sorted(found["validate"]["schemas"]) == sorted([*own, f"{other}.marts_a"])
    strict = execute(linked.check(schemas=[f"{other}.marts_*"], allow=[f"{other}.crm"]))
    assert (strict["grants"], codes(strict), notes(strict)) == (None, ["pattern_empty"], ["left_out"])
