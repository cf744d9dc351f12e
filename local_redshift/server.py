"""The whole: PostgreSQL, the catalog in it, and the port that clients connect to."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from pathlib import Path

from local_redshift.backend import Backend, BackendError, Pool
from local_redshift.history import History
from local_redshift.postgres import NoPostgres, Postgres
from local_redshift.session import Hub, serve
from local_redshift.text import ident, literal


@dataclass(frozen=True, slots=True)
class Options:
    host: str = "127.0.0.1"
    port: int = 5439
    user: str = "awsuser"
    password: str = "Testing1!"
    database: str = "dev"


@dataclass
class Server:
    options: Options
    postgres: Postgres = field(default_factory=Postgres)
    port: int = 0
    _hub: Hub | None = None
    _listener: asyncio.Server | None = None

    async def start(self) -> None:
        # The port first: if it's taken, nothing else needs to be started.
        self._listener = await asyncio.start_server(
            self._connected, self.options.host, self.options.port, limit=1 << 20
        )
        self.port = int(self._listener.sockets[0].getsockname()[1])
        await asyncio.to_thread(self.postgres.start)
        await self._install()
        self._hub = Hub(self.postgres.address, Pool(self.postgres.address), History())
        self._ready.set()

    async def stop(self) -> None:
        if self._listener is not None:
            self._listener.close()
        await asyncio.to_thread(self.postgres.stop)

    def __post_init__(self) -> None:
        self._ready = asyncio.Event()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._ready.wait()
        assert self._hub is not None
        try:
            await serve(self._hub, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            with contextlib.suppress(ConnectionError):
                writer.close()

    async def _install(self) -> None:
        template = await self._first_connection()
        await template.run("SET allow_system_table_mods = on; SET standard_conforming_strings = on")
        for script in sorted((Path(__file__).parent / "sql").glob("*.sql")):
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
