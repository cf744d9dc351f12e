"""Both sensors: look once, and defer."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSensorTimeout
from pytest_mock import MockerFixture

from airflow_provider_datagraph.access.profiles_sync import REQUIRED_TABLES
from airflow_provider_datagraph.sensors.base import DataGraphSensor
from airflow_provider_datagraph.triggers.poll import PollTrigger
from tests.integration.sensors.house import House
from tests.support.waiting import deferred, fire, trigger_of

both = pytest.mark.parametrize("kind", ["access", "profiles_sync"])


def arguments(house: House, kind: str) -> dict[str, Any]:
    """What the trigger has to get: everything that a look depends on."""
    common = {"redshift_conn_id": "redshift_default", "aws_conn_id": None}
    if kind == "access":
        return {
            **common,
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
        **common,
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
def test_poke_and_trigger_say_the_same(house: House, kind: str, mocker: MockerFixture) -> None:
    house.sql(*(f"CREATE SCHEMA {one}" for one in (house.crm, house.profiles_schema)))
    house.sql(f"GRANT USAGE ON SCHEMA {house.crm} TO ROLE {house.role}")
    logs = [mocker.patch.object(one, "log") for one in (DataGraphSensor, PollTrigger)]
    with pytest.raises(AirflowSensorTimeout) as raised:
        house.sensor(kind, deferrable=False, timeout=0).execute({})
    payload = fire(trigger_of(house.sensor(kind), seconds=0))
    assert payload["status"] == "timeout"
    assert str(raised.value).endswith(payload["message"])
    assert len(payload["message"]) > 50
    for log in logs:
        log.info.assert_any_call("Not yet: %s", payload["message"])


@both
def test_a_deadline_in_the_past_still_looks_once(house: House, kind: str) -> None:
    # The triggerer was down for a while: what has come true in the meantime counts.
    house.fulfil(kind)
    assert fire(trigger_of(house.sensor(kind), seconds=-100))["status"] == "done"
