"""Other clients of PostgreSQL's protocol: psql and psycopg."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from typing import Any

import pytest

from local_redshift.running import Server
from tests.integration.local_redshift.local_place import Place
from tests.support.redshift import PASSWORD, mark, statements

psycopg = pytest.importorskip("psycopg")


def open_psycopg(server: Server, **who: str) -> Any:
    arguments = {"dbname": server.database, "user": server.user, "password": server.password} | who
    return psycopg.connect(host=server.host, port=server.port, autocommit=True, **arguments)


def test_psycopg(server: Server) -> None:
    with open_psycopg(server) as connection:
        assert connection.execute("SELECT %s::int + 1", (1,)).fetchone() == (2,)
        for _ in range(8):  # from the sixth time on it's a prepared statement
            row = connection.execute("SELECT usename FROM pg_user WHERE usename = %s", ("awsuser",)).fetchone()
            assert row == ("awsuser",)
        with pytest.raises(psycopg.errors.UndefinedObject):
            connection.execute("GRANT ROLE nowhere TO awsuser")
        with pytest.raises(psycopg.errors.FeatureNotSupported), connection.transaction():
            connection.execute("COPY t FROM 's3://b'")
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_several_statements_of_one_request_are_judged_one_by_one(server: Server, place: Place) -> None:
    place.do("CREATE MASKING POLICY hide WITH (a int) USING (0::int)")
    place.do("CREATE VIEW s.late AS SELECT a FROM s.two WITH NO SCHEMA BINDING")
    with open_psycopg(server, dbname=place.database) as connection:
        connection.execute("SELECT a FROM s.one; SELECT a FROM s.two")
        for sql in (
            "SELECT relname FROM pg_class LIMIT 1; SELECT count(*) FROM pg_class",
            # How names are read is known when all of them are read, and what they mean.
            'SET enable_case_sensitive_identifier TO true; SELECT 1 FROM "MiXed"',
            "DROP TABLE s.two; SELECT a FROM s.late",
            "SET search_path TO s; SELECT a FROM one",
        ):
            if "search_path" in sql:
                place.do("ATTACH MASKING POLICY hide ON s.one(a) TO PUBLIC")
            with pytest.raises(psycopg.errors.FeatureNotSupported):
                connection.execute(sql)
        assert connection.execute("SHOW enable_case_sensitive_identifier").fetchone() == ("off",)


def test_what_was_parsed_before_a_change_is_judged_after_it(server: Server, place: Place) -> None:
    place.do("GRANT USAGE ON SCHEMA s TO ROLE {role}")
    place.do("GRANT SELECT ON s.one TO ROLE {role}")
    with open_psycopg(server, dbname=place.database, user=place.user, password=PASSWORD) as connection:
        raw, query = connection.pgconn, b"SELECT a FROM s.one"
        assert raw.prepare(b"one", query).error_message == b""
        assert raw.exec_prepared(b"one", []).get_value(0, 0) == b"1"
        assert raw.prepare(b"two", query).error_message == b""
        place.do("REVOKE USAGE ON SCHEMA s FROM ROLE {role}")
        for statement in (b"two", b"one"):
            assert b"permission denied for schema" in raw.exec_prepared(statement, []).error_message


def test_a_statement_is_described_before_it_is_run(server: Server) -> None:
    login, asked = server.user.encode(), b"SELECT usename FROM pg_user WHERE usename = $1"
    with open_psycopg(server) as connection:
        raw = connection.pgconn
        for number in (b"1", b"2"):  # the second answer needs no PostgreSQL
            for name, sql, columns in ((b"users", asked, 1), (b"begin", b"BEGIN", 0)):
                assert raw.prepare(name + number, sql).error_message == b""
                described = raw.describe_prepared(name + number)
                assert (described.nfields, described.nparams) == (columns, columns)
        assert raw.exec_prepared(b"users2", [login]).get_value(0, 0) == login
        assert b"already exists" in raw.prepare(b"begin2", b"COMMIT").error_message
        assert raw.exec_prepared(b"begin1", []).command_status == b"BEGIN"


def test_psycopg_cancels(server: Server) -> None:
    with open_psycopg(server) as connection:
        timer = threading.Timer(0.3, connection.cancel)
        timer.start()
        began = time.monotonic()
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT pg_sleep(20)")
        assert time.monotonic() - began < 5
        timer.join()
        row = connection.execute("SELECT status FROM sys_query_history WHERE query_text = 'SELECT pg_sleep(20)'")
        assert row.fetchone() == ("canceled",)


@pytest.mark.skipif(shutil.which("psql") is None, reason="no psql here")
def test_psql(server: Server) -> None:
    def psql(sql: str) -> subprocess.CompletedProcess[str]:
        command = ["psql", "-h", server.host, "-p", str(server.port), "-U", server.user, "-d", "dev", "-Atqc", sql]
        environment = {**os.environ, "PGPASSWORD": server.password}
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=30)

    since = mark(server)
    assert psql("SELECT 1; SHOW query_group").stdout.split() == ["1", "unset"]
    assert 'syntax error at or near "frobnicate"' in psql("frobnicate").stderr
    assert psql("CREATE ROLE psql_role; GRANT ROLE nowhere TO awsuser").returncode == 1
    assert psql("SELECT role_name FROM svv_roles WHERE role_name = 'psql_role'").stdout == ""
    of_two = ["CREATE ROLE psql_role", "GRANT ROLE nowhere TO awsuser"]
    assert statements(server, since)[:5] == ["SELECT 1", "SHOW query_group", "frobnicate", *of_two]
