"""The trigger: it polls, keeps its connections, waits out what passes, and shares its event loop."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Any

import pytest
import redshift_connector
from airflow.providers.common.compat.sdk import DAG
from pytest_mock import MockerFixture

from airflow_provider_datagraph.access.profiles_sync import REQUIRED_TABLES
from airflow_provider_datagraph.engine import looks as probes
from airflow_provider_datagraph.hooks.redshift import DataGraphHook
from airflow_provider_datagraph.triggers.poll import PollTrigger
from local_redshift.running import Server, started
from tests.integration.sensors.house import House
from tests.support.profiles_sync import profiles_sync
from tests.support.redshift import admin_fields, connect, quoted, run
from tests.support.segment import ready
from tests.support.waiting import (
    PATIENCE,
    all_read,
    collect,
    deferred,
    fire,
    plain,
    resumed,
    trigger_of,
    until,
)

Beside = Callable[[], Awaitable[None]]


def after_looks(spy: Any, looks: int, act: Callable[[], None]) -> Beside:
    """Do something once the trigger has looked so many times."""

    async def beside() -> None:
        await until(lambda: spy.call_count >= looks)
        await asyncio.to_thread(act)

    return beside


def test_it_ends_when_the_last_table_appears(house: House, mocker: MockerFixture) -> None:
    looks = mocker.spy(probes.ProfilesSyncProbe, "look")
    sensor = house.profiles()
    trigger = deferred(sensor).trigger

    def segment_writes() -> None:
        house.make_profiles(REQUIRED_TABLES[:4])

    def segment_ends() -> None:
        house.tables(house.profiles_schema, REQUIRED_TABLES[4:])

    payload = fire(trigger, after_looks(looks, 3, segment_writes), after_looks(looks, 6, segment_ends))
    assert payload["status"] == "done"
    assert looks.call_count >= 6
    assert resumed(sensor, payload) == ready()


def test_it_ends_when_the_grant_appears(house: House, mocker: MockerFixture) -> None:
    house.make_crm()
    looks = mocker.spy(probes.AccessProbe, "look")
    sensor = house.access(schemas=house.crm, wait_for_grants=True)
    trigger = deferred(sensor).trigger
    payload = fire(trigger, after_looks(looks, 3, lambda: house.open(house.crm)))
    assert looks.call_count >= 3
    assert plain(resumed(sensor, payload)) == all_read(2)


@pytest.mark.parametrize(("kind", "connections"), [("access", 3), ("profiles_sync", 1)])
def test_connections_are_kept_between_looks_and_closed_at_the_end(
    house: House, mocker: MockerFixture, kind: str, connections: int
) -> None:
    probe = {"access": probes.AccessProbe, "profiles_sync": probes.ProfilesSyncProbe}[kind]
    looks = mocker.spy(probe, "look")
    opened = mocker.spy(redshift_connector, "connect")
    closed = mocker.spy(redshift_connector.core.Connection, "close")
    meanwhile: list[tuple[int, int]] = []

    async def watch() -> None:
        await until(lambda: looks.call_count >= 5)
        meanwhile.append((opened.call_count, closed.call_count))
        await asyncio.to_thread(house.fulfil, kind)

    assert fire(trigger_of(house.sensor(kind)), watch)["status"] == "done"
    assert meanwhile == [(connections, 0)]
    assert opened.call_count == closed.call_count == connections


def test_as_the_linked_user_too_it_keeps_two_connections(house: House, mocker: MockerFixture) -> None:
    looks = mocker.spy(probes.ProfilesSyncProbe, "look")
    opened = mocker.spy(redshift_connector, "connect")
    users: list[str] = []

    async def watch() -> None:
        await until(lambda: looks.call_count >= 3)
        users.extend(call.kwargs["user"] for call in opened.call_args_list)
        schema = quoted(house.profiles_schema)
        await asyncio.to_thread(
            house.sql, *(f"INSERT INTO {schema}.{table} (seq) VALUES ('1')" for table in REQUIRED_TABLES)
        )

    house.make_profiles(age=None)
    house.open(house.profiles_schema)
    sensor = house.profiles(user_conn_id="segment_linked_user", require_rows=True)
    assert fire(trigger_of(sensor), watch)["status"] == "done"
    assert users == [house.server.user, house.user]


@pytest.mark.parametrize("kind", ["access", "profiles_sync"])
def test_its_sessions_name_provider_dag_and_task(house: House, mocker: MockerFixture, kind: str) -> None:
    opened = mocker.spy(redshift_connector, "connect")
    sensor = house.sensor(kind, dag=DAG("reading", schedule=None))
    deferred(sensor)
    trigger = trigger_of(sensor)
    trigger.task_instance = mocker.Mock(dag_id="reading", task_id=sensor.task_id, spec=["dag_id", "task_id"])
    house.fulfil(kind)
    assert fire(trigger)["status"] == "done"
    named = {call.kwargs["application_name"] for call in opened.call_args_list}
    assert named - {"tests"} == {f"airflow-provider-datagraph/reading/{sensor.task_id}"}


@pytest.mark.parametrize("kind", ["access", "profiles_sync"])
def test_a_poke_leaves_no_connection_open(house: House, mocker: MockerFixture, kind: str) -> None:
    opened = mocker.spy(redshift_connector, "connect")
    closed = mocker.spy(redshift_connector.core.Connection, "close")
    deferred(house.sensor(kind))
    assert opened.call_count == closed.call_count > 0


def test_a_cancelled_trigger_closes_its_connections(house: House, mocker: MockerFixture) -> None:
    # A user cleared the task, or the triggerer stops.
    house.make_crm()
    looks = mocker.spy(probes.AccessProbe, "look")
    opened = mocker.spy(redshift_connector, "connect")
    closed = mocker.spy(redshift_connector.core.Connection, "close")

    async def cancel() -> None:
        task = asyncio.create_task(
            collect(trigger_of(house.access(schemas=house.crm, wait_for_grants=True), poke_interval=0.2))
        )
        await until(lambda: looks.call_count >= 2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(asyncio.wait_for(cancel(), 20))
    assert opened.call_count == closed.call_count == 3


def test_it_closes_only_after_the_look_that_runs(house: House, mocker: MockerFixture) -> None:
    # The driver's connections aren't for two threads at once.
    house.fulfil("access")
    said: list[str] = []
    look, close = probes.AccessProbe.look, probes.AccessProbe.close

    def told_look(probe: probes.AccessProbe) -> Any:
        said.append("look begins")
        try:
            return look(probe)
        finally:
            said.append("look ends")

    def told_close(probe: probes.AccessProbe) -> None:
        said.append("close")
        close(probe)

    mocker.patch.object(probes.AccessProbe, "look", told_look)
    mocker.patch.object(probes.AccessProbe, "close", told_close)

    async def cancel(release: Callable[[], None]) -> None:
        task = asyncio.create_task(collect(trigger_of(house.sensor("access"))))
        await until(lambda: "look begins" in said)
        await asyncio.sleep(0.3)
        task.cancel()
        await asyncio.sleep(0.3)
        await asyncio.to_thread(release)
        with pytest.raises(asyncio.CancelledError):
            await task

    with locked(house, "accounts") as release:
        asyncio.run(asyncio.wait_for(cancel(release), 20))
    assert said == ["look begins", "look ends", "close"]


@pytest.mark.parametrize("kind", ["access", "profiles_sync"])
def test_no_thread_of_it_asks_airflow_for_a_connection(house: House, mocker: MockerFixture, kind: str) -> None:
    # In a triggerer, only the event loop may.
    house.fulfil(kind)
    trigger = trigger_of(house.sensor(kind))
    asked = mocker.patch.object(DataGraphHook, "get_connection", side_effect=AssertionError("asked in a thread"))
    assert fire(trigger)["status"] == "done"
    assert asked.call_count == 0


def free_port() -> int:
    """A port where nobody listens."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_a_server_that_comes_late_and_restarts_is_waited_for(
    mocker: MockerFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = Server("127.0.0.1", free_port(), "awsuser", "Testing1!", "dev", 0)
    monkeypatch.setenv("AIRFLOW_CONN_LATE", json.dumps(admin_fields(at, "dev")))
    looks = mocker.spy(probes.ProfilesSyncProbe, "look")
    opened = mocker.spy(redshift_connector, "connect")

    def write() -> None:
        with closing(connect(at)) as connection:
            run(connection, "CREATE SCHEMA profiles", *profiles_sync("profiles"))

    async def life(stack: ExitStack) -> None:
        # Nobody listens yet: each look tries to connect.
        await until(lambda: opened.call_count >= 3)
        await asyncio.to_thread(stack.enter_context, started(port=at.port))
        tries = opened.call_count
        await until(lambda: looks.call_count >= tries + 5)
        await asyncio.to_thread(stack.close)
        tries = opened.call_count
        await until(lambda: opened.call_count >= tries + 3)
        await asyncio.to_thread(stack.enter_context, started(port=at.port))
        await asyncio.to_thread(write)

    trigger = PollTrigger(
        "profiles_sync", {"redshift_conn_id": "late", "schema": "profiles"}, 0.1, time.time() + PATIENCE
    )
    with ExitStack() as stack:
        assert fire(trigger, lambda: life(stack))["status"] == "done"


