"""Sensors and their trigger, as far as they reach no server."""

from __future__ import annotations

import asyncio
import math
import threading
from configparser import ConfigParser
from datetime import timedelta
from typing import Any

import pytest
from airflow.configuration import conf
from airflow.providers.common.compat.sdk import AirflowException, AirflowSensorTimeout, AirflowSkipException, Asset
from pytest_mock import MockerFixture

from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.engine.looks import Look
from airflow_provider_datagraph.exceptions import DataGraphError, MisconfigurationError, PassingFaultError
from airflow_provider_datagraph.sensors.access import ValidateAccessSensor
from airflow_provider_datagraph.sensors.assets import schema_uri
from airflow_provider_datagraph.sensors.base import DataGraphSensor
from airflow_provider_datagraph.sensors.profiles_sync import ProfilesSyncTablesSensor
from airflow_provider_datagraph.triggers.poll import Pauses, PollTrigger, Sight
from airflow_provider_datagraph.triggers.watch import STUCK, Subscription, Watcher


def test_a_trigger_is_stored_as_it_was_made() -> None:
    trigger = PollTrigger("access", {"tables": []}, 5.0, 9.0, 7.0)
    # As Airflow's own have it.
    assert trigger.trigger_id is None
    path, arguments = trigger.serialize()
    assert path == "airflow_provider_datagraph.triggers.PollTrigger"
    given = {"probe": "access", "arguments": {"tables": []}, "poke_interval": 5.0, "deadline": 9.0, "look_timeout": 7.0}
    assert arguments == {**given, "exponential_backoff": False, "max_wait": None, "silent_fail": False}


def test_a_sensor_waits_by_itself() -> None:
    bare = DataGraphSensor(task_id="bare")
    assert (bare.wait, bare.deferrable, bare.redshift_conn_id, bare.index) == (True, None, "redshift_default", None)


SET = "AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE"


@pytest.mark.parametrize("mode", ["poke", "reschedule"])
@pytest.mark.parametrize(("deferrable", "where", "defers"), [
    (None, None, True), (None, "True", True), (None, "False", False), (None, "[operators]", False),
    # As Airflow writes the file itself.
    (None, "[operators]\ndefault_owner = airflow", True),
    (True, "False", True), (False, "True", False),
])  # fmt: skip
def test_it_defers_unless_somebody_says_no(
    monkeypatch: pytest.MonkeyPatch, mode: str, deferrable: bool | None, where: str | None, defers: bool
) -> None:
    monkeypatch.delenv(SET, raising=False)
    options = ("default_deferrable", "default_owner")
    # Airflow may have written its airflow.cfg into the tests' home by now.
    kept = {one: conf.get("operators", one) for one in options if ConfigParser.has_option(conf, "operators", one)}
    for one in kept:
        conf.remove_option("operators", one, remove_default=False)
    if where and where.startswith("["):
        # What airflow.cfg holds; the shipped values are kept elsewhere.
        conf.read_string(f"{where}\ndefault_deferrable = False")
    elif where is not None:
        monkeypatch.setenv(SET, where)
    try:
        if deferrable and mode == "reschedule":
            with pytest.raises(MisconfigurationError, match="deferrable is True, and mode"):
                DataGraphSensor(task_id="bare", deferrable=deferrable, mode=mode)
            return
        sensor = DataGraphSensor(task_id="bare", deferrable=deferrable, mode=mode)
        assert sensor._defers() is (defers and mode == "poke")
    finally:
        for one in options:
            conf.remove_option("operators", one, remove_default=False)
        conf.read_dict({"operators": kept} if kept else {})


@pytest.mark.parametrize("interval", [0, timedelta(0)])
def test_looks_without_a_pause_are_refused(interval: Any) -> None:
    with pytest.raises(MisconfigurationError, match="poke_interval is 0"):
        DataGraphSensor(task_id="bare", poke_interval=interval)


@pytest.mark.parametrize(("pauses", "seconds"), [
    # Four looks, two faults, a look.
    (Pauses(60), [60, 60, 60, 60, 60, 120, 60]),
    (Pauses(60, grows=True), [60, 120, 240, 480, 960, 1920, 3840]),
    (Pauses(60, grows=True, longest=100), [60, 100, 100, 100, 100, 100, 100]),
])  # fmt: skip
def test_pauses_grow_after_faults_and_where_it_is_asked_for(pauses: Pauses, seconds: list[float]) -> None:
    assert [pauses.after(fault=4 <= at <= 5) for at in range(7)] == seconds
    assert Pauses(60, longest=10).after(fault=False) == 60


@pytest.mark.parametrize(("interval", "most"), [(1, 8), (60, 300), (3600, 3600)])
def test_pauses_after_faults_have_an_end(interval: float, most: float) -> None:
    pauses = Pauses(interval)
    assert [pauses.after(fault=True) for _ in range(40)][-1] == most


def test_looks_do_not_come_in_step() -> None:
    async def planned() -> list[float]:
        one, found = Subscription("access", {}, 0.0), []
        one.seen, one.waiting[one] = 0.0, (60.0, math.inf)
        for _ in range(100):
            one.plan()
            found.append(one.next)
        return found

    seconds = asyncio.run(planned())
    assert 57 <= min(seconds) < 59 and 61 < max(seconds) <= 63


