"""The plan of a database's schemas where something is missing, or a column-level grant is in the way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_datagraph.access.current import CurrentAccess
from airflow_provider_datagraph.access.desired import DesiredSchema, FutureTables
from airflow_provider_datagraph.access.plan import Finding
from airflow_provider_datagraph.redshift.values import Grant, Schema, Scope, Session
from tests.unit.access.planning import SCOPED, USAGE, Plan, database, holding, listed, on_column, on_table, plan_schemas

CURRENT = holding(database("crm", "Ads", "ADS", crm="orders accounts notes Bills BILLS"), USAGE)
PLAIN_USER = replace(CURRENT, session=Session("admin", "dev", superuser=False))
HIDDEN = " admin isn't a superuser, so it may exist and be hidden from this connection."
PARTIAL = Finding(
    "partial_view",
    "admin",
    "admin isn't a superuser: schemas that it doesn't see count as missing, and what others hold may go "
    "unsaid. ACCESS SYSTEM TABLE and SYSLOG ACCESS UNRESTRICTED together show all.",
)
WHOLE = 'GRANT SELECT FOR TABLES IN SCHEMA "crm" TO ROLE "r"'


@pytest.mark.parametrize(
    ("name", "hint"),
    [("ads", "did you mean ADS?"), ("nowhere", "correct the name, or create the schema first.")],
)
@pytest.mark.parametrize(("current", "more", "partial"), [(CURRENT, "", ()), (PLAIN_USER, HIDDEN, (PARTIAL,))])
def test_a_missing_schema_blocks(
    name: str, hint: str, current: CurrentAccess, more: str, partial: tuple[Finding, ...]
) -> None:
    message = f"Schema {name} doesn't exist in database dev: {hint}{more}"
    finding = Finding("schema_missing", f"dev.{name}", message, blocking=True)
    plan = plan_schemas([DesiredSchema(name, ("t",)), DesiredSchema("crm")], "r", current)
    assert (plan.findings, plan.in_place) == ((*partial, finding), 1)
    assert [step.sql for step in plan.steps] == [WHOLE]


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
    message = "Schema Later doesn't exist in database dev: the plan goes on as if it did."
    finding = Finding("schema_missing", "dev.Later", message)
    plan = plan_schemas([desired], "r", CURRENT, plan_only=True)
    hidden = Finding("schema_missing", "dev.Later", message + HIDDEN)
    assert plan_schemas([desired], "r", PLAIN_USER, plan_only=True) == replace(plan, findings=(PARTIAL, hidden))
    assert (plan.findings, plan.in_place) == ((finding,), 0)
    assert [step.sql for step in plan.steps] == ['GRANT USAGE ON SCHEMA "later" TO ROLE "r"', *tables]


@pytest.mark.parametrize(("current", "more"), [(CURRENT, ""), (PLAIN_USER, HIDDEN)])
def test_a_plan_still_says_which_schema_may_be_meant(current: CurrentAccess, more: str) -> None:
    message = f"Schema ads doesn't exist in database dev: did you mean ADS?{more}"
    plan = plan_schemas([DesiredSchema("ads")], "r", current, plan_only=True)
    assert plan.findings[-1] == Finding("schema_missing", "dev.ads", message)


def test_the_sentence_for_todays_tables_of_a_schema_to_come() -> None:
    desired = DesiredSchema("Later", future=FutureTables.NONE)
    plan = plan_schemas([desired], "r", CURRENT, plan_only=True)
    assert plan.sentences == (
        "grant USAGE on schema dev.later to role r: not held",
        "grant SELECT on today's tables of dev.later to role r: not held",
    )


@pytest.mark.parametrize(
    ("plan_only", "message"),
    [
        (True, "Role s doesn't exist yet; the plan goes on as if it did."),
        (False, "Role s doesn't exist: correct the name, or create it with CreateSegmentRoleOperator first."),
    ],
)
def test_a_missing_role_blocks_all_but_a_plan(plan_only: bool, message: str) -> None:
    current = replace(CURRENT, grants=frozenset())
    plan = plan_schemas([DesiredSchema("crm"), DesiredSchema("x")], "s", current, plan_only=plan_only)
    assert plan.findings[0] == Finding("role_missing", "s", message, blocking=not plan_only)
    assert [finding.code for finding in plan.findings] == ["role_missing", "schema_missing"]
    assert plan.steps[0].sql.endswith(' TO ROLE "s"')


@pytest.mark.parametrize("plan_only", [False, True])
def test_every_missing_table_blocks(plan_only: bool) -> None:
    desired = DesiredSchema("CRM", ("bIlls", "gone", "orders"))
    plan = plan_schemas([desired], "r", CURRENT, plan_only=plan_only)
    findings = (
        Finding("table_missing", "dev.crm.bIlls", "Table dev.crm.bIlls doesn't exist: did you mean BILLS?", True),
        Finding(
            "table_missing",
            "dev.crm.gone",
            "Table dev.crm.gone doesn't exist: correct the name, or create the table first.",
            True,
        ),
    )
    assert plan == Plan((listed("SELECT", "orders"),), 1, findings)


def with_columns(*more: Grant) -> CurrentAccess:
    """The role may read columns of two tables, and change a column of a third."""
    columns = (on_column("orders"), on_column("orders", "total"), on_column("accounts"))
    return holding(CURRENT, USAGE, *columns, on_column("notes", privilege="UPDATE"), *more)


def blocked(table: str) -> Finding:
    message = (
        f"SELECT on some columns of dev.crm.{table} is held already, and Redshift then refuses the whole table: run "
        "again with prune=True to replace it, or revoke it by hand."
    )
    return Finding("column_grant", f"dev.crm.{table}", message, blocking=True)


@pytest.mark.parametrize(
    ("desired", "findings"),
    [
        (DesiredSchema("crm", ("orders", "notes")), (blocked("orders"),)),
        (DesiredSchema("crm", ("orders", "accounts")), (blocked("accounts"), blocked("orders"))),
        (DesiredSchema("crm", future=FutureTables.NONE), (blocked("accounts"), blocked("orders"))),
        (DesiredSchema("crm"), ()),
    ],
)
def test_column_grants_block_grants_on_their_table(desired: DesiredSchema, findings: tuple[Finding, ...]) -> None:
    found = plan_schemas([desired], "r", with_columns())
    assert found.blocking == findings
    assert {finding.code for finding in found.findings} <= {"column_grant", "column_privileges"}


def test_column_grants_are_told_and_replaced_in_order() -> None:
    tables = tuple("hgfedcba")
    columns = frozenset(on_column(table) for table in tables)
    current = replace(CURRENT, relations={"crm": frozenset(tables)}, grants=CURRENT.grants | columns)
    desired = [DesiredSchema("crm", tables)]
    findings = plan_schemas(desired, "r", current).findings
    assert [finding.object for finding in findings] == [f"dev.crm.{table}" for table in sorted(tables)]
    pruned = plan_schemas(desired, "r", current, prune=True)
    quoted = ", ".join(f'"crm"."{table}"' for table in sorted(tables))
    assert [step.sql for step in pruned.steps[:-1]] == [f'REVOKE SELECT ON TABLE {quoted} FROM ROLE "r"']


@pytest.mark.parametrize(
    ("desired", "codes"),
    [(DesiredSchema("crm", ("t",)), ["table_missing"]), (DesiredSchema("crm", future=FutureTables.NONE), [])],
)
def test_a_schema_whose_tables_arent_known_has_none(desired: DesiredSchema, codes: list[str]) -> None:
    plan = plan_schemas([desired], "r", replace(CURRENT, relations={}))
    assert ([finding.code for finding in plan.findings], plan.steps, plan.in_place) == (codes, (), 1)


def test_column_grants_under_a_scoped_grant_block_nothing() -> None:
    current = with_columns(SCOPED)
    plan = plan_schemas([DesiredSchema("crm", ("orders",))], "r", current)
    assert plan == Plan((), 2, (columns_told("accounts, notes, orders"),))


def columns_told(tables: str) -> Finding:
    message = (
        f"Role r holds privileges on single columns in dev.crm, of {tables}: Redshift refuses such tables to queries "
        "from another database, and Segment's are."
    )
    return Finding("column_privileges", "dev.crm", message)


def test_pruning_replaces_column_grants() -> None:
    plan = plan_schemas([DesiredSchema("crm", ("orders", "accounts"))], "r", with_columns(), prune=True)
    path = 'ON TABLE "crm".'
    assert [step.sql for step in plan.steps] == [
        f'REVOKE SELECT {path}"accounts", "crm"."orders" FROM ROLE "r"',
        f'GRANT SELECT {path}"accounts", "crm"."orders" TO ROLE "r"',
        f'REVOKE UPDATE {path}"notes" FROM ROLE "r"',
    ]
    assert plan.sentences == (
        "revoke SELECT on columns of dev.crm.accounts from role r: it blocks the table",
        "revoke SELECT on columns of dev.crm.orders from role r: it blocks the table",
        "grant SELECT on table dev.crm.accounts to role r: not held",
        "grant SELECT on table dev.crm.orders to role r: not held",
        "revoke UPDATE on table dev.crm.notes from role r: not desired",
    )
    assert (plan.in_place, plan.findings) == (1, ())


def test_pruning_a_column_grant_gives_the_wanted_grant_on_its_table_again() -> None:
    # A REVOKE at table level takes both away.
    current = holding(CURRENT, USAGE, on_table("SELECT", "orders"), on_column("orders"))
    plan = plan_schemas([DesiredSchema("crm", ("orders",))], "r", current, prune=True)
    assert [step.sql for step in plan.steps] == [
        'REVOKE SELECT ON TABLE "crm"."orders" FROM ROLE "r"',
        'GRANT SELECT ON TABLE "crm"."orders" TO ROLE "r"',
    ]
    assert (plan.in_place, plan.findings) == (1, ())
    assert plan_schemas([DesiredSchema("crm", ("orders",))], "r", current) == Plan((), 2, (columns_told("orders"),))


@pytest.mark.parametrize(
    ("length", "fitting"),
    [
        # 1,579 quoted names with their separators are 60,000 bytes.
        (34, 1579),
        # 1,016 are 59,942 bytes, and one more makes it 60,001.
        (55, 1016),
    ],
)
def test_long_statements_are_cut(length: int, fitting: int) -> None:
    names = [f"{number:04d}{'x' * (length - 4)}" for number in range(2 * fitting + 1)]
    schemas = {name: Schema(name, "admin") for name in names}
    held = frozenset(Grant(Scope.TABLES, "SELECT", name) for name in names)
    current = replace(CURRENT, schemas=schemas, grants=held)
    plan = plan_schemas([DesiredSchema(name) for name in names], "r", current)
    parts = [names[:fitting], names[fitting : 2 * fitting], names[2 * fitting :]]
    lists = [", ".join(f'"{name}"' for name in part) for part in parts]
    assert [step.sql for step in plan.steps] == [f'GRANT USAGE ON SCHEMA {text} TO ROLE "r"' for text in lists]
    assert [len(step.sentences) for step in plan.steps] == [fitting, fitting, 1]
    assert plan.sentences == tuple(f"grant USAGE on schema dev.{name} to role r: not held" for name in names)


def test_long_table_lists_are_cut() -> None:
    # A path is 108 bytes, 110 with its separator: 545 of them are 59,948 bytes, and one more fits not.
    tables = [f"{number:03d}{'x' * 97}" for number in range(600)]
    current = replace(CURRENT, relations={"crm": frozenset(tables)})
    plan = plan_schemas([DesiredSchema("crm", tuple(reversed(tables)))], "r", current)
    parts = [", ".join(f'"crm"."{table}"' for table in part) for part in (tables[:545], tables[545:])]
    assert [step.sql for step in plan.steps] == [f'GRANT SELECT ON TABLE {part} TO ROLE "r"' for part in parts]
    assert [len(step.sentences) for step in plan.steps] == [545, 55]
    assert plan.sentences == tuple(f"grant SELECT on table dev.crm.{table} to role r: not held" for table in tables)


def test_statements_are_cut_by_bytes() -> None:
    names = [f"{number:03d}{'漢' * 40}" for number in range(1000)]
    schemas = {name: Schema(name, "admin") for name in names}
    held = frozenset(Grant(Scope.TABLES, "SELECT", name) for name in names)
    plan = plan_schemas([DesiredSchema(name) for name in names], "r", replace(CURRENT, schemas=schemas, grants=held))
    lists = [step.sql.removeprefix("GRANT USAGE ON SCHEMA ").removesuffix(' TO ROLE "r"') for step in plan.steps]
    # A quoted name is 125 bytes, 127 with its separator: 472 of them are 59,942 bytes, and one more fits not.
    assert [len(text.split(", ")) for text in lists] == [472, 472, 56]
    assert [len(text.encode()) for text in lists[:2]] == [59_942, 59_942]
