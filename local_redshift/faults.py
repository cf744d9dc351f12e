"""Faults on demand: what happens to the n-th statement that matches a pattern.

Only the process that started the stand-in orders them, see `control.py`; no SQL does. A login counts as a
statement, too: `-- login USER DATABASE`.
"""

from __future__ import annotations

import asyncio
import re
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from local_redshift.errors import Fields, Refused

ENDS_THE_SESSION = ("FATAL", "PANIC")


class Kind(StrEnum):
    DELAY = "delay"
    ERROR = "error"
    CUT = "cut"
    RESTART = "restart"


class Power(Protocol):
    """What turns the server off and on."""

    async def halt(self) -> None: ...

    async def resume(self) -> None: ...


class Cut(ConnectionError):
    """The client's connection was ended on purpose."""


class Injected(Refused):
    """An error that was ordered."""

    def __init__(self, fields: Fields) -> None:
        super().__init__(fields["C"], fields["M"])
        self._fields = fields

    def fields(self, severity: str = "ERROR") -> Fields:  # noqa: ARG002  the order names its own
        return self._fields

    @property
    def ends_the_session(self) -> bool:
        return self._fields["S"] in ENDS_THE_SESSION


@dataclass
class Fault:
    kind: Kind
    pattern: re.Pattern[str]
    nth: int = 1
    """The first match that it happens to, counted from when it was ordered."""
    times: int | None = 1
    """To how many matches from then on; None: to all."""
    after: bool = False
    """Whether the statement is run first."""
    seconds: float = 0.0
    fields: Fields = field(default_factory=dict)
    seen: int = 0
    fired: int = 0

    def meets(self, text: str) -> bool:
        """Count the statement if it matches, and tell whether it is one of those that it happens to."""
        if not self.pattern.search(text):
            return False
        self.seen += 1
        due = self.seen >= self.nth and (self.times is None or self.seen < self.nth + self.times)
        self.fired += due
        return due


class Faults:
    def __init__(self) -> None:
        self.ordered: dict[int, Fault] = {}
        self.linger = 0.0
        """For how many seconds a session stays after its client has gone."""
        self.left: list[str] = []
        """The databases of those that do."""
        self.exchanges = 0
        """How many messages of clients were answered: a login counts two."""
        self.power: Power | None = None
        self._last = 0
        self._restarts: set[asyncio.Task[None]] = set()

    def add(self, fault: Fault) -> int:
        self._last += 1
        self.ordered[self._last] = fault
        return self._last

    async def before(self, texts: Sequence[str], writer: asyncio.StreamWriter) -> list[Fault]:
        """What happens before statements are run; the faults that are due after them are returned."""
        due = [fault for text in texts for fault in self.ordered.values() if fault.meets(text)]
        for name in self.left:
            # PostgreSQL would wait for them; its 8.0, and so Redshift, doesn't.
            if f"drop database {name}".lower() in (text.replace('"', "").lower() for text in texts):
                raise Refused("55006", f'database "{name}" is being accessed by other users')
        for fault in due:
            if fault.kind is Kind.DELAY:
                await asyncio.sleep(fault.seconds)
        for fault in due:
            if fault.kind is Kind.ERROR:
                raise Injected(fault.fields)
            if fault.kind is not Kind.DELAY and not fault.after:
                await self._end(fault, writer)
        return [fault for fault in due if fault.after]

    async def linger_in(self, database: str) -> None:
        """Let a session stay, until the order is taken back at the longest."""
        self.left.append(database)
        end = time.monotonic() + self.linger
        while self.linger and time.monotonic() < end:
            await asyncio.sleep(0.02)
        self.left.remove(database)

    async def after(self, due: Sequence[Fault], writer: asyncio.StreamWriter) -> None:
        """What happens after them, in their answer's place."""
        for fault in due:
            await self._end(fault, writer)

    async def _end(self, fault: Fault, writer: asyncio.StreamWriter) -> None:
        if fault.kind is Kind.RESTART:
            assert self.power is not None
            await self.power.halt()
            task = asyncio.create_task(self._resume(fault.seconds))
            # The loop itself keeps only a weak reference.
            self._restarts.add(task)
            task.add_done_callback(self._restarts.discard)
        reset(writer)
        raise Cut

    async def _resume(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        assert self.power is not None
        await self.power.resume()


def login(user: str, database: str) -> str:
    """What stands for a login where statements are matched."""
    return f"-- login {user} {database}"


def reset(writer: asyncio.StreamWriter) -> None:
    """End a client's connection by a reset, so that it can't be taken for a polite end."""
    taken = writer.get_extra_info("socket")
    if taken is not None:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
