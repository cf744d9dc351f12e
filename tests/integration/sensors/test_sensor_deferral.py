"""Both sensors: poke once, defer, resume."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException, AirflowSensorTimeout, AirflowSkipException

from airflow_provider_datagraph.access.profiles_sync import REQUIRED_TABLES
from airflow_provider_datagraph.exceptions import DataGraphError
from airflow_provider_datagraph.triggers.poll import PollTrigger
from tests.integration.sensors.house import House
from tests.support.redshift import PASSWORD
from tests.support.waiting import deferred, fire, resumed, trigger_of

KINDS = ("access", "profiles_sync")
both = pytest.mark.parametrize("kind", KINDS)


def arguments(house: House, kind: str) -> dict[str, Any]:
    """What the trigger has to get: everything that a look depends on."""
    if kind == "access":
        return {
            "redshift_conn_id": "redshift_default",
            "aws_conn_id": None,
            "user_conn_id": "segment_linked_user",
            "checkpoint_database": house.checkpoint,
            "schemas": [],
            "tables": [f"{house.crm}.accounts"],
            "role": house.role,
            "wait_for_grants": False,
            "broken_views": "report",
            "least_privilege": False,
            "forbidden": [],
            "trusted_owners": [],
            "probe_checkpoint": False,
            "batch_size": 200,
            "max_proof_age": 900.0,
        }
    return {
        "redshift_conn_id": "redshift_default",
        "aws_conn_id": None,
        "user_conn_id": None,
        "database": None,
        "schema": house.profiles_schema,
        "tables": list(REQUIRED_TABLES),
        "require_rows": False,
        "max_staleness": None,
    }


@both
def test_what_is_stored_for_the_triggerer(house: House, kind: str) -> None:
    before = time.time()
    knobs: dict[str, Any] = {"exponential_backoff": True, "max_wait": timedelta(minutes=1), "silent_fail": True}
    raised = deferred(house.sensor(kind, poke_interval=7.5, timeout=90, look_timeout="20", **knobs))
    assert isinstance(raised.trigger, PollTrigger)
    path, kwargs = raised.trigger.serialize()
    deadline = kwargs.pop("deadline")
    assert path == "airflow_provider_datagraph.triggers.PollTrigger"
    given = {"probe": kind, "arguments": arguments(house, kind), "poke_interval": 7.5, "look_timeout": 20.0}
    assert kwargs == {**given, **knobs, "max_wait": 60.0}
    assert before + 90 <= deadline <= time.time() + 90
    assert raised.method_name == "resume"
    # Airflow's own limit comes after the trigger's, which can say what was missing.
    assert 90 < raised.timeout.total_seconds() <= 90 + 120


@both
def test_the_stored_form_makes_the_same_trigger(house: House, kind: str) -> None:
    path, kwargs = deferred(house.sensor(kind)).trigger.serialize()
    stored = json.dumps(kwargs)
    assert json.loads(stored) == kwargs
    assert PollTrigger(**json.loads(stored)).serialize() == (path, kwargs)
    assert PASSWORD not in stored
    assert house.server.password not in stored


@both
def test_poke_and_trigger_report_the_same(house: House, kind: str) -> None:
    house.fulfil(kind)
    empty = f"{house.crm}_empty"
    house.sql(f"CREATE SCHEMA {empty}")
    # A finding beside success, so that equal doesn't mean empty.
    given = {"schemas": [house.crm, empty], "tables": None} if kind == "access" else {}
    sensor = house.sensor(kind, **given)
    poked = sensor.execute({})
    payload = fire(trigger_of(sensor))
    assert payload["status"] == "done"
    assert resumed(sensor, payload) == payload["report"]
    # When it was seen is another matter.
    for report in (poked, payload["report"]):
        for when in ("first", "last"):
            report.get("proof", {}).pop(when, None)
    assert payload["report"] == poked
    assert len(poked["findings"]) == (kind == "access")


@both
def test_poke_and_trigger_wait_for_the_same(house: House, kind: str) -> None:
    house.sql(*(f"CREATE SCHEMA {one}" for one in (house.crm, house.profiles_schema)))
    house.sql(f"GRANT USAGE ON SCHEMA {house.crm} TO ROLE {house.role}")
    with pytest.raises(AirflowSensorTimeout) as raised:
        house.sensor(kind, deferrable=False, timeout=0).execute({})
    payload = fire(trigger_of(house.sensor(kind), seconds=0))
    assert payload["status"] == "timeout"
    assert str(raised.value).endswith(payload["message"])
    assert len(payload["message"]) > 50


@both
def test_a_deadline_that_passes_ends_in_a_timeout(house: House, kind: str) -> None:
    sensor = house.sensor(kind, timeout=0.2)
    begin = time.monotonic()
    payload = fire(PollTrigger(**deferred(sensor).trigger.serialize()[1]))
    assert payload["status"] == "timeout"
    assert time.monotonic() - begin < 5
    with pytest.raises(AirflowSensorTimeout, match=r"The sensor waited 0\.2 s\. ") as raised:
        resumed(sensor, payload)
    assert payload["message"] in str(raised.value)


@both
def test_a_deadline_in_the_past_still_looks_once(house: House, kind: str) -> None:
    # The triggerer was down for a while: what has come true in the meantime counts.
    house.fulfil(kind)
    assert fire(trigger_of(house.sensor(kind), seconds=-100))["status"] == "done"


@both
def test_a_long_interval_does_not_outlast_the_deadline(house: House, kind: str) -> None:
    begin = time.monotonic()
    assert fire(trigger_of(house.sensor(kind), poke_interval=300, seconds=0.3))["status"] == "timeout"
    assert time.monotonic() - begin < 10


@both
def test_never_fail_skips_on_a_timeout(house: House, kind: str) -> None:
    sensor = house.sensor(kind, never_fail=True)
    with pytest.raises(AirflowSkipException):
        resumed(sensor, {"status": "timeout", "message": "nothing"})


@both
def test_resume_with_an_event_that_is_not_known(house: House, kind: str) -> None:
    with pytest.raises(DataGraphError, match="done_too_early"):
        resumed(house.sensor(kind), {"status": "done_too_early"})


@pytest.mark.parametrize("said", ["Trigger timeout", "Trigger/execution timeout"])
@both
def test_airflows_own_deferral_timeout_is_a_sensor_timeout(house: House, kind: str, said: str) -> None:
    # A triggerer that is down sends no event; the scheduler ends the deferral with this: Airflow 3's text, and 2.11's.
    with pytest.raises(AirflowSensorTimeout):
        house.sensor(kind).resume_execution("__fail__", {"error": said}, {})
    with pytest.raises(AirflowSkipException):
        house.sensor(kind, soft_fail=True).resume_execution("__fail__", {"error": said}, {})


@both
def test_a_trigger_that_failed_is_an_error_and_no_skip(house: House, kind: str) -> None:
    sensor = house.sensor(kind, soft_fail=True)
    with pytest.raises(AirflowException, match="Trigger failure") as raised:
        sensor.resume_execution("__fail__", {"error": "Trigger failure", "traceback": ["a line"]}, {})
    assert not isinstance(raised.value, AirflowSkipException | AirflowSensorTimeout)
