"""The one trigger: it waits for what its cluster's watcher sees, until the deadline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_datagraph.exceptions import PassingFaultError
from airflow_provider_datagraph.redshift.names import InvalidInput, one_line
from airflow_provider_datagraph.triggers.patience import AT_LEAST, Pauses, Sight
from airflow_provider_datagraph.triggers.watch import GRACE, Watcher, watcher

if TYPE_CHECKING:
    from types import TracebackType

    from airflow_provider_datagraph.triggers.watch import Subscription

CLASS_PATH = "airflow_provider_datagraph.triggers.PollTrigger"
"""Stored in Airflow's database while a task is deferred: it stays, wherever the class is."""
STORED = "probe arguments poke_interval deadline look_timeout exponential_backoff max_wait silent_fail".split()


def event(payload: dict[str, Any]) -> TriggerEvent:
    """Make an event."""
    return TriggerEvent(payload)  # type: ignore[no-untyped-call]  # Airflow's triggers have no annotations


class PollTrigger(BaseTrigger):
    """Wait until a look finds that it is done, misconfigured, or too late.

    :param probe: ``access`` or ``profiles_sync``.
    :param arguments: the probe's arguments, JSON values only; secrets are never among them.
    :param poke_interval: seconds between two looks; ``look_timeout``: that one may take.
    :param deadline: when to give up, in seconds since the epoch: a restarted triggerer keeps to it.
    :param exponential_backoff: as Airflow's sensors have it, and ``max_wait`` (seconds) and ``silent_fail``.
    """

    def __init__(
        self,
        probe: str,
        arguments: Mapping[str, Any],
        poke_interval: float,
        deadline: float,
        look_timeout: float,
        *,
        exponential_backoff: bool = False,
        max_wait: float | None = None,
        silent_fail: bool = False,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's triggers have no annotations
        self.probe = probe
        self.arguments = dict(arguments)
        self.poke_interval = poke_interval
        self.deadline = deadline
        self.look_timeout = look_timeout
        self.exponential_backoff = exponential_backoff
        self.max_wait = max_wait
        self.silent_fail = silent_fail

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return CLASS_PATH, {name: getattr(self, name) for name in STORED}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait for one event: ``done``, ``timeout`` or ``misconfigured``, with the last look's report."""
        given = self.arguments
        watching = watcher((given["redshift_conn_id"], given["aws_conn_id"], self.look_timeout))
        until = asyncio.get_running_loop().time() + self.deadline - time.time()
        one = watching.subscribe(self, self.probe, given, self.poke_interval, until)
        try:
            yield event(await self._wait(watching, one))
        except InvalidInput as error:
            yield event({"status": "misconfigured", "problems": list(error.problems)})
        finally:
            watching.leave(self, one)

    async def _wait(self, watching: Watcher, one: Subscription) -> dict[str, Any]:
        pauses, sight = Pauses(self.poke_interval, self.exponential_backoff, self.max_wait), Sight()
        # At the deadline, and after it, there is one look all the same: the triggerer may have been down.
        end = self.deadline if self.deadline > time.time() + AT_LEAST else time.time() + GRACE
        while True:
            answer = one.answer
            await asyncio.wait({answer}, timeout=max(0.0, end - time.time()))
            if answer.done():
                look = answer.result()
                if isinstance(look, Exception):
                    sight.saw(self._fault(look, one.origin), self.log)
                elif look.done:
                    return {"status": "done", "report": look.as_dict(), "message": look.message}
                elif look.problems:
                    seen = {"report": look.as_dict(), "message": look.message}
                    return {"status": "misconfigured", "problems": list(look.problems), **seen}
                else:
                    sight.saw(look, self.log)
            if not answer.done() or time.time() >= self.deadline:
                return {"status": "timeout", "message": sight.message, "report": sight.report}
            watching.adapt(self, one, pauses.after(fault=bool(sight.fault)))

    def _fault(self, error: Exception, origin: TracebackType | None) -> str:
        """Say what is waited out; raise what isn't."""
        if isinstance(error, PassingFaultError):
            return str(error)
        if isinstance(error, InvalidInput) or not self.silent_fail:
            # Many may raise it, and its traceback would grow each time.
            raise error.with_traceback(origin)
        return one_line(f"{type(error).__name__}: {error}")
