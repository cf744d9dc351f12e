"""What a driver's error means, by the SQLSTATEs and texts that Redshift and its driver are known to send."""

from __future__ import annotations

import socket
import ssl
from typing import Any
from unittest.mock import Mock

import pytest
from redshift_connector.error import Error, IntegrityError, InterfaceError, OperationalError, ProgrammingError

from airflow_provider_datagraph.exceptions import MisconfigurationError, PassingFaultError
from airflow_provider_datagraph.hooks.faults import Fault, classify, details, execute, statement_error, vanished


def server(code: str, message: str, detail: str | None = None) -> dict[str, Any]:
    fields = {"S": "ERROR", "C": code, "M": message, "F": "auth.c", "R": "routine"}
    return fields if detail is None else {**fields, "D": detail}


@pytest.mark.parametrize(
    ("error", "read"),
    [
        (ProgrammingError(server("42501", "permission denied")), ("42501", "permission denied")),
        (ProgrammingError(server("XX000", "1023", "Serializable")), ("XX000", "1023: Serializable")),
        (ProgrammingError(server("XX000", "1023", "")), ("XX000", "1023")),
        (ProgrammingError({"M": "no code"}), ("", "no code")),
        (ProgrammingError({"C": 42501, "D": 7}), ("42501", ": 7")),
        (ProgrammingError({}), ("", "")),
        (InterfaceError("connection is closed"), ("", "connection is closed")),
        (OperationalError("connection time out", TimeoutError("timed out")), ("", "connection time out: timed out")),
        (ConnectionRefusedError(111, "Connection refused"), ("", "111: Connection refused")),
        (Error(), ("", "")),
        (Error(None), ("", "None")),
        (Error("a", ""), ("", "a")),
        (Error("a", "b", "c"), ("", "a: b")),
    ],
)
def test_an_errors_state_and_text_are_read(error: Exception, read: tuple[str, str]) -> None:
    assert details(error) == read


@pytest.mark.parametrize(
    ("code", "message", "fault"),
    [
        ("28000", 'password authentication failed for user "x"', Fault.LOGIN),
        ("28P01", 'password authentication failed for user "x"', Fault.LOGIN),
        ("28000", 'no pg_hba.conf entry for host "h", user "x", database "d", SSL off', Fault.MISCONFIGURED),
        ("3D000", 'database "x" does not exist', Fault.DATABASE_MISSING),
        ("42501", "permission denied for relation x", Fault.REFUSED),
        ("42501", "permission denied for schema x [ErrorId: 1-2]", Fault.REFUSED),
        ("40P01", "deadlock detected", Fault.CONFLICT),
        ("40001", "could not serialize access", Fault.CONFLICT),
        ("53300", 'too many connections for user "x"', Fault.PASSING),
        ("57P01", "terminating connection due to administrator command", Fault.PASSING),
        ("57P02", "terminating connection because of crash", Fault.PASSING),
        ("57P03", "the database system is starting up", Fault.PASSING),
        ("08000", "connection exception", Fault.PASSING),
        ("08006", "connection failure", Fault.PASSING),
        ("XX000", "could not complete because of conflict with concurrent transaction", Fault.CONFLICT),
        ("XX000", "Could not complete because of CONFLICT with concurrent transaction", Fault.CONFLICT),
        ("XX000", "tuple concurrently updated", Fault.CONFLICT),
        ("XX000", "tuple concurrently deleted", Fault.CONFLICT),
        ("XX000", "could not open relation with OID 123", Fault.CONFLICT),
        ("XX000", "1023", Fault.CONFLICT),
        ("XX000", "internal error", Fault.OTHER),
        ("XX000", "column 1023", Fault.OTHER),
        ("XX000", "connection is closed", Fault.OTHER),
        ("23505", "duplicate key violates unique constraint pg_defacl_name_index", Fault.CONFLICT),
        ("23505", "duplicate key violates unique constraint my_index", Fault.OTHER),
        ("42501", "could not complete because of conflict with concurrent transaction", Fault.REFUSED),
        ("42P07", "conflict with concurrent transaction", Fault.OTHER),
        ("42601", 'syntax error at or near "X"', Fault.OTHER),
        ("42P01", 'relation "x" does not exist', Fault.OTHER),
        ("3F000", 'schema "x" does not exist', Fault.OTHER),
        ("42704", 'user "x" does not exist', Fault.OTHER),
        ("42710", 'role "x" already exists', Fault.CONFLICT),
        ("42P04", 'database "x" already exists', Fault.CONFLICT),
        ("42P06", 'schema "x" already exists', Fault.CONFLICT),
        ("42P07", 'relation "x" already exists', Fault.OTHER),
        ("25001", "CREATE DATABASE cannot run inside a transaction block", Fault.OTHER),
        ("25P02", "current transaction is aborted", Fault.CONFLICT),
        ("55006", "user cannot be dropped", Fault.OTHER),
        ("0A000", "Server refuses SSL", Fault.OTHER),
        ("57014", "Query cancelled on user's request", Fault.PASSING),
    ],
)
def test_a_servers_error_is_judged_by_its_state(code: str, message: str, fault: Fault) -> None:
    assert classify(ProgrammingError(server(code, message))) is fault


