"""Faults on demand: delays, errors, cuts and restarts at the n-th statement that matches."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from redshift_connector import error as errors

from local_redshift import wire
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
    abandon(connection)


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


def test_an_error_has_its_four_fields_and_is_in_the_history(faulty: Server, faults: Faults) -> None:
    words, since = "Serializable isolation violation on table - 1", mark(faulty)
    faults.error("^select 1$", "XX000", "1023", words)
    always = faults.error("^select 2$", "23505", "duplicate key", nth=2, times=None)
    history = f"SELECT status, error_message FROM sys_query_history WHERE query_id > {since} ORDER BY query_id LIMIT 1"
    with closing(connect(faulty)) as connection:
        with pytest.raises(errors.ProgrammingError) as failure:
            run(connection, "SELECT 1")
        assert failure.value.args[0] == {"S": "ERROR", "C": "XX000", "M": "1023", "D": words}
        assert run(connection, "SELECT 1") == [(1,)]
        assert [tuple(map(str.strip, row)) for row in run(connection, history)] == [("failed", "1023")]
        assert run(connection, "SELECT 2") == [(2,)]
        for _ in range(3):
            assert refused(connection, "SELECT 2") == ("23505", "duplicate key")
        assert always.fired == 3
        faults.clear()
        assert run(connection, "SELECT 2") == [(2,)]


def test_an_error_aborts_the_transaction_and_one_of_commit_ends_it(faulty: Server, faults: Faults, table: str) -> None:
    faults.error("VALUES .2.", "40P01", "deadlock detected")
    faults.error("^commit", "XX000", "conflict")
    with closing(connect(faulty, autocommit=False)) as connection:
        run(connection, f"INSERT INTO {table} VALUES (1)")
        assert refused(connection, f"INSERT INTO {table} VALUES (2)") == ("40P01", "deadlock detected")
        assert refused(connection, "SELECT 1")[0] == "25P02"
        connection.rollback()
        run(connection, f"INSERT INTO {table} VALUES (3)")
        with pytest.raises(errors.ProgrammingError, match="XX000"):
            connection.commit()
        run(connection, f"INSERT INTO {table} VALUES (4)")
        connection.commit()
    assert rows(faulty, table) == [4]


def test_fatal_ends_the_session(faulty: Server, faults: Faults) -> None:
    faults.error("select 1", "57P01", "terminating connection due to administrator command", severity="FATAL")
    connection = connect(faulty)
    with pytest.raises(errors.Error):
        run(connection, "SELECT 1")
    broken(connection, "SELECT 2")


def test_a_cut_is_before_or_after_a_statement_and_for_one_client(faulty: Server, faults: Faults, table: str) -> None:
    before, after = f"INSERT INTO {table} VALUES (1)", f"INSERT INTO {table} VALUES (2)"
    fault = faults.cut_before("insert into .* values .1.")
    faults.cut_after("insert into .* values .2.")
    since = mark(faulty)
    with closing(connect(faulty)) as other:
        broken(connect(faulty), before)
        broken(connect(faulty), after)
        assert fault.fired == 1
        assert run(other, f"SELECT a FROM {table}") == [(2,)]
    # The first never reached the server.
    assert [text for text in statements(faulty, since) if text in (before, after)] == [after]


@pytest.mark.parametrize(("after", "left"), [(False, []), (True, [1])])
def test_a_cut_around_a_commit(faulty: Server, faults: Faults, table: str, after: bool, left: list[int]) -> None:
    connection = connect(faulty, autocommit=False)
    run(connection, f"INSERT INTO {table} VALUES (1)")
    (faults.cut_after if after else faults.cut_before)("^commit$")
    with pytest.raises((errors.InterfaceError, ConnectionError)):
        connection.commit()
    abandon(connection)
    # What wasn't committed is undone.
    faults.cut_after("values .2.")
    broken(connect(faulty, autocommit=False), f"INSERT INTO {table} VALUES (2)")
    assert rows(faulty, table) == left


def test_a_login_is_matched_too_and_the_client_gets_a_reset(faulty: Server, faults: Faults) -> None:
    faults.error("^-- login awsuser dev$", "53300", 'too many connections for user "awsuser"', severity="FATAL")
    with pytest.raises(errors.ProgrammingError, match="53300"):
        connect(faulty)
    faults.cut_before("-- login awsuser")
    with closing(socket.create_connection((faulty.host, faulty.port))) as client:
        client.sendall(wire.startup({"user": "awsuser", "database": "dev"}))
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    connect(faulty).close()


def test_an_order_that_makes_no_sense_is_told(faults: Faults) -> None:
    with pytest.raises(RuntimeError, match="unterminated"):
        faults.delay("(", 1)
    with pytest.raises(RuntimeError, match="no such order"):
        faults.order("dance")
