"""What a person has to correct: told at once, never retried, never skipped. What passes by itself: waited out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException, PokeReturnValue

from airflow_provider_datagraph.exceptions import MisconfigurationError
from tests.integration.conftest import unique
from tests.integration.sensors.conftest import SetConnection
from tests.integration.sensors.support import House, connection_json, deferred, fire, resumed, trigger_of, user_json

# Each case makes something wrong and names the sensor, its arguments, and what the message has to hold.
Case = tuple[str, dict[str, Any], str]


def admin_password(house: House, define: SetConnection) -> Case:
    define(house.admin_conn, connection_json(house.server, password="Wrong-1-password"))
    return "profiles_sync", {}, f"Connection {house.admin_conn}: .* refuses the login or password of user awsuser"


def user_password(house: House, define: SetConnection) -> Case:
    define(house.user_conn, user_json(house, password="Wrong-1-password"))
    return "access", {}, f"Connection {house.user_conn}: .* refuses the login or password of user {house.user}"


def user_missing(house: House, define: SetConnection) -> Case:
    define(house.user_conn, user_json(replace(house, user=unique("nobody"))))
    return "access", {}, f"Connection {house.user_conn}: .* refuses the login"


def admin_connection_missing(house: House, define: SetConnection) -> Case:
    return "profiles_sync", {"redshift_conn_id": "nowhere"}, "onnection nowhere isn't defined"


def user_connection_missing(house: House, define: SetConnection) -> Case:
    return "access", {"user_conn_id": "nowhere"}, "onnection nowhere isn't defined"


def checkpoint_database_unknown(house: House, define: SetConnection) -> Case:
    return "access", {"database": "atlantis"}, "there is no database atlantis"


def profiles_database_unknown(house: House, define: SetConnection) -> Case:
    return "profiles_sync", {"database": "atlantis"}, "no database atlantis"


def admin_database_unknown(house: House, define: SetConnection) -> Case:
    define(house.admin_conn, connection_json(house.server, schema="atlantis"))
    return "profiles_sync", {}, "there is no database atlantis"


def tls_refused(house: House, define: SetConnection) -> Case:
    define(house.admin_conn, connection_json(house.server, extra={"ssl": True}))
    return "profiles_sync", {}, "TLS"


def stray_extra(house: House, define: SetConnection) -> Case:
    define(house.admin_conn, connection_json(house.server, extra={"ssl": False, "sssl": True}))
    return "profiles_sync", {}, "sssl"


def other_type(house: House, define: SetConnection) -> Case:
    define(house.admin_conn, '{"conn_type": "postgres", "host": "127.0.0.1"}')
    return "profiles_sync", {}, "type postgres"


CASES = [
    admin_password,
    user_password,
    user_missing,
    admin_connection_missing,
    user_connection_missing,
    checkpoint_database_unknown,
    profiles_database_unknown,
    admin_database_unknown,
    tls_refused,
    stray_extra,
    other_type,
]
MakeCase = Callable[[House, SetConnection], Case]
cases = pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)


@cases
@pytest.mark.parametrize("deferrable", [True, False])
def test_a_poke_fails_at_once(house: House, set_connection: SetConnection, make: MakeCase, deferrable: bool) -> None:
    kind, arguments, message = make(house, set_connection)
    sensor = house.sensor(kind, soft_fail=True, timeout=0, deferrable=deferrable, **arguments)
    with pytest.raises(MisconfigurationError, match=message) as raised:
        sensor.execute({})
    # Airflow doesn't retry this one.
    assert isinstance(raised.value, AirflowFailException)
    assert not isinstance(raised.value, AirflowSkipException)
    assert house.password not in str(raised.value) and house.server.password not in str(raised.value)


@cases
def test_the_trigger_says_the_same(house: House, set_connection: SetConnection, make: MakeCase) -> None:
    kind, arguments, message = make(house, set_connection)
    sensor = house.sensor(kind, soft_fail=True, **arguments)
    payload = fire(trigger_of(sensor))
    assert payload["status"] == "misconfigured"
    with pytest.raises(MisconfigurationError, match=message) as raised:
        resumed(sensor, payload)
    assert list(raised.value.problems) == payload["problems"]
    assert house.password not in str(raised.value) and house.server.password not in str(raised.value)


@pytest.mark.parametrize(
    ("kind", "arguments", "count"),
    [
        ("profiles_sync", {"schema": "pg_catalog", "tables": ["a\x07", "b"]}, 2),
        ("profiles_sync", {"tables": ["", "b"]}, 1),
        ("profiles_sync", {"schema": ["a", "b"]}, 1),
        ("profiles_sync", {"schema": ""}, 1),
        ("access", {"tables": ["only_a_table", "a.b.c.d"], "schemas": ["a.b.c", 'x."y']}, 4),
        ("access", {"tables": None, "schemas": "[]"}, 1),
        ("access", {"schemas": "[crm"}, 1),
    ],
)
def test_arguments_that_make_no_sense(house: House, kind: str, arguments: dict[str, Any], count: int) -> None:
    with pytest.raises(MisconfigurationError) as raised:
        house.sensor(kind, soft_fail=True, **arguments).execute({})
    assert len(raised.value.problems) == count, raised.value.problems


@pytest.mark.parametrize("wait", ["yes", "", 1, None])
@pytest.mark.parametrize("kind", ["access", "profiles_sync"])
def test_wait_is_true_or_false_and_nothing_else(house: House, kind: str, wait: Any) -> None:
    with pytest.raises(MisconfigurationError, match="wait is"):
        house.sensor(kind, wait=wait).execute({})


@pytest.mark.parametrize(
    ("kind", "given"),
    [("access", {"tables": ["only_a_table"]}), ("profiles_sync", {"schema": "pg_catalog", "user_conn_id": "linked"})],
)
@pytest.mark.parametrize("deferrable", [True, False])
def test_arguments_and_connections_are_told_at_once(
    house: House, set_connection: SetConnection, kind: str, given: dict[str, Any], deferrable: bool
) -> None:
    set_connection(house.admin_conn, connection_json(house.server, port=70000, extra={"ssl": "perhaps"}))
    set_connection(given.setdefault("user_conn_id", house.user_conn), user_json(house, password=""))
    with pytest.raises(MisconfigurationError) as raised:
        house.sensor(kind, wait="maybe", deferrable=deferrable, soft_fail=True, **given).execute({})
    wanted = ("wait is", "only_a_table" if kind == "access" else "'pg_catalog'", "no port 70000", "ssl is", "password")
    for part in wanted:
        assert [part in problem for problem in raised.value.problems].count(True) == 1, (part, raised.value.problems)
    assert len(raised.value.problems) == len(wanted)


def port_refused(house: House, define: SetConnection) -> Case:
    define(house.admin_conn, connection_json(house.server, port=1))
    return "profiles_sync", {}, "127.0.0.1:1 can't be reached"


def user_port_refused(house: House, define: SetConnection) -> Case:
    define(house.user_conn, user_json(house, port=1))
    return "access", {}, "127.0.0.1:1 can't be reached"


@pytest.mark.parametrize("make", [port_refused, user_port_refused], ids=lambda make: make.__name__)
def test_a_passing_fault_is_no_failure(house: House, set_connection: SetConnection, make: MakeCase) -> None:
    house.make_crm()
    kind, arguments, message = make(house, set_connection)
    assert deferred(house.sensor(kind, **arguments)).method_name == "resume"
    poked = house.sensor(kind, deferrable=False, **arguments).poke({})
    assert isinstance(poked, PokeReturnValue) and not poked
    payload = fire(trigger_of(house.sensor(kind, **arguments), seconds=0))
    assert payload["status"] == "timeout"
    assert message in payload["message"]
