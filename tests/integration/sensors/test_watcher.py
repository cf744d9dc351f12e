"""The watcher: whatever waits on one cluster shares sessions and looks, and nobody spoils it for the others."""

from __future__ import annotations

import asyncio
import threading
import traceback
from collections import Counter
from typing import Any

import pytest
import redshift_connector
from airflow.providers.common.compat.sdk import DAG
from pytest_mock import MockerFixture

from airflow_provider_datagraph.access.profiles_sync import REQUIRED_TABLES
from airflow_provider_datagraph.engine import looks as probes
from airflow_provider_datagraph.sensors.base import DataGraphSensor
from airflow_provider_datagraph.triggers.watch import APPLICATION
from tests.integration.sensors.house import House
from tests.support.redshift import mark, statements, unique
from tests.support.segment import ready
from tests.support.waiting import (
    PATIENCE,
    all_read,
    collect,
    deferred,
    fire,
    fire_all,
    plain,
    resumed,
    trigger_of,
    until,
)


def run(coroutine: Any) -> Any:
    return asyncio.run(asyncio.wait_for(coroutine, PATIENCE))


@pytest.mark.parametrize(("kind", "connections"), [("access", 3), ("profiles_sync", 1)])
def test_sessions_are_kept_between_looks_and_closed_at_the_end(
    house: House, mocker: MockerFixture, kind: str, connections: int
) -> None:
    if kind == "access":
        house.make_crm()
        sensor: DataGraphSensor = house.access(schemas=house.crm, wait_for_grants=True, dag=DAG("d", schedule=None))
    else:
        house.make_profiles(REQUIRED_TABLES[:4])
        sensor = house.profiles(dag=DAG("d", schedule=None))
    opened = mocker.spy(redshift_connector, "connect")
    deferred(sensor)
    task = f"airflow-provider-datagraph/d/{sensor.task_id}"
    assert {call.kwargs["application_name"] for call in opened.call_args_list} == {task}
    opened.reset_mock()
    looks = mocker.spy({"access": probes.AccessProbe, "profiles_sync": probes.ProfilesSyncProbe}[kind], "look")
    closed = mocker.spy(redshift_connector.core.Connection, "close")
    meanwhile: list[tuple[int, int]] = []

    async def watch() -> None:
        await until(lambda: looks.call_count >= 5)
        meanwhile.append((opened.call_count, closed.call_count))
        if kind == "access":
            await asyncio.to_thread(house.open, house.crm)
        else:
            await asyncio.to_thread(house.tables, house.profiles_schema, REQUIRED_TABLES[4:])

    report = resumed(sensor, fire(trigger_of(sensor), watch))
    assert report == ready() if kind == "profiles_sync" else plain(report) == all_read(2)
    assert meanwhile == [(connections, 0)]
    # They are of all who wait, and nobody waits for them to be closed.
    assert {call.kwargs["application_name"] for call in opened.call_args_list} == {APPLICATION}
    run(until(lambda: closed.call_count == connections))
    assert opened.call_count == connections


LAKE = "CREATE EXTERNAL SCHEMA {0} FROM DATA CATALOG DATABASE 'd' IAM_ROLE 'arn:aws:iam::123456789012:role/r'"


@pytest.mark.parametrize("kind", ["access", "lake", "profiles_sync"])
def test_many_sensors_cost_what_one_costs(house: House, mocker: MockerFixture, kind: str) -> None:
    schemas = [unique("many") for _ in range(6)]
    for schema in schemas:
        house.sql((LAKE if kind == "lake" else "CREATE SCHEMA {0}").format(schema))
        if kind != "lake":
            house.tables(schema, REQUIRED_TABLES[:5])
    opened = mocker.spy(redshift_connector, "connect")

    def sensor(schema: str) -> DataGraphSensor:
        if kind != "profiles_sync":
            return house.access(schemas=schema, wait_for_grants=True)
        return house.profiles(schema=schema, user_conn_id="segment_linked_user", tables=["later"])

    def cost(*those: str) -> tuple[int, int, list[str]]:
        """The statements and the connections of one look for each, and what is told."""
        since, before = mark(house.server), opened.call_count
        events = run(fire_all(*(trigger_of(sensor(one), seconds=0) for one in those)))
        return len(statements(house.server, since)), opened.call_count - before, [one["status"] for one in events]

    sent, connected, _ = cost(schemas[0])
    assert cost(*schemas, *schemas) == (
        sent,
        connected,
        ["misconfigured" if kind == "profiles_sync" else "timeout"] * 12,
    )


