"""A session's PostgreSQL: what is sent to it, and what the client gets of its answers."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator

from local_redshift import wire
from local_redshift.backend import Backend, BackendError, Pool
from local_redshift.errors import Fields, Refused, reworded, unsupported
from local_redshift.exchange import Exchange
from local_redshift.plan import Releasing
from local_redshift.text import OWNER

ABORT = "DO 'BEGIN RAISE EXCEPTION $$aborted$$; END'"
ENOUGH = 1 << 16
MISSING = ("42P01", "3F000")
_NAMED = re.compile(r'"([^"]+)"')


class Relay:
    def __init__(self, pool: Pool, main: Backend, user: str, database: str, writer: asyncio.StreamWriter) -> None:
        self.pool = pool
        self.main = main
        self.user = user
        self.database = database
        self.writer = writer
        self.running = main
        self.status = b"I"
        """As ReadyForQuery says it: idle, in a transaction, or in one that failed."""

    async def run(self, exchange: Exchange, database: str | None) -> None:
        """Have an exchange's statements run in the session's own database, or in the one that is named."""
        plans = [one.plan for one in exchange.executed]
        released = next((plan.released for plan in plans if isinstance(plan, Releasing)), None)
        async with self.pool.barred(released), self.backend(database) as backend:
            try:
                status = await self._pass_on(backend, exchange, database or self.database)
            finally:
                self.pool.runs += bool(plans)
        if database is None:
            self.status = status
        elif exchange.failed is not None:
            await self.abort()

    async def abort(self) -> None:
        """End a transaction as an error of PostgreSQL's would."""
        if self.status == b"T":
            with contextlib.suppress(BackendError):
                await self.main.run(ABORT)
            self.status = b"E"

    @contextlib.asynccontextmanager
    async def backend(self, database: str | None) -> AsyncIterator[Backend]:
        """The session's connection, or one to another database that acts as the session's user."""
        if database is None:
            yield self.main
            return
        async with self.pool.lent(database, self.user) as backend:
            self.running = backend
            try:
                yield backend
            finally:
                self.running = self.main

    async def _pass_on(self, backend: Backend, exchange: Exchange, database: str) -> bytes:
        """Send, and note the answer until PostgreSQL is ready again; a long one goes to the client meanwhile."""
        backend.writer.write(exchange.data)
        while True:
            kind, body = await backend.read()
            if kind == b"Z":
                return body
            if kind == b"E":
                body = wire.error(await _explained(wire.fields(body), self.pool, database))[5:]
            answer = wire.frame(kind, body) if kind == b"D" else _answer(kind, body, exchange)
            if exchange.silent:
                continue
            exchange.answer += answer
            if len(exchange.answer) > ENOUGH:
                self.pool.runs += bool(exchange.executed)
                self.writer.write(exchange.answer)
                exchange.answer = bytearray()
                await self.writer.drain()


def _answer(kind: bytes, body: bytes, exchange: Exchange) -> bytes:
    if kind in (b"1", b"2", b"3"):
        return b"" if exchange.swallow.popleft() else wire.frame(kind, body)
    if kind == b"C":
        tag = exchange.executed[exchange.completed].plan.tag
        exchange.completed += 1
        return wire.frame(kind, wire.text(tag) if tag else body)
    if kind in (b"I", b"s"):
        exchange.completed += 1
    if kind == b"E":
        exchange.failed = reworded(wire.fields(body))
        return wire.error(exchange.failed)
    if kind == b"N":
        return wire.error(reworded(wire.fields(body)), b"N")
    if kind == b"S" and body.startswith(b"server_version\0"):
        return b""
    return wire.frame(kind, body)


async def _explained(fields: Fields, pool: Pool, database: str) -> Fields:
    """PostgreSQL's error, or ours where it misses what an external schema may hold: it's unknown, but for tables."""
    name = _NAMED.search(fields.get("M", ""))
    if fields.get("C") not in MISSING or name is None:
        return fields
    try:
        async with pool.lent(database, OWNER) as owner:
            known = "SELECT id FROM pg_rs.external_schemas"
            rows = await owner.run(f"SELECT nspname FROM pg_namespace WHERE oid IN ({known})")
    except (BackendError, Refused, OSError, EOFError):
        return fields  # the database is gone, or the server
    for row in rows:
        if name.group(1) == row[0] or name.group(1).startswith(f"{row[0]}."):
            return {**fields, **unsupported(f"the external schema {row[0]}").fields()}
    return fields
