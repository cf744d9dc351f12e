"""One client's connection: the login, and the loop that takes its messages."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field

from local_redshift import wire
from local_redshift.backend import Address, Backend, Pool
from local_redshift.batch import Batches
from local_redshift.errors import Refused, reworded
from local_redshift.faults import Faults, login
from local_redshift.history import History, Source
from local_redshift.text import INTERNAL_DATABASES, OWNER

# What redshift_connector announces about itself is not for PostgreSQL; other parameters of drivers neither.
KEPT = ("application_name", "client_encoding", "DateStyle", "TimeZone", "extra_float_digits")
ASK_PASSWORD = wire.frame(b"R", b"\0\0\0\3")


@dataclass
class Hub:
    """What all sessions share."""

    address: Address
    pool: Pool
    history: History
    faults: Faults = field(default_factory=Faults)
    latency: float = 0.0
    """Seconds that each exchange takes longer."""
    sessions: dict[bytes, Batches] = field(default_factory=dict)


async def serve(hub: Hub, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    code, body = await wire.read_startup(reader)
    while code in (wire.SSL, wire.GSS):
        writer.write(b"N")
        await asyncio.sleep(hub.latency)
        code, body = await wire.read_startup(reader)
    if code == wire.CANCEL:
        await _cancel(hub, body)
        return
    backend = await Backend.connect(hub.address)
    try:
        session = await _login(hub, wire.parameters(body), backend, reader, writer)
        await _loop(hub, session, reader)
    except Refused as refusal:
        writer.write(wire.error(refusal.fields("FATAL")))
        await writer.drain()
    finally:
        hub.sessions.pop(backend.key, None)
        backend.close()


async def _cancel(hub: Hub, key: bytes) -> None:
    session = hub.sessions.get(key)
    if session is None:
        return
    backend = await Backend.connect(hub.address)
    backend.writer.write(wire.cancel(session.running.key))
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        await backend.reader.read(1)
    backend.writer.close()


async def _login(
    hub: Hub, given: dict[str, str], backend: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Batches:
    user = given.get("user", "")
    database = given.get("database") or user
    if given.get("options") or given.get("replication"):
        raise Refused("0A000", "local stand-in: startup options")
    due = await hub.faults.before([login(user, database)], writer)
    await asyncio.sleep(hub.latency)
    greeting = await _authenticate(user, database, given, backend, reader, writer)
    if database in INTERNAL_DATABASES:
        raise Refused("3D000", f'database "{database}" does not exist')
    rows = await backend.run("SELECT pg_rs.me()::int, pg_backend_pid()")
    source = Source(int(rows[0][0] or 0), int(rows[0][1] or 0), database)
    session = Batches(hub.pool, hub.history, source, user, backend, writer, hub.faults)
    hub.sessions[backend.key] = session
    await asyncio.sleep(hub.latency)
    await hub.faults.after(due, writer)
    writer.write(greeting)
    await writer.drain()
    return session


async def _authenticate(
    user: str,
    database: str,
    given: dict[str, str],
    backend: Backend,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> bytes:
    """Let PostgreSQL check the password; return what to greet the client with."""
    kept = {key: value for key, value in given.items() if key in KEPT}
    backend.writer.write(wire.startup({**kept, "user": user, "database": database}))
    greeting = bytearray()
    while True:
        kind, body = await backend.read()
        if kind == b"E":
            fields = reworded(wire.fields(body))
            raise Refused(fields["C"], fields["M"])
        if kind == b"R" and body == b"\0\0\0\3":
            writer.write(ASK_PASSWORD)
            await writer.drain()
            answer, password = await wire.read(reader)
            if answer != b"p" or user == OWNER or ":" in user:
                # Nobody logs in as the internal owner.
                raise Refused("28000", f'password authentication failed for user "{user}"')
            backend.writer.write(wire.frame(b"p", password))
            continue
        if kind == b"K":
            backend.key = body
        greeting += wire.frame(kind, parameter(body) if kind == b"S" else body)
        if kind == b"Z":
            return bytes(greeting)


def parameter(body: bytes) -> bytes:
    """A ParameterStatus as Redshift would report it."""
    name = body.split(b"\0")[0]
    return wire.text("server_version") + wire.text("8.0.2") if name == b"server_version" else body


async def _loop(hub: Hub, session: Batches, reader: asyncio.StreamReader) -> None:
    batch: list[wire.Message] = []
    while True:
        kind, body = await wire.read(reader)
        if kind == b"X":
            return
        if kind in (b"Q", b"S", b"F"):
            await asyncio.sleep(hub.latency)
        if kind == b"Q":
            await session.simple(wire.texts(body)[0])
        elif kind == b"S":
            await session.extended(batch)
            batch = []
        elif kind == b"F":
            await session.refuse(Refused("0A000", "local stand-in: function calls by the protocol"))
        elif kind != b"H":
            # Every driver in use sends Sync after Flush, so answering at Sync is enough.
            batch.append((kind, body))
        # A cluster's clients take turns; so do this one's.
        await session.writer.drain()
