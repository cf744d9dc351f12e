"""The sensors' arguments: defaults, rendering, and one look without waiting."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from airflow_provider_datagraph.exceptions import MisconfigurationError, PassingFaultError
from airflow_provider_datagraph.sensors.access import ValidateAccessSensor
from airflow_provider_datagraph.sensors.base import DataGraphSensor
from airflow_provider_datagraph.sensors.profiles_sync import ProfilesSyncTablesSensor
from tests.integration.sensors.house import House
from tests.support.redshift import mark, statements, unique
from tests.support.segment import codes, ready, said
from tests.support.waiting import all_read, all_there, plain

both = pytest.mark.parametrize("kind", ["access", "profiles_sync"])


def test_defaults_of_the_access_sensor() -> None:
    sensor = ValidateAccessSensor(task_id="validate", tables=["crm.accounts"])
    assert sensor.timeout == 600
    assert sensor.redshift_conn_id == "redshift_default"
    assert sensor.user_conn_id == "segment_linked_user"
    assert sensor.deferrable is None
    assert sensor.wait is True


def test_defaults_of_the_profiles_sync_sensor() -> None:
    sensor = ProfilesSyncTablesSensor(task_id="wait", schema="profiles")
    assert sensor.timeout == 7 * 24 * 3600
    assert sensor.redshift_conn_id == "redshift_default"
    assert sensor.user_conn_id is None
    assert set(sensor.tables) == {
        "id_graph_updates",
        "external_id_mapping_updates",
        "profile_traits_updates",
        "user_identifiers",
        "user_traits",
        "profile_merges",
    }


@both
def test_a_rendered_false_does_not_wait(house: House, kind: str) -> None:
    sensor = house.sensor(kind, wait="{{ not params.plan_only }}")
    sensor.render_template_fields({"params": {"plan_only": True}})
    assert sensor.wait == "False"
    assert codes(sensor.execute({})) != []


@both
def test_one_look_without_waiting_says_what_is_missing(house: House, kind: str) -> None:
    report = house.sensor(kind, wait=False).execute({})
    (finding,) = report["findings"]
    assert {**plain(report), "findings": []} == plain(all_there(0))
    expected = {
        "access": ("table_missing", f"{house.warehouse}.{house.crm}.accounts"),
        "profiles_sync": ("schema_missing", f"{house.warehouse}.{house.profiles_schema}"),
    }
    assert (finding["code"], finding["object"]) == expected[kind]


@both
def test_one_look_without_waiting_that_finds_all(house: House, kind: str) -> None:
    house.fulfil(kind)
    expected = plain(ready()) if kind == "profiles_sync" else all_read(1)
    assert plain(house.sensor(kind, wait="false").execute({})) == expected


def not_ready(sensor: DataGraphSensor) -> tuple[str, str]:
    """The object and the text of the only finding of a look at what isn't there."""
    report = sensor.execute({})
    (finding,) = report["findings"]
    assert {**plain(report), "findings": []} == plain(all_there(0))
    assert finding["code"] == "not_ready"
    return finding["object"], f"{finding['text']} {finding['remedy']}".strip()


def planned(about: str) -> tuple[str, str]:
    return about, said("not_ready", about, case="planned")


def test_without_waiting_the_user_need_not_exist(house: House) -> None:
    # A plan-only run on an empty warehouse: nobody is told to correct the connection of a user to come.
    house.make_crm()
    nobody = unique("nobody")
    house.user_connection(login=nobody)
    assert not_ready(house.access(schemas=house.crm, wait=False)) == planned(f"user {nobody}")
    house.user_connection(password="Wrong-1-password")
    about, text = not_ready(house.access(schemas=house.crm, wait=False))
    assert about == f"user {house.user}" and text.endswith("correct the connection.")


def test_without_waiting_the_checkpoint_database_need_not_exist(house: House) -> None:
    house.make_crm()
    sensor = house.access(schemas=house.crm, checkpoint_database="atlantis", wait=False)
    assert not_ready(sensor) == planned("database atlantis")


@pytest.mark.parametrize(
    ("kind", "wrong"), [("profiles_sync", {"schema": ""}), ("access", {"tables": ["only_a_table"]})]
)
def test_without_waiting_a_bad_argument_is_still_refused(house: House, kind: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(MisconfigurationError):
        house.sensor(kind, wait=False, **wrong).execute({})


def test_without_waiting_an_unreachable_server_is_retried_by_airflow(house: House) -> None:
    house.admin_connection(port=1)
    with pytest.raises(PassingFaultError, match=r"127\.0\.0\.1:1 can't be reached"):
        house.profiles(wait=False).execute({})


@both
def test_looking_changes_nothing(house: House, kind: str) -> None:
    house.fulfil(kind)
    since = mark(house.server)
    house.sensor(kind).execute({})
    sent = statements(house.server, since)
    assert len(sent) >= 2
    assert not_reading(sent) == []


def not_reading(sent: Iterable[str]) -> list[str]:
    """Statements that aren't a question."""
    return [statement for statement in sent if statement.split()[0].lower() not in ("select", "show")]
