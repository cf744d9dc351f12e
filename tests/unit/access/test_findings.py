"""What a plan for schemas reports beside its steps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_datagraph.access.current import CurrentAccess
from airflow_provider_datagraph.access.desired import DesiredSchema
from airflow_provider_datagraph.access.messages import few
from airflow_provider_datagraph.access.plan import Finding
from airflow_provider_datagraph.access.schemas.findings import reported
from airflow_provider_datagraph.access.schemas.targets import Target
from airflow_provider_datagraph.redshift.values import Grant, Schema, Scope, Session
from tests.unit.access.planning import SCOPED, USAGE, on_column, on_table

CURRENT = CurrentAccess(Session("admin", "dev"))
WHOLE = Target(DesiredSchema("crm"), "crm")
LISTED = Target(DesiredSchema("crm", ("orders",)), "crm", listed=frozenset({"orders"}))
ORDERS = on_table("SELECT", "orders")
TABLES = frozenset({"orders", "accounts"})


def found(
    current: CurrentAccess, *grants: Grant, target: Target = WHOLE, prune: bool = False
) -> list[tuple[str, str, str]]:
    missing = {"crm": frozenset(grants)}
    return [told(finding) for finding in reported("r", [target], current, missing, prune)]


def told(finding: Finding) -> tuple[str, str, str]:
    assert not finding.blocking
    return finding.code, finding.object, finding.message


def test_nothing_to_report() -> None:
    assert found(CURRENT, USAGE) == []


def test_what_others_hold_is_granted_all_the_same() -> None:
    others = {
        "group g": frozenset({USAGE, on_table("INSERT", "orders")}),
        "PUBLIC": frozenset({SCOPED}),
        "group w": frozenset({Grant(Scope.DATABASE_TABLES, "SELECT", "dev")}),
        "group of others": frozenset({Grant(Scope.SCHEMA, "USAGE", "ads"), Grant(Scope.SCHEMA, "CREATE", "crm")}),
    }
    also = "it's granted to role r too, which then doesn't depend on that."
    assert found(replace(CURRENT, others=others), USAGE, ORDERS) == [
        ("held_by_others", "PUBLIC", f"PUBLIC holds SELECT on table crm.orders already: {also}"),
        ("held_by_others", "group g", f"Group g holds USAGE on schema crm already: {also}"),
        ("held_by_others", "group w", f"Group w holds SELECT on table crm.orders already: {also}"),
    ]
    assert found(replace(CURRENT, others=others)) == []


SAID = {
    "secured": (
        "row_level_security",
        "Row-level security is on in dev.crm for {}: role r sees the rows that a policy attached to it lets through, "
        "and none without a policy.",
    ),
    "masked": ("masking", "Role r sees masked values in dev.crm, in {}."),
    "late_views": (
        "late_binding_views",
        "Late-binding views in dev.crm: {}. Each can be read only while its owner may read what is below it, and from "
        "another database, as Segment does, only where that is in this one.",
    ),
}


@pytest.mark.parametrize("field", SAID)
def test_what_limits_access_to_tables(field: str) -> None:
    code, said = SAID[field]
    fields: dict[str, Any] = {field: {"crm": TABLES, "ads": frozenset({"clicks"})}}
    current = replace(CURRENT, **fields)
    assert found(current) == [(code, "dev.crm", said.format("accounts, orders"))]
    assert found(current, target=LISTED) == [(code, "dev.crm", said.format("orders"))]
    fields = {field: {"ads": TABLES}}
    elsewhere = replace(CURRENT, **fields)
    assert found(elsewhere) == found(elsewhere, target=LISTED) == []


def test_the_owner_of_a_late_binding_view_is_named_where_it_is_known() -> None:
    views = {"crm": {"orders": "analyst", "accounts": "", "a_view": "analyst"}, "ads": {"orders": "nobody"}}
    (finding,) = found(replace(CURRENT, views=views, late_views={"crm": TABLES}))
    assert finding[2].startswith("Late-binding views in dev.crm: accounts, orders (of analyst). Each")
    assert found(replace(CURRENT, views=views)) == []


OWNED = {
    "owner": "User owner, a member of role r, owns schema dev.crm, whatever is granted.",
    "writer": "User writer, a member of role r, owns tables in dev.crm, whatever is granted.",
    "both": "User both, a member of role r, owns schema dev.crm and tables in it, whatever is granted.",
}


@pytest.mark.parametrize("member", OWNED)
def test_what_members_own(member: str) -> None:
    owner = "owner" if member == "writer" else member
    current = replace(
        CURRENT,
        schemas={"crm": Schema("crm", owner), "ads": Schema("ads", "a_reader")},
        table_owners={"crm": frozenset({"writer", "both"}), "ads": frozenset({"a_reader"})},
    )
    assert found(replace(current, members=frozenset({member, "a_reader"}))) == [
        ("owned_by_member", "dev.crm", OWNED[member])
    ]
    assert found(replace(current, members=frozenset({"a_reader"}))) == found(current) == []
    # Owners of tables may not have been asked for.
    unasked = found(replace(current, members=frozenset({member}), table_owners={}))
    assert [message for *_, message in unasked] == (
        [] if member == "writer" else [OWNED["owner"].replace("owner,", f"{member},")]
    )


INSERT = on_table("INSERT", "orders")


def opened(current: CurrentAccess, target: Target = WHOLE, prune: bool = False) -> list[str]:
    told = found(current, USAGE, target=target, prune=prune)
    messages = [message for code, _, message in told if code == "opens_more"]
    assert {path for code, path, _ in told if code == "opens_more"} <= {"dev.crm"}
    return messages


@pytest.mark.parametrize(
    ("fields", "holder"),
    [
        ({"grants": {INSERT}}, "role r"),
        ({"inherited": {INSERT}, "granted_roles": {"b", "a"}}, "role r through a, b"),
        ({"others": {"PUBLIC": {INSERT}}}, "PUBLIC"),
        ({"others": {"user a": {INSERT, USAGE}, "user u": {INSERT}, "user v": {INSERT, USAGE}}}, "user u"),
    ],
)
def test_usage_opens_what_was_held_already(fields: dict[str, Any], holder: str) -> None:
    current = replace(CURRENT, **fields)
    said = f"USAGE on schema dev.crm also opens what {holder} holds there: INSERT on table crm.orders."
    assert opened(current) == [said]
    assert found(current) == []
    # Pruning takes it from the role before anybody can use it.
    assert opened(current, prune=True) == ([] if holder == "role r" else [said])


@pytest.mark.parametrize(
    ("grant", "target", "more"),
    [
        (Grant(Scope.TABLES, "DELETE", "crm"), WHOLE, True),
        (SCOPED, WHOLE, False),
        (SCOPED, LISTED, True),
        (ORDERS, WHOLE, False),
        (ORDERS, LISTED, False),
        (on_table("SELECT", "accounts"), LISTED, True),
        (on_column("orders"), LISTED, False),
        (on_column("orders"), WHOLE, False),
        (on_column("accounts"), LISTED, True),
        (Grant(Scope.DATABASE_TABLES, "INSERT", "dev"), WHOLE, True),
        (Grant(Scope.DATABASE_TABLES, "SELECT", "dev"), WHOLE, False),
        (Grant(Scope.DATABASE_TABLES, "SELECT", "dev"), LISTED, True),
        (Grant(Scope.DATABASE_TABLES, "INSERT", "other"), WHOLE, False),
        (Grant(Scope.SCHEMAS, "CREATE", "dev"), WHOLE, False),
        (on_table("INSERT", "clicks", "ads"), WHOLE, False),
        (Grant(Scope.SCHEMA, "CREATE", "crm"), WHOLE, False),
        (Grant(Scope.DEFAULT, "SELECT", "crm", "writer"), LISTED, False),
    ],
)
def test_only_what_is_more_than_desired_is_told(grant: Grant, target: Target, more: bool) -> None:
    assert bool(opened(replace(CURRENT, grants=frozenset({grant})), target)) is more


def test_pruning_takes_nothing_that_reaches_beyond_the_schemas() -> None:
    wide = Grant(Scope.DATABASE_TABLES, "INSERT", "dev")
    (said,) = opened(replace(CURRENT, grants=frozenset({wide, INSERT})), prune=True)
    assert said == "USAGE on schema dev.crm also opens what role r holds there: INSERT on tables in database dev."


def test_usage_opens_nothing_where_everybody_has_it() -> None:
    others = {"PUBLIC": frozenset({USAGE, INSERT}), "group g": frozenset({INSERT})}
    assert opened(replace(CURRENT, others=others, grants=frozenset({INSERT}))) == []


def test_privileges_on_columns_keep_other_databases_out() -> None:
    grants = frozenset({on_column("orders"), on_column("accounts"), on_column("clicks", schema="ads"), USAGE})
    said = (
        "Role r holds privileges on single columns in dev.crm, of {}: Redshift refuses such tables to queries from "
        "another database, and Segment's are."
    )
    current = replace(CURRENT, grants=grants)
    assert found(current) == [("column_privileges", "dev.crm", said.format("accounts, orders"))]
    # Where the table is to be granted they are in the way, which is told elsewhere; pruning takes them.
    assert found(current, ORDERS, target=LISTED) == [("column_privileges", "dev.crm", said.format("accounts"))]
    assert found(current, on_table("INSERT", "orders"), target=LISTED) == found(current)
    assert found(current, prune=True) == []


def test_what_prune_leaves_alone() -> None:
    grants = frozenset(
        {
            Grant(Scope.SCHEMAS, "USAGE", "dev"),
            Grant(Scope.DATABASE_TABLES, "SELECT", "dev"),
            Grant(Scope.DEFAULT, "SELECT", "", "loader"),
            Grant(Scope.DEFAULT, "SELECT", "crm", "loader"),
            USAGE,
            ORDERS,
        }
    )
    current = replace(CURRENT, grants=grants, inherited=frozenset({USAGE}), granted_roles=frozenset({"b", "a"}))
    assert found(current, prune=True) == [
        (
            "database_wide",
            "dev",
            "Role r holds SELECT on later tables of loader in all schemas, USAGE on schemas in database dev, SELECT on "
            "tables in database dev, which prune leaves alone, since it reaches beyond the named schemas.",
        ),
        ("inherited", "r", "Role r also has what the roles a, b hold: prune takes nothing from them."),
    ]
    assert found(current) == []
    assert found(replace(current, grants=frozenset({USAGE}), inherited=frozenset()), prune=True) == []


@pytest.mark.parametrize(
    ("count", "said"), [(1, "t1"), (5, "t1, t2, t3, t4, t5"), (6, "t1, t2, t3, t4, t5 and 1 more")]
)
def test_few(count: int, said: str) -> None:
    assert few([f"t{n}" for n in range(1, count + 1)]) == said
