"""A look always ends, for whatever reason it hangs, and stops no sensor of another cluster."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSensorTimeout, TaskDeferred

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


def in_a_trigger(segment: Segment, name: str) -> None:
    assert fire(trigger_of(sensor(segment, name), seconds=1.5))["status"] == "timeout"


def poking(segment: Segment, name: str) -> None:
    with pytest.raises(AirflowSensorTimeout):
        execute(sensor(segment, name, deferrable=False, timeout=1.5))


def before_it_defers(segment: Segment, name: str) -> None:
    with pytest.raises(TaskDeferred):
        execute(sensor(segment, name, timeout=1.5))


@both
@pytest.mark.parametrize(
    ("wait", "after"),
    [
        *((wait, None) for wait in (in_a_trigger, poking, before_it_defers)),
        *((in_a_trigger, after) for after in (0, 4, 12)),
        (poking, 12),
    ],
)
def test_a_look_that_hangs_ends_at_the_deadline(
    opened: Segment, proxy: Proxy, name: str, wait: Callable[[Segment, str], None], after: int | None
) -> None:
    """At a locked table, or where packets vanish after so many of them."""
    with locked(opened, "crm.accounts") if after is None else nullcontext():
        if after is not None:
            proxy.lose(after)
        began = time.monotonic()
        wait(opened, name)
        assert time.monotonic() - began < 1.5 + SOON
        # It doesn't run on at the server.
        assert after is not None or gone(opened)


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


@pytest.mark.parametrize("hung", [False, True])
def test_what_hangs_or_is_silent_holds_up_no_sensor_of_another_cluster(opened: Segment, hung: bool) -> None:
    """A healthy cluster's sensor fires soon after its table is there, beside many sick ones, some of them cleared."""
    waiting = trigger_of(opened.profiles(schema="crm", tables=["late"]), poke_interval=1)
    fields = {**admin_fields(opened.server, opened.warehouse), "extra": {"ssl": False}}

    async def all_of_them(sick: list[PollTrigger], clusters: int) -> None:
        running = [asyncio.create_task(collect(one)) for one in (*sick, waiting)]
        await asyncio.sleep(2)
        for one in running[:8]:
            one.cancel()
        assert len([one for one in ours() if "look" in one]) <= 1 + clusters
        await asyncio.to_thread(opened.sql, "CREATE TABLE crm.late (id int, event_id int)")
        began = time.monotonic()
        assert [one["status"] for one in await running[-1]] == ["done"]
        assert time.monotonic() - began < 2.5
        for one in running:
            one.cancel()
        await asyncio.wait(running)

    try:
        with listening(silence) as port, locked(opened, "crm.accounts"):
            for at in range(16):
                opened.connection(f"sick{at}", **{**fields, "port": opened.server.port if hung else port})
            sensors: list[Any]
            if hung:
                sensors = [opened.access(redshift_conn_id=f"sick{at}", tables=["crm.accounts"]) for at in range(16)]
            else:
                sensors = [opened.profiles(redshift_conn_id="sick0", schema=f"s{at}") for at in range(64)]
            sick = [trigger_of(one) for one in sensors]
            asyncio.run(asyncio.wait_for(all_of_them(sick, 16 if hung else 1), PATIENCE))
    finally:
        opened.sql("DROP TABLE IF EXISTS crm.late")
