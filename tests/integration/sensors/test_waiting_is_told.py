"""What the log of a sensor and of its trigger says of each look that finds something missing."""

from __future__ import annotations

from pytest_mock import MockerFixture

from airflow_provider_datagraph.sensors.access import ValidateAccessSensor
from airflow_provider_datagraph.triggers.poll import PollTrigger
from tests.integration.sensors.house import House
from tests.support.segment import codes, said
from tests.support.waiting import fire, trigger_of


def test_each_look_says_what_is_missing(house: House, mocker: MockerFixture) -> None:
    sensor = house.access(schemas=house.crm, deferrable=False)
    log = mocker.patch.object(ValidateAccessSensor, "log")
    assert not sensor.poke({}).is_done
    message = said("schema_missing", f"{house.warehouse}.{house.crm}", case="reading it")
    log.info.assert_called_once_with("Not yet: %s", message)
    log = mocker.patch.object(PollTrigger, "log")
    event = fire(trigger_of(sensor, seconds=0))
    assert (event["status"], event["message"], codes(event["report"])) == ("timeout", message, ["schema_missing"])
    log.info.assert_called_once_with("Not yet: %s", message)
