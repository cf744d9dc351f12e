"""Places where nobody answers as a server should, and how a sensor waits."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

from airflow_provider_datagraph.sensors.base import DataGraphSensor
from tests.support.redshift import connect, run
from tests.support.segment import Segment

QUICK = 3.0
"""Seconds within which every failure has to be told."""


@contextmanager
def listening(answer: Callable[[socket.socket], None] | None) -> Iterator[int]:
    """A port of this test's own; `answer` gets each client, None: nobody listens on it."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if answer is not None:
            server.listen()
            threading.Thread(target=_serve, args=(server, answer), daemon=True).start()
        try:
            yield int(server.getsockname()[1])
        finally:
            if answer is not None:
                # Wakes the thread that waits for a client; closing alone doesn't.
                server.shutdown(socket.SHUT_RDWR)


def _serve(server: socket.socket, answer: Callable[[socket.socket], None]) -> None:
    kept = []
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            break
        answer(client)
        kept.append(client)
    for client in kept:
        client.close()


def silence(client: socket.socket) -> None:
    """Take the connection and say nothing."""


def hang_up(client: socket.socket) -> None:
    """Read the first message, and close politely."""
    client.recv(4096)
    client.close()


def reset(client: socket.socket) -> None:
    """End the connection with a reset."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


@contextmanager
def quickly(seconds: float = QUICK) -> Iterator[None]:
    """Check that the block, without imports, takes as little as was promised."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def until(found: Callable[[], list[str]]) -> list[str]:
    """Look until something is there: the server notes it after it was told."""
    for _ in range(100):
        if known := found():
            break
        time.sleep(0.05)
    return known


MORE: dict[str, dict[str, Any]] = {"access": {"tables": ["crm.later"]}, "profiles_sync": {"tables": ["later"]}}
"""What isn't there yet."""


def sensor(segment: Segment, name: str, **arguments: Any) -> DataGraphSensor:
    if name == "profiles_sync":
        return segment.profiles(**{"schema": "crm", "tables": ["accounts", "contacts"], **arguments})
    return segment.access(**{"tables": [f"{segment.warehouse}.crm.accounts"], "schemas": ["crm"], **arguments})


class Proxy:
    """A way to a server that can lose every packet, of connections that there are and of new ones."""

    def __init__(self, host: str, port: int) -> None:
        self.there, self.lost = (host, port), threading.Event()
        self.left: int | None = None
        self.sockets: list[socket.socket] = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.server.getsockname()[1])
        self.accepting = threading.Thread(target=self._accept, daemon=True)
        self.accepting.start()

    def lose(self, after: int | None = None) -> None:
        """Lose every packet after so many more that come from the server; None: none any more."""
        self.lost.clear()
        self.left = after

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.server.accept()
                server = socket.create_connection(self.there)
                self.sockets += [client, server]
                for one, other in ((client, server), (server, client)):
                    threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                if self.left == 0:
                    self.lost.set()
                elif self.left is not None and one.getpeername() == self.there:
                    self.left -= 1
                if not self.lost.is_set():
                    other.sendall(data)
            other.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        _shut(self.server)
        # Whoever comes in the last moment is shut out, too.
        self.accepting.join()
        for one in self.sockets:
            _shut(one)


def _shut(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


@contextmanager
def locked(segment: Segment, table: str) -> Iterator[Callable[[], None]]:
    """Hold a table of the warehouse, so that a SELECT on it waits, until the block, or who is given, lets it go."""
    with closing(connect(segment.server, segment.warehouse, autocommit=False)) as connection:
        run(connection, f"ALTER TABLE {table} ADD COLUMN more int")
        try:
            yield connection.rollback
        finally:
            connection.rollback()


def ours() -> list[str]:
    """The threads of the package's own that are running."""
    return [one.name for one in threading.enumerate() if one.name.startswith("datagraph")]
