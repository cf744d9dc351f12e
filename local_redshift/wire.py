"""Framing of PostgreSQL's wire protocol, version 3.0.

https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

from __future__ import annotations

import asyncio
import struct
from collections import deque

from local_redshift.errors import Fields

Message = tuple[bytes, bytes]
"""The type byte and the body."""

PROTOCOL = 196608
CANCEL = 80877102
SSL = 80877103
GSS = 80877104
CHUNK = 1 << 16
_LENGTH = struct.Struct("!I")


class Stream:
    """One end of a connection; what has come is read all at once, and handed out message by message."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        # asyncio reads into 256 KB that it gives back each time: glibc maps and unmaps so much anew.
        writer.transport.max_size = CHUNK  # type: ignore[attr-defined]  # of its own transports, not of all
        self._ready: deque[Message] = deque()
        self._rest = b""
        """The beginning of a message."""

    async def startup(self) -> tuple[int, bytes]:
        """The first message, and each that follows until a login: it has no type. Its code and the rest."""
        (length,) = _LENGTH.unpack(await self.reader.readexactly(4))
        body = await self.reader.readexactly(length - 4)
        return _LENGTH.unpack(body[:4])[0], body[4:]

    async def read(self) -> Message:
        """The next message; a connection that has ended raises ConnectionError or asyncio.IncompleteReadError."""
        while not self._ready:
            await self._more()
        return self._ready.popleft()

    async def _more(self) -> None:
        data = self._rest
        if len(data) < 5:
            came = await self.reader.read(CHUNK)
            if not came:
                raise asyncio.IncompleteReadError(data, None)
            data += came
        else:
            data += await self.reader.readexactly(1 + _length(data, 0) - len(data))
        at = 0
        while len(data) - at >= 5:
            end = at + 1 + _length(data, at)
            if end > len(data):
                break
            self._ready.append((data[at : at + 1], data[at + 5 : end]))
            at = end
        self._rest = data[at:]


def _length(data: bytes, at: int) -> int:
    length: int = _LENGTH.unpack_from(data, at + 1)[0]
    if length < 4:
        raise ConnectionError("a message without a length")
    return length


def frame(kind: bytes, body: bytes = b"") -> bytes:
    """A message: its type, its length, its body."""
    return kind + _LENGTH.pack(len(body) + 4) + body


def startup(parameters: dict[str, str]) -> bytes:
    """The message that opens a session with these parameters."""
    pairs = b"".join(text(key) + text(value) for key, value in parameters.items())
    body = struct.pack("!I", PROTOCOL) + pairs + b"\0"
    return struct.pack("!I", len(body) + 4) + body


def cancel(key: bytes) -> bytes:
    """The request to cancel what runs in the session with this key."""
    return struct.pack("!II", 8 + len(key), CANCEL) + key


def text(value: str) -> bytes:
    """A string as the protocol has it: with a NUL at its end."""
    return value.encode("utf-8", "surrogateescape") + b"\0"


def texts(body: bytes) -> list[str]:
    """The NUL-terminated strings of a body."""
    return [part.decode("utf-8", "surrogateescape") for part in body.split(b"\0")]


def parameters(body: bytes) -> dict[str, str]:
    """What a client's startup message says about the session: names and values by turns."""
    values = texts(body)
    return {key: values[at + 1] for at, key in enumerate(values[:-1]) if at % 2 == 0 and key}


def fields(body: bytes) -> Fields:
    """An error's or a notice's fields by their letters."""
    return {part[0]: part[1:] for part in texts(body) if part}


def error(values: Fields, kind: bytes = b"E") -> bytes:
    """An ErrorResponse with these fields, or with `N` a notice."""
    body = b"".join(key.encode() + text(value) for key, value in values.items())
    return frame(kind, body + b"\0")


def query(sql: str) -> bytes:
    """A request of the simple protocol."""
    return frame(b"Q", text(sql))


def parse(name: str, sql: str, types: bytes) -> bytes:
    """A Parse message; `types` is the rest of it, with the count of parameter types in front."""
    return frame(b"P", text(name) + text(sql) + types)


def close_statement(name: str) -> bytes:
    """A Close message for a prepared statement."""
    return frame(b"C", b"S" + text(name))


def row(body: bytes) -> list[str | None]:
    """The columns of a DataRow in text format."""
    (count,) = struct.unpack("!H", body[:2])
    columns: list[str | None] = []
    at = 2
    for _ in range(count):
        (length,) = struct.unpack("!i", body[at : at + 4])
        at += 4
        columns.append(None if length < 0 else body[at : at + length].decode())
        at += max(length, 0)
    return columns
