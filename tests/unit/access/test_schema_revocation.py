"""Closing schemas: all that the role itself holds in them, and a word on what stays."""

from __future__ import annotations

from dataclasses import replace

from airflow_provider_datagraph.access.closing import Closing
from airflow_provider_datagraph.access.plan import Finding
from airflow_provider_datagraph.redshift.values import Grant, Scope, Session
from tests.unit.access.planning import USAGE, Plan, database, on_table, plan_closing

CURRENT = database("crm", "db", name="db")


def plan(*grants: Grant, schemas: tuple[str, ...] = ("crm",), role: str = "r", **more: object) -> Plan:
    current = replace(CURRENT, grants=frozenset(grants), **more)  # type: ignore[arg-type]  # fields by name
    return plan_closing(schemas, role, Closing(current, frozenset({("etl", "other")})))


def test_what_is_held_goes() -> None:
    found = plan(USAGE, on_table("SELECT", "t"), Grant(Scope.SCHEMA, "USAGE", "elsewhere"))
    assert [step.sql for step in found.steps] == [
        'REVOKE ALL ON TABLE "crm"."t" FROM ROLE "r"',
        'REVOKE ALL ON SCHEMA "crm" FROM ROLE "r"',
    ]
    assert (found.in_place, found.findings) == (0, ())


def test_what_is_closed_is_in_place() -> None:
    assert plan(schemas=("CRM",)) == Plan(in_place=1)


def test_a_schema_named_as_the_database_does_not_lose_it_the_database() -> None:
    found = plan(Grant(Scope.DATABASE_TABLES, "SELECT", "db"), Grant(Scope.SCHEMAS, "USAGE", "db"), schemas=("db",))
    assert (found.steps, found.in_place) == ((), 1)
    (finding,) = found.findings
    assert (finding.code, finding.blocking) == ("database_wide", False)
    assert "USAGE on schemas in database db, SELECT on tables in database db" in finding.message


def test_later_tables_everywhere_stay_and_are_said() -> None:
    found = plan(Grant(Scope.DEFAULT, "SELECT", "", "etl"))
    assert (found.steps, [finding.code for finding in found.findings]) == ((), ["database_wide"])


def test_what_is_reached_in_other_ways_is_said_for_the_named_schemas_alone() -> None:
    elsewhere = Grant(Scope.SCHEMA, "USAGE", "db")
    found = plan(
        USAGE,
        others={"PUBLIC": frozenset({USAGE, elsewhere}), "group g": frozenset({elsewhere})},
        inherited=frozenset({USAGE}),
        granted_roles=frozenset({"below"}),
    )
    assert [(f.code, f.object, f.message.split(" still")[0]) for f in found.findings] == [
        ("kept", "db.crm", "PUBLIC"),
        ("kept", "db.crm", "Through below, granted to it, role r"),
    ]
    assert len(found.steps) == 1


def test_what_is_missing_or_hidden_stops_it() -> None:
    assert [f.code for f in plan(schemas=("crm", "atlantis")).blocking] == ["schema_missing"]
    assert [f.code for f in plan(role="nobody").blocking] == ["role_missing"]
    assert [f.code for f in plan(hidden=True).blocking] == ["hidden"]


def test_a_writer_that_cannot_create_stops_it_in_its_schema_alone() -> None:
    closing = Closing(CURRENT, frozenset({("etl", "crm"), ("etl", "db")}))
    (finding,) = plan_closing(("crm",), "r", closing).blocking
    assert (finding.code, finding.object) == ("writer_cannot_create", "db.crm")


def test_every_sentence() -> None:
    found = plan(USAGE, schemas=("crm", "none"), role="other")
    assert found.sentences == ("revoke USAGE on schema db.crm from role other: the schema is closed to it",)
    missing = "Role other doesn't exist, so nothing can be said to be closed to it: correct the name."
    unknown = "Schema none doesn't exist in database db: correct the name."
    assert found.findings == (
        Finding("role_missing", "other", missing, blocking=True),
        Finding("schema_missing", "db.none", unknown, blocking=True),
    )


def test_names_compare_as_the_session_says() -> None:
    sensitive = replace(CURRENT, session=Session("admin", "db", case_sensitive=True))
    (finding,) = plan_closing(["CRM"], "r", Closing(sensitive)).findings
    assert finding.code == "schema_missing"


def test_what_stays_is_told_with_its_holder() -> None:
    wide = Grant(Scope.SCHEMAS, "USAGE", "db")
    found = plan(
        wide,
        others={"PUBLIC": frozenset({USAGE, wide}), "group g": frozenset({Grant(Scope.SCHEMA, "USAGE", "db")})},
        inherited=frozenset({USAGE, wide}),
        granted_roles=frozenset({"b", "a"}),
    )
    kept = "still holds USAGE on schema crm: it is kept, since it isn't role r's own."
    wider = (
        "still holds USAGE on schemas in database db, seen from database db: it is kept, since it reaches beyond the "
        "named schemas."
    )
    assert found.findings == (
        Finding("kept", "db.crm", f"PUBLIC {kept}"),
        Finding("kept", "db.crm", f"Through a, b, granted to it, role r {kept}"),
        Finding("database_wide", "db", f"Role r {wider}"),
        Finding("database_wide", "db", f"Through a, b, granted to it, role r {wider}"),
    )


def test_what_an_admin_does_not_see_may_be_there() -> None:
    clerk = replace(CURRENT, session=replace(CURRENT.session, user="clerk", superuser=False))
    (finding,) = plan_closing(["nowhere"], "r", Closing(clerk)).findings
    assert finding.message == (
        "Schema nowhere doesn't exist in database db: correct the name. clerk isn't a superuser, so it may be hidden."
    )
