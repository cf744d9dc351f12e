"""What an error of the driver or of AWS means, by the codes and texts that they are known to send."""

from __future__ import annotations

import socket
import ssl
from typing import Any
from unittest.mock import Mock

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from redshift_connector.error import Error, IntegrityError, InterfaceError, OperationalError, ProgrammingError

from airflow_provider_datagraph.exceptions import MisconfigurationError, PassingFaultError
from airflow_provider_datagraph.hooks.faults import (
    Fault,
    classify,
    connect_error,
    details,
    execute,
    lasts,
    statement_error,
    token_error,
    vanished,
)


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
        (InterfaceError("connection is closed"), ("", "connection is closed")),
        (OperationalError("connection time out", TimeoutError("timed out")), ("", "connection time out: timed out")),
        (ConnectionRefusedError(111, "Connection refused"), ("", "111: Connection refused")),
        (Error(), ("", "")),
        (Error(None), ("", "None")),
        (Error("a", "b", "c"), ("", "a: b")),
    ],
)
def test_an_errors_state_and_text_are_read(error: Exception, read: tuple[str, str]) -> None:
    assert details(error) == read


STATES = {
    Fault.LOGIN: "28000 28P01",
    Fault.DATABASE_MISSING: "3D000",
    Fault.REFUSED: "42501",
    Fault.CONFLICT: "40P01 40001 25P02 42710 42P04 42P06",
    Fault.PASSING: "53300 57014 57P01 57P02 57P03 08000 08006",
    Fault.OTHER: "XX000 23505 42P07 42601 42P01 3F000 42704 25001 55006 0A000",
}


@pytest.mark.parametrize("fault", STATES)
@pytest.mark.parametrize("kind", [InterfaceError, IntegrityError, ProgrammingError, RuntimeError])
def test_a_server_s_error_is_judged_by_its_state(fault: Fault, kind: type[Exception]) -> None:
    for code in STATES[fault].split():
        # What would say something of an error of the driver's own, or of these two.
        more = "" if code in ("XX000", "23505") else "conflict with concurrent transaction"
        assert classify(kind(server(code, f"Server refuses SSL, connection is closed, column 1023 {more}"))) is fault, (
            code
        )


def test_some_texts_say_more_than_their_state() -> None:
    texts = ("Conflict with CONCURRENT transaction", "tuple concurrently", "serializable isolation violation")
    for text in (*texts, "tuple already updated by self", "could not open relation with OID", "pg_defacl"):
        for code in ("XX000", "23505"):
            assert classify(ProgrammingError(server(code, f"It is {text} 1"))) is Fault.CONFLICT, text
            assert classify(ProgrammingError(server(code, "ERROR", f"It is {text} 1"))) is Fault.CONFLICT, text
    assert classify(ProgrammingError(server("XX000", "1023"))) is Fault.CONFLICT
    entry = 'no pg_hba.conf entry for host "h", user "x", database "d", SSL off'
    assert classify(ProgrammingError(server("28000", entry))) is Fault.MISCONFIGURED


ENDED = (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), ssl.SSLZeroReturnError(6, "It has been closed"))


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (InterfaceError("communication error", ConnectionRefusedError(111, "Connection refused")), Fault.PASSING),
        (InterfaceError("communication error", socket.gaierror(-2, "Name or service not known")), Fault.PASSING),
        (OperationalError("connection time out", TimeoutError("timed out")), Fault.PASSING),
        (InterfaceError("connection is closed"), Fault.PASSING),
        (InterfaceError("BrokenPipe: the server is gone"), Fault.PASSING),
        (InterfaceError("Socket closed"), Fault.PASSING),
        (ConnectionResetError(104, "Connection reset by peer"), Fault.PASSING),
        (BrokenPipeError(), Fault.PASSING),
        (InterfaceError("Server refuses SSL"), Fault.MISCONFIGURED),
        (ssl.SSLError("wrong version number"), Fault.MISCONFIGURED),
        (ssl.SSLCertVerificationError("certificate verify failed"), Fault.MISCONFIGURED),
        (InterfaceError("communication error", ssl.SSLError("wrong version number")), Fault.MISCONFIGURED),
        (InterfaceError("The 'user' connection parameter cannot be None"), Fault.OTHER),
        (ProgrammingError({"M": "no code"}), Fault.OTHER),
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
        head = f"Redshift refuses a statement in database dev ({code}: the server's words)."
        scoped = "FOR TABLES" in sql and kind is not PassingFaultError
        hint = ' If it knows no scoped permissions, choose future_tables="default_privileges" or "none".' * scoped
        rest = f"What wasn't committed was rolled back.{hint} The statement: {shown}"
        assert type(told) is kind and str(told) == f"{head} {rest}"


NOT_REACHED = "Connection c: h:5439 can't be reached"
CHECK = ". It will be tried again; if it stays so, check host and port"


@pytest.mark.parametrize(
    ("error", "lasting", "said"),
    [
        (ConnectionRefusedError(111, "refused"), False, f"{NOT_REACHED} (111: refused){CHECK}"),
        (
            OperationalError("connection time out", TimeoutError("timed out")),
            False,
            f"{NOT_REACHED}: no answer yet, as from a cluster that is resuming (connection time out: timed out){CHECK}",
        ),
        (
            ProgrammingError(server("42704", "no such user")),
            False,
            "Connection c: h:5439 knows no such user (42704: no such user): correct the login, or create the user. "
            "An IAM login needs a user that exists.",
        ),
        (ProgrammingError(server("28000", "no")), True, "Connection c: h:5439 refuses the login or password of user u"),
        (ValueError("[digital envelope routines] unsupported"), True, "Connection c: "),
    ],
)
def test_what_keeps_a_login_from_working_is_told_and_whether_it_lasts(
    error: Exception, lasting: bool, said: str
) -> None:
    target = {"host": "h", "port": 5439, "user": "u", "database": "dev", "ssl": True, "sslmode": "verify-full"}
    assert str(connect_error(error, "c", target)).startswith(said)
    assert lasts(error) is lasting


def refused(code: str, status: int) -> ClientError:
    answer = {"Error": {"Code": code, "Message": "It says why."}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "GetClusterCredentials")


CORRECTED = [
    *(refused(code, 403) for code in ("AccessDenied", "InvalidClientTokenId")),
    *(refused("ClusterNotFound", 404), refused("ExpiredToken", 400)),
    ClientError({"Error": {"Code": "AccessDenied"}}, "GetClusterCredentials"),
    NoCredentialsError(),
]
WAITED_OUT = [
    *(refused(code, 400) for code in ("Throttling", "ThrottlingException")),
    *(refused("TooManyRequestsException", 429), refused("InternalFailure", 500), refused("ServiceUnavailable", 503)),
    *(kind(endpoint_url="https://a.example.com") for kind in (EndpointConnectionError, ConnectTimeoutError)),
    ReadTimeoutError(endpoint_url="https://a.example.com"),
]


@pytest.mark.parametrize("error", [*CORRECTED, *WAITED_OUT], ids=lambda error: str(error)[:60])
def test_what_a_person_has_to_correct_is_never_retried_and_the_rest_is(error: Exception) -> None:
    told, lasts = token_error(error, "redshift_default"), error in CORRECTED
    assert isinstance(told, MisconfigurationError if lasts else PassingFaultError)
    assert isinstance(told, AirflowFailException) is lasts
    assert str(told).startswith(f"Connection redshift_default: AWS gives no temporary password ({error})")
    advice = "correct its extra, or the AWS connection that it uses" if lasts else "It will be tried again"
    assert advice in str(told)
