"""What a person has to correct: told at once, never retried, never skipped."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_provider_datagraph.exceptions import MisconfigurationError
from tests.integration.sensors.house import House
from tests.support.redshift import PASSWORD
from tests.support.waiting import fire, resumed, trigger_of

WRONG = {"password": "Wrong-1-password"}
NOWHERE = "onnection nowhere isn't defined"
# What both connections hold beside the usual, the sensor, its arguments, and what the message has to hold.
Case = tuple[dict[str, Any], dict[str, Any], str, dict[str, Any], str]
CASES: dict[str, Case] = {
    "admin's password": (WRONG, {}, "profiles_sync", {}, "Connection redshift_default: .* password of user awsuser"),
    "user's password": ({}, WRONG, "access", {}, "Connection segment_linked_user: .* password of user linked_user"),
    "no such user": ({}, {"login": "nobody"}, "access", {}, "Connection segment_linked_user: .* refuses the login"),
    "no admin connection": ({}, {}, "profiles_sync", {"redshift_conn_id": "nowhere"}, NOWHERE),
    "no user connection": ({}, {}, "access", {"user_conn_id": "nowhere"}, NOWHERE),
    "checkpoint database": ({}, {}, "access", {"checkpoint_database": "atlantis"}, "there is no database atlantis"),
    "profiles' database": ({}, {}, "profiles_sync", {"database": "atlantis"}, "no database atlantis"),
    "admin's database": ({"schema": "atlantis"}, {}, "profiles_sync", {}, "there is no database atlantis"),
    "TLS": ({"extra": {"ssl": True}}, {}, "profiles_sync", {}, "TLS"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_it_fails_at_once_in_every_mode_and_says_the_same(house: House, case: Case) -> None:
    admin, user, kind, arguments, message = case
    house.admin_connection(**admin)
    house.user_connection(**user)
    sensor = house.sensor(kind, soft_fail=True, timeout=0, **arguments)
    payload = fire(trigger_of(sensor))
    assert payload["status"] == "misconfigured"
    poking = house.sensor(kind, soft_fail=True, timeout=0, deferrable=False, **arguments)
    ends: list[Callable[[], Any]] = [partial(one.execute, {}) for one in (sensor, poking)]
    ends.append(partial(resumed, sensor, payload))
    for end in ends:
        with pytest.raises(MisconfigurationError, match=message) as raised:
            end()
        # Airflow doesn't retry this one.
        assert isinstance(raised.value, AirflowFailException)
        assert not isinstance(raised.value, AirflowSkipException)
        assert PASSWORD not in str(raised.value) and house.server.password not in str(raised.value)
    assert list(raised.value.problems) == payload["problems"]


@pytest.mark.parametrize(
    ("kind", "arguments", "count"),
    [
        ("profiles_sync", {"schema": "pg_catalog", "tables": ["a\x07", "b"]}, 2),
        ("profiles_sync", {"schema": ["a", "b"]}, 1),
        ("profiles_sync", {"event_tables": ["•", "a" * 128], "require_rows": "maybe", "max_staleness": "soon"}, 4),
        ("access", {"tables": ["only_a_table", "a.b.c.d"], "schemas": ["a.b.c", 'x."y']}, 4),
        ("access", {"tables": None, "schemas": "[]"}, 1),
    ],
)
def test_arguments_that_make_no_sense(house: House, kind: str, arguments: dict[str, Any], count: int) -> None:
    with pytest.raises(MisconfigurationError) as raised:
        house.sensor(kind, soft_fail=True, **arguments).execute({})
    assert len(raised.value.problems) == count, raised.value.problems


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("access", {"tables": ["only_a_table"]}),
        ("profiles_sync", {"schema": "pg_catalog", "user_conn_id": "segment_linked_user"}),
    ],
)
def test_arguments_and_connections_are_told_at_once(house: House, kind: str, given: dict[str, Any]) -> None:
    house.admin_connection(port=70000, extra={"ssl": "perhaps"})
    house.user_connection(password="")
    with pytest.raises(MisconfigurationError) as raised:
        house.sensor(kind, wait="maybe", soft_fail=True, **given).execute({})
    wanted = ("wait is", "only_a_table" if kind == "access" else "'pg_catalog'", "no port 70000", "ssl is", "password")
    for part in wanted:
        assert [part in problem for problem in raised.value.problems].count(True) == 1, (part, raised.value.problems)
    assert len(raised.value.problems) == len(wanted)
