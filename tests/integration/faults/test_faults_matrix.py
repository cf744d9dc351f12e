"""Every mode of the sensors with every end of a wait: state, tries, what is said and what is returned.

It runs `execute`, `poke` and the stored trigger in this process, on every Airflow: `make test-matrix`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, NamedTuple
from unittest.mock import Mock

import pytest
from airflow.providers.common.compat.connection import get_async_connection
from airflow.providers.common.compat.sdk import (
    AirflowFailException,
    AirflowNotFoundException,
    AirflowSensorTimeout,
    AirflowSkipException,
    BaseHook,
    TaskDeferred,
)
from pytest_mock import MockerFixture

from airflow_provider_datagraph.redshift.catalog.schemas import read_namespaces
from airflow_provider_datagraph.sensors.base import DataGraphSensor
from airflow_provider_datagraph.triggers.poll import PollTrigger
from local_redshift.faults_client import Faults
from tests.integration.faults.support import MORE, sensor
from tests.support.segment import Segment
from tests.support.waiting import PATIENCE, fire

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
MODES: dict[str, dict[str, Any]] = {
    "poke": {"deferrable": False},
    "reschedule": {"mode": "reschedule"},
    "deferred": {"deferrable": True},
}
modes = pytest.mark.parametrize("mode", MODES)
names = pytest.mark.parametrize("name", MORE)


class End(NamedTuple):
    """How a task with one retry ends: `tries` is 2 where Airflow would try it again."""

    state: str
    tries: int
    message: str
    report: dict[str, Any] | None


def rescheduled(make: Callable[[], DataGraphSensor], context: dict[str, Any]) -> Any:
    """Execute a sensor as often as it says, each time as another process would: a new one."""
    for count in range(10_000):
        context["task_reschedule_count"] = count
        try:
            return make().execute(context)
        except Exception as error:
            if type(error).__name__ != "AirflowRescheduleException":
                raise
            until: datetime = error.reschedule_date  # type: ignore[attr-defined]  # not told apart, as above
            time.sleep(max(0.0, (until - datetime.now(UTC)).total_seconds()))
    raise AssertionError("it never ends")


def whole(make: Callable[[], DataGraphSensor], mode: str, context: dict[str, Any]) -> Any:
    if mode == "reschedule":
        return rescheduled(make, context)
    try:
        return make().execute(context)
    except TaskDeferred as deferral:
        _, stored = deferral.trigger.serialize()
        event = fire(PollTrigger(**json.loads(json.dumps(stored))))
    given = {"event": json.loads(json.dumps(event))}
    return make().resume_execution("resume", given, context)  # type: ignore[arg-type]  # a context has more


def end(segment: Segment, name: str, mode: str, **arguments: Any) -> End:
    """Let a sensor come to its end."""
    began, pushed = datetime.now(UTC), dict[str, Any]()
    ti = Mock(max_tries=1, get_first_reschedule_date=lambda context: began)
    ti.xcom_push = lambda key, value: pushed.update({key: value})
    if version("apache-airflow").startswith("2."):
        # It would ask its database.
        segment.monkeypatch.setattr("airflow.sensors.base._orig_start_date", lambda **_: began)
    given = {"timeout": PATIENCE, "retries": 1, **MODES[mode], **arguments}
    try:
        report = whole(lambda: sensor(segment, name, **given), mode, {"ti": ti})
    except AirflowSkipException as error:
        return End("skipped", 1, str(error), pushed.get("return_value"))
    except Exception as error:
        tries = 1 if isinstance(error, AirflowFailException | AirflowSensorTimeout) else 2
        return End("failed", tries, str(error), pushed.get("return_value"))
    return End("success", 1, "", report)


@modes
@names
@pytest.mark.parametrize("option", ["", "soft_fail", "never_fail"])
def test_a_timeout_tells_and_returns_all_that_is_missing(opened: Segment, name: str, mode: str, option: str) -> None:
    more = {"tables": [*MORE[name]["tables"], *(one.replace("later", "latest") for one in MORE[name]["tables"])]}
    found = end(opened, name, mode, timeout=0.2, **more, **({option: True} if option else {}))
    assert (found.state, found.tries) == ("skipped" if option else "failed", 1)
    assert found.message.startswith("The sensor waited 0.2 s. ")
    assert all(f"{one}" in found.message for one in ("later", "latest"))
    assert found.report is not None
    assert all(any(one in row["text"] for row in found.report["findings"]) for one in ("later", "latest"))


@modes
@names
@pytest.mark.parametrize("option", ["", "soft_fail", "never_fail", "silent_fail"])
def test_a_misconfiguration_is_neither_hidden_nor_waited_out(
    opened: Segment, name: str, mode: str, option: str
) -> None:
    opened.admin_connection(password="Wrong-Secret-1")
    found = end(opened, name, mode, **({option: True} if option else {}))
    assert (found.state, found.tries) == ("failed", 1)
    assert "refuses the login or password" in found.message and "Wrong-Secret-1" not in found.message


Order = Callable[[Faults, MockerFixture, int | None], object]


def statement(code: str, text: str) -> Order:
    return lambda faults, _, times: faults.error("^(select|show)", code, text, times=times)


def at_login(code: str, text: str) -> Order:
    return lambda faults, _, times: faults.error("-- login", code, text, severity="FATAL", times=times)


def secrets_backend(faults: Faults, mocker: MockerFixture, times: int | None) -> None:
    """Airflow's look-up fails, on the worker and in the triggerer."""
    left = [10**6 if times is None else times]

    def failing(real: Callable[..., Any]) -> Callable[..., Any]:
        def look_up(conn_id: str) -> Any:
            left[0] -= 1
            if left[0] >= 0:
                raise RuntimeError("Canary-1")
            return real(conn_id)

        return look_up

    mocker.patch.object(BaseHook, "get_connection", staticmethod(failing(BaseHook.get_connection)))
    path = "airflow.providers.common.compat.connection.get_async_connection"
    mocker.patch(path, failing(get_async_connection))


