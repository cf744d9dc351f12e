"""The one trigger: it waits for what its cluster's watcher sees, until the deadline. How any wait goes on."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_datagraph.exceptions import PassingFaultError
from airflow_provider_datagraph.redshift.names import InvalidInput, one_line
from airflow_provider_datagraph.triggers.watch import GRACE, Subscription, Watcher, watcher

if TYPE_CHECKING:
    from airflow_provider_datagraph.engine.looks import Look

CLASS_PATH = "airflow_provider_datagraph.triggers.PollTrigger"
"""Stored in Airflow's database while a task is deferred: it stays, wherever the class is."""
AT_LEAST = 1.0
"""Seconds that a look has at least: where less is left of a trigger's time, or none, it gets some all the same."""
HEARTBEAT = 3600.0
"""Seconds after which a state that hasn't changed is logged again."""
FAULTS_AT_MOST = 300.0
"""Seconds between two looks after faults, at most, unless the interval is longer."""


@dataclass
class Pauses:
    """How long to sleep between two looks, in seconds: longer after each fault, so that nobody storms a server.

    :param grows: Airflow's ``exponential_backoff``: longer after every look; ``longest``: its ``max_wait`` for these.
    """

    interval: float
    grows: bool = False
    longest: float | None = None
    looks: int = 0
    faults: int = 0

    def after(self, *, fault: bool) -> float:
        self.looks, self.faults = self.looks + 1, self.faults + 1 if fault else 0
        doubled = min(self.looks if self.grows else max(self.faults, 1), 30) - 1
        most = max(self.interval, min(8 * self.interval, FAULTS_AT_MOST))
        if self.grows:
            most = self.longest or math.inf
        return min(self.interval * 2.0**doubled, most)


class Sight:
    """What was seen last. It is logged when it changes, and once an hour."""

    def __init__(self) -> None:
        self.look: Look | None = None
        self.fault = ""
        self.told = ("", 0.0)

    @property
    def message(self) -> str:
        if self.look is None:
            return self.fault or "nothing was seen yet"
        return f"{self.fault} Before that: {self.look.message}" if self.fault else self.look.message

    @property
    def report(self) -> dict[str, Any]:
        return {} if self.look is None else self.look.as_dict()

    def saw(self, seen: Look | Exception, log: Any, *, silent_fail: bool = False) -> Look | None:
        """Note what a look came to, unless it ends the wait: return the look, or raise the error if it doesn't pass.

        :param silent_fail: Airflow's: what nobody expected is waited out, too.
        """
        if not isinstance(seen, Exception):
            if seen.ends:
                return seen
            self.look, self.fault = seen, ""
        elif isinstance(seen, PassingFaultError):
            self.fault = str(seen)
        elif silent_fail and not isinstance(seen, InvalidInput):
            self.fault = one_line(f"{type(seen).__name__}: {seen}")
        else:
            raise seen
        message, (last, when) = self.message, self.told
        if message != last or time.monotonic() - when >= HEARTBEAT:
            log.info("Not yet: %s", message)
            self.told = (message, time.monotonic())
        return None if isinstance(seen, Exception) else seen


@dataclass(eq=False, repr=False)
class PollTrigger(BaseTrigger):
    """Wait until a look finds that it is done, misconfigured, or too late.

    :param probe: ``access`` or ``profiles_sync``.
    :param arguments: the probe's arguments, JSON values only; secrets are never among them.
    :param poke_interval: seconds between two looks; ``look_timeout``: that one may take.
    :param deadline: when to give up, in seconds since the epoch: a restarted triggerer keeps to it.
    :param exponential_backoff: as Airflow's sensors have it, and ``max_wait`` (seconds) and ``silent_fail``.
    """

    probe: str
    arguments: dict[str, Any]
    poke_interval: float
    deadline: float
    look_timeout: float
    exponential_backoff: bool = False
    max_wait: float | None = None
    silent_fail: bool = False

    def __post_init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's triggers have no annotations

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return CLASS_PATH, {one.name: getattr(self, one.name) for one in fields(self)}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait for one event: ``done``, ``timeout`` or ``misconfigured``, with the last look's report."""
        given = self.arguments
        watching = watcher((given["redshift_conn_id"], given["aws_conn_id"], self.look_timeout))
        until = asyncio.get_running_loop().time() + self.deadline - time.time()
        one = watching.subscribe(self, self.probe, given, self.poke_interval, until)
        try:
            told = await self._wait(watching, one)
        except InvalidInput as error:
            told = {"status": "misconfigured", "problems": list(error.problems)}
        finally:
            watching.leave(self, one)
        yield TriggerEvent(told)  # type: ignore[no-untyped-call]  # as above

    async def _wait(self, watching: Watcher, one: Subscription) -> dict[str, Any]:
        pauses, sight = Pauses(self.poke_interval, self.exponential_backoff, self.max_wait), Sight()
        # At the deadline, and after it, there is one look all the same: the triggerer may have been down.
        end = self.deadline if self.deadline > time.time() + AT_LEAST else time.time() + GRACE
        while True:
            answer = one.answer
            await asyncio.wait({answer}, timeout=max(0.0, end - time.time()))
            if answer.done():
                seen = answer.result()
                if isinstance(seen, Exception):
                    # Many may raise it, and its traceback would grow each time.
                    seen = seen.with_traceback(one.origin)
                look = sight.saw(seen, self.log, silent_fail=self.silent_fail)
                if look is not None and look.ends:
                    told = {"report": look.as_dict(), "message": look.message}
                    if look.done:
                        return {"status": "done", **told}
                    return {"status": "misconfigured", "problems": list(look.problems), **told}
            if not answer.done() or time.time() >= self.deadline:
                return {"status": "timeout", "message": sight.message, "report": sight.report}
            watching.adapt(self, one, pauses.after(fault=bool(sight.fault)))
