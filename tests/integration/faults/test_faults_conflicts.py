"""Conflicts with other transactions: met once they are planned again, met always they are told in words."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
import redshift_connector
from pytest_mock import MockerFixture

from airflow_provider_datagraph.exceptions import DataGraphError, MisconfigurationError, PassingFaultError
from local_redshift.faults_client import Faults
from tests.integration.provider.test_open_warehouse import apply, plan
from tests.support.segment import OPERATORS, Segment, changes, drop, execute

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
@pytest.mark.parametrize("nth", [1, 2, 3, 4])
def test_every_operator_succeeds_at_the_second_try(segment: Segment, faults: Faults, name: str, nth: int) -> None:
    ready(segment, name)
    if nth == 4:
        # What was read before the changes, outside and inside their transaction, is read again after them.
        asked, read = {"role": ("svv_user_grants", 1), "database": ("svv_database_privileges", 1)}.get(
            name, ("svv_schema_privileges", 3)
        )
        fault = faults.error(f"^select .* from {asked}", *CONFLICTS["serializable"], nth=read)
    else:
        # A database and its only GRANT need no COMMIT.
        at = min(nth, 2) if name == "database" else nth
        fault = faults.error("^(create|grant|commit)", *CONFLICTS["conflict"], nth=at)
    report = execute(OPERATORS[name](segment))
    assert fault.fired == 1
    assert made(report) == COUNTS[name]


ALWAYS = [("schema", fields, 10) for fields in CONFLICTS.values()]
ALWAYS += [(name, CONFLICTS["conflict"], 10) for name in WRITING if name != "schema"]
# Another error is told at once.
ALWAYS += [("schema", ("XX000", "internal error"), 1), ("schema", ("42601", "syntax error"), 1)]
ALWAYS += [("schema", ("23505", "duplicate key violates unique constraint"), 1)]


@pytest.mark.parametrize(("name", "fields", "tries"), ALWAYS)
def test_met_always_it_ends_in_the_servers_words_with_nothing_done(
    segment: Segment, faults: Faults, name: str, fields: tuple[str, ...], tries: int, waits: Any
) -> None:
    before = ready(segment, name).snapshot()
    # The last change of each operator, so that others went before it.
    last = {"role": "^grant role", "database": "^create database"}.get(name, "^grant .* for tables")
    fault = faults.error(last, *fields, times=None)
    with pytest.raises(DataGraphError, match=re.escape(": ".join(fields))) as failure:
        execute(OPERATORS[name](segment))
    assert tries == 1 or isinstance(failure.value, PassingFaultError)
    assert ("future_tables=" in str(failure.value)) == ("syntax error" in fields)
    assert (fault.fired, waits.call_count) == (tries, tries - 1)
    faults.clear()
    assert segment.snapshot() == before


READING: dict[str, Callable[[Segment], Any]] = {
    "check": Segment.check,
    "plan": lambda segment: segment.grant_reverse_etl(plan_only=True),
    "schema": Segment.grant_both,
    "audit": Segment.audit,
}


@pytest.mark.parametrize("name", READING)
@pytest.mark.parametrize(
    ("fields", "times"),
    [(CONFLICTS["serializable"], 1), (("3F000", 'schema "x" does not exist'), 3), (("42P01", 'relation "x"'), 3)],
)
def test_the_catalog_is_read_again(
    linked: Segment, faults: Faults, name: str, fields: tuple[str, ...], times: int
) -> None:
    # The catalog's views fail where somebody drops any schema meanwhile.
    view = "svv_redshift_databases" if name in ("check", "plan") else "svv_schema_privileges"
    fault = faults.error(f"^select .* {view}", *fields, times=times)
    assert execute(READING[name](linked))["findings"] == []
    assert fault.fired == times


def test_a_database_that_is_dropped_meanwhile_is_left_out(linked: Segment, faults: Faults) -> None:
    gone = linked.cluster.database()
    # One that lets the admin in no more is told.
    faults.error(f"-- login .* {gone}", "42501", "permission denied", severity="FATAL")
    (told,) = execute(linked.audit())["findings"]
    assert (told["code"], told["object"]) == ("not_audited", gone) and "permission denied" in told["text"]
    runs: list[Callable[[], Any]] = [lambda: execute(linked.audit()), lambda: drop(linked)]
    for run in runs:
        fault = faults.error(f"-- login .* {gone}", "3D000", f'database "{gone}" does not exist', severity="FATAL")
        assert isinstance(run(), dict) and fault.fired == 1


def test_where_one_part_fails_so_does_the_whole(linked: Segment, faults: Faults) -> None:
    planned = plan(linked)
    faults.error("^create database", "42501", "permission denied")
    with pytest.raises(MisconfigurationError, match="permission denied"):
        apply(linked, planned)
