"""The plan of a database's schemas where something is missing, or a column-level grant is in the way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_datagraph.access.plan import Fact, Finding, Reason, blocking, finding, note
from airflow_provider_datagraph.access.schemas.values import DesiredSchema, FutureTables, SchemaAccess, Tables
from airflow_provider_datagraph.redshift.statements import Privileges
from airflow_provider_datagraph.redshift.values import Grant, Identity, Role, Schema, Scope, Session, User
from tests.unit.access.planning import (
    SCOPED,
    USAGE,
    Plan,
    database,
    given,
    holding,
    listed,
    named,
    on_column,
    on_table,
    plan_schemas,
    taken,
)

CURRENT = holding(database("crm", "Ads", "ADS", crm="orders accounts notes Bills BILLS"), USAGE)
PLAIN_USER = replace(CURRENT, session=Session("admin", "dev", superuser=False))
PARTIAL = note("partial_view", "admin")
WHOLE = 'GRANT SELECT FOR TABLES IN SCHEMA "crm" TO ROLE "r"'
HINTS: list[tuple[str, dict[str, Fact]]] = [
    ("ads", {"case": "alike", "alike": "ADS"}),
    ("Ads", {"case": "folded"}),
    ("nowhere", {}),
]


def usage(schema: str) -> Privileges:
    return Privileges(Identity("user", "admin"), ("USAGE",), Scope.SCHEMA, [(schema,)], option=True)


def with_hidden(hint: dict[str, Fact]) -> dict[str, Fact]:
    return {**hint, "case": f"{hint['case']} hidden", "user": "admin"}


def test_a_role_of_somebody_who_is_not_trusted_blocks() -> None:
    current = replace(CURRENT, roles={"r": Role("r", "eve")}, users={"eve": User("eve", 7)})
    (found,) = plan_schemas([DesiredSchema("crm")], "r", current).findings
    assert (found.code, found.object, found.blocking) == ("untrusted_owner", "r", True)
    assert plan_schemas([DesiredSchema("crm")], "r", current, trusted=("eve",)).findings == ()


@pytest.mark.parametrize(("name", "hint"), HINTS)
@pytest.mark.parametrize("current", [CURRENT, PLAIN_USER])
def test_a_missing_schema_blocks(name: str, hint: dict[str, Fact], current: SchemaAccess) -> None:
    if current is PLAIN_USER:
        # It may also be hidden.
        hint = with_hidden(hint) if hint else {"case": "hidden", "user": "admin", "statement": usage("nowhere")}
    missing = blocking("schema_missing", f"dev.{name}", schema=name, database="dev", **hint)
    plan = plan_schemas([DesiredSchema(name, ("t",)), DesiredSchema("crm")], "r", current)
    assert (plan.findings, plan.in_place) == ((*[PARTIAL] * (current is PLAIN_USER), missing), 1)
    assert plan.sql == [WHOLE]


@pytest.mark.parametrize(
    ("desired", "tables"),
    [
        (DesiredSchema("Later"), ['GRANT SELECT FOR TABLES IN SCHEMA "later" TO ROLE "r"']),
        (DesiredSchema("Later", ("U", "T")), ['GRANT SELECT ON TABLE "later"."t", "later"."u" TO ROLE "r"']),
        (
            DesiredSchema("Later", table_privileges=("SELECT", "INSERT"), future=FutureTables.NONE),
            ['GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA "later" TO ROLE "r"'],
        ),
    ],
)
def test_a_plan_goes_on_as_if_the_schema_existed(desired: DesiredSchema, tables: list[str]) -> None:
    def missing(**more: Fact) -> Finding:
        facts: dict[str, Fact] = {"case": "planned", "schema": "Later", "database": "dev", **more}
        return finding("schema_missing", "dev.Later", **facts)

    plan = plan_schemas([desired], "r", CURRENT, plan_only=True)
    hidden = (PARTIAL, missing(case="hidden planned", user="admin", statement=usage("later")))
    assert plan_schemas([desired], "r", PLAIN_USER, plan_only=True) == replace(plan, findings=hidden)
    assert (plan.findings, plan.in_place) == ((missing(),), 0)
    assert plan.sql == ['GRANT USAGE ON SCHEMA "later" TO ROLE "r"', *tables]
    # Today's tables of a schema to come are not known.
    assert all(change.names == () for change in plan.changes)


@pytest.mark.parametrize("current", [CURRENT, PLAIN_USER])
def test_a_plan_still_says_which_schema_may_be_meant(current: SchemaAccess) -> None:
    plan = plan_schemas([DesiredSchema("ads")], "r", current, plan_only=True)
    meant = HINTS[0][1] if current is CURRENT else with_hidden(HINTS[0][1])
    assert plan.findings[-1] == finding("schema_missing", "dev.ads", schema="ads", database="dev", **meant)


@pytest.mark.parametrize("plan_only", [False, True])
@pytest.mark.parametrize("current", [CURRENT, PLAIN_USER])
def test_what_differs_by_a_letter_is_meant_where_nothing_is_hidden_or_planned(
    current: SchemaAccess, plan_only: bool
) -> None:
    case = dict(plan_schemas([DesiredSchema("crmm")], "r", current, plan_only=plan_only).findings[-1].facts).get("case")
    hidden = ["hidden"] * (current is PLAIN_USER) + ["planned"] * plan_only
    assert case == (" ".join(hidden) or "alike")


def test_what_opens_a_hidden_schema_names_it_as_the_session_does() -> None:
    session = Session("admin", "dev", case_sensitive=True, superuser=False)
    told = plan_schemas([DesiredSchema("Nowhere")], "r", replace(CURRENT, session=session)).findings[-1]
    assert dict(told.facts)["statement"] == usage("Nowhere")


@pytest.mark.parametrize(
    ("plan_only", "told"),
    [(True, finding("role_missing", "s", case="planned")), (False, blocking("role_missing", "s"))],
)
def test_a_missing_role_blocks_all_but_a_plan(plan_only: bool, told: Finding) -> None:
    current = replace(CURRENT, grants=frozenset())
    plan = plan_schemas([DesiredSchema("crm")], "s", current, plan_only=plan_only)
    assert plan.findings == (told,)
    assert plan.sql == ['GRANT USAGE ON SCHEMA "crm" TO ROLE "s"', WHOLE.replace('"r"', '"s"')]


@pytest.mark.parametrize("plan_only", [False, True])
def test_every_missing_table_blocks(plan_only: bool) -> None:
    desired = DesiredSchema("CRM", ("bIlls", "gone", "orders"))
    plan = plan_schemas([desired], "r", CURRENT, plan_only=plan_only)
    findings = (
        blocking("table_missing", "dev.crm.bIlls", case="alike", alike="BILLS"),
        blocking("table_missing", "dev.crm.gone"),
    )
    assert plan == Plan((listed("SELECT", "orders"),), 1, findings)


def with_columns(*more: Grant) -> SchemaAccess:
    """The role may read columns of two tables, and change a column of a third."""
    columns = (on_column("orders"), on_column("orders", "total"), on_column("accounts"))
    return holding(CURRENT, USAGE, *columns, on_column("notes", privilege="UPDATE"), *more)


def blocked(table: str) -> Finding:
    return blocking("column_grant", f"dev.crm.{table}", privilege="SELECT")


@pytest.mark.parametrize(
    ("desired", "findings"),
    [
        (DesiredSchema("crm", ("orders", "notes")), (blocked("orders"),)),
        (DesiredSchema("crm", future=FutureTables.NONE), (blocked("accounts"), blocked("orders"))),
        (DesiredSchema("crm"), ()),
    ],
)
def test_column_grants_block_grants_on_their_table(desired: DesiredSchema, findings: tuple[Finding, ...]) -> None:
    found = plan_schemas([desired], "r", with_columns())
    assert found.blocking == findings
    assert {finding.code for finding in found.findings} <= {"column_grant", "column_privileges"}


@pytest.mark.parametrize(
    ("desired", "codes"),
    [(DesiredSchema("crm", ("t",)), ["table_missing"]), (DesiredSchema("crm", future=FutureTables.NONE), [])],
)
@pytest.mark.parametrize("tables", [None, named()])
def test_a_schema_whose_tables_arent_known_has_none(
    desired: DesiredSchema, codes: list[str], tables: Tables | None
) -> None:
    plan = plan_schemas([desired], "r", replace(CURRENT, tables=tables))
    assert ([finding.code for finding in plan.findings], plan.steps, plan.in_place) == (codes, (), 1)


def columns_told(*tables: str) -> Finding:
    return finding("column_privileges", "dev.crm", tables=tables, role="r")


def test_pruning_replaces_column_grants() -> None:
    plan = plan_schemas([DesiredSchema("crm", ("orders", "accounts"))], "r", with_columns(), prune=True)
    path = 'ON TABLE "crm".'
    assert plan.sql == [
        f'REVOKE SELECT {path}"accounts", "crm"."orders" FROM ROLE "r"',
        f'GRANT SELECT {path}"accounts", "crm"."orders" TO ROLE "r"',
        f'REVOKE UPDATE {path}"notes" FROM ROLE "r"',
    ]
    assert plan.changes == (
        taken("columns", "dev", "crm", "accounts", reason=Reason.BLOCKS_TABLE),
        taken("columns", "dev", "crm", "orders", reason=Reason.BLOCKS_TABLE),
        given("table", "dev", "crm", "accounts"),
        given("table", "dev", "crm", "orders"),
        taken("table", "dev", "crm", "notes", words="UPDATE"),
    )
    assert (plan.in_place, plan.findings) == (1, ())


def test_pruning_a_column_grant_gives_the_wanted_grant_on_its_table_again() -> None:
    # A REVOKE at table level takes both away.
    current = holding(CURRENT, USAGE, on_table("SELECT", "orders"), on_column("orders"))
    plan = plan_schemas([DesiredSchema("crm", ("orders",))], "r", current, prune=True)
    assert plan.sql == [
        'REVOKE SELECT ON TABLE "crm"."orders" FROM ROLE "r"',
        'GRANT SELECT ON TABLE "crm"."orders" TO ROLE "r"',
    ]
    assert (plan.in_place, plan.findings) == (1, ())
    # Where it is held anyhow, by itself or for all tables, the column grants block nothing.
    assert plan_schemas([DesiredSchema("crm", ("orders",))], "r", current) == Plan((), 2, (columns_told("orders"),))
    plan = plan_schemas([DesiredSchema("crm", ("orders",))], "r", with_columns(SCOPED))
    assert plan == Plan((), 2, (columns_told("accounts", "notes", "orders"),))


def test_findings_write_a_path_as_the_form_reads_it() -> None:
    schemas = {"we.b": Schema("we.b", "admin"), "la.ke": Schema("la.ke", "admin", "external")}
    current = replace(database(name="d.v", **{"we.b": "t.1 a"}), schemas=schemas)
    desired = [DesiredSchema(name) for name in ("la.ke", "x.y")] + [DesiredSchema("we.b", ("n.o", "t.1", "a"))]
    columns = (on_column(table, schema="we.b") for table in ("t.1", "t.2", "a"))
    found = plan_schemas(desired, "r", holding(current, Grant(Scope.SCHEMA, "USAGE", "we.b"), *columns)).findings
    assert [(one.code, one.object) for one in found] == [
        ("not_local", '"d.v"."la.ke"'),
        ("schema_missing", '"d.v"."x.y"'),
        ("table_missing", '"d.v"."we.b"."n.o"'),
        ("column_grant", '"d.v"."we.b".a'),
        ("column_grant", '"d.v"."we.b"."t.1"'),
        ("column_privileges", '"d.v"."we.b"'),
    ]


def test_long_table_lists_are_cut() -> None:
    # A path is 108 bytes, 110 with its separator: 545 of them are 59,948 bytes, and one more fits not.
    tables = [f"{number:03d}{'x' * 97}" for number in range(600)]
    current = replace(CURRENT, tables=named(crm=" ".join(tables)))
    plan = plan_schemas([DesiredSchema("crm", tuple(reversed(tables)))], "r", current)
    parts = [", ".join(f'"crm"."{table}"' for table in part) for part in (tables[:545], tables[545:])]
    assert plan.sql == [f'GRANT SELECT ON TABLE {part} TO ROLE "r"' for part in parts]
    assert [len(step.changes) for step in plan.steps] == [545, 55]
    assert plan.changes == tuple(given("table", "dev", "crm", table) for table in tables)
