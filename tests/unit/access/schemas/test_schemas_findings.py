"""What a plan for schemas reports beside its steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_datagraph.access.plan import Finding, finding, note
from airflow_provider_datagraph.access.schemas.findings import reported
from airflow_provider_datagraph.access.schemas.values import Context, DesiredSchema, SchemaAccess, Tables, Target
from airflow_provider_datagraph.redshift.values import PUBLIC, Grant, Identity, Schema, Scope, Session
from tests.unit.access.planning import SCOPED, USAGE, on_column, on_table, told

CURRENT = SchemaAccess(Session("admin", "dev"))
WHOLE = Target(DesiredSchema("crm"), "crm")
LISTED = Target(DesiredSchema("crm", ("orders",)), "crm", listed=frozenset({"orders"}))
ORDERS, INSERT = on_table("SELECT", "orders"), on_table("INSERT", "orders")
BOTH, TABLES = frozenset({INSERT, USAGE}), frozenset({"orders", "accounts"})
GROUP = Identity("group", "g")


def user(name: str) -> Identity:
    return Identity("user", name)


def found(current: SchemaAccess, *grants: Grant, target: Target = WHOLE, prune: bool = False) -> list[Finding]:
    missing = {target.name: frozenset(grants)}
    findings = told(reported("r", [target], current, missing, prune=prune))
    assert not any(one.blocking for one in findings)
    return list(findings)


def within(**fields: Any) -> SchemaAccess:
    """A context, as far as it matters."""
    return replace(CURRENT, context=Context(**fields))


def test_what_others_hold_is_granted_all_the_same() -> None:
    others = {
        GROUP: frozenset({USAGE, INSERT}),
        PUBLIC: frozenset({SCOPED}),
        user("w"): frozenset({Grant(Scope.DATABASE_TABLES, "SELECT", database="dev")}),
        user("of another"): frozenset({Grant(Scope.SCHEMA, "USAGE", "ads"), Grant(Scope.SCHEMA, "CREATE", "crm")}),
    }
    assert found(within(others=others), USAGE, ORDERS) == [
        note("held_by_others", "group g", grants=frozenset({USAGE}), role="r"),
        note("held_by_others", "PUBLIC", grants=frozenset({ORDERS}), role="r"),
        note("held_by_others", "user w", grants=frozenset({ORDERS}), role="r"),
    ]
    assert found(within(others=others)) == []


def limits(field: str, *tables: str) -> list[Finding]:
    if field == "late_views":
        return [note("late_binding_views", "dev.crm", views=tables)]
    code = {"secured": "row_level_security", "masked": "masking"}[field]
    return [finding(code, "dev.crm", tables=tables, role="r")]


@pytest.mark.parametrize("field", ["secured", "masked", "late_views"])
def test_what_limits_access_to_tables(field: str) -> None:
    current = within(**{field: {"crm": TABLES, "ads": frozenset({"clicks"})}})
    assert found(current) == limits(field, "accounts", "orders")
    assert found(current, target=LISTED) == limits(field, "orders")
    elsewhere = within(**{field: {"ads": TABLES}})
    assert found(elsewhere) == found(elsewhere, target=LISTED) == []


def test_the_owner_of_a_late_binding_view_is_named_where_it_is_known() -> None:
    views = {"crm": {"orders": "analyst", "accounts": "", "a_view": "analyst"}, "ads": {"orders": "nobody"}}
    tables = Tables({"crm": TABLES}, views)
    late = within(late_views={"crm": TABLES})
    assert found(replace(late, tables=tables)) == limits("late_views", "accounts", "orders (of analyst)")
    assert found(replace(late, tables=Tables({"crm": TABLES}))) == limits("late_views", "accounts", "orders")
    assert found(replace(within(), tables=tables)) == []


def test_views_that_read_what_is_not_opened_are_named() -> None:
    views = {
        "crm": {"a": "", "b": "analyst", "fine": "analyst", "late": "x", "orders": "analyst"},
        "ads": {"a": "analyst"},
    }
    pay = ("hr", "pay")
    read = {
        ("crm", "a"): {pay, ("hr", "a.b"), ("crm", "accounts")},
        ("crm", "b"): {pay, *(("hr", f"t{number}") for number in range(6))},
        ("crm", "fine"): {("crm", "accounts")},
        ("crm", "orders"): {("crm", "accounts")},
        ("ads", "a"): {pay},
    }
    sources = {view: frozenset(names) for view, names in read.items()}
    current = replace(within(), tables=Tables({"crm": TABLES}, views, sources=sources))

    def told(*named: str) -> list[Finding]:
        return [note("views_read_more", "dev.crm", views=named, role="r")] if named else []

    a, b = 'a reads hr."a.b", hr.pay', "b (of analyst) reads hr.pay, hr.t0, hr.t1, hr.t2, hr.t3 and 2 more"
    assert found(current) == told(a, b)
    # Where tables are listed, so are views, and what they read is opened one by one, too.
    assert found(current, target=LISTED) == told("orders (of analyst) reads crm.accounts")
    both = Target(LISTED.desired, "crm", listed=TABLES)
    assert found(current, target=both) == []
    assert found(current, target=Target(DesiredSchema("web"), "web")) == []
    # What the role holds, and keeps, is opened already, if the schema is, too.
    usage, tables = Grant(Scope.SCHEMA, "USAGE", "hr"), Grant(Scope.DATABASE_TABLES, "SELECT", database="dev")
    wide = frozenset({tables, Grant(Scope.SCHEMAS, "USAGE", database="dev")})
    narrow = frozenset({usage, Grant(Scope.TABLES, "SELECT", "hr")})
    for more in (wide, narrow):
        assert found(replace(current, grants=more)) == []
        assert told(a, b)[0] not in found(replace(current, grants=more), prune=True)
    assert found(replace(current, grants=frozenset({tables}))) == told(a, b)
    inherited = frozenset({usage, Grant(Scope.TABLE, "SELECT", *pay)})
    rest = told(a.replace(", hr.pay", ""), b.replace("hr.pay, ", "").replace("t3 and 2 more", "t3, hr.t4 and 1 more"))
    assert found(replace(current, context=Context(inherited=inherited))) == rest
    assert found(replace(current, context=Context(inherited=inherited - {usage}))) == told(a, b)
    accounts = replace(current, grants=frozenset({USAGE, on_table("SELECT", "accounts")}))
    assert found(accounts, target=LISTED) == []
    assert found(accounts, target=LISTED, prune=True) == told("orders (of analyst) reads crm.accounts")
    for unread in (Tables({"crm": TABLES}, views), Tables({"crm": TABLES}, views, sources={})):
        assert found(replace(current, tables=unread)) == []


@pytest.mark.parametrize(
    ("member", "case"), [("owner", "schema"), ("writer", "tables"), ("both", "schema and tables"), ("neither", "")]
)
def test_what_members_own(member: str, case: str) -> None:
    owner = "both" if member == "both" else "owner"
    current = replace(
        CURRENT,
        schemas={"crm": Schema("crm", owner), "ads": Schema("ads", "neither")},
        tables=Tables({}, owners={"crm": frozenset({"writer", "both"}), "ads": frozenset({"neither"})}),
    )
    owns = note("owned_by_member", "dev.crm", case=case, member=member, role="r")
    of = Context(members=frozenset({member, "neither"}))
    assert found(replace(current, context=of)) == ([owns] if case else [])
    assert found(current) == found(replace(current, context=Context())) == []
    # Owners of tables may not have been asked for.
    unasked = note("owned_by_member", "dev.crm", case="schema", member=member, role="r")
    for tables in (None, Tables({})):
        assert found(replace(current, context=of, tables=tables)) == ([unasked] if "schema" in case else [])


def opened(current: SchemaAccess, target: Target = WHOLE, *, prune: bool = False) -> list[Finding]:
    return [one for one in found(current, USAGE, target=target, prune=prune) if one.code == "opens_more"]


def more(holder: str = "role r", grant: Grant = INSERT, **facts: Any) -> Finding:
    return finding("opens_more", "dev.crm", holder=holder, grants=frozenset({grant}), **facts)


@pytest.mark.parametrize(
    ("grants", "fields", "said"),
    [
        ({INSERT}, {}, more()),
        (set(), {"inherited": {INSERT}, "inherited_roles": {"b", "a"}}, more(case="inherited", roles=("a", "b"))),
        (set(), {"others": {PUBLIC: {INSERT}}}, more("PUBLIC")),
        (set(), {"others": {user("a"): BOTH, user("u"): {INSERT}, user("v"): BOTH}}, more("user u")),
    ],
)
def test_usage_opens_what_was_held_already(grants: set[Grant], fields: Mapping[str, Any], said: Finding) -> None:
    current = replace(within(**fields), grants=frozenset(grants))
    assert opened(current) == [said]
    assert found(current) == []
    # Pruning takes it from the role before anybody can use it.
    assert opened(current, prune=True) == ([] if grants else [said])


@pytest.mark.parametrize(
    ("grant", "target", "opens"),
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
        (Grant(Scope.DATABASE_TABLES, "INSERT", database="dev"), WHOLE, True),
        (Grant(Scope.DATABASE_TABLES, "SELECT", database="dev"), WHOLE, False),
        (Grant(Scope.DATABASE_TABLES, "SELECT", database="dev"), LISTED, True),
        (Grant(Scope.SCHEMAS, "CREATE", database="dev"), WHOLE, False),
        (on_table("INSERT", "clicks", "ads"), WHOLE, False),
        (Grant(Scope.SCHEMA, "CREATE", "crm"), WHOLE, False),
        (Grant(Scope.DEFAULT, "SELECT", "crm", writer="writer"), LISTED, False),
    ],
)
def test_only_what_is_more_than_desired_is_told(grant: Grant, target: Target, opens: bool) -> None:
    assert opened(replace(CURRENT, grants=frozenset({grant})), target) == ([more(grant=grant)] if opens else [])


def test_what_reaches_beyond_the_schemas_is_opened_and_nothing_where_everybody_has_usage() -> None:
    wide = Grant(Scope.DATABASE_TABLES, "INSERT", database="dev")
    assert opened(replace(CURRENT, grants=frozenset({wide, INSERT})), prune=True) == [more(grant=wide)]
    others = {PUBLIC: frozenset({USAGE, INSERT}), GROUP: frozenset({INSERT})}
    assert opened(replace(within(others=others), grants=frozenset({INSERT}))) == []


def test_what_is_told_of_schemas_stands_schema_by_schema() -> None:
    names = ("web", "crm")
    held = frozenset(on_table("INSERT", "t", name) for name in names)
    current = within(others={PUBLIC: held, GROUP: held}, secured={name: frozenset({"t"}) for name in names})
    missing = {name: frozenset({Grant(Scope.SCHEMA, "USAGE", name)}) for name in names}
    targets = [Target(DesiredSchema(name), name) for name in names]
    findings = [(one.object, one.code) for one in reported("r", targets, current, missing, prune=False)]
    of_each = ("opens_more", "opens_more", "row_level_security")
    assert findings == [(f"dev.{name}", code) for name in names for code in of_each]


def test_privileges_on_columns_keep_other_databases_out() -> None:
    def said(*tables: str) -> list[Finding]:
        return [finding("column_privileges", "dev.crm", tables=tables, role="r")]

    grants = frozenset({on_column("orders"), on_column("accounts"), on_column("clicks", schema="ads"), USAGE})
    current = replace(CURRENT, grants=grants)
    assert found(current) == said("accounts", "orders")
    # Where the table is to be granted they are in the way, which is told elsewhere; pruning takes them.
    assert found(current, ORDERS, target=LISTED) == said("accounts")
    assert found(current, INSERT, target=LISTED) == found(current)
    assert found(current, prune=True) == []


def test_what_prune_leaves_alone() -> None:
    wide = frozenset(
        {
            Grant(Scope.SCHEMAS, "USAGE", database="dev"),
            Grant(Scope.DATABASE_TABLES, "SELECT", database="dev"),
            Grant(Scope.DEFAULT, "SELECT", "", writer="loader"),
        }
    )
    narrow = {Grant(Scope.DEFAULT, "SELECT", "crm", writer="loader"), USAGE, ORDERS}
    above = within(inherited=frozenset({USAGE}), inherited_roles=frozenset({"b", "a"}))
    current = replace(above, grants=wide | narrow)
    assert found(current, prune=True) == [
        note("database_wide", "dev", grants=wide, role="r"),
        note("inherited", "r", roles=("a", "b")),
    ]
    assert found(current) == []
    assert found(replace(CURRENT, grants=frozenset({USAGE})), prune=True) == []
    # Of what is inherited, what is about another schema alone is nobody's news.
    for grant, is_told in ((Grant(Scope.SCHEMA, "USAGE", "ads"), False), (min(wide), True)):
        above = within(inherited=frozenset({grant}), inherited_roles=frozenset({"a"}))
        assert found(above, prune=True) == [note("inherited", "r", roles=("a",))] * is_told
