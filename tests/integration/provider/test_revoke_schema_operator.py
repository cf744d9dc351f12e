"""RevokeSchemaOperator: it closes the named schemas to the role, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_datagraph.access.plan import Fact
from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.redshift.values import Grant, Scope
from tests.support.redshift import PASSWORD
from tests.support.segment import (
    Segment,
    changes,
    close,
    codes,
    creating,
    execute,
    message,
    messages_of,
    planned,
    said,
    sent,
)


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
    assert operator.instance_label == f"2 schemas of {linked.warehouse}: crm, billing"


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
    parent, writer = cluster.role("parent"), cluster.user("writer")
    cluster.sql(
        warehouse.warehouse,
        f"GRANT ROLE {parent} TO ROLE {role}",
        "GRANT USAGE ON SCHEMA crm TO PUBLIC",
        "GRANT SELECT ON TABLE crm.accounts TO PUBLIC",
        f"GRANT SELECT ON TABLE crm.contacts TO ROLE {parent}",
        f"GRANT UPDATE FOR TABLES IN DATABASE {warehouse.warehouse} TO ROLE {role}",
        f"ALTER DEFAULT PRIVILEGES FOR USER {writer} GRANT INSERT ON TABLES TO ROLE {role}",
        f"GRANT USAGE ON SCHEMA crm TO ROLE {role}",
    )
    report = close(warehouse, "crm")
    assert codes(report) == ["kept", "kept", "database_wide"]
    path, database = f"{warehouse.warehouse}.crm", warehouse.warehouse
    of_public = frozenset({Grant(Scope.SCHEMA, "USAGE", "crm"), Grant(Scope.TABLE, "SELECT", "crm", "accounts")})
    through = frozenset({Grant(Scope.TABLE, "SELECT", "crm", "contacts")})
    assert messages_of(report, "kept") == [
        said("kept", path, holder="PUBLIC", grants=of_public, role=role),
        said("kept", path, case="inherited", roles=(parent,), grants=through, role=role),
    ]
    wide = {Grant(Scope.DATABASE_TABLES, "UPDATE", database=database), Grant(Scope.DEFAULT, "INSERT", writer=writer)}
    told = said("database_wide", database, case="closing", grants=frozenset(wide), role=role)
    assert message(report, "database_wide") == told
    # It is still reached, as it says.
    assert warehouse.reads("crm", "accounts") and warehouse.reads("crm", "contacts")


def test_a_plan_changes_nothing(linked: Segment) -> None:
    execute(linked.grant_both())
    with linked.cluster.untouched():
        plan = close(linked, ["crm", "billing"], plan_only=True)
    assert plan["changed"] == 0
    assert planned(close(linked, ["crm", "billing"])) == planned(plan)


def test_a_schema_and_a_role_that_do_not_exist_are_refused(linked: Segment) -> None:
    with linked.cluster.untouched(), pytest.raises(MisconfigurationError) as caught:
        close(linked, ["crm", "atlantis"], role="nobody_here")
    facts = {"case": "closing", "schema": "atlantis", "database": linked.warehouse}
    assert caught.value.problems == (
        said("role_missing", "nobody_here", case="closing"),
        said("schema_missing", f"{linked.warehouse}.atlantis", **facts),
    )


def test_a_writer_that_cannot_create_is_told_before(warehouse: Segment) -> None:
    writer = warehouse.cluster.user("writer")
    warehouse.sql(
        f"GRANT CREATE, USAGE ON SCHEMA crm TO {writer}",
        f"ALTER DEFAULT PRIVILEGES FOR USER {writer} IN SCHEMA crm GRANT SELECT ON TABLES TO ROLE {warehouse.role}",
        f"REVOKE CREATE ON SCHEMA crm FROM {writer}",
    )
    with warehouse.cluster.untouched(), pytest.raises(MisconfigurationError) as caught:
        close(warehouse, "crm")
    facts: dict[str, Fact] = {"writer": writer, "database": warehouse.warehouse, "statement": creating(writer)}
    told = said("writer_cannot_create", f"{warehouse.warehouse}.crm", case="stuck", **facts)
    assert caught.value.problems == (told,)
    # It isn't in the way of other schemas.
    assert close(warehouse, "billing")["in_place"] == 1


def test_who_does_not_see_the_role_does_not_say_that_it_is_shut_out(linked: Segment) -> None:
    execute(linked.grant_both())
    clerk = linked.cluster.user("clerk")
    linked.sql(f"GRANT USAGE ON SCHEMA crm TO {clerk}")
    linked.admin_connection(login=clerk, password=PASSWORD)
    with linked.cluster.untouched(), pytest.raises(MisconfigurationError) as caught:
        close(linked, "crm")
    told = said("hidden", linked.role, case="role", user=clerk, owner=linked.server.user)
    assert caught.value.problems == (told,)
    linked.sql(f"REVOKE USAGE ON SCHEMA crm FROM {clerk}")


def test_names_are_parsed_as_everywhere(linked: Segment) -> None:
    execute(linked.grant_both())
    report = close(linked, f'["{linked.warehouse}.CRM"]', database=linked.warehouse)
    assert report["changed"] == 2
    with linked.cluster.untouched(), pytest.raises(MisconfigurationError, match="name schemas of one database"):
        close(linked, "elsewhere.crm")
