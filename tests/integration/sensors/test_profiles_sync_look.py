"""What the Profiles Sync sensor says about every state of the schema."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_datagraph.access.profiles_sync import RAW_TABLES, REQUIRED_TABLES
from tests.integration.sensors.house import House
from tests.support.redshift import PASSWORD
from tests.support.waiting import fire, resumed, trigger_of


def look(house: House, **arguments: Any) -> tuple[int, str, str, str]:
    """Look once: how many tables are there, and the only finding's code, object and message."""
    report = house.profiles(wait=False, **arguments).execute({})
    (finding,) = report["findings"]
    return report["in_place"], finding["code"], finding["object"], finding["message"]


def test_a_missing_schema(house: House) -> None:
    in_place, code, where, message = look(house)
    assert (in_place, code, where) == (0, "schema_missing", f"{house.warehouse}.{house.profiles_schema}")
    assert message.startswith(f"There is no schema {house.warehouse}.{house.profiles_schema}")
    assert all(table in message for table in REQUIRED_TABLES)
    assert "send a test event" in message


def test_an_empty_schema_is_not_a_missing_one(house: House) -> None:
    house.sql(f"CREATE SCHEMA {house.profiles_schema}")
    in_place, code, _, message = look(house)
    assert (in_place, code) == (0, "tables_missing")
    assert "There is no schema" not in message


@pytest.mark.parametrize("absent", REQUIRED_TABLES)
def test_each_missing_table_is_named(house: House, absent: str) -> None:
    house.make_profiles([name for name in REQUIRED_TABLES if name != absent])
    in_place, code, where, message = look(house)
    assert (in_place, code, where) == (5, "tables_missing", f"{house.warehouse}.{house.profiles_schema}")
    assert f" has no {absent}, " in message
    assert f"as {house.server.user} sees it" in message
    assert not any(table in message for table in REQUIRED_TABLES if table != absent)


def test_an_alias_is_no_table_and_is_named(house: House) -> None:
    alias, right = "user_identifier", "user_identifiers"
    house.make_profiles([alias if name == right else name for name in REQUIRED_TABLES])
    in_place, _, _, message = look(house)
    assert in_place == 5
    assert f" has no {right}, " in message
    assert f"has {alias}, which isn't a name that Profiles Sync writes" in message


def test_the_schema_of_another_database(house: House) -> None:
    # The admin is connected to `dev`, as in the reference DAG.
    house.make_profiles()
    elsewhere = house.profiles(database=house.checkpoint, wait=False).execute({})
    assert elsewhere["findings"][0]["object"] == f"{house.checkpoint}.{house.profiles_schema}"
    there = house.profiles(schema=f"{house.warehouse}.{house.profiles_schema}", database=house.warehouse).execute({})
    assert (there["in_place"], there["findings"]) == (6, [])


def test_names_fold_as_redshift_folds_them(house: House) -> None:
    house.make_profiles([name.upper() for name in REQUIRED_TABLES])
    sensor = house.profiles(
        schema=house.profiles_schema.upper(),
        database=house.warehouse.upper(),
        tables=[t.title() for t in REQUIRED_TABLES],
    )
    assert sensor.execute({})["in_place"] == 6


def test_views_count_as_tables(house: House) -> None:
    house.make_profiles(REQUIRED_TABLES[1:])
    house.sql(f"CREATE VIEW {house.profiles_schema}.{REQUIRED_TABLES[0]} AS SELECT 1 AS one")
    assert house.profiles().execute({})["in_place"] == 6


def test_as_the_linked_user_closed_tables_are_missing(house: House) -> None:
    house.user_connection(schema=house.warehouse)
    house.make_profiles()
    in_place, _, _, message = look(house, user_conn_id="segment_linked_user")
    assert in_place == 6
    assert f"as {house.user} sees it" in message
    assert "grant the schema to its role" in message


def test_as_the_linked_user_it_is_done_after_the_grant(house: House) -> None:
    house.user_connection(schema=house.warehouse)
    house.make_profiles()
    house.open(house.profiles_schema)
    sensor = house.profiles(user_conn_id="segment_linked_user")
    expected = {"changed": 0, "in_place": 12, "planned": [], "findings": []}
    assert sensor.execute({}) == expected
    assert resumed(sensor, fire(trigger_of(sensor))) == expected


def test_as_the_linked_user_from_the_checkpoint_database(house: House) -> None:
    # That is where the user connection points, as the design says.
    house.user_connection(schema=house.checkpoint)
    house.make_profiles()
    house.open(house.profiles_schema)
    assert house.profiles(user_conn_id="segment_linked_user").execute({})["in_place"] == 12


def test_both_views_are_told(house: House) -> None:
    house.user_connection(schema=house.warehouse)
    house.make_profiles(RAW_TABLES)
    report = house.profiles(user_conn_id="segment_linked_user", wait=False).execute({})
    assert report["in_place"] == 3
    seen_by = [finding["message"].split(", as ")[1].split()[0] for finding in report["findings"]]
    assert seen_by == [house.server.user, house.user]


def test_as_the_linked_user_whose_connection_names_no_database(house: House) -> None:
    # The README's and the demo's user connection: login and password alone.
    house.make_profiles()
    house.open(house.profiles_schema)
    assert house.profiles(user_conn_id="segment_linked_user").execute({})["in_place"] == 12


def test_a_delegated_admin_is_enough(house: House) -> None:
    # The linked user itself looks: nothing but SELECT is needed.
    house.make_profiles()
    house.open(house.profiles_schema)
    fields = {"login": house.user, "password": PASSWORD, "schema": house.warehouse}
    house.admin_connection(**fields)
    assert house.profiles().execute({})["in_place"] == 6
