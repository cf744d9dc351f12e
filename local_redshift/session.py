"""One client's connection: the login, and the loop that takes its messages."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from dataclasses import dataclass, field

from local_redshift import wire
from local_redshift.backend import Address, Backend, Pool
from local_redshift.batch import Batches
from local_redshift.errors import Refused, known_database
from local_redshift.faults import Faults, login
from local_redshift.grammar.settings import CASE
from local_redshift.history import History, Records, Source
from local_redshift.iam import Iam
from local_redshift.login import Client, authenticate
from local_redshift.relay import Relay
from local_redshift.shapes import Shapes
from local_redshift.statements import Statements
from local_redshift.text import literal
from local_redshift.tls import Tls


@dataclass
class Hub:
    """What all sessions share."""

    address: Address
    pool: Pool
    history: History
    faults: Faults = field(default_factory=Faults)
    latency: float = 0.0
    """Seconds that each exchange takes longer."""
    open_catalog: bool = False
    """Whether PostgreSQL gets what the closed grammar has no form for."""
    tls: Tls | None = None
    sessions: dict[bytes, Batches] = field(default_factory=dict)
    shapes: Shapes = field(default_factory=Shapes)
    iam: Iam = field(default_factory=Iam)


async def serve(hub: Hub, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Look after one client from its first message until it has gone."""
    client = wire.Stream(reader, writer)
    code, body = await client.startup()
    while code in (wire.SSL, wire.GSS):
        await _secured(hub, code, writer)
        await asyncio.sleep(hub.latency)
        code, body = await client.startup()
    if code == wire.CANCEL:
        await _cancel(hub, body)
        return
    backend = await Backend.connect(hub.address)
    try:
        session = await _login(hub, Client(wire.parameters(body), client), backend)
        await _loop(hub, session, client)
    except Refused as refusal:
        writer.write(wire.error(refusal.fields("FATAL")))
        await writer.drain()
    finally:
        known = hub.sessions.pop(backend.key, None)
        if known is not None:
            source = known.records.source
            if hub.faults.linger:
                await hub.faults.linger_in(source.database)
            hub.history.ended(source.session_id)
        backend.close()


async def _secured(hub: Hub, code: int, writer: asyncio.StreamWriter) -> None:
    """Answer the wish for TLS, or for GSSAPI, which Redshift hasn't."""
    if code != wire.SSL or hub.tls is None:
        writer.write(b"N")
        return
    writer.write(b"S")
    await writer.start_tls(hub.tls.context)


async def _cancel(hub: Hub, key: bytes) -> None:
    session = hub.sessions.get(key)
    if session is None:
        return
    backend = await Backend.connect(hub.address)
    backend.writer.write(wire.cancel(session.relay.running.key))
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        await backend.reader.read(1)
    backend.writer.close()


async def _cancel_process(hub: Hub, asking: Batches, process: int) -> None:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_CANCEL.html has this message; the codes are PostgreSQL's."""
    found = [(key, one) for key, one in hub.sessions.items() if one.records.source.session_id == process]
    if not found:
        words = "The session PID might have changed. Check the stl_restarted_sessions system table for details."
        raise Refused("42704", f"Session {process} does not exist. {words}")
    ((key, session),) = found
    own = session.records.source.user_id == asking.records.source.user_id
    if not own and await asking.relay.main.run("SELECT pg_rs.is_super()") != [["t"]]:
        raise Refused("42501", "must be superuser to cancel a query of another user")
    await _cancel(hub, key)


async def _login(hub: Hub, client: Client, backend: Backend) -> Batches:
    user, database, writer = client.user, client.database, client.stream.writer
    if client.given.get("options") or client.given.get("replication"):
        raise Refused("0A000", "local stand-in: startup options")
    due = await hub.faults.before([login(user, database)], writer)
    await asyncio.sleep(hub.latency)
    hub.faults.exchanges += 2
    greeting = await authenticate(client, backend, hub.pool, hub.iam, hub.open_catalog)
    user = client.user
    known_database(database)
    setting = literal(f"redshift.{CASE}")
    rows = await backend.run(f"SELECT pg_rs.me()::int, pg_backend_pid(), current_setting({setting}, true)")
    application = client.given.get("application_name", "")
    source = Source(int(rows[0][0] or 0), int(rows[0][1] or 0), database, application)
    relay = Relay(hub.pool, backend, user, database, writer)
    statements = Statements(database, rows[0][2] == "on", hub.open_catalog)
    records = Records(hub.history, source)
    session = Batches(relay, statements, records, hub.faults, hub.shapes, functools.partial(_cancel_process, hub))
    hub.sessions[backend.key] = session
    hub.history.opened(source, user)
    await asyncio.sleep(hub.latency)
    await hub.faults.after(due, writer)
    writer.write(greeting)
    return session


async def _loop(hub: Hub, session: Batches, client: wire.Stream) -> None:
    batch: list[wire.Message] = []
    while True:
        kind, body = await client.read()
        if kind == b"X":
            return
        if kind not in (b"Q", b"S", b"F"):
            # Every driver in use sends Sync after Flush, so answering at Sync is enough.
            if kind != b"H":
                batch.append((kind, body))
            continue
        hub.faults.exchanges += 1
        if hub.latency:
            await asyncio.sleep(hub.latency)
        if kind == b"Q":
            await session.simple(wire.texts(body)[0])
        elif kind == b"S":
            await session.extended(batch)
            batch = []
        else:
            await session.refuse(Refused("0A000", "local stand-in: function calls by the protocol"))
        # A cluster's clients take turns; so do this one's.
        await session.relay.writer.drain()