def test_a_look_that_never_ends_is_given_up(mocker: MockerFixture) -> None:
    mocker.patch("airflow_provider_datagraph.triggers.watch.GRACE", 0.0)
    over = threading.Event()

    async def look() -> str:
        made, one = Watcher(("a", None, 1.0), {}), Subscription("access", {}, 0.0)
        made.sessions = mocker.Mock(seconds=0.0, take_all=lambda *_: over.wait())
        one.probe, answer = mocker.sentinel.probe, one.answer
        assert await made._look([one], final=True) == []
        return str(answer.result())

    try:
        assert asyncio.run(asyncio.wait_for(look(), 10)) == STUCK
        # Nor does a triggerer that ends wait for it.
        assert {one.daemon for one in threading.enumerate() if one.name == "datagraph-look"} == {True}
    finally:
        over.set()


def test_a_state_is_told_when_it_changes_and_once_an_hour(mocker: MockerFixture) -> None:
    clock = mocker.patch("airflow_provider_datagraph.triggers.poll.time.monotonic")
    log, sight = mocker.Mock(spec=["info"]), Sight()
    assert (sight.message, sight.report) == ("nothing was seen yet", {})
    looks = {name: Look(Report(), f"{name} lacks.") for name in ("crm", "ads")}
    hours = 48
    for minute in range(60 * hours):
        clock.return_value = 60.0 * minute
        seen: Look | Exception = looks["crm"]
        if minute == 90:
            seen = PassingFaultError("Gone.")
        elif minute > 90:
            seen = looks["ads"]
        sight.saw(seen, log)
    told = [call.args[1] for call in log.info.call_args_list]
    assert told[:5] == ["crm lacks.", "crm lacks.", "Gone. Before that: crm lacks.", "ads lacks.", "ads lacks."]
    assert len(told) == 4 + hours - 2
    assert sight.report == Report().as_dict()


def test_an_aws_connection_that_came_to_nothing_is_not_left_out() -> None:
    bare, given = DataGraphSensor(task_id="bare"), DataGraphSensor(task_id="given", aws_conn_id="mine")
    assert (bare.aws_id, given.aws_id) == (None, "mine")
    given.render_template_fields({})
    # As a template may come to, where Jinja renders Python's values. The hook refuses a blank one.
    given.aws_conn_id = None
    assert given.aws_id == ""


@pytest.mark.parametrize(("place", "uri"), [
    (("Cluster-1.eu.redshift.amazonaws.com", 5439, "dev", "crm"), "cluster-1.eu.redshift.amazonaws.com:5439/dev/crm"),
    (("h", 1, "größe/1", "a b.c%"), "h:1/gr%C3%B6%C3%9Fe%2F1/a%20b.c%25"),
    (("[::1]", 5439, "dev", "{{ x }}"), "[::1]:5439/dev/%7B%7B%20x%20%7D%7D"),
])  # fmt: skip
def test_a_schema_s_uri_is_taken_as_it_is(place: tuple[str, int, str, str], uri: str) -> None:
    assert Asset(schema_uri(*place)).uri == schema_uri(*place) == f"x-redshift://{uri}"


def test_outlets_are_kept_beside_the_alias() -> None:
    sensor = ProfilesSyncTablesSensor(task_id="wait", schema="profiles", outlets=[Asset("x-mine://a")])
    assert [getattr(one, "name", "") or one.uri for one in sensor.outlets][-1] == "segment-profiles-sync-ready"
    assert sensor.outlets[0] == Asset("x-mine://a")
    assert len(sensor.outlets) == 2
    assert [one.name for one in ValidateAccessSensor(task_id="v", schemas="crm").outlets] == ["segment-access-granted"]


def test_what_it_found_is_said_in_a_line(mocker: MockerFixture) -> None:
    log = mocker.patch.object(ProfilesSyncTablesSensor, "log")
    event = {"status": "done", "report": Report(in_place=6).as_dict(), "message": "All 6 tables are there"}
    ProfilesSyncTablesSensor(task_id="wait", schema="profiles").resume({}, event)
    # A sensor has nothing to change, so nothing is said of it.
    log.info.assert_called_once_with("%s", "All 6 tables are there")


def test_an_event_that_is_not_known_is_an_error() -> None:
    with pytest.raises(DataGraphError, match="done_too_early"):
        DataGraphSensor(task_id="bare").resume({}, {"status": "done_too_early"})


@pytest.mark.parametrize("said", ["Trigger timeout", "Trigger/execution timeout"])
def test_airflows_own_deferral_timeout_is_a_sensor_timeout(said: str) -> None:
    # A triggerer that is down sends no event; the scheduler ends the deferral with this: Airflow 3's text, and 2.11's.
    with pytest.raises(AirflowSensorTimeout):
        DataGraphSensor(task_id="bare").resume_execution("__fail__", {"error": said}, {})
    with pytest.raises(AirflowSkipException):
        DataGraphSensor(task_id="bare", soft_fail=True).resume_execution("__fail__", {"error": said}, {})


def test_a_trigger_that_failed_is_an_error_and_no_skip() -> None:
    with pytest.raises(AirflowException, match="Trigger failure") as raised:
        sensor = DataGraphSensor(task_id="bare", soft_fail=True)
        sensor.resume_execution("__fail__", {"error": "Trigger failure", "traceback": ["a line"]}, {})
    assert not isinstance(raised.value, AirflowSkipException | AirflowSensorTimeout)
