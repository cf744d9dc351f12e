"""A look always ends, for whatever reason it hangs, and stops no sensor of another cluster."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow.providers.common.compat.connection import get_async_connection
from airflow.providers.common.compat.sdk import AirflowSensorTimeout, TaskDeferred
from pytest_mock import MockerFixture

from airflow_provider_datagraph.sensors.base import DataGraphSensor
from airflow_provider_datagraph.triggers.poll import PollTrigger
from tests.integration.faults.support import Proxy, listening, locked, ours, silence
from tests.support.redshift import admin_fields, open_sockets
from tests.support.segment import Segment, execute
from tests.support.waiting import PATIENCE, collect, fire, trigger_of, until

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
SOON = 2.5
"""Seconds after a deadline, or after whatever is to end a look, within which that is told."""
both = pytest.mark.parametrize("name", ["access", "profiles_sync"])


@pytest.fixture(autouse=True)
def left(opened: Segment) -> Iterator[None]:
    """Afterwards no thread of the package's is left, and no connection."""
    before = open_sockets()
    yield
    end = time.monotonic() + 10
    while (left := [*ours(), *open_sockets() - before]) and time.monotonic() < end:
        time.sleep(0.1)
        # The driver closes a socket that is broken by forgetting it.
        gc.collect()
    assert left == []


@pytest.fixture
def proxy(opened: Segment) -> Iterator[Proxy]:
    made = Proxy(opened.server.host, opened.server.port)
    opened.admin_connection(port=made.port)
    yield made
    made.close()


def sensor(segment: Segment, name: str, **given: Any) -> DataGraphSensor:
    if name == "profiles_sync":
        return segment.profiles(schema="crm", tables=["accounts"], user_conn_id="segment_linked_user", **given)
    return segment.access(schemas=["crm"], **given)


def logged_in(segment: Segment) -> bool:
    """Whether the linked user has a session: it is gone once what ran in it has ended."""
    return segment.sql(f"SELECT process FROM stv_sessions WHERE user_name = '{segment.user}'") != []


def gone(segment: Segment) -> bool:
    end = time.monotonic() + 5
    while logged_in(segment) and time.monotonic() < end:
        time.sleep(0.05)
    return not logged_in(segment)


@both
def test_a_locked_table_ends_in_an_event_at_the_deadline(opened: Segment, name: str) -> None:
    with locked(opened, "crm.accounts"):
        began = time.monotonic()
        event = fire(trigger_of(sensor(opened, name), seconds=1.5))
        assert (event["status"], time.monotonic() - began < 1.5 + SOON) == ("timeout", True)
        # It doesn't run on at the server.
        assert gone(opened)


@both
def test_a_locked_table_is_looked_at_again_until_it_is_free(opened: Segment, name: str) -> None:
    with locked(opened, "crm.accounts") as release:

        async def later() -> None:
            await asyncio.sleep(2.5)
            await asyncio.to_thread(release)

        event = fire(trigger_of(sensor(opened, name), look=1), later)
    assert event["status"] == "done"


@both
def test_a_cleared_task_waits_for_nothing(opened: Segment, name: str) -> None:
    async def clear() -> float:
        task = asyncio.create_task(collect(trigger_of(sensor(opened, name))))
        while not await asyncio.to_thread(logged_in, opened):
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic() - began

    with locked(opened, "crm.accounts"):
        assert asyncio.run(clear()) < 0.5
        assert gone(opened)


WAYS: dict[str, tuple[dict[str, Any], type[BaseException]]] = {
    "poke": ({"deferrable": False}, AirflowSensorTimeout),
    "deferred": ({"deferrable": True}, TaskDeferred),
}


@both
@pytest.mark.parametrize("way", WAYS)
def test_on_the_worker_a_look_ends_with_the_sensor_s_time(opened: Segment, name: str, way: str) -> None:
    given, error = WAYS[way]
    with locked(opened, "crm.accounts"):
        began = time.monotonic()
        with pytest.raises(error):
            execute(sensor(opened, name, timeout=1.5, **given))
        assert time.monotonic() - began < 1.5 + SOON
        assert gone(opened)


@both
def test_packets_that_vanish_on_the_worker(opened: Segment, proxy: Proxy, name: str) -> None:
    proxy.lose(after=12)
    began = time.monotonic()
    with pytest.raises(AirflowSensorTimeout):
        execute(sensor(opened, name, deferrable=False, timeout=1.5))
    assert time.monotonic() - began < 1.5 + SOON


