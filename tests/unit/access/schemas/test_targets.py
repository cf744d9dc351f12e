"""Desired schemas beside the catalog: what is wanted, what gives it already, and what can't be granted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_datagraph.access.plan import blocking, finding
from airflow_provider_datagraph.access.schemas.targets import find_targets, is_held, wider
from airflow_provider_datagraph.access.schemas.values import (
    Context,
    DesiredSchema,
    FutureTables,
    SchemaAccess,
    Tables,
    Target,
)
from airflow_provider_datagraph.redshift.values import Grant, Schema, Scope, Session, User
from tests.unit.access.planning import SCOPED, USAGE, on_table

CURRENT = SchemaAccess(
    Session("admin", "dev"),
    users={"admin": User("admin", 1, superuser=True)},
    schemas={name: Schema(name, "admin") for name in ("crm", "Web")},
    tables=Tables({"crm": frozenset({"orders"})}),
    creators=frozenset({("admin", "crm")}),
)
ORDERS = on_table("SELECT", "orders")
LATER = Grant(Scope.DEFAULT, "SELECT", "crm", writer="etl")
ALL_SCHEMAS = Grant(Scope.SCHEMAS, "USAGE", database="dev")
ALL_TABLES = Grant(Scope.DATABASE_TABLES, "SELECT", database="dev")
WIDER = {
    USAGE: [ALL_SCHEMAS],
    SCOPED: [ALL_TABLES],
    ORDERS: [SCOPED, ALL_TABLES],
    LATER: [Grant(Scope.DEFAULT, "SELECT", "", writer="etl"), SCOPED, ALL_TABLES],
    ALL_TABLES: [],
    Grant(Scope.COLUMN, "SELECT", "crm", "orders", "id"): [],
}


@pytest.mark.parametrize(("grant", "found"), WIDER.items())
def test_what_gives_the_same_on_more(grant: Grant, found: list[Grant]) -> None:
    assert list(wider(grant, "dev")) == found


@pytest.mark.parametrize(("grant", "above"), [(grant, above) for grant, found in WIDER.items() for above in found])
def test_a_wider_one_is_enough_also_in_a_role_above(grant: Grant, above: Grant) -> None:
    own = replace(CURRENT, grants=frozenset({above}))
    inherited = replace(CURRENT, context=Context(inherited=frozenset({above})))
    assert is_held(grant, own)
    assert is_held(grant, inherited) and is_held(grant, inherited, schema_wide=False)
    # A permission on all tables of the schema would be pruned.
    assert is_held(grant, own, schema_wide=False) is (above is not SCOPED)
    assert not is_held(grant, CURRENT) and not is_held(grant, replace(CURRENT, context=Context()))


def test_a_table_named_twice() -> None:
    targets, findings = find_targets([DesiredSchema("crm", ("orders", "ORDERS", "none"))], CURRENT)
    assert [target.listed for target in targets] == [{"orders"}]
    assert findings == [blocking("table_twice", "dev.crm.orders"), blocking("table_missing", "dev.crm.none")]


def test_schemas_named_twice_are_all_told() -> None:
    current = replace(CURRENT, schemas={name: Schema(name, "admin") for name in ("crm", "ads", "web")})
    desired = [DesiredSchema(name) for name in ("crm", "ads", "CRM", "web", "Ads", "Crm")]
    targets, findings = find_targets(desired, current)
    assert [target.desired.name for target in targets] == ["Crm", "Ads", "web"]
    twice = {"ads": "ads and Ads", "crm": "crm and CRM and Crm"}
    assert findings == [blocking("schema_twice", f"dev.{name}", spellings=twice[name]) for name in sorted(twice)]
    # What the first one lists wasn't read, so nothing is said to be missing of it.
    _, findings = find_targets([DesiredSchema("crm", ("accounts",)), DesiredSchema("CRM")], current)
    assert [one.code for one in findings] == ["schema_twice"]


@pytest.mark.parametrize(("sensitive", "name", "table"), [(False, "future", "newest"), (True, "Future", "Newest")])
def test_a_plan_goes_on_as_if_the_schema_were_there(sensitive: bool, name: str, table: str) -> None:
    current = replace(CURRENT, session=Session("admin", "dev", case_sensitive=sensitive))
    desired = DesiredSchema("Future", ("Newest",))
    assert find_targets([desired], current, plan_only=True) == (
        [Target(desired, name, listed=frozenset({table}), exists=False)],
        [finding("schema_missing", "dev.Future", case="planned", schema="Future", database="dev")],
    )
    missing = blocking("schema_missing", "dev.Future", schema="Future", database="dev")
    assert find_targets([desired], current) == ([], [missing])


def test_default_privileges_bring_their_writers_and_problems() -> None:
    desired = DesiredSchema("crm", future=FutureTables.DEFAULT_PRIVILEGES, writers=("admin", "nobody"))
    (target,), findings = find_targets([desired], CURRENT)
    assert target == Target(desired, "crm", frozenset({"orders"}), writers=frozenset({"admin", "nobody"}))
    assert findings == [blocking("writer_missing", "nobody")]
    assert target.grants == {
        USAGE,
        ORDERS,
        Grant(Scope.DEFAULT, "SELECT", "crm", writer="admin"),
        Grant(Scope.DEFAULT, "SELECT", "crm", writer="nobody"),
    }
