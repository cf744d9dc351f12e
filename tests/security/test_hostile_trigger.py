"""Somebody who may trigger the DAG, and no more: what the file sets, and what `allow` leaves out, stays as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_datagraph.access.profiles_sync import REQUIRED_TABLES
from airflow_provider_datagraph.example_dags import Connections, segment_data_graph, segment_data_graph_offboard
from airflow_provider_datagraph.redshift.names import join_path, split_path
from local_redshift.running import Server
from tests.dags.airflow_process import Airflow, Outcome
from tests.dags.runs import LINKED_PASSWORD
from tests.dags.test_dag_refusals import stopped_in_check
from tests.dags.warehouse import Names, Warehouse, allowed
from tests.security.hostile import TEMPLATES
from tests.security.test_arguments_are_data import Instance, context_of
from tests.support.profiles_sync import profiles_sync
from tests.support.redshift import PASSWORD, quoted

OPEN = [("marts_day", "t"), ("lit*", "t"), ("__segment_reverse_etl", "t"), *(("profiles", t) for t in REQUIRED_TABLES)]
CLOSED = [("marts_night", "t"), ("payroll", "t"), ("literal", "t"), ("marts", "t")]
ASKED = {
    "schemas": ["SHOP.Marts_Day", 'shop."lit*".t'],
    "profiles_sync": "shop.PROFILES",
    # A database of that very name is there, too.
    "reverse_etl_database": "Shop",
}
OUTSIDE = [
    *("payroll.marts_day", "PAYROLL.Marts_Day", '"payroll"."marts_day"', "payroll.marts_day.t", "payroll.profiles"),
    *("shop.payroll", "SHOP.PAYROLL", 'Shop."Payroll"', "shop.payroll.t", '"shop.marts_day".payroll'),
    *("marts_day", '"shop.marts_day"', "shop.literal", 'shop."lit"', "shop.marts", 'shop."*"', '"*"."marts_day"'),
    '"*"."*"',
    *("shop.xmarts_day", "xshop.marts_day", "shop.gone", 'shop."payroll.marts_day"'),
]
"""Entries that no pattern of the DAG ``pinned`` means."""
PINS: dict[str, Any] = {"role": "mallorys", "checkpoint_database": "payroll", "allow": ["*.*"], "user_conn_id": "x"}


@pytest.fixture(scope="module")
def warehouse(airflow: Airflow, dag_server: Server) -> Warehouse:
    """A warehouse that a good run has opened as far as its file allows."""
    # As that file calls its role and its checkpoint database.
    made = Warehouse(dag_server, Names(*(f"pinned_{name}" for name in Names.__annotations__)), LINKED_PASSWORD)
    own = dag_server.database
    made.run(
        own, f"CREATE USER mallory PASSWORD '{PASSWORD}'", "CREATE ROLE mallorys", "GRANT ROLE mallorys TO mallory"
    )
    made.run(own, *(f"CREATE DATABASE {name}" for name in ("shop", "payroll")))
    made.run(own, "SET enable_case_sensitive_identifier TO true", 'CREATE DATABASE "Shop"')
    made.run(own, "CREATE SCHEMA marts_day", "CREATE TABLE marts_day.t (id int)")
    for database in ("shop", "payroll", "Shop"):
        schemas = dict.fromkeys(schema for schema, _ in (*OPEN, *CLOSED))
        made.run(database, *(f"CREATE SCHEMA {quoted(schema)}" for schema in schemas))
        made.run(database, *(one for path in (*OPEN, *CLOSED) for one in profiles_sync(path[0], path[1:])))
    outcome = trigger(airflow, made, ASKED)
    assert outcome.state == "success", (outcome.states, outcome.log[-3000:])
    return made


def trigger(airflow: Airflow, warehouse: Warehouse, conf: dict[str, Any], dag_id: str = "pinned") -> Outcome:
    return airflow.run(dag_id, conf, warehouse.connections(), warehouse.listening())


@pytest.mark.parametrize(
    ("conf", "told"),
    [
        (
            {**ASKED, **PINS, "schemas": OUTSIDE, "profiles_sync": "shop.PAYROLL"},
            [
                *(f"holds {key!r}, which the DAG file sets" for key in PINS),
                *(
                    f"{place} isn't allowed here: this DAG opens only shop.marts_*"
                    for place in (*(join_path(*split_path(entry)) for entry in OUTSIDE), "profiles_sync: shop.PAYROLL")
                ),
            ],
        ),
        (
            {**ASKED, "profiles_sync": "payroll.gone", "reverse_etl_database": "Payroll"},
            [f"{name} isn't allowed here" for name in ("payroll.gone", "Payroll.__segment_reverse_etl")],
        ),
    ],
    ids=["pins, schemas and profiles sync", "profiles sync and reverse etl"],
)
def test_a_hostile_run_ends_in_check(
    airflow: Airflow, warehouse: Warehouse, conf: dict[str, Any], told: list[str]
) -> None:
    outcome = trigger(airflow, warehouse, conf)
    stopped_in_check(outcome)
    assert outcome.changes == []
    assert [sentence for sentence in told if sentence not in outcome.log] == []


def test_patterns_open_what_the_file_allows_alone(airflow: Airflow, warehouse: Warehouse) -> None:
    schemas = ["shop.*", "payroll.*", "Shop.*", "*", "!*_night", '!"lit*"']
    outcome = trigger(airflow, warehouse, {**ASKED, "schemas": schemas})
    assert (outcome.state, outcome.changes) == ("success", []), outcome.log[-3000:]
    assert "All that pattern payroll.* means in database payroll is left out." in outcome.log


@pytest.mark.parametrize("dag_id", ["segment_data_graph", "segment_data_graph_offboard"])
def test_the_files_that_are_shipped_set_the_role(airflow: Airflow, warehouse: Warehouse, dag_id: str) -> None:
    form = {"profiles_sync": "shop.profiles"} if dag_id == "segment_data_graph" else {"plan_only": False, "force": True}
    outcome = trigger(airflow, warehouse, {**form, "role": "mallorys"}, dag_id)
    assert (outcome.state, outcome.changes) == ("failed", [])
    assert "holds 'role', which the DAG file sets" in outcome.log


@pytest.mark.parametrize("native", [False, True])
def test_what_a_file_sets_is_never_rendered(native: bool) -> None:
    form = {"plan_only": True, "wait": False, "future_tables": "scoped"}
    returned: dict[str, Any] = {"reverse_etl_database": None, "form": form}
    params = {**form, "schemas": ["crm"], "force": False, "new_owner": None, "confirm_database": None}
    for text in (*TEMPLATES.values(), "['a']", "1"):
        ti = Instance(returned)
        ti.xcom_pull = lambda task_ids, map_indexes=None: returned  # type: ignore[method-assign]  # of any task
        pins: dict[str, Any] = {"role": text, "checkpoint_database": text, "connections": Connections(text, text, text)}
        more: dict[str, Any] = {"profiles_sync": f"a.{text}", "reverse_etl_database": text, "allow": [text]}
        more |= {"reverse_etl_owner": text, "trusted_owners": [text]}
        made = segment_data_graph("set", **pins, **more, render_template_as_native_obj=native)
        back = segment_data_graph_offboard("back", **pins, render_template_as_native_obj=native)
        check, offboard = made.get_task("check"), back.get_task("offboard")
        tasks: list[Any] = [*made.tasks, offboard]
        for task in tasks:
            if hasattr(task, "take_arguments"):
                task.render_template_fields({**context_of(ti, task), "params": params})
        assert ti.pushed == []
        names = ("role", "checkpoint_database", "user_conn_id", "redshift_conn_id", "aws_conn_id")
        known: dict[str, Any] = dict.fromkeys(names, text)
        assert {name: getattr(offboard, name) for name in known} == known
        known |= more
        assert {name: getattr(check, name) for name in known} == known


def test_afterwards_nothing_more_is_open(warehouse: Warehouse) -> None:
    """By login, after each of them: Segment reads what the good run opened, and mallory nothing."""
    mallory = replace(warehouse, names=replace(warehouse.names, user="mallory"), password=PASSWORD)
    places = [(database, *path) for database in ("shop", "payroll", "Shop") for path in (*OPEN, *CLOSED)]
    for place in [*places, (warehouse.server.database, "marts_day", "t")]:
        database, *path = place
        statement = f"SELECT 1 FROM {quoted(*path)} LIMIT 1"
        opened = database == "shop" and tuple(path) in OPEN
        assert (allowed(warehouse, database, statement), allowed(mallory, database, statement)) == (opened, False), (
            place
        )
