"""Changes and findings write a path as the form reads it, whatever its parts hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_datagraph.access.messages import object_name
from airflow_provider_datagraph.access.plan import blocking, finding
from airflow_provider_datagraph.access.schemas.values import DesiredSchema, FutureTables
from airflow_provider_datagraph.redshift.values import Grant, Schema, Scope
from tests.unit.access.planning import Plan, database, holding, named, on_column, on_table, plan_schemas

SCHEMAS = {"we.b": Schema("we.b", "admin"), "la.ke": Schema("la.ke", "admin", "external")}
CURRENT = replace(database(name="d.v", **{"we.b": "t.1"}), schemas=SCHEMAS)
SCHEMA, TABLE = '"d.v"."we.b"', '"d.v"."we.b"."t.1"'


def told(plan: Plan) -> list[tuple[str, str, str]]:
    return [(one.action, object_name(one), ", ".join(one.privileges)) for one in plan.changes]


@pytest.mark.parametrize(
    ("desired", "about"),
    [
        (DesiredSchema("we.b"), f"tables {SCHEMA}"),
        (DesiredSchema("we.b", ("t.1",)), f"table {TABLE}"),
        (DesiredSchema("we.b", future=FutureTables.NONE), f"todays tables {SCHEMA}"),
    ],
)
def test_grants(desired: DesiredSchema, about: str) -> None:
    plan = plan_schemas([desired], "r", CURRENT)
    assert told(plan) == [("grant", f"schema {SCHEMA}", "USAGE"), ("grant", about, "SELECT")]


def test_revokes() -> None:
    extra = (
        *(Grant(Scope.SCHEMA, word, "we.b") for word in ("USAGE", "CREATE")),
        *(Grant(Scope.TABLES, word, "we.b") for word in ("SELECT", "INSERT")),
        on_table("SELECT", "t.1", "we.b"),
        Grant(Scope.DEFAULT, "SELECT", "we.b", writer="loader"),
    )
    plan = plan_schemas([DesiredSchema("we.b")], "r", holding(CURRENT, *extra), prune=True)
    assert told(plan) == [
        ("revoke", f"later tables {SCHEMA}", "SELECT"),
        ("revoke", f"table {TABLE}", "SELECT"),
        ("revoke", f"tables {SCHEMA}", "INSERT"),
        ("revoke", f"schema {SCHEMA}", "CREATE"),
    ]


def test_column_grants() -> None:
    current = holding(CURRENT, on_column("t.1", schema="we.b"))
    desired = [DesiredSchema("we.b", ("t.1",))]
    assert plan_schemas(desired, "r", current).blocking == (blocking("column_grant", TABLE, privilege="SELECT"),)
    pruned = plan_schemas(desired, "r", current, prune=True)
    assert told(pruned)[0] == ("revoke", f"columns {TABLE}", "SELECT")


def test_findings() -> None:
    plan = plan_schemas([DesiredSchema("la.ke"), DesiredSchema("x.y"), DesiredSchema("we.b", ("n.o",))], "r", CURRENT)
    assert plan.findings == (
        finding("not_local", '"d.v"."la.ke"', kind="external", schema="la.ke", database="d.v"),
        blocking("schema_missing", '"d.v"."x.y"', schema="x.y", database="d.v"),
        blocking("table_missing", f'{SCHEMA}."n.o"'),
    )


def test_a_snapshot_names_all_that_lack_it() -> None:
    tables = "abcdefghijklmnopqrstuvwxyz"
    desired = [DesiredSchema("we.b", future=FutureTables.NONE)]
    plan = plan_schemas(desired, "r", replace(CURRENT, tables=named(**{"we.b": " ".join(tables)})))
    assert plan.changes[1].names == tuple(tables)
