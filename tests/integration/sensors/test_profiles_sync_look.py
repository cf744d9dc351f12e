"""Every state that Profiles Sync's schema is met in, told to whoever looks, by a poke and by the trigger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from pytest_mock import MockerFixture

from airflow_provider_datagraph.engine.looks import ProfilesSyncProbe
from airflow_provider_datagraph.exceptions import MisconfigurationError
from tests.integration.sensors.house import House
from tests.support.cluster import Cluster
from tests.support.profiles_sync import PROFILES_SYNC, profiles_sync
from tests.support.redshift import PASSWORD, admin_fields, mark, statements
from tests.support.segment import Logged, Segment, codes, message, ready
from tests.support.waiting import fire, resumed, trigger_of

SIX = tuple(PROFILES_SYNC)
RAW, MATERIALIZED = SIX[:3], SIX[3:]
OLD, EVENT = timedelta(days=2), "order_completed"
ROWS, AGE = {"require_rows": True}, {"max_staleness": 3600}
EVENTS = {"event_tables": ["Order Completed"]}
ANSWERS = {"done": "done", "waits": "timeout", "fails": "misconfigured"}
"""What the trigger says of what a sensor does."""


NEW = timedelta(0)


def six(*missing: str, age: timedelta | None = None) -> list[str]:
    return profiles_sync("s", [table for table in SIX if table not in missing], age)


@dataclass
class State:
    """A state.

    :param make: what makes it, in schema ``s``; None: there is no such schema.
    :param codes: what is told of it: first of what exists, then of rows, which an admin without SELECT can't know.
    :param given: the sensor's arguments.
    :param linked: what is told first to the linked user.
    :param open: whether its role may use the schema, and read what is in it.
    """

    make: list[str] | None
    codes: list[str]
    ends: str = "waits"
    given: dict[str, Any] = field(default_factory=dict)
    rows: list[str] | None = None
    states: dict[str, str] = field(default_factory=dict)
    linked: list[str] = field(default_factory=list)
    open: tuple[bool, bool] = (True, True)


ALL_OLD, ALL_NEW, NONE_OF = six(age=OLD), six(age=NEW), dict.fromkeys(SIX, "missing")
STATES = {
    "no database": State(None, ["database_missing"], "fails", {"database": "atlantis"}, states=NONE_OF),
    "no schema": State(None, ["schema_missing"], given={"database": "bare"}, states=NONE_OF),
    "a mistyped name": State(None, ["schema_elsewhere"], given={"schema": "profile"}, states=NONE_OF),
    "no table": State([], ["raw_missing", "materialized_missing"], states=NONE_OF),
    "raw only": State(six(*MATERIALIZED), ["materialized_missing"], states=dict.fromkeys(MATERIALIZED, "missing")),
    "two missing": State(
        six(RAW[0], SIX[5]), ["raw_missing", "materialized_missing"], states=dict.fromkeys((RAW[0], SIX[5]), "missing")
    ),
    "events missing": State(
        six(),
        ["event_tables_missing"],
        given={**EVENTS, "tables": ["tracks", *SIX]},
        states={EVENT: "missing", "tracks": "missing"},
    ),
    "an alias": State(
        [*six("user_identifiers"), *profiles_sync("s", ["user_identifier"])],
        ["tables_misnamed"],
        states={"user_identifiers": "misnamed"},
    ),
    "one column": State(
        [f"CREATE TABLE s.{table} (id int)" for table in SIX],
        ["not_segments", "columns_missing"],
        states={**dict.fromkeys(SIX, "not_segments"), RAW[0]: "columns_missing"},
    ),
    "a column less": State(
        [*six(), "ALTER TABLE s.user_traits DROP COLUMN value"],
        ["columns_missing"],
        states={"user_traits": "columns_missing"},
    ),
    "views": State(
        [f"CREATE VIEW s.{table} AS SELECT 1 AS segment_id" for table in SIX],
        ["not_segments"],
        states=dict.fromkeys(SIX, "not_segments"),
    ),
    "empty": State(six(), [], "done", rows=["raw_empty"], states=dict.fromkeys(SIX, "empty")),
    "empty, rows wanted": State(six(), [], given=ROWS, rows=["raw_empty"]),
    "empty, new rows wanted": State(six(), [], given=AGE, rows=["raw_empty"]),
    "no backfill": State(
        [*six(*MATERIALIZED, age=NEW), *six(*RAW)],
        [],
        given=ROWS,
        rows=["materialized_empty"],
        states=dict.fromkeys(MATERIALIZED, "empty"),
    ),
    "no backfill of one": State(
        [*six("user_traits", age=NEW), *six(*SIX[:5])],
        [],
        "done",
        rows=["materialized_empty"],
        states={"user_traits": "empty"},
    ),
    "old": State(ALL_OLD, [], given=AGE, rows=["stale", "stale"], states=dict.fromkeys(SIX, "stale")),
    "old, and nobody asks": State(ALL_OLD, [], "done", given=ROWS, rows=[]),
    "old where it is made of": State(
        [*six(*MATERIALIZED, age=OLD), *six(*RAW, age=NEW)],
        [],
        given=AGE,
        rows=["stale"],
        states=dict.fromkeys(RAW, "stale"),
    ),
    "one of each group is new": State(
        [*six(RAW[0], SIX[5], age=OLD), *six(*RAW[1:], *SIX[3:5], age=NEW)], [], "done", AGE, []
    ),
    "closed": State(
        ALL_NEW, [], "done", rows=[], linked=["schema_not_visible", "table_not_selectable"], open=(False, False)
    ),
    "usage alone": State(ALL_NEW, [], "done", rows=[], linked=["table_not_selectable"], open=(True, False)),
    "select alone": State(ALL_NEW, [], "done", rows=[], linked=["schema_not_visible"], open=(False, True)),
    "closed, and one missing": State(six(RAW[0]), ["raw_missing"], linked=["table_not_selectable"], open=(True, False)),
    "all there": State(
        [
            *ALL_NEW,
            *profiles_sync("s", [EVENT, "user_identifier"], None),
            "ALTER TABLE s.user_traits ADD COLUMN email int",
        ],
        [],
        "done",
        {**ROWS, **AGE, **EVENTS},
        [],
        {EVENT: "empty"},
    ),
}


class Worlds(Segment):
    """All states side by side, each in a schema of its own; an admin who may read nothing, and a linked user."""

    def __init__(self, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(cluster, monkeypatch, cluster.shared[0])
        self.make_identities()
        clerk = {"login": cluster.user("clerk"), "password": PASSWORD}
        self.connection("clerk", **{**admin_fields(self.server, self.warehouse), **clerk})
        self.schemas: dict[str, str] = {}
        made: dict[Any, str] = {}
        for name, state in STATES.items():
            # What is looked at in two ways is made once.
            key = (state.open, *(state.make or [name]))
            if key not in made:
                made[key] = f"profiles_{len(made)}"
                if state.make is not None:
                    self.build(made[key], state)
            self.schemas[name] = made[key]

    def build(self, schema: str, state: State) -> None:
        self.sql(f"CREATE SCHEMA {schema}")
        for statement in state.make or []:
            self.sql(statement.replace('"s".', f"{schema}.").replace(" s.", f" {schema}."))
        for may, grant in zip(state.open, ("USAGE ON SCHEMA", "SELECT ON ALL TABLES IN SCHEMA"), strict=True):
            if may:
                self.sql(f"GRANT {grant} {schema} TO ROLE {self.role}")


@pytest.fixture(scope="module")
def worlds(shared: Cluster) -> Iterator[Worlds]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Worlds(shared, monkeypatch)


@pytest.mark.parametrize("name", STATES)
def test_a_state_is_told_the_same_to_all_and_in_both_ways(worlds: Worlds, mocker: MockerFixture, name: str) -> None:
    state = STATES[name]
    looks = mocker.spy(ProfilesSyncProbe, "look")
    given = {"schema": worlds.schemas[name], **state.given}
    if given.get("database") == "bare":
        given["database"] = worlds.cluster.shared[1]
    for admin in ("redshift_default", "clerk"):
        for user in ({}, {"user_conn_id": "segment_linked_user"}):
            sensor = worlds.profiles(redshift_conn_id=admin, deferrable=False, **given, **user)
            expected, ends, blind = list(state.codes), state.ends, False
            if user and state.linked:
                expected, ends = [*state.linked, *state.codes], "fails"
            elif state.rows is not None:
                blind = admin == "clerk" and not user
                expected = ["rows_unknown"] if blind else state.rows
                ends = "waits" if blind and state.given.keys() & {"require_rows", "max_staleness"} else ends
            event = fire(trigger_of(sensor, seconds=0))
            poked = sensor.poke({})
            in_trigger, on_worker = looks.spy_return_list[-2:]
            assert in_trigger == on_worker, (admin, user)
            report = in_trigger.as_dict()
            assert codes(report) == expected, (admin, user)
            assert event["status"] == ANSWERS[ends], (admin, user)
            assert (poked.is_done, poked.xcom_value is not None) == (ends != "waits", ends == "done")
            found = {row["table"]: row["state"] for row in report["tables"]}
            if not blind and not (user and state.linked):
                rest = dict.fromkeys(found, "ready" if state.rows is not None else "exists")
                assert not state.states or found == {**rest, **state.states}


def test_a_linked_user_who_does_not_exist(worlds: Worlds, monkeypatch: pytest.MonkeyPatch) -> None:
    worlds.connection("nobody", login="nobody", password=PASSWORD)
    for name in ("all there", "no schema"):
        sensor = worlds.profiles(schema=worlds.schemas[name], user_conn_id="nobody", wait=False)
        assert message(sensor.execute({}), "user_missing").startswith("There is no user nobody")


def test_a_look_costs_few_statements(worlds: Worlds) -> None:
    def sent(name: str, **given: Any) -> int:
        since = mark(worlds.server)
        worlds.profiles(schema=worlds.schemas[name], wait=False, **given).execute({})
        return len(statements(worlds.server, since))

    # Schemas, users, tables, columns; what one may use and read; rows, and new ones.
    assert sent("no schema") == 3
    assert [sent("raw only"), sent("all there"), sent("all there", **AGE)] == [4, 5, 6]
    others = [{"redshift_conn_id": "clerk"}, {"user_conn_id": "segment_linked_user"}]
    assert [sent("raw only", **given) for given in others] == [6, 6]
    assert [sent("all there", **given) for given in others] == [6, 7]


def test_what_no_waiting_mends_fails_at_once_and_says_what_does(house: House) -> None:
    house.make_profiles()
    given: dict[str, Any] = {"user_conn_id": "segment_linked_user", "soft_fail": True}
    with pytest.raises(MisconfigurationError) as raised:
        house.profiles(**given).execute({})
    usage, select = (problem.partition(f"run in database {house.warehouse}: ")[2] for problem in raised.value.problems)
    assert usage == f'GRANT USAGE ON SCHEMA "{house.profiles_schema}" TO ROLE "{house.role}"'
    assert select.startswith(f'GRANT SELECT ON TABLE "{house.profiles_schema}"."{SIX[0]}", ')
    house.sql(usage, select)
    assert house.profiles(**given).execute({}) == ready()


def test_names_fold_as_redshift_folds_them(house: House) -> None:
    house.make_profiles([name.upper() for name in SIX])
    capitals = {"schema": house.profiles_schema.upper(), "database": house.warehouse.upper()}
    report = house.profiles(tables=[t.title() for t in SIX], **capitals).execute({})
    assert report == ready()


def test_the_schema_of_another_database(house: House) -> None:
    # The admin is connected to `dev`, as in the reference DAG.
    house.make_profiles()
    house.admin_connection(schema="dev")
    path = f"{house.warehouse}.{house.profiles_schema}"
    assert house.profiles(schema=path, database=house.warehouse).execute({}) == ready()
    missing = house.profiles(wait=False).execute({})
    assert (codes(missing), missing["schema"]) == (["schema_missing"], f"dev.{house.profiles_schema}")


@pytest.mark.parametrize("where", ["warehouse", "checkpoint", None])
def test_it_is_done_after_the_grant_wherever_the_user_connection_points(house: House, where: str | None) -> None:
    if where is not None:
        house.user_connection(schema=getattr(house, where))
    house.make_profiles()
    house.open(house.profiles_schema)
    sensor = house.profiles(user_conn_id="segment_linked_user")
    assert sensor.execute({}) == resumed(sensor, fire(trigger_of(sensor))) == ready()


@pytest.mark.parametrize("deferrable", [True, False])
def test_whose_the_schema_is_is_told(house: House, logged: Logged, deferrable: bool) -> None:
    other, path = house.cluster.user("planter"), f"{house.warehouse}.{house.profiles_schema}"
    house.make_profiles(SIX[1:])
    house.sql(f"ALTER SCHEMA {house.profiles_schema} OWNER TO {other}")
    told = message(house.profiles(wait=False).execute({}), "raw_missing")
    assert told.startswith(f"Schema {path}, which belongs to {other}, has no {SIX[0]}.")
    house.tables(house.profiles_schema, SIX[:1])
    sensor = house.profiles(deferrable=deferrable)
    assert sensor.execute({}) == ready()
    told = f"Schema {path}, which belongs to {other}, has all of {', '.join(SIX)}."
    assert told in logged()
    assert fire(trigger_of(sensor))["message"] == told
