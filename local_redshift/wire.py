"""Framing of PostgreSQL's wire protocol, version 3.0.

https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

from __future__ import annotations

import asyncio
import struct

from local_redshift.errors import Fields

Message = tuple[bytes, bytes]
"""The type byte and the body."""

PROTOCOL = 196608
CANCEL = 80877102
SSL = 80877103
GSS = 80877104


async def read(reader: asyncio.StreamReader) -> Message:
    head = await reader.readexactly(5)
    (length,) = struct.unpack("!I", head[1:])
    return head[:1], await reader.readexactly(length - 4)


async def read_startup(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    (length,) = struct.unpack("!I", await reader.readexactly(4))
    body = await reader.readexactly(length - 4)
    return struct.unpack("!I", body[:4])[0], body[4:]


def frame(kind: bytes, body: bytes = b"") -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


def startup(parameters: dict[str, str]) -> bytes:
    pairs = b"".join(text(key) + text(value) for key, value in parameters.items())
    body = struct.pack("!I", PROTOCOL) + pairs + b"\0"
    return struct.pack("!I", len(body) + 4) + body


def cancel(key: bytes) -> bytes:
    return struct.pack("!II", 8 + len(key), CANCEL) + key


def text(value: str) -> bytes:
    return value.encode("utf-8", "surrogateescape") + b"\0"


def texts(body: bytes) -> list[str]:
    """The NUL-terminated strings of a body."""
    return [part.decode("utf-8", "surrogateescape") for part in body.split(b"\0")]


def parameters(body: bytes) -> dict[str, str]:
    values = texts(body)
    return {key: values[at + 1] for at, key in enumerate(values[:-1]) if at % 2 == 0 and key}


def fields(body: bytes) -> Fields:
    return {part[0]: part[1:] for part in texts(body) if part}


def error(values: Fields, kind: bytes = b"E") -> bytes:
    body = b"".join(key.encode() + text(value) for key, value in values.items())
    return frame(kind, body + b"\0")


def query(sql: str) -> bytes:
    return frame(b"Q", text(sql))


def parse(name: str, sql: str, types: bytes) -> bytes:
    return frame(b"P", text(name) + text(sql) + types)


def close_statement(name: str) -> bytes:
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
