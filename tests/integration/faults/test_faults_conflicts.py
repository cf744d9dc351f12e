"""Conflicts with other transactions: met once they are planned again, met always they are told in words."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
import redshift_connector
from pytest_mock import MockerFixture

from airflow_provider_datagraph.exceptions import DataGraphError, PassingFaultError
from local_redshift.faults_client import Faults
from tests.support.segment import CONNECTING, OPERATORS, Segment, changes, drop, execute

CONFLICTS = {
    "conflict": ("XX000", "could not complete because of conflict with concurrent transaction"),
    "serializable": ("XX000", "1023", "Serializable isolation violation on table - 10, transactions: 1, 2 (pid:3)"),
    "deadlock": ("40P01", "deadlock detected"),
    "updated by self": ("XX000", "tuple already updated by self"),
    "defaults": ("23505", 'duplicate key violates unique constraint "pg_defacl_name_index"'),
}
WRITING = [name for name in OPERATORS if name != "check"]
CHANGE = "^(create|grant)"
COUNTS = {"role": 3, "database": 2, "schema": 4, "reverse_etl": 2}


@pytest.fixture(autouse=True)
def waits(mocker: MockerFixture) -> Any:
    """The waits between two tries, without waiting."""
    return mocker.patch.object(time, "sleep")


def ready(segment: Segment, name: str) -> Segment:
    if name != "role":
        segment.make_identities()
    return segment


def made(report: dict[str, Any]) -> int:
    """How many changes were made; none is told twice, or is only planned."""
    listed = changes(report)
    assert len(set(listed)) == len(listed) == report["changed"]
    assert all(row["applied"] for row in report["changes"])
    return len(listed)


@pytest.mark.parametrize("fields", CONFLICTS.values(), ids=CONFLICTS)
@pytest.mark.parametrize("where", [CHANGE, "^commit", "^select .* svv_roles"])
def test_met_once_it_is_planned_again_in_a_new_transaction(
    linked: Segment, faults: Faults, fields: tuple[str, ...], where: str, waits: Any, mocker: MockerFixture
) -> None:
    connects = mocker.spy(redshift_connector, "connect")
    fault = faults.error(where, *fields)
    report = execute(linked.grant_both())
    assert (fault.fired, connects.call_count, waits.call_count) == (1, 2, 1)
    assert made(report) == 4
    assert changes(execute(linked.grant_both())) == []


@pytest.mark.parametrize("name", WRITING)
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_every_operator_succeeds_at_the_second_try(segment: Segment, faults: Faults, name: str, nth: int) -> None:
    ready(segment, name)
    # A database and its only GRANT need no COMMIT.
    fault = faults.error(
        "^(create|grant|commit)", *CONFLICTS["conflict"], nth=min(nth, 2) if name == "database" else nth
    )
    report = execute(OPERATORS[name](segment))
    assert fault.fired == 1
    assert made(report) == COUNTS[name]


@pytest.mark.parametrize("name", WRITING)
def test_met_while_checking_what_was_done_it_is_still_reported(segment: Segment, faults: Faults, name: str) -> None:
    ready(segment, name)
    # What was read before the changes, outside and inside their transaction, is read again after them.
    asked, nth = {"role": ("svv_user_grants", 1), "database": ("svv_database_privileges", 1)}.get(
        name, ("svv_schema_privileges", 3)
    )
    fault = faults.error(f"^select .* from {asked}", *CONFLICTS["serializable"], nth=nth)
    report = execute(OPERATORS[name](segment))
    assert fault.fired == 1
    assert made(report) == COUNTS[name]


@pytest.mark.parametrize("name", ["check", "reverse_etl"])
def test_reading_alone_is_tried_again_too(linked: Segment, faults: Faults, name: str) -> None:
    fault = faults.error("^select .* svv_redshift_databases", *CONFLICTS["serializable"])
    execute(linked.check() if name == "check" else linked.grant_reverse_etl(plan_only=True))
    assert fault.fired == 1


@pytest.mark.parametrize(
    ("name", "fields"),
    [(name, CONFLICTS["conflict"]) for name in WRITING] + [("schema", fields) for fields in CONFLICTS.values()][1:],
)
def test_met_always_it_ends_in_the_servers_words_with_nothing_done(
    segment: Segment, faults: Faults, name: str, fields: tuple[str, ...], waits: Any
) -> None:
    before = ready(segment, name).snapshot()
    # The last change of each operator, so that others went before it.
    last = {"role": "^grant role", "database": "^create database"}.get(name, "^grant .* for tables")
    fault = faults.error(last, *fields, times=None)
    with pytest.raises(PassingFaultError, match=re.escape(": ".join(fields))):
        execute(OPERATORS[name](segment))
    assert (fault.fired, waits.call_count) == (10, 9)
    faults.clear()
    assert segment.snapshot() == before


@pytest.mark.parametrize(
    "fields",
    [("XX000", "internal error"), ("23505", "duplicate key violates unique constraint"), ("42601", "syntax error")],
)
def test_another_error_is_told_at_once(linked: Segment, faults: Faults, fields: tuple[str, str], waits: Any) -> None:
    before = linked.snapshot()
    fault = faults.error("^grant .* for tables", *fields, times=None)
    with pytest.raises(DataGraphError, match=": ".join(fields)):
        execute(linked.grant_both())
    assert (fault.fired, waits.call_count) == (1, 0)
    faults.clear()
    assert linked.snapshot() == before


@pytest.mark.parametrize("name", ["schema", "audit"])
@pytest.mark.parametrize(
    ("fields", "times"),
    [(CONFLICTS["conflict"], 1), (("3F000", 'schema "x" does not exist'), 3), (("42P01", 'relation "x"'), 3)],
)
def test_the_catalog_is_read_again(
    linked: Segment, faults: Faults, name: str, fields: tuple[str, ...], times: int
) -> None:
    # The catalog's views fail where somebody drops any schema meanwhile.
    fault = faults.error("^select .* svv_schema_privileges", *fields, times=times)
    assert execute(CONNECTING[name](linked))["findings"] == []
    assert fault.fired == times


def test_a_database_that_is_dropped_meanwhile_is_left_out(linked: Segment, faults: Faults) -> None:
    gone = linked.cluster.database()
    fault = faults.error(f"-- login .* {gone}", "3D000", f'database "{gone}" does not exist', severity="FATAL")
    assert execute(linked.audit())["findings"] == []
    assert fault.fired == 1
    fault = faults.error(f"-- login .* {gone}", "3D000", f'database "{gone}" does not exist', severity="FATAL")
    drop(linked)
    assert fault.fired == 1
