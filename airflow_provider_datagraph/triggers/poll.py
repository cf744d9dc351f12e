"""The one trigger: look, sleep, look again, until the deadline."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_datagraph.exceptions import PassingFaultError
from airflow_provider_datagraph.redshift.names import InvalidInput

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Connection

    from airflow_provider_datagraph.engine.looks import Look, Probe

CLASS_PATH = "airflow_provider_datagraph.triggers.PollTrigger"
"""Stored in Airflow's database while a task is deferred: it stays, wherever the class is."""
# The driver blocks. A pool of our own: asyncio's default one is shared with everything in the triggerer.
POOL = ThreadPoolExecutor(max_workers=16, thread_name_prefix="datagraph-poll")


def event(payload: dict[str, Any]) -> TriggerEvent:
    """Make an event.

    :param payload: what the sensor resumes with.
    """
    return TriggerEvent(payload)  # type: ignore[no-untyped-call]  # Airflow's triggers have no annotations


def _take(probe: Probe) -> Look:
    from airflow_provider_datagraph.engine.looks import take

    return take(probe)


class PollTrigger(BaseTrigger):
    """Look until it is done, misconfigured, or too late.

    :param probe: ``access`` or ``profiles_sync``.
    :param arguments: the probe's arguments, JSON values only; secrets are never among them.
    :param poke_interval: seconds between two looks.
    :param deadline: when to give up, in seconds since the epoch: a restarted triggerer keeps to it.
    """

    def __init__(self, probe: str, arguments: Mapping[str, Any], poke_interval: float, deadline: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's triggers have no annotations
        self.probe = probe
        self.arguments = dict(arguments)
        self.poke_interval = poke_interval
        self.deadline = deadline
        # A cancelled trigger closes its connections, perhaps while its last look is still running in a thread.
        self.lock = threading.Lock()

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Give what Airflow stores.

        :return: the class path and every argument.
        """
        return (
            CLASS_PATH,
            {
                "probe": self.probe,
                "arguments": self.arguments,
                "poke_interval": self.poke_interval,
                "deadline": self.deadline,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Poll.

        :return: one event: ``status`` is ``done`` (with ``report``), ``timeout`` or ``misconfigured`` (with
            ``problems``, and with ``report`` where a look found them).
        """
        probe: Probe | None = None
        try:
            probe = await self._make_probe()
            yield event(await self._poll(probe))
        except InvalidInput as error:
            yield event({"status": "misconfigured", "problems": list(error.problems)})
        finally:
            if probe is not None:
                await self._in_pool(self._alone, probe.close)

    async def _make_probe(self) -> Probe:
        from airflow.providers.common.compat.sdk import AirflowNotFoundException

        from airflow_provider_datagraph.hooks.connections import aws_id, switch
        from airflow_provider_datagraph.triggers.lookup import async_connection

        loaded: dict[str, Connection] = {}

        async def look_up(conn_id: Any) -> None:
            if conn_id:
                # The hook tells of a missing one, in the same words as on a worker.
                with suppress(AirflowNotFoundException):
                    loaded[conn_id] = await async_connection(conn_id)

        for key in ("redshift_conn_id", "user_conn_id"):
            await look_up(self.arguments.get(key))
        admin = loaded.get(str(self.arguments.get("redshift_conn_id")))
        if admin is not None and switch(admin, "iam"):
            await look_up(aws_id(admin, self.arguments.get("aws_conn_id")))
        probe: Probe = await self._in_pool(self._build, loaded)
        return probe

    def _build(self, loaded: Mapping[str, Connection]) -> Probe:
        # The driver is imported here, in a thread: it takes most of a second, and the loop is everybody's.
        from airflow_provider_datagraph.engine.looks import make_probe

        return make_probe(self.probe, self.arguments, loaded)

    async def _poll(self, probe: Probe) -> dict[str, Any]:
        last = "nothing was seen yet"
        while True:
            try:
                look: Look = await self._in_pool(self._alone, lambda: _take(probe))
                if look.done:
                    return {"status": "done", "report": look.as_dict(), "message": look.message}
                if look.problems:
                    seen = {"report": look.as_dict(), "message": look.message}
                    return {"status": "misconfigured", "problems": list(look.problems), **seen}
                last = look.message
            except PassingFaultError as error:
                last = str(error)
            self.log.info("Not yet: %s", last)
            left = self.deadline - time.time()
            if left <= 0:
                return {"status": "timeout", "message": last}
            await asyncio.sleep(min(self.poke_interval, left))

    def _alone(self, function: Callable[[], Any]) -> Any:
        with self.lock:
            return function()

    @staticmethod
    async def _in_pool(function: Any, *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(POOL, function, *arguments)
