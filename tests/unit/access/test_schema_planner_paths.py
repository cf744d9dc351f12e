"""Sentences and findings write a path as the form reads it, whatever its parts hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_datagraph.access.desired import DesiredSchema, FutureTables
from airflow_provider_datagraph.access.plan import Finding
from airflow_provider_datagraph.redshift.values import Grant, Schema, Scope
from tests.unit.access.planning import database, holding, on_column, on_table, plan_schemas

SCHEMAS = {"we.b": Schema("we.b", "admin"), "la.ke": Schema("la.ke", "admin", "external")}
CURRENT = replace(database(name="d.v", **{"we.b": "t.1"}), schemas=SCHEMAS)
SCHEMA, TABLE = '"d.v"."we.b"', '"d.v"."we.b"."t.1"'


@pytest.mark.parametrize(
    ("desired", "sentence"),
    [
        (DesiredSchema("we.b"), f"grant SELECT on the tables of {SCHEMA}, also later ones, to role r: not held"),
        (DesiredSchema("we.b", ("t.1",)), f"grant SELECT on table {TABLE} to role r: not held"),
        (
            DesiredSchema("we.b", future=FutureTables.NONE),
            f"grant SELECT on today's tables of {SCHEMA} to role r: not held on t.1",
        ),
    ],
)
def test_grants(desired: DesiredSchema, sentence: str) -> None:
    plan = plan_schemas([desired], "r", CURRENT)
    assert plan.sentences == (f"grant USAGE on schema {SCHEMA} to role r: not held", sentence)


def test_revokes() -> None:
    extra = (
        *(Grant(Scope.SCHEMA, word, "we.b") for word in ("USAGE", "CREATE")),
        *(Grant(Scope.TABLES, word, "we.b") for word in ("SELECT", "INSERT")),
        on_table("SELECT", "t.1", "we.b"),
        Grant(Scope.DEFAULT, "SELECT", "we.b", "loader"),
    )
    plan = plan_schemas([DesiredSchema("we.b")], "r", holding(CURRENT, *extra), prune=True)
    assert plan.sentences == (
        f"revoke SELECT on later tables of loader in {SCHEMA} from role r: not desired",
        f"revoke SELECT on table {TABLE} from role r: not desired",
        f"revoke INSERT on the tables of {SCHEMA}, also later ones, from role r: not desired",
        f"revoke CREATE on schema {SCHEMA} from role r: not desired",
    )


def test_column_grants() -> None:
    current = holding(CURRENT, on_column("t.1", schema="we.b"))
    desired = [DesiredSchema("we.b", ("t.1",))]
    (finding,) = plan_schemas(desired, "r", current).blocking
    assert finding.object == TABLE
    assert finding.message.startswith(f"SELECT on some columns of {TABLE} is held already, ")
    pruned = plan_schemas(desired, "r", current, prune=True)
    assert pruned.sentences[0] == f"revoke SELECT on columns of {TABLE} from role r: it blocks the table"


def test_findings() -> None:
    plan = plan_schemas([DesiredSchema("la.ke"), DesiredSchema("x.y"), DesiredSchema("we.b", ("n.o",))], "r", CURRENT)
    external = (
        'Schema "d.v"."la.ke" is external, and Redshift grants those to users and groups only, outside a transaction: '
        'an administrator runs GRANT USAGE ON SCHEMA "la.ke" TO <user> by hand.'
    )
    schema = "Schema x.y doesn't exist in database d.v: correct the name, or create the schema first."
    table = f'Table {SCHEMA}."n.o" doesn\'t exist: correct the name, or create the table first.'
    assert plan.findings == (
        Finding("not_local", '"d.v"."la.ke"', external),
        Finding("schema_missing", '"d.v"."x.y"', schema, blocking=True),
        Finding("table_missing", f'{SCHEMA}."n.o"', table, blocking=True),
    )


@pytest.mark.parametrize(
    ("count", "told"),
    [(4, "a, b, c, d"), (5, "a, b, c, d, e"), (6, "a, b, c, d, e and 1 more"), (26, "a, b, c, d, e and 21 more")],
)
def test_the_sentence_of_a_snapshot_stays_short(count: int, told: str) -> None:
    tables = frozenset("abcdefghijklmnopqrstuvwxyz"[:count])
    desired = [DesiredSchema("we.b", future=FutureTables.NONE)]
    plan = plan_schemas(desired, "r", replace(CURRENT, relations={"we.b": tables}))
    assert plan.sentences[1] == f"grant SELECT on today's tables of {SCHEMA} to role r: not held on {told}"
