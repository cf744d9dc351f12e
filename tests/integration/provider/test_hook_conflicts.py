"""The hook meets a concurrent transaction: two real connections grant on one schema, one of them held open."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import pytest
import redshift_connector
from pytest_mock import MockerFixture
from redshift_connector.cursor import Cursor

from airflow_provider_datagraph.access.plan import Plan, blocking
from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.access.schemas.plan import plan_schemas
from airflow_provider_datagraph.access.schemas.read import read_schema_access
from airflow_provider_datagraph.access.schemas.values import DesiredSchema, SchemaAccess
from airflow_provider_datagraph.engine.converge import Converger
from airflow_provider_datagraph.exceptions import DriftRemainsError, PassingFaultError, VanishedError
from airflow_provider_datagraph.hooks.redshift import DataGraphHook
from tests.support.redshift import run
from tests.support.segment import Segment

WORD = "conflict with concurrent transaction"


@contextmanager
def in_background(work: Callable[[], None]) -> Iterator[None]:
    """Run something in a thread beside the block; its error is raised at the end."""
    errors: list[BaseException] = []

    def target() -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=target)
    thread.start()
    try:
        yield
    finally:
        thread.join(30)
    assert not thread.is_alive()
    if errors:
        raise errors[0]


def converge(segment: Segment, **arguments: Any) -> Report:
    """What GrantSchemaOperator does with schema crm, with waits that suit a test."""
    desired = [DesiredSchema("crm")]
    engine = Converger(DataGraphHook(), **{"longest_wait": 0.2, **arguments})
    return engine.converge(
        lambda rows, session: read_schema_access(rows, session, segment.role, desired),
        lambda current: plan_schemas(desired, segment.role, current),
    )


class Rival:
    """Another transaction that grants on schema crm, and ends a moment after the hook has run into it."""

    def __init__(self, segment: Segment, mocker: MockerFixture) -> None:
        self.connection = segment.cluster.connect(segment.warehouse)
        self.other = segment.cluster.role("rival")
        self.own = f"TO ROLE {segment.role}"
        self.spy = mocker.spy(Cursor, "execute")
        self.begin(f"TO ROLE {self.other}")

    def begin(self, grantee: str) -> None:
        run(self.connection, "BEGIN", f"GRANT USAGE ON SCHEMA crm {grantee}")

    def tries(self) -> int:
        sent = [str(call.args[1]) for call in self.spy.call_args_list]
        return len([text for text in sent if text.startswith('GRANT USAGE ON SCHEMA "crm"')])

    def wait_for_try(self, number: int) -> None:
        deadline = time.monotonic() + 10
        while self.tries() < number:
            assert time.monotonic() < deadline, "the hook never got there"
            time.sleep(0.005)
        # The spy counts when the call is made; a moment later it waits for our lock.
        time.sleep(0.15)

    def end_after_the_first_try(self, how: str = "COMMIT") -> None:
        self.wait_for_try(1)
        self.end(how)

    def end(self, how: str = "COMMIT") -> None:
        run(self.connection, how)


def test_a_conflict_is_met_with_a_new_plan_in_a_new_transaction(linked: Segment, mocker: MockerFixture) -> None:
    rival = Rival(linked, mocker)
    with closing(rival.connection), in_background(rival.end_after_the_first_try):
        report = converge(linked)
    assert rival.tries() == 2
    assert report.changed == 2
    assert linked.reads("crm", "accounts")
    assert "USAGE" in str(linked.sql(usage_of(rival.other)))


def usage_of(role: str) -> str:
    return f"SELECT privilege_type FROM svv_schema_privileges WHERE identity_name = '{role}'"


def test_what_the_other_transaction_did_is_not_planned_again(linked: Segment, mocker: MockerFixture) -> None:
    rival = Rival(linked, mocker)
    rival.end("ROLLBACK")
    rival.begin(rival.own)
    with closing(rival.connection), in_background(rival.end_after_the_first_try):
        report = converge(linked)
    assert rival.tries() == 1
    assert (report.changed, report.in_place) == (1, 1)
    assert linked.reads("crm", "accounts")


def test_a_rival_that_rolls_back_is_no_conflict(linked: Segment, mocker: MockerFixture) -> None:
    rival = Rival(linked, mocker)
    with closing(rival.connection), in_background(lambda: rival.end_after_the_first_try("ROLLBACK")):
        assert converge(linked).changed == 2
    assert rival.tries() == 1


def test_after_the_last_try_the_servers_own_words_are_told(linked: Segment, mocker: MockerFixture) -> None:
    rival = Rival(linked, mocker)

    def commit_again_and_again() -> None:
        for number in (1, 2):
            rival.wait_for_try(number)
            rival.end()
            rival.begin(f"TO ROLE {rival.other}")
        rival.end()

    waits = mocker.spy(time, "sleep")
    with (
        closing(rival.connection),
        in_background(commit_again_and_again),
        pytest.raises(PassingFaultError, match=f"XX000: .*{WORD}") as failed,
    ):
        converge(linked, tries=2)
    assert "'M'" not in str(failed.value) and rival.tries() == 2
    assert waits.call_count > 0
    assert linked.held() == set()


def test_what_would_stop_a_plan_once_it_is_carried_out_is_told(linked: Segment) -> None:
    desired = [DesiredSchema("crm")]

    def make_plan(current: SchemaAccess) -> Plan:
        plan = plan_schemas(desired, linked.role, current)
        return plan if plan.steps else replace(plan, findings=(blocking("role_missing", "gone"),))

    with pytest.raises(DriftRemainsError, match=r"lacks 1 changes, the first: Role gone doesn't exist"):
        Converger(DataGraphHook()).converge(
            lambda rows, session: read_schema_access(rows, session, linked.role, desired), make_plan
        )


def test_what_is_not_there_is_looked_for_again(linked: Segment, mocker: MockerFixture) -> None:
    connects = mocker.spy(redshift_connector, "connect")
    role = "no_such_role"
    with pytest.raises(VanishedError, match='role "no_such_role" does not exist'):
        Converger(DataGraphHook()).converge(
            lambda rows, session: read_schema_access(rows, session, role, [DesiredSchema("crm")]),
            lambda current: plan_schemas([DesiredSchema("crm")], role, current, plan_only=True),
        )
    assert connects.call_count == 5
    assert linked.held() == set()
