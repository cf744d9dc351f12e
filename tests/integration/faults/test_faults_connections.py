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
from airflow_provider_datagraph.hooks.redshift import TIMEOUT
from local_redshift.faults_client import Faults
from tests.integration.faults.support import hang_up, listening, quickly, reset, silence
from tests.support.redshift import connect, run
from tests.support.segment import CONNECTING, Segment, execute

FATAL: dict[str, Any] = {"severity": "FATAL", "times": None}


# Who answers at a port where no server is, or what the server is told to do; the admin connection's other fields, and
# what is said.
NOBODY: dict[str, tuple[Any, dict[str, Any], str]] = {
    "refused": (None, {}, "refused"),
    "timed out": (silence, {"extra": {"ssl": False, "timeout": 0.3}}, "timed out"),
    "timed out in TLS": (silence, {"extra": {"timeout": 0.3}}, "connection time out"),
    "reset at once": (reset, {}, "127.0.0.1:"),
    "closed at login": (hang_up, {}, "server socket closed"),
    # A name that no resolver may know: https://www.rfc-editor.org/rfc/rfc6761#section-6.4
    "unresolved": (None, {"host": "cluster.invalid"}, "cluster.invalid:"),
}
ORDERS: dict[str, tuple[Callable[[Faults], object], str]] = {
    "reset at login": (lambda faults: faults.cut_before("-- login", times=None), "reset"),
    "reset after login": (lambda faults: faults.cut_after("-- login", times=None), "reset"),
    "starting up": (
        lambda faults: faults.error("-- login", "57P03", "the database system is starting up", **FATAL),
        "starting up",
    ),
    "stopped": (Faults.stop, "refused"),
}


@pytest.mark.parametrize("case", [*NOBODY, *ORDERS])
def test_what_passes_is_tried_once_and_left_to_airflow(
    segment: Segment, faults: Faults, case: str, mocker: MockerFixture
) -> None:
    answer, fields, said = NOBODY.get(case, (None, {}, ""))
    connects = mocker.spy(redshift_connector, "connect")
    with listening(answer) as port, quickly(), pytest.raises(PassingFaultError) as failure:
        if case in ORDERS:
            act, said = ORDERS[case]
            act(faults)
        else:
            segment.admin_connection(**{"port": port, **fields})
        execute(segment.grant_both())
    text = str(failure.value)
    assert not isinstance(failure.value, AirflowFailException)
    assert connects.call_count == 1
    assert text.startswith("Connection redshift_default: ") and said in text
    assert "It will be tried again; if it stays so, " in text
    assert ("check host and port" in text) is ("can't be reached" in text)
    assert segment.server.password not in text


@pytest.mark.parametrize("name", ["role", "check", "rotate"])
def test_an_unreachable_user_connection_is_no_wrong_password(linked: Segment, faults: Faults, name: str) -> None:
    # The user exists, so its login is tried; whether the password is right can't be told.
    before = linked.snapshot()
    faults.cut_before(f"-- login {linked.user}", times=None)
    with quickly(), pytest.raises(PassingFaultError, match=r"Connection segment_linked_user: .* can't be reached"):
        execute(CONNECTING[name](linked))
    faults.clear()
    assert linked.snapshot() == before


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
    "all taken": ("53300", "too many connections", PassingFaultError, "is full (53300: too many connections)"),
    "no memory": ("53200", "out of memory", PassingFaultError, "can't take a login now (53200: out of memory)"),
    "unknown": ("XX000", "Internal error", PassingFaultError, "can't take a login now (XX000"),
    "unable": ("0A000", "not here", MisconfigurationError, "refuses the login of user awsuser (0A000"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_a_refused_login_keeps_the_server_s_words_and_changes_no_password(
    linked: Segment, faults: Faults, case: str, mocker: MockerFixture
) -> None:
    code, text, kind, said = ANSWERS[case]
    faults.error(f"-- login {linked.user}", code, text, **FATAL)
    with linked.cluster.untouched(), quickly(), pytest.raises(kind):
        execute(linked.rotate())
    faults.error("-- login", code, text, **FATAL)
    connects = mocker.spy(redshift_connector, "connect")
    with quickly(), pytest.raises(kind) as failure:
        execute(linked.grant_both())
    assert type(failure.value) is kind and connects.call_count == 1
    told = str(failure.value)
    assert told.startswith("Connection redshift_default: ") and text in told and said in told and "'M'" not in told


def test_a_user_s_own_limit_is_told(linked: Segment) -> None:
    linked.cluster.sql("dev", f"ALTER USER {linked.user} CONNECTION LIMIT 0")
    with pytest.raises(PassingFaultError, match=f'too many connections for user "{linked.user}".* CONNECTION LIMIT of'):
        execute(linked.create_role())


def test_a_machine_without_md5_is_told_of_sha256(segment: Segment, mocker: MockerFixture) -> None:
    # As OpenSSL says it under FIPS; an md5 user's login asks for one.
    mocker.patch("redshift_connector.connect", side_effect=ValueError("error:060800A3: disabled for fips"))
    with pytest.raises(MisconfigurationError, match=r'disabled for fips.* for user awsuser: .*password_hash="sha256"'):
        execute(segment.grant_both())


# The fields, and what is said of connection redshift_default.
LASTING: list[tuple[dict[str, Any], str]] = [
    (
        {"password": "Wrong-Secret-1"},
        r": .* refuses the login or password of user awsuser \(28000\): correct the connection. It says: password .*"
        "[.] .* where the password is disabled, or its VALID UNTIL is over",
    ),
    ({"login": "nobody"}, ": .* refuses the login or password of user nobody .*: correct"),
    ({"schema": "atlantis"}, ": there is no database atlantis at .*: correct the name"),
    ({"extra": {}}, ": TLS with .* fails .*: the server speaks no TLS there: correct host and port"),
]


@pytest.mark.parametrize("name", CONNECTING)
def test_every_operator_connects_once_whether_it_passes_or_not(
    segment: Segment, faults: Faults, name: str, mocker: MockerFixture
) -> None:
    connects = mocker.spy(redshift_connector, "connect")
    faults.cut_before("-- login", times=None)
    with quickly(), pytest.raises(PassingFaultError, match="can't be reached"):
        execute(CONNECTING[name](segment))
    assert connects.call_count == 1 and connects.call_args.kwargs["timeout"] == TIMEOUT
    faults.clear()
    for fields, said in LASTING:
        if name == "reverse_etl" and "schema" in fields:
            # It connects to the database that it is given.
            continue
        segment.admin_connection(**fields)
        connects.reset_mock()
        with quickly(), pytest.raises(MisconfigurationError, match=f"redshift_default{said}") as failure:
            execute(CONNECTING[name](segment))
        assert isinstance(failure.value, AirflowFailException)
        assert connects.call_count == 1
        assert len(failure.value.problems) == 1
        assert "Wrong-Secret-1" not in str(failure.value) and segment.server.password not in str(failure.value)


def test_the_server_ends_a_statement_that_takes_too_long(segment: Segment) -> None:
    segment.make_identities()
    segment.admin_connection(extra={"ssl": False, "timeout": 1})
    with closing(connect(segment.server, segment.warehouse, autocommit=False)) as other:
        run(other, "GRANT SELECT ON crm.accounts TO PUBLIC")
        with pytest.raises(PassingFaultError, match="57014"):
            execute(segment.grant_schema(schema="crm", tables=["accounts"]))
    assert segment.held() == set()
