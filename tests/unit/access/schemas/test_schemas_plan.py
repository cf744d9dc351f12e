"""The plan of a database's schemas: what is granted, what is held, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_datagraph.access.plan import blocking, finding, note
from airflow_provider_datagraph.access.schemas.values import DesiredSchema, FutureTables
from airflow_provider_datagraph.redshift.statements import use_of_external
from airflow_provider_datagraph.redshift.values import Grant, Schema, Scope, Session
from tests.unit.access.planning import (
    SCOPED,
    USAGE,
    Plan,
    R,
    Step,
    database,
    given,
    holding,
    listed,
    on_table,
    plan_schemas,
    scoped,
    usage,
)

SCHEMAS = {
    name: Schema(name, "admin", kind)
    for name, kind in {"crm": "local", "ads": "local", "Web": "local", "lake": "external", "pg_x": "local"}.items()
}
CURRENT = replace(database(crm="orders accounts Notes", ads="clicks"), schemas=SCHEMAS)


def snapshot(words: str, *lacking: str) -> Step:
    return Step(
        f'GRANT {words} ON ALL TABLES IN SCHEMA "crm" TO ROLE "r"',
        (given("todays tables", "dev", "crm", words=words, names=lacking),),
    )


WHOLE, LIST, TODAYS = (
    DesiredSchema("CRM"),
    DesiredSchema("crm", ("Orders", "accounts")),
    DesiredSchema("crm", future=FutureTables.NONE),
)
ON_ACCOUNTS, ON_ORDERS = on_table("SELECT", "accounts"), on_table("SELECT", "orders")
BOTH = listed("SELECT", "accounts", "orders")


@pytest.mark.parametrize(
    ("desired", "held", "steps", "in_place"),
    [
        (WHOLE, (), (usage("crm"), scoped("crm")), 0),
        (WHOLE, (USAGE, ON_ORDERS, Grant(Scope.TABLES, "INSERT", "crm")), (scoped("crm"),), 1),
        (WHOLE, (SCOPED, Grant(Scope.SCHEMA, "USAGE", "ads")), (usage("crm"),), 1),
        (WHOLE, (USAGE, SCOPED), (), 2),
        (LIST, (), (usage("crm"), BOTH), 0),
        (LIST, (ON_ACCOUNTS, USAGE), (listed("SELECT", "orders"),), 2),
        (LIST, (on_table("INSERT", "accounts"), on_table("SELECT", "accounts", "ads"), USAGE), (BOTH,), 1),
        (LIST, (SCOPED, USAGE), (), 3),
        (LIST, (Grant(Scope.TABLES, "SELECT", "ads"), USAGE), (BOTH,), 1),
        (LIST, (ON_ACCOUNTS, ON_ORDERS), (usage("crm"),), 2),
        (TODAYS, (), (usage("crm"), snapshot("SELECT", "Notes", "accounts", "orders")), 0),
        (TODAYS, (USAGE, ON_ORDERS), (snapshot("SELECT", "Notes", "accounts"),), 1),
        (TODAYS, (USAGE, ON_ORDERS, ON_ACCOUNTS, on_table("SELECT", "Notes")), (), 2),
    ],
)
def test_what_is_lacking_is_granted_in_its_form(
    desired: DesiredSchema, held: tuple[Grant, ...], steps: tuple[Step, ...], in_place: int
) -> None:
    assert plan_schemas([desired], "r", holding(CURRENT, *held)) == Plan(steps, in_place, ())


def test_several_schemas_share_one_usage_statement() -> None:
    desired = [DesiredSchema("crm"), DesiredSchema("ads", ("clicks",)), DesiredSchema("lake")]
    plan = plan_schemas(desired, "r", holding(CURRENT, SCOPED))
    clicks = listed("SELECT", "clicks", schema="ads")
    assert plan.steps == (usage("crm", "ads"), clicks)
    assert plan.in_place == 1
    swapped = plan_schemas([desired[1], desired[0]], "r", CURRENT)
    assert swapped.steps == (usage("ads", "crm"), scoped("crm"), clicks)
    # So do today's tables, whatever tables there are.
    todays = [DesiredSchema(name, future=FutureTables.NONE) for name in ("crm", "ads")]
    shared = 'GRANT SELECT ON ALL TABLES IN SCHEMA "crm", "ads" TO ROLE "r"'
    assert plan_schemas(todays, "r", CURRENT).sql == [usage("crm", "ads").sql, shared]


def test_schemas_that_lack_different_privileges_are_granted_apart() -> None:
    wide = ("USAGE", "CREATE", "DROP")
    schemas = {name: Schema(name, "admin") for name in ("crm", "ads", "web")}
    desired = [DesiredSchema(name, schema_privileges=wide) for name in schemas]
    grants = {Grant(Scope.SCHEMA, "CREATE", "ads"), *(Grant(Scope.TABLES, "SELECT", name) for name in schemas)}
    plan = plan_schemas(desired, "r", replace(CURRENT, schemas=schemas, grants=frozenset(grants)))
    assert plan.sql == [
        'GRANT USAGE, CREATE, DROP ON SCHEMA "crm", "web" TO ROLE "r"',
        'GRANT USAGE, DROP ON SCHEMA "ads" TO ROLE "r"',
    ]
    assert plan.changes == (
        given("schema", "dev", "crm", words="USAGE, CREATE, DROP"),
        given("schema", "dev", "web", words="USAGE, CREATE, DROP"),
        given("schema", "dev", "ads", words="USAGE, DROP"),
    )
    assert plan.in_place == 3


def test_tables_share_a_statement_where_they_lack_the_same() -> None:
    privileges = ("SELECT", "INSERT", "DELETE")
    desired = DesiredSchema("crm", ("orders", "accounts"), table_privileges=privileges)
    held = (USAGE, Grant(Scope.TABLES, "DELETE", "crm"), on_table("SELECT", "accounts"), on_table("INSERT", "orders"))
    plan = plan_schemas([desired], "r", holding(CURRENT, *held))
    assert plan == Plan((listed("INSERT", "accounts"), listed("SELECT", "orders")), 1, ())
    todays = replace(desired, tables=None, future=FutureTables.NONE)
    plan = plan_schemas([todays], "r", holding(CURRENT, *held))
    assert plan == Plan((snapshot("SELECT, INSERT", "Notes", "accounts", "orders"),), 1, ())


def test_a_case_sensitive_session_compares_names_as_typed() -> None:
    current = replace(CURRENT, session=Session("admin", "dev", case_sensitive=True))
    plan = plan_schemas([DesiredSchema("Web"), DesiredSchema("crm", ("Notes",))], "r", current)
    assert plan == Plan((usage("Web", "crm"), scoped("Web"), listed("SELECT", "Notes")), 0, ())
    missing = plan_schemas([DesiredSchema("WEB"), DesiredSchema("crm", ("NOTES",))], "r", current)
    assert missing.findings == (
        blocking("schema_missing", "dev.WEB", case="alike", alike="Web", schema="WEB", database="dev"),
        blocking("table_missing", "dev.crm.NOTES", case="alike", alike="Notes"),
    )


def test_what_isnt_local_is_told_and_left_out() -> None:
    use = use_of_external(R, "lake")
    told = finding("not_local", "dev.lake", case="external", database="dev", statement=use, statements=())
    desired = [DesiredSchema("Lake", ("t",)), DesiredSchema("crm")]
    plan = plan_schemas(desired, "r", CURRENT, prune=True)
    assert plan == Plan((usage("crm"), scoped("crm")), 0, (told,))
    kind = "auto mounted catalog"
    mounted = replace(CURRENT, schemas={"lake": Schema("lake", "admin", kind)})
    assert plan_schemas(desired[:1], "r", mounted).findings == (
        finding("not_local", "dev.lake", case="mounted", kind=kind),
    )
    followed = plan_schemas(desired, "r", holding(CURRENT, Grant(Scope.SCHEMA, "USAGE", "lake")))
    assert followed.findings == (note("not_local", "dev.lake", case="open", kind="external", role="r"),)


@pytest.mark.parametrize("name", ["pg_x", "PG_missing", "information_schema"])
@pytest.mark.parametrize("plan_only", [False, True])
def test_system_schemas_are_refused(name: str, plan_only: bool) -> None:
    plan = plan_schemas([DesiredSchema(name)], "r", CURRENT, plan_only=plan_only)
    assert plan == Plan((), 0, (blocking("system_schema", name),))
