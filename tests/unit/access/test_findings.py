"""What a plan for schemas reports beside its steps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_datagraph.access.findings import few, reported
from airflow_provider_datagraph.access.privileges import CurrentAccess, DesiredSchema, Finding, Grant, Scope, Session
from airflow_provider_datagraph.access.targets import Target

CURRENT = CurrentAccess(Session("admin", "dev"))
WHOLE = Target(DesiredSchema("crm"), "crm")
LISTED = Target(DesiredSchema("crm", ("orders",)), "crm", listed=frozenset({"orders"}))
USAGE = Grant(Scope.SCHEMA, "USAGE", "crm")
ORDERS = Grant(Scope.TABLE, "SELECT", "crm", "orders")
TABLES = frozenset({"orders", "accounts"})


def found(
    current: CurrentAccess, *grants: Grant, target: Target = WHOLE, prune: bool = False
) -> list[tuple[str, str, str]]:
    missing = {"crm": frozenset(grants)}
    return [told(finding) for finding in reported("r", [target], current, missing, prune)]


def told(finding: Finding) -> tuple[str, str, str]:
    assert not finding.blocking
    return finding.code, finding.object, finding.message


def on_column(relation: str, schema: str = "crm") -> Grant:
    return Grant(Scope.COLUMN, "SELECT", schema, relation, "id")


def test_nothing_to_report() -> None:
    assert found(CURRENT, USAGE) == []


def test_what_others_hold_is_granted_all_the_same() -> None:
    others = {
        "group g": frozenset({USAGE, Grant(Scope.TABLE, "INSERT", "crm", "orders")}),
        "PUBLIC": frozenset({Grant(Scope.TABLES, "SELECT", "crm")}),
        "group w": frozenset({Grant(Scope.DATABASE_TABLES, "SELECT", "dev")}),
        "group of others": frozenset({Grant(Scope.SCHEMA, "USAGE", "ads"), Grant(Scope.SCHEMA, "CREATE", "crm")}),
    }
    also = "it's granted to role r too, which then doesn't depend on that."
    assert found(replace(CURRENT, others=others), USAGE, ORDERS) == [
        ("held_by_others", "PUBLIC", f"PUBLIC holds SELECT on table crm.orders already: {also}"),
        ("held_by_others", "group g", f"group g holds USAGE on schema crm already: {also}"),
        ("held_by_others", "group w", f"group w holds SELECT on table crm.orders already: {also}"),
    ]
    assert found(replace(CURRENT, others=others)) == []


SAID = {
    "secured": (
        "row_level_security",
        "Row-level security is on in dev.crm for {}: role r sees the rows that a policy attached to it lets through, "
        "and none without a policy.",
    ),
    "masked": ("masking", "Role r sees masked values in dev.crm, in {}."),
    "views": (
        "views",
        "{} in dev.crm are views: a late-binding one (WITH NO SCHEMA BINDING) can be read only while its owner may "
        "read what is below it.",
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


def test_privileges_on_columns_keep_other_databases_out() -> None:
    grants = frozenset({on_column("orders"), on_column("accounts"), on_column("clicks", "ads"), USAGE})
    said = (
        "Role r holds privileges on single columns in dev.crm, of {}: Redshift refuses such tables to queries from "
        "another database, and Segment's are."
    )
    current = replace(CURRENT, grants=grants)
    assert found(current) == [("column_privileges", "dev.crm", said.format("accounts, orders"))]
    # A table that is granted whole is refused or pruned elsewhere.
    assert found(current, target=LISTED) == [("column_privileges", "dev.crm", said.format("accounts"))]
    assert found(current, prune=True) == []


def test_what_prune_leaves_alone() -> None:
    grants = frozenset(
        {Grant(Scope.SCHEMAS, "USAGE", "dev"), Grant(Scope.DATABASE_TABLES, "SELECT", "dev"), USAGE, ORDERS}
    )
    current = replace(CURRENT, grants=grants, inherited=frozenset({USAGE}), granted_roles=frozenset({"b", "a"}))
    assert found(current, prune=True) == [
        (
            "database_wide",
            "dev",
            "Role r holds USAGE on schemas in database dev, SELECT on tables in database dev, which prune leaves "
            "alone, since it reaches beyond the named schemas.",
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
