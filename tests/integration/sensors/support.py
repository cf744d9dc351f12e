"""A warehouse of a test's own, the connections to it, and triggers run to their end."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from airflow_provider_datagraph.profiles_sync import REQUIRED_TABLES
from airflow_provider_datagraph.sensors.access import ValidateAccessSensor
from airflow_provider_datagraph.sensors.base import DataGraphSensor
from airflow_provider_datagraph.sensors.profiles_sync import ProfilesSyncTablesSensor
from airflow_provider_datagraph.triggers.poll import PollTrigger
from local_redshift.running import Server
from tests.integration.conftest import connect, run, unique

PATIENCE = 60.0


@dataclass(frozen=True)
class Databases:
    """Two databases that tests share; their schemas, roles and users are a test's own."""

    server: Server
    read: str
    checkpoint: str


@dataclass(frozen=True)
class House:
    """Schemas that don't exist yet, and a linked user that is a member of a role."""

    server: Server
    database: str
    checkpoint: str
    crm: str
    profiles: str
    role: str
    user: str
    password: str
    admin_conn: str
    user_conn: str

    def run(self, *statements: str, database: str | None = None) -> None:
        """Run statements as admin, by default in the database to read."""
        with closing(connect(self.server, database or self.database)) as connection:
            for statement in statements:
                run(connection, statement)

    def tables(self, schema: str, names: Iterable[str] = REQUIRED_TABLES) -> None:
        """Create tables."""
        self.run(*(f'CREATE TABLE "{schema}"."{name}" (id int)' for name in names))

    def make_profiles(self, names: Iterable[str] = REQUIRED_TABLES) -> None:
        """Create the Profiles Sync schema with some of its tables."""
        self.run(f"CREATE SCHEMA {self.profiles}")
        self.tables(self.profiles, names)

    def make_crm(self) -> None:
        """Create a customer's schema with two tables, closed to the linked user."""
        self.run(f"CREATE SCHEMA {self.crm}")
        self.tables(self.crm, ("accounts", "contacts"))

    def open(self, schema: str) -> None:
        """Let the linked role read a schema."""
        self.run(
            f'GRANT USAGE ON SCHEMA "{schema}" TO ROLE "{self.role}"',
            f'GRANT SELECT FOR TABLES IN SCHEMA "{schema}" TO ROLE "{self.role}"',
        )

    def profiles_sensor(self, **arguments: Any) -> ProfilesSyncTablesSensor:
        """A sensor on the Profiles Sync schema, as admin."""
        given = {"task_id": "wait", "schema": self.profiles, "redshift_conn_id": self.admin_conn}
        return ProfilesSyncTablesSensor(**{**given, "poke_interval": 0.05, **arguments})

    def access_sensor(self, **arguments: Any) -> ValidateAccessSensor:
        """A sensor on the linked user's access, from the checkpoint database."""
        given = {
            "task_id": "validate",
            "redshift_conn_id": self.admin_conn,
            "user_conn_id": self.user_conn,
            "database": self.checkpoint,
            "poke_interval": 0.05,
        }
        return ValidateAccessSensor(**{**given, **arguments})

    def sensor(self, kind: str, **arguments: Any) -> DataGraphSensor:
        """Either sensor, by its probe's name; what it waits for doesn't exist yet."""
        if kind == "profiles_sync":
            return self.profiles_sensor(**arguments)
        return self.access_sensor(**{"tables": [f"{self.crm}.accounts"], **arguments})

    def fulfil(self, kind: str) -> None:
        """Make what that sensor waits for."""
        if kind == "profiles_sync":
            self.make_profiles()
        else:
            self.make_crm()
            self.open(self.crm)


def connection_json(server: Server, **fields: Any) -> str:
    """An Airflow connection of type redshift, as an environment variable holds it; by default the admin's."""
    admin = {"login": server.user, "password": server.password, "schema": server.database, "extra": {"ssl": False}}
    return json.dumps({"conn_type": "redshift", "host": server.host, "port": server.port, **admin, **fields})


def user_json(house: House, **fields: Any) -> str:
    """The linked user's connection; host, port and TLS come from the admin's."""
    return json.dumps({"conn_type": "redshift", "login": house.user, "password": house.password, **fields})


def build(databases: Databases, set_connection: Callable[[str, str], None]) -> House:
    """Make a house, and its two connections as environment variables."""
    names = {name: unique(name) for name in ("crm", "profiles", "role", "user")}
    house = House(
        databases.server,
        databases.read,
        databases.checkpoint,
        password="Linked-1-reader",
        admin_conn=unique("adm"),
        user_conn=unique("usr"),
        **names,
    )
    house.run(
        f"CREATE ROLE {house.role}",
        f"CREATE USER {house.user} PASSWORD '{house.password}'",
        f"GRANT ROLE {house.role} TO {house.user}",
    )
    set_connection(house.admin_conn, connection_json(house.server, schema=house.database))
    set_connection(house.user_conn, user_json(house))
    return house


def deferred(sensor: DataGraphSensor) -> Any:
    """Execute a sensor that isn't satisfied yet.

    :return: the TaskDeferred that it raised.
    """
    from airflow.providers.common.compat.sdk import TaskDeferred

    try:
        result = sensor.execute({})
    except TaskDeferred as raised:
        return raised
    raise AssertionError(f"not deferred: it returned {result!r}")


def trigger_of(sensor: DataGraphSensor, poke_interval: float = 0.05, seconds: float = PATIENCE) -> PollTrigger:
    """The trigger that a sensor would defer to, with another deadline, and rebuilt from what Airflow stores."""
    made = PollTrigger(sensor.probe, sensor._arguments(), poke_interval, time.time() + seconds)
    return PollTrigger(**made.serialize()[1])


async def collect(trigger: PollTrigger) -> list[dict[str, Any]]:
    """Every payload that a trigger sends."""
    events: AsyncIterator[Any] = trigger.run()
    return [event.payload async for event in events]


def fire(trigger: PollTrigger, *beside: Callable[[], Awaitable[None]]) -> dict[str, Any]:
    """Run a trigger as the triggerer does, and other coroutines beside it.

    :return: the payload of its only event.
    """

    async def both() -> list[dict[str, Any]]:
        polling = asyncio.create_task(collect(trigger))
        await asyncio.wait_for(asyncio.gather(polling, *(one() for one in beside)), PATIENCE)
        return polling.result()

    events = asyncio.run(both())
    assert len(events) == 1
    return events[0]


async def until(condition: Callable[[], bool]) -> None:
    """Wait in an event loop until something holds."""
    while not condition():
        await asyncio.sleep(0.01)


def resumed(sensor: DataGraphSensor, payload: dict[str, Any]) -> Any:
    """Resume a sensor with an event, as Airflow does after storing it as JSON."""
    return sensor.resume_execution("resume", {"event": json.loads(json.dumps(payload))}, {})
