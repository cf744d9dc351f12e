"""What satisfies a desire, and what is only reported: roles of roles, scoped permissions, PUBLIC, groups, owners."""

from __future__ import annotations

import pytest

from airflow_provider_datagraph.exceptions import DriftRemainsError
from airflow_provider_datagraph.redshift.values import Grant, Scope
from tests.support.segment import Logged, Segment, changes, codes, grant, message, messages_of, notes, said

READING = frozenset({Grant(Scope.SCHEMA, "USAGE", "crm"), Grant(Scope.TABLE, "SELECT", "crm", "accounts")})


def test_a_role_that_is_granted_to_the_role_satisfies(linked: Segment) -> None:
    top, middle = linked.cluster.role("top"), linked.cluster.role("middle")
    sql = linked.cluster.sql
    sql(linked.warehouse, f"GRANT USAGE ON SCHEMA crm TO ROLE {top}")
    sql(linked.warehouse, f"GRANT SELECT FOR TABLES IN SCHEMA crm TO ROLE {top}")
    sql("dev", f"GRANT ROLE {top} TO ROLE {middle}", f"GRANT ROLE {middle} TO ROLE {linked.role}")
    assert linked.reads("crm", "accounts")
    report = grant(linked)
    assert (report["changes"], report["in_place"]) == ([], 2)
    assert grant(linked, tables=["accounts"])["changes"] == []


@pytest.mark.parametrize(
    ("statement", "missing"),
    [
        ("GRANT SELECT FOR TABLES IN DATABASE {db} TO ROLE {role}", "USAGE"),
        ("GRANT USAGE FOR SCHEMAS IN DATABASE {db} TO ROLE {role}", "SELECT"),
    ],
)
def test_a_permission_on_the_whole_database_satisfies(warehouse: Segment, statement: str, missing: str) -> None:
    warehouse.sql(statement.format(db=warehouse.warehouse, role=warehouse.role))
    report = grant(warehouse)
    assert [privileges for _, _, privileges in changes(report)] == [(missing,)]
    assert warehouse.reads("crm", "accounts")
    pruned = grant(warehouse, prune=True, plan_only=True)
    assert "database_wide" in notes(pruned)
    assert pruned["changes"] == []


def test_what_others_hold_is_told_and_granted_all_the_same(warehouse: Segment, logged: Logged) -> None:
    role, user, group = warehouse.role, warehouse.user, f"group_{warehouse.role}"
    # A group of the role's name is another identity.
    warehouse.sql(f"CREATE GROUP {group} WITH USER {user}", f"CREATE GROUP {role}")
    for whom in ("PUBLIC", f"GROUP {group}", f"GROUP {role}", user):
        warehouse.sql(f"GRANT USAGE ON SCHEMA crm TO {whom}", f"GRANT SELECT ON crm.accounts TO {whom}")
    warehouse.sql(f"ALTER TABLE crm.contacts OWNER TO {user}")
    report = grant(warehouse, tables=["accounts"], plan_only=True)
    assert codes(report) == []
    assert report["notes"] == {"held_by_others": 4, "lost_when_rebuilt": 1, "owned_by_member": 1}
    text, path = logged(), f"{warehouse.warehouse}.crm"
    assert said("held_by_others", f"group {group}", role=role, grants=READING) in text
    assert said("owned_by_member", path, case="tables", member=user, role=role) in text
    assert grant(warehouse, tables=["accounts"])["changed"] == 2
    assert warehouse.held() == {("crm", "SCHEMA", "USAGE"), ("crm", "accounts", "SELECT")}


def test_what_limits_rows_and_columns_is_told(warehouse: Segment) -> None:
    role, stranger = warehouse.role, warehouse.cluster.role("stranger")
    warehouse.sql(
        "ALTER TABLE crm.contacts ROW LEVEL SECURITY ON",
        "CREATE TABLE crm.others (name varchar(20))",
        "CREATE MASKING POLICY hidden WITH (name varchar(20)) USING ('***'::varchar(20))",
        f"ATTACH MASKING POLICY hidden ON crm.accounts (name) TO ROLE {role}",
        f"ATTACH MASKING POLICY hidden ON crm.others (name) TO ROLE {stranger}",
    )
    report, path = grant(warehouse), f"{warehouse.warehouse}.crm"
    tables = {"row_level_security": ("contacts",), "masking": ("accounts",)}
    assert sorted(codes(report)) == sorted(tables)
    for code, names in tables.items():
        assert message(report, code) == said(code, path, tables=names, role=role)
    # Segment's look reads no column.
    assert warehouse.reads("crm", "accounts")
    # Who is named in a policy can't be dropped.
    for table, holder in (("accounts", role), ("others", stranger)):
        warehouse.sql(f"DETACH MASKING POLICY hidden ON crm.{table} (name) FROM ROLE {holder}")