@both
@pytest.mark.parametrize("after", [0, 4, 12])
def test_packets_that_vanish_end_in_an_event_at_the_deadline(
    opened: Segment, proxy: Proxy, name: str, after: int
) -> None:
    proxy.lose(after)
    began = time.monotonic()
    assert fire(trigger_of(sensor(opened, name), seconds=1.5))["status"] == "timeout"
    assert time.monotonic() - began < 1.5 + SOON


@both
def test_packets_that_vanish_for_a_while_are_waited_out(opened: Segment, proxy: Proxy, name: str) -> None:
    async def later() -> None:
        proxy.lose(after=12)
        await until(proxy.lost.is_set)
        await asyncio.sleep(1.5)
        proxy.lose()

    assert fire(trigger_of(sensor(opened, name), look=1), later)["status"] == "done"


def test_what_hangs_keeps_only_its_own_sensor_waiting(opened: Segment) -> None:
    names = [f"s{at}" for at in range(3)]

    async def both_ways(release: Callable[[], None]) -> list[Any]:
        hung = [asyncio.create_task(collect(trigger_of(opened.access(tables=["crm.accounts"]), look=1)))]
        await asyncio.sleep(0.3)
        others = [
            asyncio.create_task(collect(trigger_of(opened.access(tables=[f"crm.{name}"]), look=1))) for name in names
        ]
        await asyncio.sleep(1)
        await asyncio.to_thread(opened.sql, *(f"CREATE TABLE crm.{name} (id int)" for name in names))
        events = [event for (event,) in await asyncio.gather(*others)]
        assert not hung[0].done()
        await asyncio.to_thread(release)
        return [*events, *await hung[0]]

    with locked(opened, "crm.accounts") as release:
        events = asyncio.run(asyncio.wait_for(both_ways(release), 20))
    opened.sql(*(f"DROP TABLE crm.{name}" for name in names))
    assert [event["status"] for event in events] == ["done"] * 4


def test_a_secrets_backend_that_fails_for_three_looks(opened: Segment, mocker: MockerFixture) -> None:
    answers = [*[RuntimeError("down")] * 3, *[mocker.DEFAULT] * 99]
    path = "airflow.providers.common.compat.connection.get_async_connection"
    mocker.patch(path, side_effect=answers, wraps=get_async_connection)
    assert fire(trigger_of(opened.access(schemas=["crm"])))["status"] == "done"


def goes_on_beside(opened: Segment, sick: list[PollTrigger]) -> float:
    """How long a healthy cluster's sensor takes once its table is there; eight of the sick ones are cleared before."""
    waiting = trigger_of(opened.profiles(schema="crm", tables=["late"]), poke_interval=1)

    async def all_of_them() -> float:
        running = [asyncio.create_task(collect(one)) for one in (*sick, waiting)]
        await asyncio.sleep(2)
        for one in running[:8]:
            one.cancel()
        assert len([one for one in ours() if "look" in one]) <= 1 + len(
            {one.arguments["redshift_conn_id"] for one in sick}
        )
        await asyncio.to_thread(opened.sql, "CREATE TABLE crm.late (id int, event_id int)")
        began = time.monotonic()
        assert [one["status"] for one in await running[-1]] == ["done"]
        for one in running:
            one.cancel()
        await asyncio.wait(running)
        return time.monotonic() - began

    try:
        return asyncio.run(asyncio.wait_for(all_of_them(), PATIENCE))
    finally:
        opened.sql("DROP TABLE IF EXISTS crm.late")


def test_a_silent_cluster_holds_up_no_sensor_of_another(opened: Segment) -> None:
    with listening(silence) as port:
        fields = admin_fields(opened.server, opened.warehouse)
        opened.connection("dead", **{**fields, "port": port, "extra": {"ssl": False}})
        sick = [trigger_of(opened.profiles(redshift_conn_id="dead", schema=f"s{at}")) for at in range(64)]
        assert goes_on_beside(opened, sick) < 2.5


def test_looks_that_hang_hold_up_no_sensor_of_another_cluster(opened: Segment) -> None:
    fields = {**admin_fields(opened.server, opened.warehouse), "extra": {"ssl": False}}
    for at in range(16):
        opened.connection(f"hung{at}", **fields)
    with locked(opened, "crm.accounts"):
        sick = [trigger_of(opened.access(redshift_conn_id=f"hung{at}", tables=["crm.accounts"])) for at in range(16)]
        assert goes_on_beside(opened, sick) < 2.5
