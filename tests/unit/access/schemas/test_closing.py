"""Closing schemas: all that the role itself holds in them, and a word on what stays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from airflow_provider_datagraph.access.plan import Reason, blocking, finding
from airflow_provider_datagraph.access.schemas.closing import read_closing
from airflow_provider_datagraph.access.schemas.values import Context
from airflow_provider_datagraph.redshift.values import PUBLIC, Grant, Identity, Schema, Scope, Session
from tests.unit.access.planning import MAY_CREATE, USAGE, Plan, database, on_table, plan_closing, taken
from tests.unit.redshift import catalog_rows as q
from tests.unit.redshift.catalog_rows import Answers

CURRENT = database("crm", "db", name="db")
GROUP = Identity("group", "g")
ON_SCHEMAS = Grant(Scope.SCHEMAS, "USAGE", database="db")
ON_TABLES = Grant(Scope.DATABASE_TABLES, "SELECT", database="db")
LATER = Grant(Scope.DEFAULT, "SELECT", "", writer="etl")


def plan(*grants: Grant, schemas: tuple[str, ...] = ("crm",), role: str = "r", **fields: Any) -> Plan:
    stuck = frozenset({("etl", "other")})
    return plan_closing(schemas, role, replace(CURRENT, grants=frozenset(grants), stuck=stuck, **fields))


def test_what_is_held_goes() -> None:
    found = plan(USAGE, on_table("SELECT", "t"), Grant(Scope.SCHEMA, "USAGE", "elsewhere"))
    assert found.sql == ['REVOKE ALL ON TABLE "crm"."t" FROM ROLE "r"', 'REVOKE ALL ON SCHEMA "crm" FROM ROLE "r"']
    assert found.changes == (
        taken("table", "db", "crm", "t", reason=Reason.CLOSED),
        taken("schema", "db", "crm", words="USAGE", reason=Reason.CLOSED),
    )
    assert (found.in_place, found.findings) == (0, ())


def test_an_external_schema_is_closed_outside_a_transaction() -> None:
    lake = replace(CURRENT, schemas={"crm": Schema("crm", "admin", "external")}, grants=frozenset({USAGE}))
    found = plan_closing(["crm"], "r", lake)
    (step,) = found.steps
    assert (step.sql, step.autocommit) == ('REVOKE USAGE ON SCHEMA "crm" FROM ROLE "r"', True)


def test_what_is_closed_is_in_place() -> None:
    assert plan(schemas=("CRM",)) == Plan(in_place=1)


def test_a_schema_named_as_the_database_does_not_lose_it_the_database() -> None:
    found = plan(ON_TABLES, ON_SCHEMAS, LATER, schemas=("db",))
    wide = finding("database_wide", "db", case="closing", grants=frozenset({ON_TABLES, ON_SCHEMAS, LATER}), role="r")
    assert found == Plan(in_place=1, findings=(wide,))


def test_what_is_reached_in_other_ways_is_said_for_the_named_schemas_alone() -> None:
    elsewhere = Grant(Scope.SCHEMA, "USAGE", "db")
    context = Context(
        frozenset({"b", "a"}),
        inherited=frozenset({USAGE, ON_SCHEMAS}),
        others={PUBLIC: frozenset({USAGE, elsewhere, ON_SCHEMAS}), GROUP: frozenset({elsewhere})},
    )
    found = plan(USAGE, ON_TABLES, context=context)
    usage, through = frozenset({USAGE}), ("a", "b")
    assert found.findings == (
        finding("kept", "db.crm", grants=usage, role="r", holder="PUBLIC"),
        finding("kept", "db.crm", grants=usage, role="r", case="inherited", roles=through),
        finding("database_wide", "db", case="closing", grants=frozenset({ON_TABLES}), role="r"),
        finding(
            "database_wide", "db", case="closing inherited", grants=frozenset({ON_SCHEMAS}), role="r", roles=through
        ),
    )
    assert len(found.steps) == 1


def test_what_is_missing_or_hidden_stops_it() -> None:
    atlantis = blocking("schema_missing", "db.atlantis", case="closing", schema="atlantis", database="db")
    assert plan(schemas=("crm", "atlantis")).findings == (atlantis,)
    # Names compare as the session says.
    meant = blocking("schema_missing", "db.CRM", case="alike", alike="crm", schema="CRM", database="db")
    assert plan(schemas=("CRM",), session=Session("admin", "db", case_sensitive=True)).findings == (meant,)
    clerk = Session("clerk", "db", case_sensitive=True, superuser=False)
    cases = {"atlantis": "closing hidden", "CRM": "alike hidden"}
    assert [dict(one.facts)["case"] for one in plan(schemas=tuple(cases), session=clerk).findings] == [*cases.values()]
    assert plan(role="nobody").findings == (blocking("role_missing", "nobody", case="closing"),)
    assert plan(hidden=True).findings == (blocking("hidden", "r", case="role", user="admin", owner="admin"),)


def test_a_writer_that_cannot_create_stops_it_in_its_schema_alone() -> None:
    stuck = replace(CURRENT, stuck=frozenset({("etl", "crm"), ("etl", "db")}))
    told = blocking("writer_cannot_create", "db.crm", case="stuck", writer="etl", database="db", statement=MAY_CREATE)
    assert plan_closing(("crm",), "r", stuck).findings == (told,)


def test_what_a_role_holds_in_schemas_to_close() -> None:
    below = ("role", "below")
    rows = Answers(
        {
            q.SCHEMAS.replace("'dev'", "'db'"): [["db", "crm", 100, "local"], ["db", "ads", 100, "local"]],
            q.OF_ALL_ON_SCHEMAS: [
                *([*who, "crm", "USAGE", "SCHEMA"] for who in (q.ROLE, below, ("public", "public"))),
                [*q.ROLE, "ads", "USAGE", "SCHEMA"],
            ],
            q.ON_RELATIONS + q.OF_ROLE: [[*q.ROLE, "crm", "t", "SELECT"]],
            q.ON_COLUMNS + q.OF_ROLE: [[*q.ROLE, "crm", "t", "c", "UPDATE"]],
            q.DEFAULTS: [[*q.ROLE, "etl", "crm", "RELATION", "SELECT"], [*q.ROLE, "etl", None, "RELATION", "SELECT"]],
            q.ROLE_GRANTS: [["linked_role", "below"], ["below", "bottom"]],
            q.ON_RELATIONS + q.of("below", "bottom"): [[*below, "crm", "t", "SELECT"]],
            q.OF_OTHERS_ON_RELATIONS: [[*who, "crm", "t", "SELECT"] for who in (("group", "g"), ("public", "public"))],
            q.ON_DATABASES + q.of("below", "bottom", "linked_role"): [
                [*q.ROLE, "db", "SELECT", "TABLES"],
                # CREATE on the database is none of a schema's business.
                [*q.ROLE, "db", "CREATE", "DATABASE"],
                [*q.ROLE, "elsewhere", "SELECT", "TABLES"],
                [*below, "db", "USAGE", "SCHEMAS"],
            ],
            "SELECT has_schema_privilege('etl', 'crm', 'create')": [[False]],
        }
    )
    closing = read_closing(
        rows, Session("admin", "db"), "linked_role", lambda known: ["CRM"] * ("crm" in known.schemas)
    )
    table = Grant(Scope.TABLE, "SELECT", "crm", "t")
    assert closing.grants == {
        USAGE,
        Grant(Scope.SCHEMA, "USAGE", "ads"),
        table,
        Grant(Scope.COLUMN, "UPDATE", "crm", "t", "c"),
        Grant(Scope.DEFAULT, "SELECT", "crm", writer="etl"),
        LATER,
        ON_TABLES,
    }
    assert closing.context == Context(
        frozenset({"below", "bottom"}),
        inherited=frozenset({USAGE, table, ON_SCHEMAS}),
        others={PUBLIC: frozenset({USAGE, table}), GROUP: frozenset({table})},
    )
    assert (closing.hidden, closing.stuck) == (False, frozenset({("etl", "crm")}))
