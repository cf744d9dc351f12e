"""Places where nobody answers as a server should, and how a sensor waits."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from airflow_provider_datagraph.sensors.base import DataGraphSensor
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
