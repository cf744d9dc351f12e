"""Sensors and their trigger, as far as they reach no server."""

from __future__ import annotations

from typing import Any

from airflow.triggers.base import BaseTrigger
from pytest_mock import MockerFixture

from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.sensors.base import DataGraphSensor
from airflow_provider_datagraph.sensors.profiles_sync import ProfilesSyncTablesSensor
from airflow_provider_datagraph.triggers.poll import PollTrigger


class Bare(BaseTrigger):
    """What Airflow's triggers have at the least."""

    def serialize(self) -> Any:
        """Nothing."""

    def run(self) -> Any:
        """Nothing."""


def test_the_trigger_has_what_airflow_s_have() -> None:
    trigger = PollTrigger("access", {"tables": []}, 5.0, 9.0)
    bare: Any = Bare
    assert vars(bare()).keys() <= vars(trigger).keys()
    path, arguments = trigger.serialize()
    assert path == "airflow_provider_datagraph.triggers.PollTrigger"
    assert arguments == {"probe": "access", "arguments": {"tables": []}, "poke_interval": 5.0, "deadline": 9.0}


def test_a_sensor_waits_and_frees_its_worker_by_itself() -> None:
    bare = DataGraphSensor(task_id="bare")
    assert (bare.wait, bare.deferrable, bare.redshift_conn_id, bare.index) == (True, True, "redshift_default", None)


def test_an_aws_connection_that_came_to_nothing_is_not_left_out() -> None:
    bare, given = DataGraphSensor(task_id="bare"), DataGraphSensor(task_id="given", aws_conn_id="mine")
    assert (bare.aws_id, given.aws_id) == (None, "mine")
    given.render_template_fields({})
    # As a template may come to, where Jinja renders Python's values. The hook refuses a blank one.
    given.aws_conn_id = None
    assert given.aws_id == ""


def test_what_it_found_is_said_in_a_line(mocker: MockerFixture) -> None:
    log = mocker.patch.object(ProfilesSyncTablesSensor, "log")
    event = {"status": "done", "report": Report(in_place=6).as_dict(), "message": "All 6 tables are there"}
    ProfilesSyncTablesSensor(task_id="wait", schema="profiles").resume({}, event)
    # A sensor has nothing to change, so nothing is said of it.
    log.info.assert_called_once_with("%s", "All 6 tables are there")
