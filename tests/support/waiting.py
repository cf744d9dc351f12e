"""How a sensor waits: deferred, in its trigger, and resumed."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from airflow_provider_datagraph.sensors.base import DataGraphSensor
from airflow_provider_datagraph.triggers.poll import PollTrigger

PATIENCE = 60.0
MODES: dict[str, dict[str, Any]] = {
    "deferrable": {"deferrable": True},
    "poke": {"deferrable": False, "mode": "poke"},
    "reschedule": {"deferrable": False, "mode": "reschedule"},
}


def all_there(in_place: int) -> dict[str, Any]:
    """The report of a sensor that found so many tables, and has nothing else to say."""
    nothing: dict[str, Any] = {"changed": 0, "changes": [], "findings": [], "notes": {}, "noted": {}}
    return {**nothing, "in_place": in_place, "omitted": {"changes": 0, "findings": 0}}


def all_read(in_place: int) -> dict[str, Any]:
    """The same of a proof: that everybody may create in `public` is always worth a note."""
    return {**plain(all_there(in_place)), "notes": {"can_create": 1}}


def plain(report: dict[str, Any]) -> dict[str, Any]:
    """A sensor's report without the texts of notes, and without what stands beside it."""
    return {key: report[key] for key in all_there(0) if key != "noted"}


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


def trigger_of(
    sensor: DataGraphSensor, poke_interval: float = 0.05, seconds: float = PATIENCE, look: float = PATIENCE
) -> PollTrigger:
    """The trigger that a sensor would defer to, with another deadline, and rebuilt from what Airflow stores."""
    # So it leaves the connections to the trigger.
    sensor._looked = True
    made = PollTrigger(sensor.probe, sensor._parse()[-1], poke_interval, time.time() + seconds, look)
    return PollTrigger(**made.serialize()[1])


async def collect(trigger: PollTrigger) -> list[dict[str, Any]]:
    """Every payload that a trigger sends."""
    return [event.payload async for event in trigger.run()]


def fire(trigger: PollTrigger, *beside: Callable[[], Awaitable[None]]) -> dict[str, Any]:
    """Run a trigger as the triggerer does, and other coroutines beside it.

    :return: the payload of its only event.
    """

    async def both() -> list[dict[str, Any]]:
        polling = asyncio.create_task(collect(trigger))
        await asyncio.wait_for(asyncio.gather(polling, *(one() for one in beside)), PATIENCE)
        return polling.result()

    (payload,) = asyncio.run(both())
    return payload


async def fire_all(*triggers: PollTrigger) -> list[dict[str, Any]]:
    """Run triggers side by side; the payload of each one's only event."""
    return [payload for (payload,) in await asyncio.gather(*map(collect, triggers))]


def reached(condition: Callable[[], Any], seconds: float = 10.0) -> bool:
    """Wait until something holds; whether it came to that."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


async def until(condition: Callable[[], bool]) -> None:
    """Wait in an event loop until something holds."""
    while not condition():
        await asyncio.sleep(0.01)


def resumed(sensor: DataGraphSensor, payload: dict[str, Any]) -> Any:
    """Resume a sensor with an event, as Airflow does after storing it as JSON."""
    return sensor.resume_execution("resume", {"event": json.loads(json.dumps(payload))}, {})