def test_each_gets_its_own_answer_and_a_bad_one_spoils_nothing(house: House, mocker: MockerFixture) -> None:
    house.fulfil("profiles_sync")
    house.make_crm()
    house.connection("stranger", login="nobody", password="Wrong-Password-1")
    sensors = [
        house.profiles(),
        house.profiles(schema="missing"),
        house.profiles(user_conn_id="stranger"),
        house.profiles(user_conn_id="nowhere"),
        house.profiles(database="atlantis"),
        house.access(schemas=house.crm),
        house.access(schemas=house.crm, wait_for_grants=True),
    ]
    said = ["done", "timeout", "misconfigured", "misconfigured", "misconfigured", "misconfigured", "timeout"]
    times = (1 if one == "timeout" else PATIENCE for one in said)
    events = run(fire_all(*(trigger_of(one, seconds=seconds) for one, seconds in zip(sensors, times, strict=True))))
    assert [one["status"] for one in events] == said
    looks = mocker.patch.object(probes.ProfilesSyncProbe, "look", side_effect=KeyError("a bug"))

    async def broken() -> list[Any]:
        old = [trigger_of(sensors[6], seconds=1) for _ in range(9)]
        for one in old:
            # As another version stored it.
            one.arguments["forgotten"] = True
        running = [*(trigger_of(one, seconds=1) for one in (sensors[0], sensors[6])), *old]
        return list(await asyncio.gather(*map(collect, running), return_exceptions=True))

    failed, waited, *old = run(broken())
    assert isinstance(failed, KeyError) and waited[0]["status"] == "timeout" and looks.call_count == 1
    assert [type(one) for one in old] == [TypeError] * 9
    # It is one error, and its traceback doesn't grow with those who raise it.
    assert len(traceback.extract_tb(old[0].__traceback__)) < 9


def test_who_leaves_takes_nothing_from_the_others(house: House, mocker: MockerFixture) -> None:
    house.make_profiles(REQUIRED_TABLES[:5])
    looks = mocker.spy(probes.ProfilesSyncProbe, "look")
    opened = mocker.spy(redshift_connector, "connect")

    async def some_leave() -> Any:
        first, *others = [asyncio.create_task(collect(trigger_of(house.profiles()))) for _ in range(3)]
        others.append(asyncio.create_task(collect(trigger_of(house.profiles(schema="missing")))))
        await until(lambda: looks.call_count >= 4)
        for one in (others[0], others[2]):
            one.cancel()
        await until(lambda: others[0].done() and others[2].done())
        await asyncio.to_thread(house.tables, house.profiles_schema, REQUIRED_TABLES[5:])
        return await asyncio.gather(first, others[1])

    assert [one["status"] for (one,) in run(some_leave())] == ["done", "done"]
    assert opened.call_count == 1


def test_each_event_loop_has_a_watcher_of_its_own(house: House, mocker: MockerFixture) -> None:
    house.make_profiles(REQUIRED_TABLES[:5])
    opened = mocker.spy(redshift_connector, "connect")
    events: list[dict[str, Any]] = []
    threads = [
        threading.Thread(target=lambda: events.extend(run(fire_all(trigger_of(house.profiles()))))) for _ in range(2)
    ]
    for one in threads:
        one.start()
    while opened.call_count < 2:
        pass
    house.tables(house.profiles_schema, REQUIRED_TABLES[5:])
    for one in threads:
        one.join(PATIENCE)
    assert Counter(one["status"] for one in events) == {"done": 2}
    assert opened.call_count == 2


def test_each_waits_as_often_as_it_wants(house: House, mocker: MockerFixture) -> None:
    looks = mocker.spy(probes.ProfilesSyncProbe, "look")
    often, seldom = house.profiles(schema="often"), house.profiles(schema="seldom")
    run(fire_all(trigger_of(often, 0.1, seconds=1), trigger_of(seldom, 60, seconds=1)))
    seen = Counter(call.args[0].schema for call in looks.call_args_list)
    # At first, and shortly before the deadline, unless that is the same.
    assert 6 <= seen["often"] <= 25 and seen["seldom"] == 1
