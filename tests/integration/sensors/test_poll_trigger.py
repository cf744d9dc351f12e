"""The trigger: it polls, keeps its connections, waits out what passes, and shares its event loop."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, closing
from typing import Any

import pytest
import redshift_connector
from airflow.providers.common.compat.sdk import DAG
from pytest_mock import MockerFixture

from airflow_provider_datagraph.access.profiles_sync import REQUIRED_TABLES
from airflow_provider_datagraph.engine import looks as probes
from airflow_provider_datagraph.hooks.redshift import DataGraphHook
from airflow_provider_datagraph.triggers.poll import PollTrigger
from airflow_provider_datagraph.triggers.watch import APPLICATION
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
    # Nobody waits for them to be closed.
    asyncio.run(asyncio.wait_for(until(lambda: closed.call_count == connections), 20))
    assert opened.call_count == connections


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
def test_its_sessions_name_the_provider_and_those_of_a_worker_the_task(
    house: House, mocker: MockerFixture, kind: str
) -> None:
    opened = mocker.spy(redshift_connector, "connect")
    sensor = house.sensor(kind, dag=DAG("reading", schedule=None))
    deferred(sensor)
    task = f"airflow-provider-datagraph/reading/{sensor.task_id}"
    assert {call.kwargs["application_name"] for call in opened.call_args_list} == {task}
    house.fulfil(kind)
    opened.reset_mock()
    assert fire(trigger_of(sensor))["status"] == "done"
    # They are of all who wait.
    assert {call.kwargs["application_name"] for call in opened.call_args_list} == {APPLICATION}


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
        await until(lambda: closed.call_count == opened.call_count)

    asyncio.run(asyncio.wait_for(cancel(), 20))


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

    arguments = {"redshift_conn_id": "late", "aws_conn_id": None, "schema": "profiles"}
    trigger = PollTrigger("profiles_sync", arguments, 0.1, time.time() + PATIENCE, PATIENCE)
    with ExitStack() as stack:
        assert fire(trigger, lambda: life(stack))["status"] == "done"
