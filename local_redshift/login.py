"""Who a client is: PostgreSQL checks the password, and the proxy the digest of a sha256 user.

https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import struct
from dataclasses import dataclass

from local_redshift import wire
from local_redshift.backend import Backend, Pool
from local_redshift.errors import SHARED, Refused, reworded
from local_redshift.iam import PREFIXES, Iam
from local_redshift.text import OWNER, ident, literal

# What redshift_connector announces about itself is not for PostgreSQL; other parameters of drivers neither.
KEPT = ("application_name", "client_encoding", "DateStyle", "TimeZone", "extra_float_digits")
# Redshift's own drivers say which they are; PostgreSQL's don't know the authentication by digest.
OF_REDSHIFT = ("client_protocol_version", "driver_version", "plugin_name")
CLEARTEXT = b"\0\0\0\3"
MD5 = b"\0\0\0\5"
DIGEST = 13
SHA256 = 0
NONCE = 32


@dataclass
class Client:
    """One that isn't let in yet."""

    given: dict[str, str]
    stream: wire.Stream

    @property
    def user(self) -> str:
        return self.given.get("user", "")

    @property
    def database(self) -> str:
        return self.given.get("database") or self.user

    @property
    def is_redshifts(self) -> bool:
        return any(key in self.given for key in OF_REDSHIFT)

    def refused(self) -> Refused:
        return Refused("28000", f'password authentication failed for user "{self.user}"')

    async def asked(self, question: bytes) -> wire.Message:
        self.stream.writer.write(wire.frame(b"R", question))
        return await self.stream.read()


async def authenticate(client: Client, backend: Backend, pool: Pool, iam: Iam, open_catalog: bool) -> bytes:
    """Log the client in at the backend; return what to greet it with."""
    kept = {key: value for key, value in client.given.items() if key in KEPT}
    role = await _signed_in(client, iam) if client.user.startswith(PREFIXES) else ""
    backend.writer.write(wire.startup({**kept, "user": OWNER if role else client.user, "database": client.database}))
    greeting = bytearray()
    while True:
        kind, body = await backend.read()
        if kind == b"E":
            fields = reworded(wire.fields(body))
            if fields["M"] == SHARED:
                fields["M"] = f'Cannot connect to shared database "{client.database}"'
            raise Refused(fields["C"], fields["M"])
        if kind == b"R" and body[:4] in (CLEARTEXT, MD5):
            known = wire.text(backend.password) if role else await _password(client, body, pool)
            backend.writer.write(wire.frame(b"p", known))
            continue
        if kind == b"K":
            backend.key = body
        # By its version psql knows what the catalog is like.
        as_it_is = kind != b"S" or (open_catalog and not client.is_redshifts)
        greeting += wire.frame(kind, body if as_it_is else _parameter(body))
        if kind == b"Z":
            if role:
                await _act_as(role, client, backend)
            return bytes(greeting)


async def _signed_in(client: Client, iam: Iam) -> str:
    """Who a temporary password lets in."""
    answer, password = await client.asked(CLEARTEXT)
    role = iam.let_in(client.user, client.database, wire.texts(password)[0]) if answer == b"p" else ""
    if not role:
        raise client.refused()
    return role


async def _act_as(role: str, client: Client, backend: Backend) -> None:
    """Go on as another than PostgreSQL's owner; an IAM identity's user comes to exist now."""
    if role == client.user:
        await backend.run(f"SELECT pg_rs.sign_in({literal(role)})")
    elif not await backend.run(f"SELECT FROM pg_roles WHERE rolcanlogin AND rolname = {literal(role)}"):
        raise Refused("42704", f'user "{client.user}" does not exist')
    await backend.run(f"SET SESSION AUTHORIZATION {ident(role)}")
    client.given["user"] = role


async def _password(client: Client, question: bytes, pool: Pool) -> bytes:
    """What PostgreSQL is to be told: the digest of its salt and of a password's, which is the client's to make."""
    stored = await _stored(client.user, pool)
    if stored:
        secret = await _by_digest(client, stored)
        inner = hashlib.md5(f"{secret}{client.user}".encode()).hexdigest()
        return wire.text("md5" + hashlib.md5(inner.encode() + question[4:]).hexdigest())
    answer, password = await client.asked(question)
    if answer != b"p" or client.user == OWNER or ":" in client.user:
        # Nobody logs in as the internal owner.
        raise client.refused()
    return password


async def _stored(user: str, pool: Pool) -> list[str]:
    """Digest, salt and PostgreSQL's secret of a sha256 user; nothing for others."""
    query = "SELECT shobj_description(oid, 'pg_authid') FROM pg_authid WHERE rolname = "
    async with pool.lent("postgres", OWNER) as owner:
        rows = await owner.run(query + literal(user))
    notes = json.loads(rows[0][0]) if rows and rows[0][0] else {}
    return str(notes["sha256"]).split("|") if notes.get("sha256") else []


async def _by_digest(client: Client, stored: list[str]) -> str:
    """AUTH_REQ_DIGEST: the client proves that it knows the password, which is never sent.

    As redshift_connector's handle_AUTHENTICATION_REQUEST answers it: sha256 of the stored digest, our nonce and
    its own. The literal itself proves nothing.
    """
    if not client.is_redshifts:
        raise Refused(
            "28000",
            f'user "{client.user}" has a sha256 password: log in with one of Redshift\'s own drivers, or give it '
            "another password",
        )
    digest, salt, secret = stored
    nonce = secrets.token_bytes(NONCE)
    question = struct.pack("!II", DIGEST, SHA256) + _counted(bytes.fromhex(salt)) + _counted(nonce)
    answer, body = await client.asked(question)
    if answer != b"d":
        raise client.refused()
    proof, rest = _uncounted(body)
    theirs, _ = _uncounted(rest)
    expected = hashlib.sha256(bytes.fromhex(digest) + nonce + theirs).digest()
    if not hmac.compare_digest(proof, expected):
        raise client.refused()
    return secret


def _counted(data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + data


def _uncounted(body: bytes) -> tuple[bytes, bytes]:
    length = int.from_bytes(body[:4], "big")
    return body[4 : 4 + length], body[4 + length :]


def _parameter(body: bytes) -> bytes:
    """A ParameterStatus as Redshift would report it."""
    name = body.split(b"\0")[0]
    return wire.text("server_version") + wire.text("8.0.2") if name == b"server_version" else body
