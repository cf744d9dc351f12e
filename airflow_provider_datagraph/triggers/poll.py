"""The one trigger: look, sleep, look again, until the deadline."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_datagraph.exceptions import PassingFaultError
from airflow_provider_datagraph.redshift.names import InvalidInput, one_line
from airflow_provider_datagraph.triggers.patience import Pauses, Sight

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Connection

    from airflow_provider_datagraph.engine.looks import Look, Probe

T = TypeVar("T")
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
    :param exponential_backoff: as Airflow's sensors have it, and ``max_wait`` (seconds) and ``silent_fail``.
    """

    def __init__(
        self,
        probe: str,
        arguments: Mapping[str, Any],
        poke_interval: float,
        deadline: float,
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
        self.exponential_backoff = exponential_backoff
        self.max_wait = max_wait
        self.silent_fail = silent_fail
        # A cancelled trigger closes its connections, perhaps while its last look is still running in a thread.
        self.lock = threading.Lock()
        self.loaded: dict[str, Connection] = {}
        self.missed: set[str] = set()

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
                "exponential_backoff": self.exponential_backoff,
                "max_wait": self.max_wait,
                "silent_fail": self.silent_fail,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Poll.

        :return: one event: ``status`` is ``done`` (with ``report``), ``timeout`` or ``misconfigured`` (with
            ``problems``); with the ``report`` of the last look, where there was one.
        """
        probe: Probe | None = None
        try:
            probe = await self._in_pool(self._build)
            yield event(await self._poll(probe))
        except InvalidInput as error:
            yield event({"status": "misconfigured", "problems": list(error.problems)})
        finally:
            if probe is not None:
                await self._in_pool(self._alone, probe.close)

    def _build(self) -> Probe:
        # The driver is imported here, in a thread: it takes most of a second, and the loop is everybody's.
        from airflow_provider_datagraph.engine.looks import make_probe
        from airflow_provider_datagraph.hooks.redshift import PROVIDER, application_name

        ti = self.task_instance  # None where no triggerer runs it
        name = application_name(ti.dag_id, ti.task_id) if ti else PROVIDER
        return make_probe(self.probe, self.arguments, self.loaded, name)

    async def _look_up(self, probe: Probe) -> None:
        """Look the connections up, for what isn't connected."""
        from airflow.providers.common.compat.sdk import AirflowNotFoundException

        from airflow_provider_datagraph.hooks.connections import aws_id, switch
        from airflow_provider_datagraph.hooks.faults import lookup_error
        from airflow_provider_datagraph.triggers.lookup import async_connection

        for conn_id in filter(None, map(self.arguments.get, ("redshift_conn_id", "user_conn_id"))):
            try:
                self.loaded[conn_id] = await async_connection(conn_id)
                self.missed.discard(conn_id)
            except AirflowNotFoundException:
                if conn_id not in self.missed:
                    # The sensor has found it, so it may be the secrets backend that fails.
                    self.missed.add(conn_id)
                    raise lookup_error(conn_id, "it isn't found, and was before") from None
                # The hook tells of it, in the same words as on a worker.
                self.loaded.pop(conn_id, None)
        admin = self.loaded.get(str(self.arguments.get("redshift_conn_id")))
        if admin is not None and switch(admin, "iam"):
            aws = aws_id(admin, self.arguments.get("aws_conn_id"))
            # boto3 may find by itself what it needs.
            with suppress(AirflowNotFoundException):
                if aws:
                    self.loaded[aws] = await async_connection(aws)
        for reader in probe.readers:
            if reader.connection is None:
                reader.hook.forget()

    async def _look(self, probe: Probe) -> Look:
        """Look; what is looked up is never older than the login that is refused."""
        fresh = any(reader.connection is None for reader in probe.readers)
        if fresh:
            await self._look_up(probe)
        try:
            return await self._in_pool(self._alone, lambda: _take(probe))
        except InvalidInput:
            if fresh:
                raise
        await self._look_up(probe)
        return await self._in_pool(self._alone, lambda: _take(probe))

    async def _poll(self, probe: Probe) -> dict[str, Any]:
        pauses, sight = Pauses(self.poke_interval, self.exponential_backoff, self.max_wait), Sight()
        while True:
            try:
                look = await self._look(probe)
                if look.done:
                    return {"status": "done", "report": look.as_dict(), "message": look.message}
                if look.problems:
                    seen = {"report": look.as_dict(), "message": look.message}
                    return {"status": "misconfigured", "problems": list(look.problems), **seen}
                sight.saw(look, self.log)
            except PassingFaultError as error:
                sight.saw(str(error), self.log)
            except InvalidInput:
                raise
            except Exception as error:
                if not self.silent_fail:
                    raise
                sight.saw(one_line(f"{type(error).__name__}: {error}"), self.log)
            left = self.deadline - time.time()
            if left <= 0:
                return {"status": "timeout", "message": sight.message, "report": sight.report}
            await asyncio.sleep(min(pauses.after(fault=bool(sight.fault)), left))

    def _alone(self, function: Callable[[], Any]) -> Any:
        with self.lock:
            return function()

    @staticmethod
    async def _in_pool(function: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(POOL, function, *arguments)
