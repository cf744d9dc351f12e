"""RevokeSchemaOperator: it closes the named schemas to the role, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_datagraph.access.plan import Fact
from airflow_provider_datagraph.redshift.values import Grant, Scope
from tests.support.segment import Segment, changes, close, codes, execute, messages_of, said, sent


def test_a_closed_schema_is_shut_and_the_others_stay_open(linked: Segment) -> None:
    execute(linked.grant_both())
    assert linked.reads("crm", "accounts") and linked.reads("billing", "invoices")
    path = f"{linked.warehouse}.crm"
    report = close(linked, "crm")
    assert changes(report) == [("revoke", f"tables {path}", ("SELECT",)), ("revoke", f"schema {path}", ("USAGE",))]
    whom = f'"crm" FROM ROLE "{linked.role}"'
    assert sent(report) == [f"REVOKE ALL FOR TABLES IN SCHEMA {whom}", f"REVOKE ALL ON SCHEMA {whom}"]
    assert (report["changed"], report["findings"], report["notes"]) == (2, [], {})
    assert not linked.reads("crm", "accounts")
    assert linked.reads("billing", "invoices")


@pytest.mark.parametrize("make", [Segment.grant_schema, Segment.close_schema])
def test_an_instance_is_named_by_its_schemas(linked: Segment, make: Callable[..., Any]) -> None:
    operator = make(linked, schema=["crm", "billing"], plan_only=True)
    execute(operator)
    assert operator.instance_label == f"Schemas {linked.warehouse}.crm, {linked.warehouse}.billing"


def test_every_kind_of_privilege_goes_and_nobody_elses(warehouse: Segment) -> None:
    cluster, role = warehouse.cluster, warehouse.role
    writer, other = cluster.user("writer"), cluster.role("other")
    cluster.sql(
        warehouse.warehouse,
        f"GRANT CREATE, USAGE ON SCHEMA crm TO {writer}",
        f"GRANT ALL ON SCHEMA crm TO ROLE {role}",
        f"GRANT ALL ON TABLE crm.accounts TO ROLE {role}",
        f"GRANT SELECT (id) ON crm.contacts TO ROLE {role}",
        f"GRANT SELECT, INSERT FOR TABLES IN SCHEMA crm TO ROLE {role}",
        f"ALTER DEFAULT PRIVILEGES FOR USER {writer} IN SCHEMA crm GRANT SELECT ON TABLES TO ROLE {role}",
        f"GRANT SELECT ON TABLE crm.accounts TO ROLE {other}",
        f"GRANT SELECT FOR TABLES IN SCHEMA crm TO ROLE {other}",
        f"GRANT USAGE ON SCHEMA billing TO ROLE {role}",
    )
    before, since = cluster.snapshot(), cluster.mark()
    close(warehouse, "crm")
    assert cluster.changes(since)[0].startswith("ALTER DEFAULT PRIVILEGES")
    after = cluster.snapshot()
    gone = {row for view in before for row in before[view] - after[view]}
    assert {row for view in before for row in after[view] - before[view]} == set()
    assert gone and all(role in row and "crm" in row for row in gone)
    assert warehouse.held() == {("billing", "SCHEMA", "USAGE")}
    with cluster.untouched():
        again = close(warehouse, ["crm", "payroll"])
    assert (again["changed"], again["changes"], again["in_place"]) == (0, [], 2)


def test_what_is_reached_in_another_way_stays_and_is_said(warehouse: Segment) -> None:
    cluster, role = warehouse.cluster, warehouse.role
    parent, above, writer = cluster.role("parent"), cluster.role("above"), cluster.user("writer")
    cluster.sql(
        warehouse.warehouse,
        f"GRANT ROLE {parent} TO ROLE {role}",
        f"GRANT ROLE {above} TO ROLE {parent}",
        "GRANT USAGE ON SCHEMA crm TO PUBLIC",
        "GRANT SELECT ON TABLE crm.accounts TO PUBLIC",
        f"GRANT SELECT ON TABLE crm.contacts TO ROLE {parent}",
        f"GRANT UPDATE FOR TABLES IN DATABASE {warehouse.warehouse} TO ROLE {role}",
        f"ALTER DEFAULT PRIVILEGES FOR USER {writer} GRANT INSERT ON TABLES TO ROLE {role}",
        f"GRANT SELECT FOR TABLES IN DATABASE {warehouse.warehouse} TO ROLE {above}",
        f"GRANT USAGE ON SCHEMA crm TO ROLE {role}",
    )
    report = close(warehouse, "crm")
    assert codes(report) == ["kept", "kept", "database_wide", "database_wide"]
    path, database = f"{warehouse.warehouse}.crm", warehouse.warehouse
    of_public = frozenset({Grant(Scope.SCHEMA, "USAGE", "crm"), Grant(Scope.TABLE, "SELECT", "crm", "accounts")})
    through = frozenset({Grant(Scope.TABLE, "SELECT", "crm", "contacts")})
    assert messages_of(report, "kept") == [
        said("kept", path, holder="PUBLIC", grants=of_public, role=role),
        said("kept", path, case="inherited", roles=(above, parent), grants=through, role=role),
    ]
    wide = {Grant(Scope.DATABASE_TABLES, "UPDATE", database=database), Grant(Scope.DEFAULT, "INSERT", writer=writer)}
    inherited = frozenset({Grant(Scope.DATABASE_TABLES, "SELECT", database=database)})
    facts: dict[str, Fact] = {"case": "closing inherited", "roles": (above, parent)}
    assert messages_of(report, "database_wide") == [
        said("database_wide", database, case="closing", grants=frozenset(wide), role=role),
        said("database_wide", database, role=role, grants=inherited, **facts),
    ]
    # It is still reached, as it says.
    assert warehouse.reads("crm", "accounts") and warehouse.reads("crm", "contacts")
