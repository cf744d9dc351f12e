"""`--catalog open`, for clients that ask PostgreSQL's catalog: what works then, and what stays closed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from local_redshift.postgres import find_binaries
from local_redshift.running import Server, started
from tests.support.clients import promised
from tests.support.redshift import PASSWORD, connect, refused, run

SHOWN = {
    r"\dn": ("public | rdsdb", "s      | awsuser"),
    r"\dt": ("public | t ", "table | awsuser"),
    r"\dv": ("public | v ", "view | awsuser"),
    r"\l": ("dev  | awsuser",),
    r"\du": ("awsuser", "Superuser, Create DB", "reader"),
    r"\d": ("t      | table", "v      | view"),
    r"\d t": ("a      | integer ", "character varying(20)", "PRIMARY KEY, btree (a)"),
    r"\dp": ('"role:r"=r/awsuser',),
}
# The stand-in's own.
HIDDEN = ("pg_rs", "pg_opened", "scope:", "may:", "template1")


@pytest.fixture(scope="module")
def opened() -> Iterator[Server]:
    with started(open_catalog=True) as server:
        admin = connect(server)
        for sql in (
            "CREATE SCHEMA s",
            "CREATE TABLE t (a int PRIMARY KEY, b varchar(20))",
            "CREATE VIEW v AS SELECT a FROM t",
            "CREATE VIEW late AS SELECT a FROM public.t WITH NO SCHEMA BINDING",
            "CREATE TABLE s.secret AS SELECT 7 AS a",
            "CREATE ROLE r",
            "GRANT SELECT ON t TO ROLE r",
            f"CREATE USER reader PASSWORD '{PASSWORD}'",
            f"CREATE USER other PASSWORD 'sha256|{PASSWORD}'",
            "GRANT ROLE r TO other",
            "CREATE MASKING POLICY m WITH (a int) USING (0)",
            "CREATE TABLE masked AS SELECT 7 AS a",
            "GRANT SELECT ON masked TO PUBLIC",
            "ATTACH MASKING POLICY m ON masked (a) TO PUBLIC",
        ):
            run(admin, sql)
        admin.close()
        yield server


@pytest.fixture(scope="module")
def reader(opened: Server) -> Iterator[Any]:
    connection = connect(opened, user="reader")
    yield connection
    connection.close()


@pytest.mark.parametrize("command", promised("psql"))
def test_psql_shows(opened: Server, command: str) -> None:
    environment = {**os.environ, "PGPASSWORD": opened.password}
    at = ["-h", opened.host, "-p", str(opened.port), "-U", opened.user, "-d", "dev"]
    # That of PostgreSQL's package here, and the system's, which may be older.
    programs = {str(find_binaries() / "psql"), shutil.which("psql") or ""}
    for program in filter(os.path.isfile, programs):
        asked = [program, *at, "-c", command]
        done = subprocess.run(asked, capture_output=True, text=True, env=environment, check=True, timeout=30)
        assert [words for words in SHOWN[command] if words not in done.stdout] == [], done.stdout
        assert [words for words in HIDDEN if words in done.stdout] == []
    assert promised("psql") == list(SHOWN)


CALLS: dict[str, Any] = {
    "get_catalogs": ({}, ["dev"]),
    "get_schemas": ({"schema_pattern": "pub%"}, ["public"]),
    "get_tables": ({"schema_pattern": "public", "types": ["TABLE"]}, ["dev", "public", "t", "TABLE"]),
    "get_columns": ({"schema_pattern": "public", "tablename_pattern": "t"}, ["dev", "public", "t", "a"]),
    "get_primary_keys": ({"schema": "public"}, ["dev", "public", "t", "a"]),
}


@pytest.mark.parametrize("method", promised("redshift_connector"))
def test_redshift_connector_lists(opened: Server, method: str) -> None:
    name = method.removesuffix("()")
    arguments, expected = CALLS[name]
    with closing(connect(opened)) as connection:
        for given in (dict[str, Any](), arguments):
            rows = getattr(connection.cursor(), name)(**given)
            assert [row for row in rows if list(row)[: len(expected)] == expected]


def test_redshifts_view_has_columns_that_bind_late_and_no_hold(opened: Server) -> None:
    columns = "(s name, v name, c name, t varchar, n int)"
    late = f"SELECT c.relname, l.c FROM pg_get_late_binding_view_cols() l{columns} JOIN pg_class c ON c.relname = l.v"
    # As dbt asks which views go with a table.
    depend = "SELECT r.ev_class::regclass::text FROM pg_rewrite r JOIN pg_depend d ON d.objid = r.oid"
    with closing(connect(opened)) as connection:
        assert run(connection, late) == [("late", "a")]
        assert run(connection, f"{depend} WHERE d.refobjid = 't'::regclass GROUP BY 1") == [("v",)]


# Superusers' statements, too: the answer is that of the closed catalog.
CLOSED = (
    "SELECT query_to_xml('select 1', true, true, '')",
    "SELECT set_config('session_authorization', 'rdsdb', false) FROM pg_class",
    "SELECT shobj_description(oid, 'pg_authid') FROM pg_roles",
    "SELECT d.* FROM pg_class c JOIN pg_stats d ON true",
    "SELECT pg_read_file('PG_VERSION')",
    "DELETE FROM pg_catalog.pg_auth_members",
    "WITH gone AS (DELETE FROM pg_authid RETURNING 1) SELECT * FROM gone",
    "INSERT INTO pg_authid SELECT * FROM pg_authid",
    "SELECT c.relname FROM pg_class c JOIN stv_sessions s ON true",
    "SELECT c.relname FROM other.pg_catalog.pg_class c JOIN t ON true",
    "CREATE FUNCTION f() RETURNS int AS 'select 1' LANGUAGE sql",
    'CREATE USER "table" PASSWORD DISABLE SESSION TIMEOUT 60',
    "CREATE ROLE \"view\" EXTERNALID 'x'",
    "CREATE OR REPLACE VIEW pg_opened.pg_roles AS SELECT * FROM pg_catalog.pg_authid",
    "GRANT ASSUMEROLE ON 'arn:aws:iam::123456789012:role/r' TO reader FOR ALL",
    "ALTER USER other NOLOGIN",
    "DROP DATABASE dev FORCE",
    "SET SESSION AUTHORIZATION reader",
    "COPY t FROM 's3://b'",
    "SELECT m.a FROM masked m JOIN pg_class c ON true",
    'SELECT U&"pg\\005frs".me() FROM pg_class',
)


def test_what_stays_closed(opened: Server, reader: Any) -> None:
    with closing(connect(opened)) as admin:
        for sql in CLOSED:
            for connection in (admin, reader):
                code, words = refused(connection, sql)
                assert (code, words[:16]) == ("0A000", "local stand-in: "), sql
    for sql in ("SELECT pg_rs.me() FROM pg_class", 'SELECT * FROM "PG_RS".svv_roles r JOIN pg_class c ON true'):
        assert refused(reader, sql) == ("3F000", 'schema "pg_rs" does not exist')


def test_grants_are_as_they_were(reader: Any) -> None:
    assert refused(reader, "SELECT s.a FROM s.secret s, pg_class c") == ("42501", "permission denied for schema s")
    assert refused(reader, "SELECT t.a FROM t, pg_class c") == ("42501", "permission denied for relation t")
    members = "SELECT DISTINCT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member"
    assert run(reader, members) == [("reader",)]
    assert run(reader, "SELECT count(*) FROM svv_roles r JOIN svv_user_grants g ON true") == [(0,)]
    assert refused(reader, "ALTER USER reader CREATEUSER")[0] == "42501"


def test_no_other_test_opens_the_catalog() -> None:
    """What works only there works on no cluster for the package's own sake."""
    root = Path(__file__).parents[3]
    files = [path for folder in ("tests", "dags", "demo", "docker", "scripts") for path in (root / folder).rglob("*.*")]
    files += [root / "Makefile", root / "docker-compose.yaml", root / "local_redshift" / "pytest_plugin.py"]
    texts = {path.name: path.read_bytes() for path in files if path.suffix != ".pyc"}
    opening = {name for name, text in texts.items() if b"open_catalog=" in text or b"--catalog" in text}
    assert opening <= {Path(__file__).name, "test_local_other_clients.py", "test_local_grammar.py"}
