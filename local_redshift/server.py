"""The whole: PostgreSQL, the catalog in it, and the port that clients connect to."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from dataclasses import dataclass, field
from pathlib import Path

from local_redshift import tls
from local_redshift.backend import Backend, BackendError, Pool
from local_redshift.faults import Faults, reset
from local_redshift.history import History
from local_redshift.postgres import NoPostgres, Postgres
from local_redshift.session import Hub, serve
from local_redshift.text import ident, literal

STATEMENTS = "LOCAL_REDSHIFT_STATEMENTS"
"""Names a folder in the environment: each server writes the distinct statements that it received into it."""


@dataclass(frozen=True, slots=True)
class Options:
    host: str = "127.0.0.1"
    port: int = 5439
    user: str = "awsuser"
    password: str = "Testing1!"
    database: str = "dev"
    latency: float = 0.0
    tls: bool = False
    iam: bool = False
    open_catalog: bool = False


@dataclass
class Server:
    options: Options
    postgres: Postgres = field(default_factory=Postgres)
    port: int = 0
    faults: Faults = field(default_factory=Faults)
    secured: tls.Tls | None = None
    endpoint: str = ""
    """Where temporary passwords are given, if they are."""
    _hub: Hub | None = None
    _listener: asyncio.Server | None = None
    _held: socket.socket | None = None
    """The port, while it's halted."""
    _clients: set[asyncio.StreamWriter] = field(default_factory=set)
    _ready: asyncio.Event = field(default_factory=asyncio.Event)
    _switching: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def start(self) -> None:
        # The port first: if it's taken, nothing else needs to be started.
        self._listener = await asyncio.start_server(
            self._connected, self.options.host, self.options.port, limit=1 << 20
        )
        self.port = int(self._listener.sockets[0].getsockname()[1])
        await asyncio.to_thread(self.postgres.start)
        await self._install()
        address = self.postgres.address
        self._hub = Hub(
            address, Pool(address), History(folder=os.environ.get(STATEMENTS)), self.faults, self.options.latency
        )
        self._hub.open_catalog = self.options.open_catalog
        if self.options.tls:
            self._hub.tls = self.secured = await asyncio.to_thread(tls.make, self.postgres.folder)
        if self.options.iam:
            self.endpoint = self._hub.iam.start()
        self._ready.set()

    async def stop(self) -> None:
        async with self._switching:
            if self._listener is not None:
                self._listener.close()
            if self._held is not None:
                self._held.close()
                self._held = None
            if self._hub is not None:
                await asyncio.to_thread(self._hub.iam.stop)
            await asyncio.to_thread(self.postgres.stop)

    async def halt(self) -> None:
        """Be gone for clients; data, history and port are kept."""
        async with self._switching:
            if self._held is not None or self._listener is None:
                return
            listening = self._listener.sockets[0]
            address, family = listening.getsockname(), listening.family
            # asyncio forgets, and doesn't close, whom it has just accepted when a server is closed; they would wait.
            asyncio.get_running_loop().remove_reader(listening)
            await asyncio.sleep(0)
            self._listener.close()
            # Bound and not listening, it refuses connections, and nobody else can take the port.
            # With its protocol named: asyncio turns Nagle's algorithm off only where it is, or each answer takes 40 ms.
            self._held = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._held.bind(address)
            for writer in list(self._clients):
                reset(writer)
            await asyncio.to_thread(self.postgres.halt)

    async def resume(self) -> None:
        """Be back after `halt`."""
        async with self._switching:
            if self._held is None or self._hub is None:
                return
            await asyncio.to_thread(self.postgres.launch)
            (await self._first_connection()).close()
            self._hub.pool = Pool(self.postgres.address)
            held, self._held = self._held, None
            self._listener = await asyncio.start_server(self._connected, sock=held, limit=1 << 20)

    def __post_init__(self) -> None:
        self.faults.power = self

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._held is not None:
            # Accepted a moment before the halt.
            reset(writer)
            return
        self._clients.add(writer)
        try:
            await self._ready.wait()
            assert self._hub is not None
            await serve(self._hub, reader, writer)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self._clients.discard(writer)
            with contextlib.suppress(ConnectionError):
                writer.close()

    async def _install(self) -> None:
        template = await self._first_connection()
        await template.run("SET allow_system_table_mods = on; SET standard_conforming_strings = on")
        for script in sorted((Path(__file__).parent / "sql").glob("*.sql")):
            if script.stem == "opened" and not self.options.open_catalog:
                continue
            try:
                await template.run(script.read_text())
            except BackendError as failure:
                raise NoPostgres(f"{script.name}: {failure.fields}") from failure
        user, password = ident(self.options.user), literal(self.options.password)
        await template.run(f"CREATE ROLE {user} LOGIN SUPERUSER CREATEDB PASSWORD {password}")
        await template.run(f"SELECT pg_rs.new_identity({literal(self.options.user)})")
        template.close()
        maintenance = await Backend.as_owner(self.postgres.address, "postgres")
        await maintenance.run(f"CREATE DATABASE {ident(self.options.database)} OWNER {user}")
        maintenance.close()

    async def _first_connection(self) -> Backend:
        for _ in range(1000):
            try:
                return await Backend.as_owner(self.postgres.address, "template1")
            except (OSError, BackendError, asyncio.IncompleteReadError):
                if not self.postgres.alive():
                    break
                await asyncio.sleep(0.01)
        raise NoPostgres("PostgreSQL did not start: " + self.postgres.log())
