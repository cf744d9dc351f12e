"""One watcher a cluster and login: it looks for all triggers of an event loop, through sessions that they share."""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from airflow_provider_datagraph.exceptions import PassingFaultError
from airflow_provider_datagraph.redshift.names import InvalidInput

if TYPE_CHECKING:
    from types import TracebackType

    from airflow.providers.common.compat.sdk import Connection

    from airflow_provider_datagraph.engine.looks import Look, Probe, Sessions

T = TypeVar("T")
Key = tuple[str, "str | None", float]
"""What decides the login: the admin connection, the AWS connection, and how long a look may take."""
APPLICATION = "airflow-provider-datagraph/triggerer"
"""What the sessions are called: they are of many tasks."""
JITTER = 0.05
"""By what share of an interval a look comes sooner or later, so that many watchers don't look in step."""
AHEAD = 5.0
"""How many seconds before a deadline the last look begins."""
GRACE = 5.0
"""After how many seconds more nobody waits for a look that should have ended by itself."""

STUCK = "The last look hasn't ended yet, although its time is over."
_watchers: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Key, Watcher]] = WeakKeyDictionary()


def watcher(key: Key) -> Watcher:
    """Give the watcher of this event loop, and make it where there is none: loops share no lock and no session."""
    watchers = _watchers.setdefault(asyncio.get_running_loop(), {})
    return watchers.get(key) or watchers.setdefault(key, Watcher(key, watchers))


