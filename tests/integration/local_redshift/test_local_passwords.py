"""sha256 passwords, checked by the proxy through AUTH_REQ_DIGEST, with the unmodified driver."""

from __future__ import annotations

import hashlib
import socket
import struct
from collections.abc import Iterator
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


def test_the_pages_example_logs_in(server: Server, hashed: str) -> None:
    connection = connect(server, user=hashed, password=EXAMPLE)
    assert run(connection, "SELECT current_user") == [(hashed,)]
    connection.close()


def test_neither_the_literal_nor_its_parts_log_in(server: Server, hashed: str) -> None:
    for wrong in (LITERAL, DIGEST, "Mypassword2", f"sha256|{EXAMPLE}"):
        assert turned_away(server, hashed, wrong) == f'password authentication failed for user "{hashed}"'


def test_the_server_salts_and_hashes_a_clear_one(server: Server, admin: Any, hashed: str) -> None:
    run(admin, f"ALTER USER {hashed} PASSWORD 'sha256|Other5678y'")
    connect(server, user=hashed, password="Other5678y").close()
    turned_away(server, hashed, EXAMPLE)
    assert refused(admin, f"ALTER USER {hashed} PASSWORD 'sha256|short1A'")[0] == "22023"


def test_another_kind_of_password_replaces_it(server: Server, admin: Any, hashed: str) -> None:
    run(admin, f"ALTER USER {hashed} PASSWORD '{PASSWORD}'")
    connect(server, user=hashed).close()
    turned_away(server, hashed, EXAMPLE)
    run(admin, f"ALTER USER {hashed} PASSWORD '{LITERAL}'")
    connect(server, user=hashed, password=EXAMPLE).close()
    run(admin, f"ALTER USER {hashed} PASSWORD DISABLE")
    turned_away(server, hashed, EXAMPLE)


def test_a_new_name_costs_an_md5_password_only(server: Server, admin: Any, hashed: str) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_USER.html: the name is the salt of an MD5 password.
    renamed = unique("user")
    run(admin, f"ALTER USER {hashed} RENAME TO {renamed}")
    connect(server, user=renamed, password=EXAMPLE).close()
    digest = hashlib.md5(f"{PASSWORD}{renamed}".encode()).hexdigest().upper()
    run(admin, f"ALTER USER {renamed} PASSWORD 'md5{digest}'")
    connect(server, user=renamed).close()
    run(admin, f"ALTER USER {renamed} RENAME TO {hashed}")
    turned_away(server, hashed, PASSWORD)


def test_users_change_their_own_password(server: Server, hashed: str) -> None:
    own = connect(server, user=hashed, password=EXAMPLE)
    run(own, f"ALTER USER {hashed} PASSWORD 'sha256|Other5678y'")
    assert refused(own, f"ALTER USER {hashed} PASSWORD DISABLE")[0] == "42501"
    assert refused(own, f"ALTER USER {hashed} PASSWORD 'Other5678z' CREATEDB")[0] == "42501"
    own.close()
    connect(server, user=hashed, password="Other5678y").close()


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


def test_other_databases_are_read_as_such_a_user(server: Server, admin: Any, hashed: str, fresh_database: str) -> None:
    inside = connect(server, fresh_database)
    run(inside, "CREATE TABLE public.t AS SELECT 7 AS a")
    run(inside, f"GRANT SELECT ON public.t TO {hashed}")
    connection = connect(server, user=hashed, password=EXAMPLE)
    assert run(connection, f"SELECT a FROM {fresh_database}.public.t") == [(7,)]
    connection.close()
    run(inside, f"REVOKE SELECT ON public.t FROM {hashed}")
    inside.close()