def test_a_plan_tells_of_late_binding_views_and_of_columns(warehouse: Segment, logged: Logged) -> None:
    sql, analyst = warehouse.cluster.sql, warehouse.cluster.user("analyst")
    sql(
        warehouse.warehouse,
        "CREATE VIEW crm.names AS SELECT name FROM crm.accounts",
        "CREATE VIEW crm.late AS SELECT name FROM crm.accounts WITH NO SCHEMA BINDING",
        f"ALTER TABLE crm.late OWNER TO {analyst}",
        f"GRANT SELECT (id) ON crm.contacts TO ROLE {warehouse.role}",
    )
    report = grant(warehouse, plan_only=True)
    assert (codes(report), notes(report)) == (["column_privileges"], ["late_binding_views"])
    path = f"{warehouse.warehouse}.crm"
    assert said("late_binding_views", path, views=(f"late (of {analyst})",)) in logged()
    told = said("column_privileges", path, tables=("contacts",), role=warehouse.role)
    assert message(report, "column_privileges") == told
    # What it tells of is so: the owner can't read what is below, and then nobody can by that view.
    grant(warehouse)
    assert warehouse.reads("crm", "names")
    assert not warehouse.reads("crm", "late")
    sql(warehouse.warehouse, f"GRANT USAGE ON SCHEMA crm TO {analyst}", f"GRANT SELECT ON crm.accounts TO {analyst}")
    assert warehouse.reads("crm", "late")


def test_a_plan_names_views_that_show_what_is_not_opened(warehouse: Segment, logged: Logged) -> None:
    sql, db, analyst = warehouse.cluster.sql, warehouse.warehouse, warehouse.cluster.user("analyst")
    sql(
        db,
        "CREATE SCHEMA hr",
        "CREATE TABLE hr.pay (id int)",
        "CREATE VIEW hr.names AS SELECT id FROM hr.pay",
        "CREATE VIEW crm.mart AS SELECT name FROM crm.accounts",
        "CREATE VIEW crm.above AS SELECT name FROM crm.mart",
        "CREATE VIEW crm.pay AS SELECT p.id FROM hr.pay p, hr.names n, crm.accounts a",
        f"GRANT USAGE ON SCHEMA hr TO {analyst}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA hr TO {analyst}",
        f"GRANT USAGE ON SCHEMA crm TO {analyst}",
        f"GRANT SELECT ON crm.accounts TO {analyst}",
        f"ALTER TABLE crm.pay OWNER TO {analyst}",
    )
    report = grant(warehouse, plan_only=True)
    assert (codes(report), notes(report)) == ([], ["views_read_more"])
    views = (f"pay (of {analyst}) reads hr.names, hr.pay",)
    assert said("views_read_more", f"{db}.crm", views=views, role=warehouse.role) in logged()
    # It is so: what the role isn't granted it reads through the view.
    assert notes(grant(warehouse)) == []
    assert warehouse.reads("crm", "pay")
    assert not warehouse.reads("hr", "pay")
    # A listed view shows the rest of its own schema; with hr opened too, nothing is shown that isn't opened.
    both = ["lost_when_rebuilt", "views_read_more"]
    assert notes(grant(warehouse, tables=["mart", "accounts"], plan_only=True)) == both[:1]
    assert notes(grant(warehouse, tables=["mart"], prune=True, plan_only=True)) == both
    assert notes(grant(warehouse, schema=["crm", "hr"], plan_only=True)) == []


def test_a_plan_tells_what_a_closed_schema_hides(warehouse: Segment) -> None:
    sql, path = warehouse.cluster.sql, f"{warehouse.warehouse}.crm"
    sql(
        warehouse.warehouse,
        "GRANT SELECT ON crm.contacts TO PUBLIC",
        f"GRANT INSERT ON crm.accounts TO ROLE {warehouse.role}",
    )
    assert not warehouse.reads("crm", "contacts")
    report = grant(warehouse, tables=["accounts"])
    of_public = frozenset({Grant(Scope.TABLE, "SELECT", "crm", "contacts")})
    own = frozenset({Grant(Scope.TABLE, "INSERT", "crm", "accounts")})
    assert messages_of(report, "opens_more") == [
        said("opens_more", path, holder="PUBLIC", grants=of_public),
        said("opens_more", path, holder=f"role {warehouse.role}", grants=own),
    ]
    assert warehouse.reads("crm", "contacts")


def test_a_second_grantor_keeps_what_it_gave_and_that_is_told(warehouse: Segment) -> None:
    giver, insert = warehouse.cluster.user("giver"), f"GRANT INSERT ON crm.accounts TO ROLE {warehouse.role}"
    warehouse.sql(f"GRANT USAGE ON SCHEMA crm TO {giver}", f"GRANT INSERT ON crm.accounts TO {giver} WITH GRANT OPTION")
    warehouse.sql(insert, user=giver)
    warehouse.sql(insert)
    with pytest.raises(DriftRemainsError, match="another user granted the same"):
        grant(warehouse, prune=True)
    assert ("crm", "accounts", "INSERT") in warehouse.held()
