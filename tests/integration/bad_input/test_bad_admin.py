"""An admin that may not grant, or sees a part of the catalog; and grants that name what isn't there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from airflow_provider_datagraph.access.plan import Fact
from airflow_provider_datagraph.redshift.statements import Privileges
from airflow_provider_datagraph.redshift.values import Identity, Scope
from tests.integration.bad_input.refusals import refused, told_alone
from tests.support.redshift import PASSWORD
from tests.support.segment import Segment, codes, execute, message, notes, said


@pytest.fixture
def weak_admin(linked: Segment) -> Iterator[Segment]:
    """The admin connection's user may read the catalog as anybody may, and nothing else."""
    linked.admin_connection(login=linked.cluster.user("weak_admin"), password=PASSWORD)
    yield linked
    linked.sql(f"ALTER ROLE {linked.role} OWNER TO {linked.server.user}")


def login(segment: Segment) -> str:
    from airflow_provider_datagraph.hooks.redshift import DataGraphHook

    return DataGraphHook().login


LACKS = {
    "role": "lacks CREATE ROLE",
    "database": "may not create databases",
    "schema": "may not grant USAGE on schema public",
}
NOT_ALLOWED: dict[str, Callable[[Segment], Any]] = {
    "role": lambda w: w.create_role(role=f"{w.role}_2"),
    "database": Segment.create_database,
    "schema": lambda w: w.grant_schema(schema="public"),
}


@pytest.mark.parametrize("name", NOT_ALLOWED)
def test_an_admin_that_may_not_is_told_so_and_nothing_stays(weak_admin: Segment, name: str) -> None:
    from airflow_provider_datagraph.exceptions import MisconfigurationError

    weak_admin.sql(f"ALTER ROLE {weak_admin.role} OWNER TO {login(weak_admin)}")
    before = weak_admin.snapshot()
    with pytest.raises(MisconfigurationError) as failure:
        execute(NOT_ALLOWED[name](weak_admin))
    # It ends in the statement that gives it.
    sentence = failure.value.problems[0]
    assert sentence.startswith(f"{login(weak_admin)} {LACKS[name]}") and "Have a superuser run" in sentence
    assert weak_admin.snapshot() == before


def test_an_admin_that_sees_a_part_of_the_catalog_says_so(weak_admin: Segment) -> None:
    role, user = weak_admin.role, login(weak_admin)
    hidden = said("hidden", role, case="role", user=user, owner=weak_admin.server.user)
    give = Privileges(Identity("user", user), ("USAGE",), Scope.SCHEMA, [("payroll",)], option=True)
    facts: dict[str, Fact] = {"schema": "payroll", "database": weak_admin.warehouse, "user": user, "statement": give}
    missing = said("schema_missing", f"{weak_admin.warehouse}.payroll", case="hidden", **facts)
    assert refused(weak_admin, weak_admin.grant_schema(schema="payroll")) == (hidden, missing)
    assert refused(weak_admin, weak_admin.close_schema(schema="public")) == (hidden,)
    report = execute(weak_admin.grant_schema(schema="public", plan_only=True))
    assert (codes(report), message(report, "hidden")) == (["hidden", *["admin_lacks"] * 2], hidden)
    assert "partial_view" not in notes(report)
    weak_admin.sql(f"ALTER ROLE {role} OWNER TO {user}")
    report = execute(weak_admin.grant_schema(schema="public", plan_only=True))
    assert codes(report) == ["admin_lacks"] * 2 and "partial_view" in notes(report)


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
