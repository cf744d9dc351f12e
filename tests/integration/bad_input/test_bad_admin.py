"""An admin that may not grant, or sees a part of the catalog; and grants that name what isn't there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_datagraph.access.plan import Fact
from airflow_provider_datagraph.redshift.statements import Privileges
from airflow_provider_datagraph.redshift.values import Identity, Scope
from tests.integration.bad_input.refusals import refused, told_alone
from tests.support.redshift import PASSWORD
from tests.support.segment import Segment, codes, execute, message, notes, said


def test_an_admin_that_sees_a_part_of_the_catalog_says_so(linked: Segment) -> None:
    role, user = linked.role, linked.cluster.user("weak_admin")
    linked.admin_connection(login=user, password=PASSWORD)
    hidden = said("hidden", role, case="role", user=user, owner=linked.server.user)
    give = Privileges(Identity("user", user), ("USAGE",), Scope.SCHEMA, [("payroll",)], option=True)
    facts: dict[str, Fact] = {"schema": "payroll", "database": linked.warehouse, "user": user, "statement": give}
    missing = said("schema_missing", f"{linked.warehouse}.payroll", case="hidden", **facts)
    assert refused(linked, linked.grant_schema(schema="payroll")) == (hidden, missing)
    assert refused(linked, linked.close_schema(schema="public")) == (hidden,)
    report = execute(linked.grant_schema(schema="public", plan_only=True))
    assert (codes(report), message(report, "hidden")) == (["hidden", *["admin_lacks"] * 2], hidden)
    assert "partial_view" not in notes(report)
    linked.sql(f"ALTER ROLE {role} OWNER TO {user}")
    report = execute(linked.grant_schema(schema="public", plan_only=True))
    assert codes(report) == ["admin_lacks"] * 2 and "partial_view" in notes(report)
    linked.sql(f"ALTER ROLE {role} OWNER TO {linked.server.user}")


TO_NOBODY: dict[str, Callable[[Segment, str], Any]] = {
    "schema": lambda w, role: w.grant_schema(role=role),
    "database": lambda w, role: w.create_database(role=role),
    "reverse_etl": lambda w, role: w.grant_reverse_etl(schema="crm", role=role),
    "closing": lambda w, role: w.close_schema(role=role),
}


@pytest.mark.parametrize("name", TO_NOBODY)
def test_a_role_that_does_not_exist(linked: Segment, name: str) -> None:
    role = f"{linked.role}_2"
    case = {"case": name} if name == "closing" else {}
    assert refused(linked, TO_NOBODY[name](linked, role)) == (said("role_missing", role, **case),)
    assert linked.checkpoint not in linked.cluster.existing_databases()


@pytest.mark.parametrize("make", [Segment.grant_schema, Segment.grant_reverse_etl, Segment.close_schema])
def test_a_database_that_does_not_exist(linked: Segment, make: Callable[..., Any]) -> None:
    told_alone(refused(linked, make(linked, database="atlantis")), "no database atlantis", "correct the name")


def test_the_refusals_are_seen_to_change_nothing(linked: Segment) -> None:
    """The check itself works: a grant isn't overlooked."""
    with pytest.raises(AssertionError), linked.cluster.untouched():
        execute(linked.grant_both())
    linked.sql(f"REVOKE ALL ON SCHEMA crm, billing FROM ROLE {linked.role}")
