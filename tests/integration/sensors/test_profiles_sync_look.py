"""What the Profiles Sync sensor says about every state of the schema."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_datagraph.access.plan import Fact
from airflow_provider_datagraph.access.profiles_sync import MATERIALIZED_TABLES, RAW_TABLES, REQUIRED_TABLES
from tests.integration.sensors.house import House
from tests.support.redshift import PASSWORD, mark, statements
from tests.support.segment import Logged, said
from tests.support.waiting import all_there, fire, resumed, trigger_of

Told = tuple[str, str, str]


def look(house: House, **arguments: Any) -> tuple[int, list[Told]]:
    """Look once: how many tables are there, and of each finding its code, its object and its sentences."""
    report = house.profiles(wait=False, **arguments).execute({})
    found = [(one["code"], one["object"], f"{one['text']} {one['remedy']}".strip()) for one in report["findings"]]
    return report["in_place"], found


def missing(house: House, *tables: str, code: str = "tables_missing", **facts: Fact) -> Told:
    """What `look` has to tell, by default as the admin sees it."""
    where, owner = f"{house.warehouse}.{house.profiles_schema}", house.server.user
    beside: dict[str, Fact] = {"login": owner, "owner": owner, "aliases": (), **facts}
    return code, where, said(code, where, tables=tables, **beside)


def test_a_missing_schema(house: House) -> None:
    assert look(house) == (0, [missing(house, *REQUIRED_TABLES, code="schema_missing", case="unsynced")])


def test_an_empty_schema_is_not_a_missing_one(house: House) -> None:
    house.sql(f"CREATE SCHEMA {house.profiles_schema}")
    assert look(house) == (0, [missing(house, *REQUIRED_TABLES, case="waiting")])


@pytest.mark.parametrize("absent", [REQUIRED_TABLES[:1], REQUIRED_TABLES[2:5]])
def test_each_missing_table_is_named(house: House, absent: tuple[str, ...]) -> None:
    house.make_profiles([name for name in REQUIRED_TABLES if name not in absent])
    assert look(house) == (6 - len(absent), [missing(house, *absent, case="waiting")])


def test_an_alias_is_no_table_and_is_named(house: House) -> None:
    alias, right = "user_identifier", "user_identifiers"
    house.make_profiles([alias if name == right else name for name in REQUIRED_TABLES])
    assert look(house) == (5, [missing(house, right, case="aliases", aliases=(alias,))])


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


def test_views_are_no_tables(house: House) -> None:
    house.user_connection(schema=house.warehouse)
    house.make_profiles(REQUIRED_TABLES[1:])
    house.sql(f"CREATE VIEW {house.profiles_schema}.{REQUIRED_TABLES[0]} AS SELECT 1 AS one")
    house.open(house.profiles_schema)
    views = REQUIRED_TABLES[:1]
    as_admin, as_user = (
        missing(house, *views, case="views", views=views, login=name) for name in (house.server.user, house.user)
    )
    assert look(house, user_conn_id="segment_linked_user") == (10, [as_admin, as_user])


@pytest.mark.parametrize("deferrable", [True, False])
def test_whose_the_schema_is_is_told(house: House, logged: Logged, deferrable: bool) -> None:
    other, path = house.cluster.user("planter"), f"{house.warehouse}.{house.profiles_schema}"
    house.make_profiles(REQUIRED_TABLES[1:])
    house.sql(f"ALTER SCHEMA {house.profiles_schema} OWNER TO {other}")
    assert look(house) == (5, [missing(house, REQUIRED_TABLES[0], case="waiting", owner=other)])
    house.tables(house.profiles_schema, REQUIRED_TABLES[:1])
    sensor = house.profiles(deferrable=deferrable)
    since = mark(house.server)
    assert sensor.execute({}) == all_there(6)
    told = f"Schema {path}, which belongs to {other}, has all of {', '.join(REQUIRED_TABLES)}."
    assert told in logged()
    # How names compare, users, schemas, tables.
    assert len([sql for sql in statements(house.server, since) if sql.startswith(("SELECT", "SHOW"))]) == 4
    trigger = trigger_of(sensor)
    assert fire(trigger)["message"] == told


def test_as_the_linked_user_closed_tables_are_missing(house: House) -> None:
    house.user_connection(schema=house.warehouse)
    house.make_profiles()
    hidden = missing(house, *REQUIRED_TABLES, code="schema_missing", case="hidden", login=house.user)
    assert look(house, user_conn_id="segment_linked_user") == (6, [hidden])


@pytest.mark.parametrize("where", ["warehouse", "checkpoint", None])
def test_as_the_linked_user_it_is_done_after_the_grant(house: House, where: str | None) -> None:
    # The design's user connection points to the checkpoint database; the README's and the demo's name none.
    if where is not None:
        house.user_connection(schema=getattr(house, where))
    house.make_profiles()
    house.open(house.profiles_schema)
    sensor = house.profiles(user_conn_id="segment_linked_user")
    assert sensor.execute({}) == all_there(12)
    assert resumed(sensor, fire(trigger_of(sensor))) == all_there(12)


def test_both_views_are_told(house: House) -> None:
    house.user_connection(schema=house.warehouse)
    house.make_profiles(RAW_TABLES)
    as_admin = missing(house, *MATERIALIZED_TABLES, case="raw only")
    as_user = missing(house, *REQUIRED_TABLES, code="schema_missing", case="hidden", login=house.user)
    assert look(house, user_conn_id="segment_linked_user") == (3, [as_admin, as_user])


def test_a_delegated_admin_is_enough(house: House) -> None:
    # The linked user itself looks: nothing but SELECT is needed.
    house.make_profiles()
    house.open(house.profiles_schema)
    fields = {"login": house.user, "password": PASSWORD, "schema": house.warehouse}
    house.admin_connection(**fields)
    assert house.profiles().execute({})["in_place"] == 6