def in_thread(function: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
    """Run what blocks in a thread of its own: nobody else's fill it, and a process that ends doesn't wait for it."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def post(settle: Callable[[Any], None], value: Any) -> None:
        # The loop may be closed by now, or nobody wait any more.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(lambda: None if future.done() else settle(value))

    def run() -> None:
        try:
            result = function(*arguments)
        except Exception as error:
            post(future.set_exception, error)
        else:
            post(future.set_result, result)

    threading.Thread(target=run, name="datagraph-look", daemon=True).start()
    return future


class Subscription:
    """What some triggers wait for: equal arguments are looked at once, first at ``first`` in the loop's time."""

    def __init__(self, probe: str, arguments: Mapping[str, Any], first: float) -> None:
        self.name, self.arguments = probe, arguments
        self.probe: Probe | None = None
        self.seen, self.next = float("-inf"), first
        self.hung = 0.0
        """When it took all the time of a look: it comes last then."""
        self.origin: TracebackType | None = None
        """Where an error that is the answer comes from."""
        self.waiting: dict[object, tuple[float, float]] = {}
        """The interval and the deadline of each trigger."""
        self.answer: asyncio.Future[Look | Exception] = asyncio.get_running_loop().create_future()

    @property
    def interval(self) -> float:
        """How many seconds lie between two looks: as few as any trigger wants."""
        return min(interval for interval, _ in self.waiting.values())

    def soonest(self) -> float:
        """From when on it is looked at when others are."""
        return self.seen + self.interval / 2

    def due(self) -> float:
        """When it is looked at in any case: shortly before a deadline, too."""
        last = min(deadline for _, deadline in self.waiting.values()) - AHEAD
        return min(self.next, max(self.soonest(), last))

    def tell(self, answer: Look | Exception) -> None:
        loop = asyncio.get_running_loop()
        told, self.answer, self.seen = self.answer, loop.create_future(), loop.time()
        self.origin = answer.__traceback__ if isinstance(answer, Exception) else None
        if self.waiting:
            self.plan()
        told.set_result(answer)

    def plan(self) -> None:
        self.next = self.seen + self.interval * random.uniform(1 - JITTER, 1 + JITTER)


class Watcher:
    """Looks for its subscriptions one after the other, in one thread, as often as they want."""

    def __init__(self, key: Key, watchers: dict[Key, Watcher]) -> None:
        self.key, self.watchers = key, watchers
        self.subscriptions: dict[str, Subscription] = {}
        self.sessions: Sessions | None = None
        self.loaded: dict[str, Connection] = {}
        self.missed: set[str] = set()
        self.changed = asyncio.Event()
        self.looking: asyncio.Future[None] | None = None
        self.task = asyncio.create_task(self._run())

    def subscribe(
        self, who: object, probe: str, arguments: Mapping[str, Any], interval: float, deadline: float
    ) -> Subscription:
        """Look for a trigger, too, each ``interval`` (seconds) until the ``deadline`` (the loop's time)."""
        text, now = json.dumps([probe, arguments], sort_keys=True), asyncio.get_running_loop().time()
        # Who comes later has been looked at on a worker just before, and waits for the others' next look.
        first = now + interval if self.subscriptions else now
        one = self.subscriptions.setdefault(text, Subscription(probe, arguments, first))
        one.waiting[who] = (interval, deadline)
        one.next = min(one.next, now + interval)
        self.changed.set()
        return one

    def adapt(self, who: object, one: Subscription, interval: float) -> None:
        before, deadline = one.waiting[who]
        if interval != before:
            one.waiting[who] = (interval, deadline)
            one.plan()
            self.changed.set()

    def leave(self, who: object, one: Subscription) -> None:
        """Look for a trigger no more. What runs for it alone is cancelled, and waited for by nobody."""
        del one.waiting[who]
        if one.waiting:
            return
        self.subscriptions = {text: other for text, other in self.subscriptions.items() if other is not one}
        if not self.subscriptions:
            del self.watchers[self.key]
            self.task.cancel()
            if self.sessions is not None:
                self.sessions.end()
        elif self.sessions is not None and one.probe is not None and self.sessions.current is one.probe:
            self.sessions.interrupt()

    async def _run(self) -> None:
        # Python 3.11 may lose a cancellation in wait_for.
        while self.subscriptions:
            now = asyncio.get_running_loop().time()
            due = min(one.due() for one in self.subscriptions.values())
            if due > now:
                self.changed.clear()
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self.changed.wait(), due - now)
                continue
            those = [one for one in self.subscriptions.values() if one.soonest() <= now]
            try:
                await self._round(those)
            except Exception as error:
                self._tell(those, error)

    def _make(self) -> Sessions:
        # The driver is imported here, in a thread: it takes most of a second, and the loop is everybody's.
        from airflow_provider_datagraph.engine.looks import Sessions
        from airflow_provider_datagraph.hooks.redshift import DataGraphHook

        conn_id, aws_conn_id, seconds = self.key
        given: dict[str, Any] = {"aws_conn_id": aws_conn_id, "loaded": self.loaded, "application_name": APPLICATION}

        def make_hook(**more: Any) -> DataGraphHook:
            hook = DataGraphHook(conn_id, **given, **more)
            hook.warned = None
            return hook

        return Sessions(make_hook, seconds)

    @staticmethod
    def _tell(those: Iterable[Subscription], answer: Exception) -> None:
        for one in list(those):
            one.tell(answer)

    async def _round(self, those: Sequence[Subscription]) -> None:
        """Look; what is looked up is never older than the login that is refused."""
        if self.looking is not None and not self.looking.done():
            self._tell(those, PassingFaultError(STUCK))
            return
        if self.sessions is None:
            self.sessions = await in_thread(self._make)
        readers = self.sessions.readers.values()
        fresh = not readers or any(reader.connection is None for reader in readers)
        wrong = await self._look(await self._look_up(those) if fresh else those, final=fresh)
        if wrong:
            await self._look(await self._look_up(wrong), final=True)

    async def _look(self, those: Sequence[Subscription], *, final: bool) -> list[Subscription]:
        """Look for some, in turn; each is told as soon as there is something to tell.

        :return: those that weren't told what is wrong, since it isn't ``final``.
        """
        from airflow_provider_datagraph.engine.looks import Late, make_probe

        assert self.sessions is not None
        loop = asyncio.get_running_loop()
        wrong: list[Subscription] = []
        last = loop.time()
        asked: dict[Probe, Subscription] = {}
        for one in sorted(those, key=lambda one: one.hung):
            try:
                one.probe = one.probe or make_probe(one.name, one.arguments, self.sessions)
                asked[one.probe] = one
            except Exception as error:
                # Such as that of a sensor that waits since before an upgrade; the others are looked at.
                one.tell(error)

        def told(probe: Probe, answer: Look | Exception) -> None:
            nonlocal last
            one = asked.pop(probe, None)
            if one is None:
                return
            took, last = loop.time() - last, loop.time()
            if took > self.key[2] / 2 or (isinstance(answer, Late) and took > 1):
                one.hung = last
            elif not isinstance(answer, Late):
                # Who is late without having taken any time never had its turn.
                one.hung = 0.0
            if isinstance(answer, InvalidInput) and not final:
                wrong.append(one)
            else:
                one.tell(answer)

        def tell(probe: Probe, answer: Look | Exception) -> None:
            # The loop may be closed by now.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(told, probe, answer)

        self.looking = in_thread(self.sessions.take_all, list(asked), tell)
        await asyncio.wait({self.looking}, timeout=self.sessions.seconds + GRACE)
        if self.looking.done():
            self.looking.result()
        else:
            left = list(asked.values())
            asked.clear()
            self.sessions.interrupt()
            self._tell(left, PassingFaultError(STUCK))
        return wrong

    async def _look_up(self, those: Sequence[Subscription]) -> list[Subscription]:
        """Look the connections up for what isn't connected; whose can't be is told, the others are returned."""
        from airflow_provider_datagraph.hooks.connections import aws_id

        assert self.sessions is not None
        needed = {one: [self.key[0], *filter(None, [one.arguments.get("user_conn_id")])] for one in those}
        failed = {conn_id: await self._load(conn_id) for conn_id in dict.fromkeys(chain.from_iterable(needed.values()))}
        admin = self.loaded.get(self.key[0])
        if admin is not None and (aws := aws_id(admin, self.key[1])):
            # boto3 may find by itself what it needs.
            failed[self.key[0]] = failed[self.key[0]] or await self._load(aws, seen=False)
        for reader in self.sessions.readers.values():
            if reader.connection is None:
                reader.hook.forget()
        found = []
        for one, ids in needed.items():
            error = next(filter(None, map(failed.get, ids)), None)
            if error is None:
                found.append(one)
            else:
                one.tell(error)
        return found

    async def _load(self, conn_id: str, *, seen: bool = True) -> PassingFaultError | None:
        """Look a connection up, or say why that failed; ``seen`` says that the sensor has found it."""
        from airflow.providers.common.compat.connection import get_async_connection
        from airflow.providers.common.compat.sdk import AirflowNotFoundException

        from airflow_provider_datagraph.hooks.faults import lookup_error

        try:
            self.loaded[conn_id] = await asyncio.wait_for(get_async_connection(conn_id), self.key[2])
            self.missed.discard(conn_id)
        except AirflowNotFoundException:
            if seen and conn_id not in self.missed:
                # It may be the secrets backend that fails.
                self.missed.add(conn_id)
                return lookup_error(conn_id, "it isn't found, and was before")
            # The hook tells of it, in the same words as on a worker.
            self.loaded.pop(conn_id, None)
        except Exception as error:
            # Its text may quote what it looked up.
            return lookup_error(conn_id, type(error).__name__)
        return None
