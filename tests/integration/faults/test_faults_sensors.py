"""Sensors wait faults out to their deadline, by poking and in the trigger; what doesn't pass ends them at once."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSensorTimeout

from airflow_provider_datagraph.exceptions import MisconfigurationError, PassingFaultError
from local_redshift.faults_client import Faults
from tests.integration.faults.support import fire, listening, quickly, silence, trigger_of
from tests.integration.world import SENSORS, World, execute

pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.parametrize("name", SENSORS),
]
PATIENCE = 30.0


@pytest.fixture
def opened(linked: World) -> World:
    """What both sensors wait for is there."""
    linked.open_crm()
    return linked


def poke(world: World, name: str, seconds: float, **arguments: Any) -> Any:
    """Wait by poking."""
    given = {"deferrable": False, "timeout": seconds, **arguments}
    sensor = {"access": world.access, "profiles_sync": world.profiles}[name](**given)
    return execute(sensor)


def trigger(world: World, name: str, seconds: float) -> dict[str, Any]:
    """Wait in the trigger; its event."""
    return fire(trigger_of(SENSORS[name](world), seconds))


def passing(faults: Faults) -> None:
    """A cluster that comes up: refused logins, a reset, a conflict, a delay, a restart in the middle."""
    faults.error("-- login", "57P03", "the database system is starting up", severity="FATAL", times=2)
    faults.cut_before("-- login", nth=3)
    faults.error("^(select|show)", "XX000", "1023", "Serializable isolation violation on table - 1")
    faults.cut_after("^(select|show)", nth=2)
    faults.delay("^(select|show)", 0.1, nth=3)
    faults.restart_before("^(select|show)", down=0.2, nth=4)


def test_faults_that_pass_are_waited_out_by_poking(opened: World, faults: Faults, name: str) -> None:
    passing(faults)
    assert poke(opened, name, PATIENCE)["in_place"] > 0


def test_faults_that_pass_are_waited_out_in_the_trigger(opened: World, faults: Faults, name: str) -> None:
    passing(faults)
    assert trigger(opened, name, PATIENCE)["status"] == "done"


def test_a_cut_at_each_statement_of_a_look_is_waited_out(opened: World, faults: Faults, name: str) -> None:
    for nth in range(1, 40):
        fault = faults.cut_before("", nth=nth)
        assert trigger(opened, name, PATIENCE)["status"] == "done"
        if not fault.fired:
            break
        faults.clear()
    assert 3 < nth < 39


def test_a_fault_that_stays_is_a_timeout_at_the_deadline(opened: World, faults: Faults, name: str) -> None:
    faults.stop()
    with quickly(), pytest.raises(AirflowSensorTimeout, match="can't be reached"):
        poke(opened, name, 0.3)
    with quickly():
        event = trigger(opened, name, 0.3)
    assert event["status"] == "timeout"
    assert "can't be reached" in event["message"]


def test_a_silent_server_is_a_timeout_at_the_deadline(opened: World, name: str) -> None:
    with listening(silence) as port:
        opened.admin_connection(port=port, extra={"ssl": False, "timeout": 0.3})
        with quickly(), pytest.raises(AirflowSensorTimeout, match="timed out"):
            poke(opened, name, 0.5)
        with quickly():
            assert trigger(opened, name, 0.5)["status"] == "timeout"


def test_a_look_without_waiting_fails_once_and_is_left_to_airflow(opened: World, faults: Faults, name: str) -> None:
    faults.stop()
    with quickly(), pytest.raises(PassingFaultError) as failure:
        poke(opened, name, PATIENCE, wait=False)
    assert not isinstance(failure.value, AirflowFailException)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"password": "Wrong-Secret-1"}, "refuses the login or password"),
        ({"schema": "atlantis"}, "there is no database atlantis"),
        ({"extra": {"ssl": "yes"}}, "ssl is 'yes'"),
        ({"port": 70000}, "there is no port 70000"),
    ],
)
def test_what_a_person_has_to_correct_ends_both_at_once(
    opened: World, name: str, fields: dict[str, Any], said: str
) -> None:
    opened.admin_connection(**fields)
    with quickly(), pytest.raises(MisconfigurationError, match=said) as failure:
        poke(opened, name, PATIENCE)
    assert isinstance(failure.value, AirflowFailException)
    with quickly():
        event = trigger(opened, name, PATIENCE)
    assert event["status"] == "misconfigured"
    assert said in event["problems"][0]
