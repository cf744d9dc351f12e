"""MD5 and sha256 passwords, the latter checked by the proxy through AUTH_REQ_DIGEST, with the unmodified driver."""

from __future__ import annotations

import hashlib
import socket
import struct
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from local_redshift import wire
from local_redshift.running import Server
from tests.support.redshift import PASSWORD, connect, refused, run, turned_away, unique

# https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html: the page's own example of digest and salt
EXAMPLE = "Mypassword1"
SALT = "c721bff5d9042cf541ff7b9d48fa8a6e545c19a763e3710151f9513038b0f6c6"
DIGEST = "821708135fcc42eb3afda85286dee0ed15c2c461d000291609f77eb113073ec2"
LITERAL = f"sha256|{DIGEST}|{SALT}"


@pytest.fixture
def hashed(admin: Any) -> Iterator[str]:
    user = unique("user")
    run(admin, f"CREATE USER {user} PASSWORD '{LITERAL}'")
    yield user
    run(admin, f"DROP USER IF EXISTS {user}")


def logs_in(server: Server, user: str, password: str, not_by: str) -> None:
    with closing(connect(server, user=user, password=password)) as connection:
        assert run(connection, "SELECT current_user") == [(user,)]
    assert turned_away(server, user, not_by) == f'password authentication failed for user "{user}"'


def test_only_the_password_logs_in_until_another_replaces_it(server: Server, admin: Any, hashed: str) -> None:
    for wrong in (LITERAL, DIGEST, "Mypassword2", f"sha256|{EXAMPLE}"):
        logs_in(server, hashed, EXAMPLE, not_by=wrong)
    # The server salts and hashes a clear one.
    run(admin, f"ALTER USER {hashed} PASSWORD 'sha256|Other5678y'")
    logs_in(server, hashed, "Other5678y", not_by=EXAMPLE)
    run(admin, f"ALTER USER {hashed} PASSWORD '{PASSWORD}'")
    logs_in(server, hashed, PASSWORD, not_by="Other5678y")
    run(admin, f"ALTER USER {hashed} PASSWORD '{LITERAL}'")
    logs_in(server, hashed, EXAMPLE, not_by=PASSWORD)
    run(admin, f"ALTER USER {hashed} PASSWORD DISABLE")
    turned_away(server, hashed, EXAMPLE)
    assert refused(admin, f"ALTER USER {hashed} PASSWORD 'sha256|short1A'")[0] == "22023"


def test_a_new_name_costs_an_md5_password_only(server: Server, admin: Any, hashed: str) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_USER.html: the name is the salt of an MD5 password.
    renamed = unique("user")
    run(admin, f"ALTER USER {hashed} RENAME TO {renamed}")
    digest = hashlib.md5(f"{PASSWORD}{renamed}".encode()).hexdigest().upper()
    logs_in(server, renamed, EXAMPLE, not_by=PASSWORD)
    run(admin, f"ALTER USER {renamed} PASSWORD 'md5{digest}'")
    logs_in(server, renamed, PASSWORD, not_by=EXAMPLE)
    run(admin, f"ALTER USER {renamed} RENAME TO {hashed}")
    turned_away(server, hashed, PASSWORD)


def test_users_change_their_own_password(server: Server, hashed: str) -> None:
    with closing(connect(server, user=hashed, password=EXAMPLE)) as own:
        run(own, f"ALTER USER {hashed} PASSWORD 'sha256|Other5678y'")
        for options in ("PASSWORD DISABLE", "PASSWORD 'Other5678z' CREATEDB"):
            assert refused(own, f"ALTER USER {hashed} {options}")[0] == "42501"
    logs_in(server, hashed, "Other5678y", not_by=EXAMPLE)


def test_superusers_have_passwords(admin: Any, hashed: str) -> None:
    run(admin, f"ALTER USER {hashed} PASSWORD DISABLE")
    for options in ("CREATEUSER", "CREATEDB CREATEUSER", "PASSWORD DISABLE CREATEUSER"):
        assert refused(admin, f"ALTER USER {hashed} {options}") == ("42601", "a superuser must have a password")
    run(admin, f"ALTER USER {hashed} PASSWORD '{PASSWORD}' CREATEUSER")
    assert refused(admin, f"ALTER USER {hashed} PASSWORD DISABLE")[0] == "42601"


def test_the_password_is_never_sent(server: Server, admin: Any, hashed: str) -> None:
    """Neither kind of it: the server has its MD5 digest, and asks for that of a salt and this."""
    run(admin, f"ALTER USER {hashed} PASSWORD '{PASSWORD}'")
    with socket.create_connection((server.host, server.port)) as client:
        client.sendall(wire.startup({"user": hashed, "database": "dev"}))
        kind, _, code, salt = struct.unpack("!cII4s", client.recv(100))
        assert (kind, code) == (b"R", 5)
        inner = hashlib.md5(f"{PASSWORD}{hashed}".encode()).hexdigest()
        answer = "md5" + hashlib.md5(inner.encode() + salt).hexdigest()
        client.sendall(wire.frame(b"p", wire.text(answer)))
        assert client.recv(9) == wire.frame(b"R", struct.pack("!I", 0))


def test_clients_of_postgresql_are_told_why(server: Server, hashed: str) -> None:
    psycopg = pytest.importorskip("psycopg")
    with pytest.raises(psycopg.OperationalError, match="has a sha256 password: log in with one of Redshift's own"):
        psycopg.connect(host=server.host, port=server.port, user=hashed, password=EXAMPLE, dbname="dev")