PASSING: dict[str, tuple[Order, str]] = {
    "cancelled": (statement("57014", "Query cancelled on user's request"), "ended a statement .*57014"),
    "internal error": (statement("XX000", "Internal error"), "XX000: Internal error"),
    "out of memory": (statement("53200", "out of memory"), "53200: out of memory"),
    "disk": (statement("58030", "could not read block"), "58030: could not read block"),
    "schema dropped": (statement("3F000", 'schema "ci_7" does not exist'), 'schema "ci_7" does not exist'),
    "table dropped": (statement("42P01", 'relation "ci_7.t" does not exist'), 'relation "ci_7.t" does not exist'),
    "conflict": (statement("XX000", "tuple already updated by self"), "conflicts .tuple already updated by self"),
    "full": (at_login("53300", "too many clients"), "is full .53300: too many clients.: it has as many connections"),
    "login fails inside": (at_login("XX000", "Internal error"), "can't take a login now .XX000: Internal error"),
    "secrets backend": (secrets_backend, r"Connection redshift_default can't be looked up now \(RuntimeError\)"),
}


@modes
@names
@pytest.mark.parametrize("kind", ["", *PASSING])
def test_what_is_ready_is_returned_once_a_fault_has_passed(
    opened: Segment, faults: Faults, name: str, mode: str, kind: str, mocker: MockerFixture
) -> None:
    if kind:
        order, _ = PASSING[kind]
        # More often than the worker looks before it defers.
        order(faults, mocker, 3)
    found = end(opened, name, mode)
    assert (found.state, found.tries) == ("success", 1)
    assert found.report is not None and found.report["in_place"] > 0


@modes
@pytest.mark.parametrize("kind", PASSING)
def test_a_fault_that_stays_is_named_at_the_timeout(
    opened: Segment, faults: Faults, mode: str, kind: str, mocker: MockerFixture
) -> None:
    order, said = PASSING[kind]
    order(faults, mocker, None)
    found = end(opened, "profiles_sync", mode, timeout=0.2)
    assert (found.state, found.tries) == ("failed", 1)
    with pytest.raises(AssertionError, match=said):
        raise AssertionError(found.message)
    assert found.message.startswith("The sensor waited 0.2 s. ") and "Canary-1" not in found.message


@modes
@pytest.mark.parametrize(("option", "state", "tries"), [
    ("", "failed", 2), ("silent_fail", "success", 1), ("never_fail", "skipped", 1),
])  # fmt: skip
def test_a_bug_is_none_of_these(
    opened: Segment, mode: str, option: str, state: str, tries: int, mocker: MockerFixture
) -> None:
    path = "airflow_provider_datagraph.engine.looks.profiles_sync.read_namespaces"
    mocker.patch(path, side_effect=[KeyError("x")] * 3 + [mocker.DEFAULT] * 99, wraps=read_namespaces)
    found = end(opened, "profiles_sync", mode, **({option: True} if option else {}))
    assert (found.state, found.tries) == (state, tries)


@pytest.mark.parametrize("mode", ["poke", "reschedule"])
def test_a_connection_that_was_there_is_waited_for(opened: Segment, mode: str, mocker: MockerFixture) -> None:
    # Airflow 3 says of a secrets backend that fails that there is no such connection.
    real, looks = BaseHook.get_connection, mocker.spy(DataGraphSensor, "_look_once")

    def look_up(conn_id: str) -> Any:
        if 2 <= looks.call_count <= 3:
            raise AirflowNotFoundException(conn_id)
        if looks.call_count > 4:
            opened.sql("CREATE TABLE IF NOT EXISTS crm.later (id int)")
        return real(conn_id)

    mocker.patch.object(BaseHook, "get_connection", staticmethod(look_up))
    try:
        assert end(opened, "profiles_sync", mode, **MORE["profiles_sync"])[:2] == ("success", 1)
    finally:
        opened.sql("DROP TABLE IF EXISTS crm.later")
