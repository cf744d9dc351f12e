"""A connection that fails: what passes by itself is left to Airflow's retries; what doesn't is never tried again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
import redshift_connector
from airflow.providers.common.compat.sdk import AirflowFailException
from pytest_mock import MockerFixture

from airflow_provider_datagraph.exceptions import MisconfigurationError, PassingFaultError
from airflow_provider_datagraph.hooks.redshift import TIMEOUT, DataGraphHook
from local_redshift.faults_client import Faults
from tests.integration.faults.support import hang_up, listening, quickly, reset, silence
from tests.support.redshift import connect, run
from tests.support.segment import CONNECTING, Segment, execute

# Where the admin connection leads, its fields, and what is said.
PLACES: dict[str, tuple[Any, dict[str, Any], str]] = {
    "refused": (None, {}, "refused"),
    "timed out": (silence, {"extra": {"ssl": False, "timeout": 0.3}}, "timed out"),
    "timed out in TLS": (silence, {"extra": {"timeout": 0.3}}, "connection time out"),
    "reset at once": (reset, {}, "127.0.0.1:"),
    "closed at login": (hang_up, {}, "server socket closed"),
    # A name that no resolver may know: https://www.rfc-editor.org/rfc/rfc6761#section-6.4
    "unresolved": (None, {"host": "cluster.invalid"}, "cluster.invalid:"),
}
FATAL: dict[str, Any] = {"severity": "FATAL", "times": None}
# What the server is told to do, and what is said.
ORDERS: dict[str, tuple[Callable[[Faults], object], str]] = {
    "reset at login": (lambda faults: faults.cut_before("-- login", times=None), "reset"),
    "reset after login": (lambda faults: faults.cut_after("-- login", times=None), "reset"),
    "starting up": (
        lambda faults: faults.error("-- login", "57P03", "the database system is starting up", **FATAL),
        "starting up",
    ),
    "stopped": (Faults.stop, "refused"),
}


def left_to_airflow(segment: Segment, said: str, mocker: MockerFixture) -> None:
    connects = mocker.spy(redshift_connector, "connect")
    with quickly(), pytest.raises(PassingFaultError) as failure:
        execute(segment.grant_both())
    text = str(failure.value)
    assert not isinstance(failure.value, AirflowFailException)
    assert connects.call_count == 1
    assert text.startswith("Connection redshift_default: ") and said in text
    assert "It will be tried again; if it stays so, " in text
    assert ("check host and port" in text) is ("can't be reached" in text)
    assert segment.server.password not in text


@pytest.mark.parametrize("case", PLACES)
def test_a_place_without_a_server_is_tried_once(segment: Segment, case: str, mocker: MockerFixture) -> None:
    answer, fields, said = PLACES[case]
    with listening(answer) as port:
        segment.admin_connection(**{"port": port, **fields})
        left_to_airflow(segment, f"{said}{port}" if case == "reset at once" else said, mocker)


@pytest.mark.parametrize("case", ORDERS)
def test_a_server_in_trouble_is_tried_once(segment: Segment, faults: Faults, case: str, mocker: MockerFixture) -> None:
    order, said = ORDERS[case]
    order(faults)
    left_to_airflow(segment, said, mocker)


@pytest.mark.parametrize("name", CONNECTING)
def test_every_operator_tries_once(segment: Segment, faults: Faults, name: str, mocker: MockerFixture) -> None:
    faults.cut_before("-- login", times=None)
    connects = mocker.spy(redshift_connector, "connect")
    with quickly(), pytest.raises(PassingFaultError, match="can't be reached"):
        execute(CONNECTING[name](segment))
    assert connects.call_count == 1


@pytest.mark.parametrize("name", ["role", "check", "rotate"])
def test_an_unreachable_user_connection_is_no_wrong_password(linked: Segment, faults: Faults, name: str) -> None:
    # The user exists, so its login is tried; whether the password is right can't be told.
    before = linked.snapshot()
    faults.cut_before(f"-- login {linked.user}", times=None)
    with quickly(), pytest.raises(PassingFaultError, match=r"Connection segment_linked_user: .* can't be reached"):
        execute(CONNECTING[name](linked))
    faults.clear()
    assert linked.snapshot() == before


# The fields, how often it connects, and what is said of connection redshift_default.
LASTING: dict[str, tuple[dict[str, Any], int, str]] = {
    "wrong password": (
        {"password": "Wrong-Secret-1"},
        1,
        r": .* refuses the login or password of user awsuser \(28000\): correct the connection. It says: password .*"
        "[.] .* where the password is disabled, or its VALID UNTIL is over",
    ),
    "unknown login": ({"login": "nobody"}, 1, ": .* refuses the login or password of user nobody .*: correct"),
    "unknown database": ({"schema": "atlantis"}, 1, ": there is no database atlantis at .*: correct the name"),
    "no TLS there": (
        {"extra": {}},
        1,
        ": TLS with .* fails .*: the server speaks no TLS there: correct host and port",
    ),
    "stray extra": (
        {"extra": {"ssl": False, "sslmod": "verify-ca"}},
        0,
        " holds sslmod, which nothing reads: remove or correct it",
    ),
}

LIMIT = 'too many connections for user "x"'
OFF = 'no pg_hba.conf entry for host "::1", user "x", database "dev", SSL off'
# What the server (or the driver) answers a login with, and what is said beside its words.
ANSWERS: dict[str, tuple[str, str, type[Exception], str]] = {
    "TLS is required": ("28000", OFF, MisconfigurationError, "take ssl out of the connection's extra"),
    "let in elsewhere": ("28000", OFF[:-9], MisconfigurationError, "lets in nobody like this"),
    "no IAM user": ("42704", 'user "IAM:x" does not exist', MisconfigurationError, "create the user"),
    "shared": ("XX000", 'Cannot connect to shared database "x"', MisconfigurationError, "GRANT USAGE ON DATABASE"),
    "mounted": ("XX000", 'Cannot connect to auto mounted database "x"', MisconfigurationError, "an external schema"),
    "limit": ("53300", LIMIT, PassingFaultError, "CONNECTION LIMIT of the user's"),
    "all taken": (
        "53300",
        "too many connections",
        PassingFaultError,
        "is full (53300: too many connections): it has as",
    ),
    "no memory": (
        "53200",
        "out of memory",
        PassingFaultError,
        "can't take a login now (53200: out of memory). It will",
    ),
    "unknown": ("XX000", "Internal error", PassingFaultError, "can't take a login now (XX000"),
    "unable": ("0A000", "not here", MisconfigurationError, "refuses the login of user awsuser (0A000"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_a_refused_login_keeps_the_server_s_words(
    segment: Segment, faults: Faults, case: str, mocker: MockerFixture
) -> None:
    code, text, kind, said = ANSWERS[case]
    faults.error("-- login", code, text, **FATAL)
    connects = mocker.spy(redshift_connector, "connect")
    with quickly(), pytest.raises(kind) as failure:
        execute(segment.grant_both())
    assert type(failure.value) is kind and connects.call_count == 1
    told = str(failure.value)
    assert told.startswith("Connection redshift_default: ") and text in told and said in told and "'M'" not in told


@pytest.mark.parametrize("case", ANSWERS)
def test_a_password_is_changed_for_no_other_answer(linked: Segment, faults: Faults, case: str) -> None:
    code, text, kind, _ = ANSWERS[case]
    faults.error(f"-- login {linked.user}", code, text, **FATAL)
    with linked.cluster.untouched(), quickly(), pytest.raises(kind):
        execute(linked.rotate())


def test_a_user_s_own_limit_is_told(linked: Segment) -> None:
    linked.cluster.sql("dev", f"ALTER USER {linked.user} CONNECTION LIMIT 0")
    with pytest.raises(PassingFaultError, match=f'too many connections for user "{linked.user}".* CONNECTION LIMIT of'):
        execute(linked.create_role())


@pytest.mark.parametrize("code", ["42601", "0A000"])
def test_a_server_without_scoped_permissions_is_told_with_the_statement(
    linked: Segment, faults: Faults, code: str
) -> None:
    faults.error("^GRANT SELECT FOR TABLES", code, "the server's words")
    said = rf"\({code}: the server's words\).* rolled back.*future_tables=.*GRANT SELECT FOR TABLES IN SCHEMA \"crm\""
    with pytest.raises(MisconfigurationError, match=said):
        execute(linked.grant_schema(schema="crm"))
    assert linked.held() == set()


def test_a_machine_without_md5_is_told_of_sha256(segment: Segment, mocker: MockerFixture) -> None:
    # As OpenSSL says it under FIPS; an md5 user's login asks for one.
    mocker.patch("redshift_connector.connect", side_effect=ValueError("error:060800A3: disabled for fips"))
    with pytest.raises(MisconfigurationError, match=r'disabled for fips.* for user awsuser: .*password_hash="sha256"'):
        execute(segment.grant_both())


@pytest.mark.parametrize("name", CONNECTING)
@pytest.mark.parametrize("case", LASTING)
def test_what_a_person_has_to_correct_fails_at_once(
    segment: Segment, case: str, name: str, mocker: MockerFixture
) -> None:
    fields, count, said = LASTING[case]
    if (name, case) == ("reverse_etl", "unknown database"):
        pytest.skip("it connects to the database that it is given")
    segment.admin_connection(**fields)
    connects = mocker.spy(redshift_connector, "connect")
    with quickly(), pytest.raises(MisconfigurationError, match=f"redshift_default{said}") as failure:
        execute(CONNECTING[name](segment))
    assert isinstance(failure.value, AirflowFailException)
    assert connects.call_count == count
    assert len(failure.value.problems) == 1
    assert "Wrong-Secret-1" not in str(failure.value) and segment.server.password not in str(failure.value)


@pytest.mark.parametrize(("extra", "seconds"), [({}, TIMEOUT), ({"timeout": 7}, 7)])
def test_login_and_statements_are_limited_in_time(
    segment: Segment, mocker: MockerFixture, extra: dict[str, float], seconds: float
) -> None:
    segment.admin_connection(extra={"ssl": False, **extra})
    connects = mocker.spy(redshift_connector, "connect")
    with closing(DataGraphHook().get_conn()) as connection:
        assert connects.call_args.kwargs["timeout"] == seconds
        assert not connection.autocommit


def test_the_server_ends_a_statement_that_takes_too_long(segment: Segment) -> None:
    segment.make_identities()
    segment.admin_connection(extra={"ssl": False, "timeout": 1})
    with closing(connect(segment.server, segment.warehouse, autocommit=False)) as other:
        run(other, "GRANT SELECT ON crm.accounts TO PUBLIC")
        with pytest.raises(PassingFaultError, match="57014"):
            execute(segment.grant_schema(schema="crm", tables=["accounts"]))
    assert segment.held() == set()
