"""Connections to the PostgreSQL behind the proxy, and a pool of those that the proxy itself needs."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass

from local_redshift import wire
from local_redshift.errors import Fields, Refused, reworded
from local_redshift.text import INTERNAL_DATABASES, OWNER, ident


class BackendError(Exception):
    def __init__(self, fields: Fields) -> None:
        super().__init__(fields.get("M", ""))
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Address:
    """Where PostgreSQL listens, and the password of its owner."""

    socket: str
    password: str


class Backend(wire.Stream):
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__(reader, writer)
        self.key = b""
        self.password = ""
        """The owner's."""
        self._prepared: dict[tuple[str, str], str] = {}

    @classmethod
    async def connect(cls, address: Address) -> Backend:
        reader, writer = await asyncio.open_unix_connection(address.socket, limit=1 << 20)
        backend = cls(reader, writer)
        backend.password = address.password
        return backend

    @classmethod
    async def as_owner(cls, address: Address, database: str) -> Backend:
        backend = await cls.connect(address)
        backend.writer.write(wire.startup({"user": OWNER, "database": database}))
        while True:
            kind, body = await backend.read()
            if kind == b"E":
                backend.close()
                raise BackendError(wire.fields(body))
            if kind == b"R" and body == b"\0\0\0\3":
                backend.writer.write(wire.frame(b"p", wire.text(address.password)))
            elif kind == b"K":
                backend.key = body
            elif kind == b"Z":
                return backend

    async def run(self, sql: str) -> list[list[str | None]]:
        """Run SQL of the stand-in's own and return its rows."""
        self.writer.write(wire.query(sql))
        rows: list[list[str | None]] = []
        failed: Fields | None = None
        while True:
            kind, body = await self.read()
            if kind == b"D":
                rows.append(wire.row(body))
            elif kind == b"E":
                failed = wire.fields(body)
            elif kind == b"Z":
                if failed is not None:
                    raise BackendError(failed)
                return rows

    async def run_again(self, sql: str, user: str) -> list[list[str | None]]:
        """Run SQL as that user that this connection has run before for it, or will: it is planned once."""
        name = self._prepared.get((sql, user))
        prepare = ""
        if name is None:
            name = f"again_{len(self._prepared)}"
            prepare = f"PREPARE {name} AS {sql}; "
        # One request is one transaction: where a part of it fails, its user isn't kept either.
        rows = await self.run(
            f"SET SESSION AUTHORIZATION {ident(user)}; {prepare}EXECUTE {name}; RESET SESSION AUTHORIZATION"
        )
        self._prepared[sql, user] = name
        return rows

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.writer.write(wire.frame(b"X"))
        self.writer.close()


class Pool:
    """Connections of the owner, lent to act as a user in a database that the user isn't connected to."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.runs = 0
        """How many exchanges have run statements of clients."""
        self._idle: dict[str, list[Backend]] = defaultdict(list)
        self._lent: Counter[str] = Counter()
        self._barred: Counter[str] = Counter()

    @contextlib.asynccontextmanager
    async def lent(self, database: str, user: str) -> AsyncIterator[Backend]:
        while self._barred[database]:
            await asyncio.sleep(0.005)
        self._lent[database] += 1
        backend: Backend | None = None
        usable = False
        try:
            backend = await self._take(database)
            if user == OWNER:
                yield backend
            else:
                await backend.run(f"SET SESSION AUTHORIZATION {ident(user)}")
                yield backend
                await backend.run("RESET SESSION AUTHORIZATION")
            usable = True
        finally:
            self._lent[database] -= 1
            if backend is not None and usable and not self._barred[database]:
                self._idle[database].append(backend)
            elif backend is not None:
                backend.close()

    @contextlib.asynccontextmanager
    async def barred(self, database: str | None) -> AsyncIterator[None]:
        """Keep the stand-in's own connections out of a database while it's dropped or renamed."""
        if database is None:
            yield
            return
        self._barred[database] += 1
        try:
            for backend in self._idle.pop(database, []):
                backend.close()
            for _ in range(1000):
                if not self._lent[database]:
                    break
                await asyncio.sleep(0.005)
            yield
        finally:
            self._barred[database] -= 1

    async def databases(self) -> list[str]:
        async with self.lent("postgres", OWNER) as backend:
            rows = await backend.run("SELECT datname FROM pg_database WHERE datallowconn ORDER BY oid")
        return [str(row[0]) for row in rows if row[0] not in INTERNAL_DATABASES]

    async def _take(self, database: str) -> Backend:
        if self._idle[database]:
            return self._idle[database].pop()
        try:
            return await Backend.as_owner(self.address, database)
        except BackendError as failure:
            fields = reworded(failure.fields)
            raise Refused(fields["C"], fields["M"]) from failure