@contextmanager
def locked(house: House, table: str) -> Iterator[Any]:
    """Hold a table, so that a SELECT on it hangs; for at most 20 s, whatever the test does."""
    connection = connect(house.server, house.warehouse, autocommit=False)
    released = threading.Event()

    def release() -> None:
        if not released.is_set():
            released.set()
            connection.rollback()

    run(connection, f"ALTER TABLE {house.crm}.{table} ADD COLUMN more int")
    timer = threading.Timer(20, release)
    timer.start()
    try:
        yield release
    finally:
        timer.cancel()
        release()
        connection.close()


def test_slow_looks_of_many_triggers_run_side_by_side(house: House, mocker: MockerFixture) -> None:
    house.fulfil("access")
    # More than asyncio's own pool has threads for, on a machine of two cores.
    count = 12
    with locked(house, "accounts") as release:
        opened = mocker.spy(redshift_connector, "connect")

        async def all_of_them() -> tuple[int, list[Any]]:
            sensor = house.sensor("access")
            running = [asyncio.create_task(collect(trigger_of(sensor))) for _ in range(count)]
            with suppress(TimeoutError):
                # Each looks as admin and as the linked user, and hangs in the second look.
                await asyncio.wait_for(until(lambda: opened.call_count >= 2 * count), 10)
            at_once = opened.call_count
            assert not any(task.done() for task in running)
            await asyncio.to_thread(release)
            return at_once, await asyncio.gather(*running)

        at_once, events = asyncio.run(all_of_them())
    assert at_once == 2 * count
    assert [payload["status"] for (payload,) in events] == ["done"] * count
