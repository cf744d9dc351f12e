"""A connection that fails: what passes by itself is left to Airflow's retries; what doesn't is never tried again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import redshift_connector
from airflow.providers.common.compat.sdk import AirflowFailException
from pytest_mock import MockerFixture

from airflow_provider_datagraph.exceptions import MisconfigurationError, PassingFaultError
from airflow_provider_datagraph.hooks.connecting import CONNECT_TIMEOUT
from airflow_provider_datagraph.hooks.redshift import DataGraphHook
from local_redshift.faults_client import Faults
from tests.integration.faults.support import hang_up, listening, quickly, reset, silence
from tests.integration.world import CONNECTING, OPERATORS, World, execute

Stage = tuple[World, Faults, ExitStack]
Arrange = Callable[[Stage], str]


@pytest.fixture
def stage(world: World, faults: Faults) -> Iterator[Stage]:
    with ExitStack() as stack:
        yield world, faults, stack


def at(stage: Stage, answer: Any, **fields: Any) -> str:
    """Send the admin connection to a port that answers in another way than a server."""
    port = stage[2].enter_context(listening(answer))
    stage[0].admin_connection(port=port, **fields)
    return f"127.0.0.1:{port}"


def refused(stage: Stage) -> str:
    at(stage, None)
    return "refused"


def unresolved(stage: Stage) -> str:
    # A name that no resolver may know: https://www.rfc-editor.org/rfc/rfc6761#section-6.4
    stage[0].admin_connection(host="cluster.invalid")
    return "cluster.invalid:"


def timed_out(stage: Stage) -> str:
    at(stage, silence, extra={"ssl": False, "timeout": 0.3})
    return "timed out"


def timed_out_in_tls(stage: Stage) -> str:
    at(stage, silence, extra={"timeout": 0.3})
    return "connection time out"


def reset_at_once(stage: Stage) -> str:
    return at(stage, reset)


def closed_at_login(stage: Stage) -> str:
    at(stage, hang_up)
    return "server socket closed"


def reset_at_login(stage: Stage) -> str:
    stage[1].cut_before("-- login", times=None)
    return "reset"


def reset_after_login(stage: Stage) -> str:
    stage[1].cut_after("-- login", times=None)
    return "reset"


def starting_up(stage: Stage) -> str:
    stage[1].error("-- login", "57P03", "the database system is starting up", severity="FATAL", times=None)
    return "starting up"


def too_many_connections(stage: Stage) -> str:
    stage[1].error("-- login", "53300", 'too many connections for user "x"', severity="FATAL", times=None)
    return "too many connections"


def stopped(stage: Stage) -> str:
    stage[1].stop()
    return "refused"


PASSING = [
    refused,
    unresolved,
    timed_out,
    timed_out_in_tls,
    reset_at_once,
    closed_at_login,
    reset_at_login,
    reset_after_login,
    starting_up,
    too_many_connections,
    stopped,
]


def name_of(arrange: Any) -> str:
    return str(arrange.__name__)


@pytest.mark.parametrize("arrange", PASSING, ids=name_of)
def test_a_passing_fault_is_tried_once_and_left_to_airflow(
    stage: Stage, arrange: Arrange, mocker: MockerFixture
) -> None:
    said = arrange(stage)
    connects = mocker.spy(redshift_connector, "connect")
    with quickly(), pytest.raises(PassingFaultError) as failure:
        execute(stage[0].grant_schema())
    text = str(failure.value)
    assert not isinstance(failure.value, AirflowFailException)
    assert connects.call_count == 1
    assert text.startswith("Connection redshift_default: ") and "can't be reached" in text and said in text
    assert "it is tried again" in text and "check the host" in text
    assert stage[0].server.password not in text


@pytest.mark.parametrize("name", CONNECTING)
def test_every_operator_tries_once(world: World, faults: Faults, name: str, mocker: MockerFixture) -> None:
    faults.cut_before("-- login", times=None)
    connects = mocker.spy(redshift_connector, "connect")
    with quickly(), pytest.raises(PassingFaultError, match="can't be reached"):
        execute(CONNECTING[name](world))
    assert connects.call_count == 1


@pytest.mark.parametrize("name", ["role", "check"])
def test_an_unreachable_user_connection_is_no_wrong_password(linked: World, faults: Faults, name: str) -> None:
    # The user exists, so its login is tried; whether the password is right can't be told.
    before = linked.snapshot()
    faults.cut_before(f"-- login {linked.user}", times=None)
    with quickly(), pytest.raises(PassingFaultError, match=r"Connection segment_linked_user: .* can't be reached"):
        execute(OPERATORS[name](linked))
    faults.clear()
    assert linked.snapshot() == before


def wrong_password(world: World) -> tuple[int, str]:
    world.admin_connection(password="Wrong-Secret-1")
    return 1, r"redshift_default: .* refuses the login or password of user awsuser .*: correct the connection"


def unknown_login(world: World) -> tuple[int, str]:
    world.admin_connection(login="nobody_at_all")
    return 1, r"redshift_default: .* refuses the login or password of user nobody_at_all .*: correct"


def unknown_database(world: World) -> tuple[int, str]:
    world.admin_connection(schema="atlantis")
    return 1, r"redshift_default: there is no database atlantis at .*: correct the name"


def no_tls_there(world: World) -> tuple[int, str]:
    world.admin_connection(extra={})
    return 1, r"redshift_default: TLS with .* fails .*: the server speaks no TLS there"


def stray_extra(world: World) -> tuple[int, str]:
    world.admin_connection(extra={"ssl": False, "sslmod": "verify-ca"})
    return 0, r"redshift_default holds sslmod, which nothing reads: remove or correct it"


def ill_typed_extra(world: World) -> tuple[int, str]:
    world.admin_connection(extra={"ssl": False, "timeout": "soon"})
    return 0, r"redshift_default can't be used: timeout is 'soon': give a number above 0"


def host_with_port(world: World) -> tuple[int, str]:
    world.admin_connection(host="cluster.example.com:5439/dev")
    return 0, r"redshift_default: its host isn't a host's name alone: port and database have fields"


LASTING = [
    wrong_password,
    unknown_login,
    unknown_database,
    no_tls_there,
    stray_extra,
    ill_typed_extra,
    host_with_port,
]


@pytest.mark.parametrize("name", CONNECTING)
@pytest.mark.parametrize("arrange", LASTING, ids=name_of)
def test_what_a_person_has_to_correct_fails_at_once(
    world: World, arrange: Callable[[World], tuple[int, str]], name: str, mocker: MockerFixture
) -> None:
    count, said = arrange(world)
    if (name, arrange) == ("reverse_etl", unknown_database):
        pytest.skip("it connects to the database that it is given")
    connects = mocker.spy(redshift_connector, "connect")
    with quickly(), pytest.raises(MisconfigurationError, match=said) as failure:
        execute(CONNECTING[name](world))
    assert isinstance(failure.value, AirflowFailException)
    assert connects.call_count == count
    assert len(failure.value.problems) == 1
    assert "Wrong-Secret-1" not in str(failure.value) and world.server.password not in str(failure.value)


def test_a_login_is_limited_in_time_and_a_statement_is_not(world: World, mocker: MockerFixture) -> None:
    connects = mocker.spy(redshift_connector, "connect")
    with DataGraphHook().get_conn() as connection:
        assert connection._usock.gettimeout() is None
    assert connects.call_args.kwargs["timeout"] == CONNECT_TIMEOUT
    world.admin_connection(extra={"ssl": False, "timeout": 7})
    with DataGraphHook().get_conn() as connection:
        assert connection._usock.gettimeout() == 7
