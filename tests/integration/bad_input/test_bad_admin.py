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


MAKE: dict[str, Callable[..., Any]] = {
    "schema": Segment.grant_schema,
    "database": Segment.create_database,
    "reverse_etl": Segment.grant_reverse_etl,
    "closing": Segment.close_schema,
}


@pytest.mark.parametrize("name", MAKE)
def test_a_role_or_a_database_that_does_not_exist(linked: Segment, name: str) -> None:
    make, role = MAKE[name], f"{linked.role}_2"
    case = {"case": name} if name == "closing" else {}
    given = {"schema": "crm"} if name == "reverse_etl" else {}
    assert refused(linked, make(linked, role=role, **given)) == (said("role_missing", role, **case),)
    if name != "database":
        told_alone(refused(linked, make(linked, database="atlantis")), "no database atlantis", "correct the name")


def test_the_refusals_are_seen_to_change_nothing(linked: Segment) -> None:
    """The check itself works: a grant isn't overlooked."""
    with pytest.raises(AssertionError), linked.cluster.untouched():
        execute(linked.grant_both())
    linked.sql(f"REVOKE ALL ON SCHEMA crm, billing FROM ROLE {linked.role}")
