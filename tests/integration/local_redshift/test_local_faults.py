"""Faults on demand: delays, errors, cuts and restarts at the n-th statement that matches."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

import pytest
from redshift_connector import error as errors

from local_redshift.faults_client import Faults
from local_redshift.running import Server
from tests.support.redshift import abandon, connect, mark, refused, run, statements, unique


@pytest.fixture
def table(faulty: Server) -> Iterator[str]:
    name = unique("t")
    with closing(connect(faulty)) as connection:
        run(connection, f"CREATE TABLE {name} (a int)")
    yield name


def rows(server: Server, table: str) -> list[int]:
    with closing(connect(server)) as connection:
        return sorted(row[0] for row in run(connection, f"SELECT a FROM {table}"))


def broken(connection: Any, sql: str) -> None:
    with pytest.raises((errors.InterfaceError, ConnectionError)) as failure:
        run(connection, sql)
    assert not isinstance(failure.value.args[0], dict), failure.value
    with suppress(errors.Error, OSError):
        connection.close()


def test_a_delay_is_for_the_nth_match_alone(faulty: Server, faults: Faults) -> None:
    fault = faults.delay("as slow$", 0.5, nth=2)
    took = []
    with closing(connect(faulty)) as connection:
        for sql in ("SELECT 1 AS slow", "SELECT 2 AS quick", "SELECT 2 AS SLOW", "SELECT 1 AS slow"):
            began = time.monotonic()
            run(connection, sql)
            took.append(time.monotonic() - began >= 0.5)
    assert took == [False, False, True, False]
    assert (fault.seen, fault.fired) == (3, 1)


def test_an_error_has_its_four_fields_and_the_driver_its_class(faulty: Server, faults: Faults) -> None:
    faults.error("^select 1$", "XX000", "1023", "Serializable isolation violation on table - 1")
    faults.error("^select 2$", "23505", "duplicate key")
    with closing(connect(faulty)) as connection:
        with pytest.raises(errors.ProgrammingError) as failure:
            run(connection, "SELECT 1")
        fields = {"S": "ERROR", "C": "XX000", "M": "1023", "D": "Serializable isolation violation on table - 1"}
        assert failure.value.args[0] == fields
        with pytest.raises(errors.IntegrityError):
            run(connection, "SELECT 2")
        assert run(connection, "SELECT 1") == [(1,)]


def test_an_error_aborts_the_transaction_and_nothing_of_it_stays(faulty: Server, faults: Faults, table: str) -> None:
    faults.error("VALUES .2.", "40P01", "deadlock detected")
    with closing(connect(faulty, autocommit=False)) as connection:
        run(connection, f"INSERT INTO {table} VALUES (1)")
        assert refused(connection, f"INSERT INTO {table} VALUES (2)") == ("40P01", "deadlock detected")
        assert refused(connection, "SELECT 1")[0] == "25P02"
        connection.rollback()
        run(connection, f"INSERT INTO {table} VALUES (3)")
        connection.commit()
    assert rows(faulty, table) == [3]


def test_a_commit_that_fails_ends_the_transaction(faulty: Server, faults: Faults, table: str) -> None:
    faults.error("^commit", "XX000", "could not complete because of conflict with concurrent transaction")
    with closing(connect(faulty, autocommit=False)) as connection:
        run(connection, f"INSERT INTO {table} VALUES (1)")
        with pytest.raises(errors.ProgrammingError, match="XX000"):
            connection.commit()
        run(connection, f"INSERT INTO {table} VALUES (2)")
        connection.commit()
    assert rows(faulty, table) == [2]


def test_an_error_can_be_for_all_from_the_nth_on(faulty: Server, faults: Faults) -> None:
    fault = faults.error("select 1", "XX000", "always", nth=2, times=None)
    with closing(connect(faulty)) as connection:
        assert run(connection, "SELECT 1") == [(1,)]
        for _ in range(3):
            assert refused(connection, "SELECT 1") == ("XX000", "always")
        assert fault.fired == 3
        faults.clear()
        assert run(connection, "SELECT 1") == [(1,)]


def test_a_failed_statement_is_in_the_history_with_its_error(faulty: Server, faults: Faults) -> None:
    name = unique("r")
    faults.error(f"create role {name}", "XX000", "on demand")
    with closing(connect(faulty)) as connection:
        refused(connection, f"CREATE ROLE {name}")
        query = f"SELECT status, error_message FROM sys_query_history WHERE query_text = 'CREATE ROLE {name}'"
        assert [(row[0].strip(), row[1].strip()) for row in run(connection, query)] == [("failed", "on demand")]


def test_fatal_ends_the_session(faulty: Server, faults: Faults) -> None:
    faults.error("select 1", "57P01", "terminating connection due to administrator command", severity="FATAL")
    connection = connect(faulty)
    with pytest.raises(errors.Error):
        run(connection, "SELECT 1")
    broken(connection, "SELECT 2")


def test_cut_before_a_statement_it_never_reaches_the_server(faulty: Server, faults: Faults, table: str) -> None:
    fault = faults.cut_before("insert into .* values .2.")
    since = mark(faulty)
    connection = connect(faulty)
    run(connection, f"INSERT INTO {table} VALUES (1)")
    broken(connection, f"INSERT INTO {table} VALUES (2)")
    assert fault.fired == 1
    assert rows(faulty, table) == [1]
    assert not [text for text in statements(faulty, since) if "VALUES (2)" in text]


def test_cut_after_a_statement_it_was_executed(faulty: Server, faults: Faults, table: str) -> None:
    faults.cut_after("insert into .* values .2.")
    since = mark(faulty)
    broken(connect(faulty), f"INSERT INTO {table} VALUES (2)")
    assert rows(faulty, table) == [2]
    assert f"INSERT INTO {table} VALUES (2)" in statements(faulty, since)


@pytest.mark.parametrize(("after", "left"), [(False, []), (True, [1])])
def test_cut_before_and_after_commit(faulty: Server, faults: Faults, table: str, after: bool, left: list[int]) -> None:
    connection = connect(faulty, autocommit=False)
    run(connection, f"INSERT INTO {table} VALUES (1)")
    (faults.cut_after if after else faults.cut_before)("^commit$")
    with pytest.raises((errors.InterfaceError, ConnectionError)):
        connection.commit()
    abandon(connection)
    assert rows(faulty, table) == left


def test_cut_after_a_statement_of_an_open_transaction_it_is_undone(faulty: Server, faults: Faults, table: str) -> None:
    connection = connect(faulty, autocommit=False)
    faults.cut_after("^insert")
    broken(connection, f"INSERT INTO {table} VALUES (1)")
    abandon(connection)
    assert rows(faulty, table) == []


def test_the_client_gets_a_reset(faulty: Server, faults: Faults) -> None:
    faults.cut_before("-- login")
    with closing(socket.create_connection((faulty.host, faulty.port))) as client:
        words = b"user\0awsuser\0database\0dev\0\0"
        client.sendall((8 + len(words)).to_bytes(4, "big") + (196608).to_bytes(4, "big") + words)
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_a_login_is_matched_too(faulty: Server, faults: Faults) -> None:
    faults.error("^-- login awsuser dev$", "53300", 'too many connections for user "awsuser"', severity="FATAL")
    with pytest.raises(errors.ProgrammingError, match="53300"):
        connect(faulty)
    faults.cut_after("-- login awsuser")
    with pytest.raises((errors.InterfaceError, ConnectionError)):
        connect(faulty)
    connect(faulty).close()


def test_other_connections_are_left_alone(faulty: Server, faults: Faults) -> None:
    with closing(connect(faulty)) as other:
        faults.cut_before("select 1")
        broken(connect(faulty), "SELECT 1")
        assert run(other, "SELECT 1") == [(1,)]


def test_an_order_that_makes_no_sense_is_told(faults: Faults) -> None:
    with pytest.raises(RuntimeError, match="unterminated"):
        faults.delay("(", 1)
    with pytest.raises(RuntimeError, match="no such order"):
        faults.order("dance")
    faults.clear()


def test_psycopg_meets_them_as_well(faulty: Server, faults: Faults, table: str) -> None:
    psycopg = pytest.importorskip("psycopg")
    words = f"host={faulty.host} port={faulty.port} user=awsuser password={faulty.password} dbname=dev"
    faults.error("values .1.", "XX000", "on demand", "with a detail")
    faults.cut_after("values .2.")
    with closing(psycopg.connect(words, autocommit=True)) as connection:
        with pytest.raises(psycopg.errors.InternalError_, match="on demand") as failure:
            connection.execute(f"INSERT INTO {table} VALUES (1)")
        assert failure.value.diag.message_detail == "with a detail"
        with pytest.raises(psycopg.OperationalError):
            connection.execute(f"INSERT INTO {table} VALUES (2)")
        assert connection.closed
    assert rows(faulty, table) == [2]
