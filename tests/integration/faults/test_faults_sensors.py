"""Sensors wait faults out to their deadline, by poking and in the trigger; what doesn't pass ends them at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import redshift_connector
from airflow.providers.common.compat.connection import get_async_connection
from airflow.providers.common.compat.sdk import (
    AirflowFailException,
    AirflowNotFoundException,
    AirflowSensorTimeout,
)
from pytest_mock import MockerFixture

from airflow_provider_datagraph.exceptions import PassingFaultError
from airflow_provider_datagraph.hooks.redshift import DataGraphHook
from local_redshift.faults_client import Faults
from tests.integration.faults.support import MORE, listening, quickly, sensor, silence
from tests.support.iam import CLUSTER, NEAR_ITS_END, with_iam
from tests.support.segment import Segment, execute
from tests.support.waiting import PATIENCE, fire, trigger_of, until

pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.parametrize("name", ["access", "profiles_sync"]),
]


READS = "^(select (?!set_config)|show)"
"""Whatever a look asks, but what sets its session up."""


def poke(segment: Segment, name: str, seconds: float, **arguments: Any) -> Any:
    """Wait by poking."""
    return execute(sensor(segment, name, deferrable=False, timeout=seconds, **arguments))


def trigger(segment: Segment, name: str, seconds: float) -> dict[str, Any]:
    """Wait in the trigger; its event."""
    return fire(trigger_of(sensor(segment, name), seconds=seconds))


def test_a_cut_at_each_statement_of_a_look_is_waited_out(opened: Segment, faults: Faults, name: str) -> None:
    for nth in range(1, 40):
        fault = faults.cut_before("", nth=nth)
        assert trigger(opened, name, PATIENCE)["status"] == "done"
        if not fault.fired:
            break
        faults.clear()
    assert 3 < nth < 39


def test_a_temporary_password_that_ends_while_the_server_restarts_is_asked_for_again(
    opened: Segment, faults: Faults, name: str, mocker: MockerFixture
) -> None:
    with_iam(opened, CLUSTER, login=opened.server.user)
    opened.server.asked_of_aws(NEAR_ITS_END)
    waiting = trigger_of(sensor(opened, name, **MORE[name]), poke_interval=0.1)
    # In a triggerer, only the event loop may look a connection up.
    asked = mocker.patch.object(DataGraphHook, "get_connection", side_effect=AssertionError("asked in a thread"))

    async def restart() -> None:
        await until(lambda: bool(opened.server.asked_of_aws(NEAR_ITS_END)))
        await asyncio.to_thread(faults.stop)
        opened.server.asked_of_aws(NEAR_ITS_END, over=True)
        await asyncio.to_thread(faults.start)
        await asyncio.to_thread(opened.sql, "CREATE TABLE crm.later (id int)")

    try:
        assert fire(waiting, restart)["status"] == "done"
        assert opened.server.asked_of_aws() != [] and asked.call_count == 0
    finally:
        opened.sql("DROP TABLE crm.later")


def test_a_fault_that_stays_is_a_timeout_at_the_deadline(opened: Segment, faults: Faults, name: str) -> None:
    with listening(silence) as port:
        for fields, said in (({"port": port}, "timed out"), ({}, "can't be reached")):
            if not fields:
                faults.stop()
            opened.admin_connection(extra={"ssl": False, "timeout": 0.3}, **fields)
            with quickly(), pytest.raises(AirflowSensorTimeout, match=said):
                poke(opened, name, 0.5)
            with quickly():
                event = trigger(opened, name, 0.5)
            assert event["status"] == "timeout" and said in event["message"]
    # Without waiting it fails once, and is left to Airflow.
    with quickly(), pytest.raises(PassingFaultError) as failure:
        poke(opened, name, PATIENCE, wait=False)
    assert not isinstance(failure.value, AirflowFailException)


def changing(segment: Segment, name: str, mocker: MockerFixture, change: Callable[[], object]) -> dict[str, Any]:
    """What a trigger tells where something changes after its second connection."""
    connects = mocker.spy(redshift_connector, "connect")

    async def beside() -> None:
        await until(lambda: connects.call_count >= 2)
        await asyncio.to_thread(change)

    user = {} if name == "access" else {"user_conn_id": "segment_linked_user"}
    return fire(trigger_of(sensor(segment, name, **user)), beside)


@pytest.mark.parametrize("told", [True, False])
def test_a_password_that_rotates_is_looked_up_again(
    opened: Segment, faults: Faults, name: str, told: bool, mocker: MockerFixture
) -> None:
    # No look ends meanwhile.
    faults.error(READS, "57P01", "terminating connection", severity="FATAL", times=None)

    def rotate() -> None:
        opened.cluster.sql("dev", f"ALTER USER {opened.user} PASSWORD 'Another-Reader-2'")
        if told:
            opened.user_connection(password="Another-Reader-2")
        faults.restart()
        faults.clear()

    event = changing(opened, name, mocker, rotate)
    if told:
        assert event["status"] == "done"
    else:
        assert event["status"] == "misconfigured"
        assert "RotateSegmentPasswordOperator" in event["problems"][0]


def test_an_endpoint_that_moves_is_looked_up_again(opened: Segment, name: str, mocker: MockerFixture) -> None:
    with listening(None) as port:
        opened.admin_connection(port=port)
        assert changing(opened, name, mocker, opened.admin_connection)["status"] == "done"


def test_a_connection_that_was_there_is_waited_for(opened: Segment, name: str, mocker: MockerFixture) -> None:
    answers = [AirflowNotFoundException("none"), *[mocker.DEFAULT] * 99]
    path = "airflow.providers.common.compat.connection.get_async_connection"
    mocker.patch(path, side_effect=answers, wraps=get_async_connection)
    assert trigger(opened, name, PATIENCE)["status"] == "done"
