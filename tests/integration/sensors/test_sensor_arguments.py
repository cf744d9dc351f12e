"""The sensors' arguments: defaults, rendering, and one look without waiting."""

from __future__ import annotations

import pytest

from airflow_provider_datagraph.sensors.access import ValidateAccessSensor
from airflow_provider_datagraph.sensors.base import DataGraphSensor
from airflow_provider_datagraph.sensors.profiles_sync import ProfilesSyncTablesSensor
from tests.integration.sensors.house import House
from tests.support.profiles_sync import PROFILES_SYNC
from tests.support.redshift import mark, statements, unique
from tests.support.segment import execute, ready, said
from tests.support.waiting import all_read, all_there, plain

both = pytest.mark.parametrize("kind", ["access", "profiles_sync"])


def test_defaults() -> None:
    access = ValidateAccessSensor(task_id="validate", tables=["crm.accounts"])
    profiles = ProfilesSyncTablesSensor(task_id="wait", schema="profiles")
    assert (access.timeout, access.user_conn_id) == (600, "segment_linked_user")
    assert (profiles.timeout, profiles.user_conn_id) == (7 * 24 * 3600, None)
    assert set(profiles.tables) == set(PROFILES_SYNC)


@both
def test_one_look_without_waiting_says_what_is_missing_or_finds_all(house: House, kind: str) -> None:
    sensor = house.sensor(kind, wait="{{ not params.plan_only }}")
    report = execute(sensor, plan_only=True)
    (finding,) = report["findings"]
    assert {**plain(report), "findings": []} == plain(all_there(0))
    expected = {
        "access": ("table_missing", f"{house.warehouse}.{house.crm}.accounts"),
        "profiles_sync": ("schema_missing", f"{house.warehouse}.{house.profiles_schema}"),
    }
    assert (finding["code"], finding["object"]) == expected[kind]
    house.fulfil(kind)
    assert plain(sensor.execute({})) == (plain(ready()) if kind == "profiles_sync" else all_read(1))


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
    assert about == f"user {house.user}" and "correct the connection" in text


def test_without_waiting_the_checkpoint_database_need_not_exist(house: House) -> None:
    house.make_crm()
    sensor = house.access(schemas=house.crm, checkpoint_database="atlantis", wait=False)
    assert not_ready(sensor) == planned("database atlantis")


@both
def test_looking_changes_nothing(house: House, kind: str) -> None:
    house.fulfil(kind)
    since = mark(house.server)
    house.sensor(kind).execute({})
    sent = statements(house.server, since)
    assert len(sent) >= 2
    assert {statement.split()[0].lower() for statement in sent} <= {"select", "show"}
