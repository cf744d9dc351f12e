"""Looking for a secret in everything that a run leaves."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote, quote_plus

MASKING = re.compile(rb"(?m)^\S+ \[debug +\] Sending request .* loc=supervisor\.py:\d+ msg=MaskSecret\(.*\)$")
"""A line of Airflow's own: Airflow 3's ``dag.test`` and ``dags test`` print at DEBUG each secret that they are about to
mask, of whatever connection is looked up. No provider can help that, and tasks that a scheduler runs don't have it."""


def forms(secret: str, login: str = "") -> dict[str, bytes]:
    """The forms in which a secret may be written down.

    :param login: the login beside it: Redshift's md5 hash of both is as good as the password.
    """
    found = {
        "raw": secret,
        "json": json.dumps(secret)[1:-1],
        # As structlog writes it: letters beyond ASCII stay as they are.
        "json, not ascii": json.dumps(secret, ensure_ascii=False)[1:-1],
        "repr in json": json.dumps(repr(secret)[1:-1], ensure_ascii=False)[1:-1],
        "json in json": json.dumps(json.dumps(secret))[3:-3],
        "json for html": _for_html(json.dumps(secret)[1:-1]),
        "repr": repr(secret)[1:-1],
        "url": quote(secret, safe=""),
        "url, spaces as +": quote_plus(secret),
        "hexadecimal": secret.encode().hex(),
        "md5": hashlib.md5((secret + login).encode()).hexdigest(),
    }
    encoded = {name: text.encode() for name, text in found.items()}
    for shift in range(3):
        # Inside other text: what base64 makes of it depends on where it stands.
        whole = base64.b64encode(b"\0" * shift + secret.encode())
        first = (8 * shift + 5) // 6
        last = len(secret.encode()) + shift
        encoded[f"base64, shifted by {shift}"] = whole[first : last * 8 // 6]
    return encoded


def _for_html(text: str) -> str:
    # JSON that may stand inside a script element.
    return "".join(f"\\u{ord(c):04x}" if c in "<>&'" else c for c in text)


def matches(contents: Iterable[tuple[str, bytes]], wanted: dict[str, bytes]) -> set[tuple[str, str]]:
    """Search contents; return the names of those that hold something, and in which form."""
    return {(where, name) for where, content in contents for name, form in wanted.items() if form in content}


def find(folder: Path, wanted: dict[str, bytes]) -> set[tuple[str, str]]:
    """Search all files of a folder, and each value of its databases, but for the lines of :data:`MASKING`.

    :return: where (a file, or ``table.column``) and in which form.
    """
    return matches(files(folder), wanted)


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """All files of a folder, and each value of its databases as ``table.column``."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        content = path.read_bytes()
        yield str(path.relative_to(folder)), MASKING.sub(b"", content) if path.suffix == ".log" else content
        if path.suffix == ".db":
            yield from values(path)


def values(path: Path) -> Iterator[tuple[str, bytes]]:
    """Each value of a database, inflated where it is compressed."""
    # A value that is longer than a page isn't in one piece in the file.
    with closing(sqlite3.connect(path)) as database:
        database.text_factory = bytes
        names = [
            bytes(row[0]).decode() for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        for table in names:
            cursor = database.execute(f'SELECT * FROM "{table}"')
            columns = [column[0] for column in cursor.description]
            for row in cursor:
                for column, value in zip(columns, row, strict=True):
                    if isinstance(value, bytes):
                        yield f"{table}.{column}", unpacked(value)


def unpacked(value: bytes) -> bytes:
    """A value, inflated where it is compressed, as serialized DAGs may be."""
    with suppress(zlib.error):
        return zlib.decompress(value)
    return value