def test_a_serializable_isolation_violation_stands_in_the_detail() -> None:
    detail = "Serializable isolation violation on table - 1, transactions forming the cycle are: 2, 3"
    assert classify(ProgrammingError(server("XX000", "1023", detail))) is Fault.CONFLICT
    assert classify(ProgrammingError(server("XX000", "ERROR", detail))) is Fault.CONFLICT


@pytest.mark.parametrize("error", [InterfaceError, IntegrityError, ProgrammingError, RuntimeError])
def test_the_errors_class_doesnt_matter(error: type[Exception]) -> None:
    assert classify(error(server("28000", "password authentication failed"))) is Fault.LOGIN


ENDED = (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), ssl.SSLZeroReturnError(6, "It has been closed"))


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (InterfaceError("communication error", ConnectionRefusedError(111, "Connection refused")), Fault.PASSING),
        (InterfaceError("communication error", socket.gaierror(-2, "Name or service not known")), Fault.PASSING),
        (OperationalError("connection time out", TimeoutError("timed out")), Fault.PASSING),
        (InterfaceError("connection is closed"), Fault.PASSING),
        (InterfaceError("BrokenPipe: server socket closed. Please check"), Fault.PASSING),
        (InterfaceError("BrokenPipe: the server is gone"), Fault.PASSING),
        (InterfaceError("Socket closed"), Fault.PASSING),
        (ConnectionResetError(104, "Connection reset by peer"), Fault.PASSING),
        (BrokenPipeError(), Fault.PASSING),
        (TimeoutError("timed out"), Fault.PASSING),
        (InterfaceError("Server refuses SSL"), Fault.MISCONFIGURED),
        (ssl.SSLError("wrong version number"), Fault.MISCONFIGURED),
        (ssl.SSLCertVerificationError("certificate verify failed"), Fault.MISCONFIGURED),
        (InterfaceError("communication error", ssl.SSLError("wrong version number")), Fault.MISCONFIGURED),
        (InterfaceError("The 'user' connection parameter cannot be None"), Fault.OTHER),
        (ProgrammingError({"M": "no code"}), Fault.OTHER),
        (ValueError("5"), Fault.OTHER),
        (ValueError("[digital envelope routines] unsupported"), Fault.MISCONFIGURED),
        (Error(), Fault.OTHER),
        # It ends during the handshake, and later.
        *((InterfaceError("communication error", ended), Fault.PASSING) for ended in ENDED),
        *((ended, Fault.PASSING) for ended in ENDED),
    ],
)
def test_a_drivers_error_is_judged_by_its_class_and_text(error: Exception, fault: Fault) -> None:
    assert classify(error) is fault


@pytest.mark.parametrize(
    ("code", "gone"),
    [(code, True) for code in ("3D000", "3F000", "42P01", "42703", "42704")]
    + [(code, False) for code in ("", "42501", "42710", "42P07", "XX000")],
)
def test_what_a_statement_names_is_gone_by_its_state(code: str, gone: bool) -> None:
    assert vanished(ProgrammingError(server(code, "42P01"))) is gone


@pytest.mark.parametrize(
    ("code", "kind"),
    [(code, MisconfigurationError) for code in ("42601", "0A000")]
    + [(code, PassingFaultError) for code in ("42P01", "XX000", "53200")],
)
def test_an_unknown_error_is_told_with_its_statement_and_no_literal(code: str, kind: type[Exception]) -> None:
    for sql, shown in (
        (r"ALTER USER u PASSWORD 'md5''Canary\'' x", "ALTER USER u PASSWORD '…' x"),
        ("GRANT SELECT FOR TABLES IN SCHEMA s TO ROLE r", "GRANT SELECT FOR TABLES IN SCHEMA s TO ROLE r"),
        ("SELECT " + "x" * 500, "SELECT " + "x" * 293 + "…"),
    ):
        cursor = Mock(execute=Mock(side_effect=ProgrammingError(server(code, "the server's words"))))
        with pytest.raises(ProgrammingError) as caught:
            execute(cursor, sql)
        told = statement_error(caught.value, "u", "dev")
        assert type(told) is kind and str(told).endswith(f" The statement: {shown}")
        assert str(told).startswith(f"Redshift refuses a statement in database dev ({code}: the server's words). What")
        assert ('future_tables="default_privileges"' in str(told)) == (
            "FOR TABLES" in sql and kind is not PassingFaultError
        )


def test_each_text_of_a_conflict_is_enough() -> None:
    texts = ("conflict with concurrent transaction", "tuple concurrently", "serializable isolation violation")
    for text in (*texts, "tuple already updated by self", "could not open relation with OID", "pg_defacl"):
        assert classify(ProgrammingError(server("XX000", f"It is {text} 1"))) is Fault.CONFLICT, text
