"""An admin that may not grant, or sees a part of the catalog; and grants that name what isn't there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from airflow_provider_datagraph.access.plan import Fact
from tests.integration.bad_input.refusals import LONG, refused, told, told_alone
from tests.support.redshift import PASSWORD
from tests.support.segment import RETL, Segment, codes, execute, message, notes, said


@pytest.fixture
def weak_admin(linked: Segment) -> Iterator[Segment]:
    """The admin connection's user may read the catalog as anybody may, and nothing else."""
    linked.admin_connection(login=linked.cluster.user("weak_admin"), password=PASSWORD)
    yield linked
    linked.sql(f"ALTER ROLE {linked.role} OWNER TO {linked.server.user}")


def login(segment: Segment) -> str:
    from airflow_provider_datagraph.hooks.redshift import DataGraphHook

    return DataGraphHook().login


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
    told(
        failure.value.problems[0],
        f"Redshift refuses user {login(weak_admin)} in database {weak_admin.warehouse}: ",
        "The transaction was rolled back",
        "give the admin connection a superuser, or the rights",
    )
    assert weak_admin.snapshot() == before


def test_an_admin_that_sees_a_part_of_the_catalog_says_so(weak_admin: Segment) -> None:
    role, user = weak_admin.role, login(weak_admin)
    hidden = said("hidden", role, case="role", user=user, owner=weak_admin.server.user)
    missing = missing_schema(weak_admin, "payroll", hidden_from=user)
    assert refused(weak_admin, weak_admin.grant_schema(schema="payroll")) == (hidden, missing)
    report = execute(weak_admin.grant_schema(schema="public", plan_only=True))
    assert (codes(report), message(report, "hidden")) == (["hidden"], hidden)
    assert "partial_view" not in notes(report)
    weak_admin.sql(f"ALTER ROLE {role} OWNER TO {user}")
    report = execute(weak_admin.grant_schema(schema="public", plan_only=True))
    assert codes(report) == [] and "partial_view" in notes(report)


def missing_schema(segment: Segment, name: str, **facts: Fact) -> str:
    path = f"{segment.warehouse}.{name}"
    return said("schema_missing", path, schema=name, database=segment.warehouse, **facts)


GRANTS: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"database": "atlantis"}, ("there is no database atlantis", "correct the name")),
    ({"schema": "pg_catalog"}, ("'pg_catalog'", "belongs to Redshift itself", "a schema of your own")),
    ({"schema": ["crm", "crm"]}, ("schema names crm twice", "name each once")),
    ({"schema": ["crm", "CRM"]}, ("Schema crm", "is named twice, as crm and CRM", "name it once")),
    ({"schema": "crm", "tables": ["accounts", "accounts"]}, ("names accounts twice", "name each once")),
    ({"schema": LONG}, ("schema name", "is 128 bytes long", "shorten it")),
    ({"schema": "crm", "tables": [LONG]}, ("table name", "is 128 bytes long", "shorten it")),
    ({"schema": "other.crm"}, ("'other.crm'", "name schemas of one database")),
    ({"database": "template1"}, ("database 'template1'", "belongs to Redshift", "of your own")),
    ({"role": "Mixed"}, ("role name 'Mixed'", "upper-case letters", "lower case")),
]


@pytest.mark.parametrize(("given", "parts"), GRANTS, ids=lambda value: ascii(value)[:40])
def test_a_grant_that_names_what_cannot_be(linked: Segment, given: dict[str, Any], parts: tuple[str, ...]) -> None:
    told_alone(refused(linked, linked.grant_schema(**{"schema": "crm", **given})), *parts)


def missing_role(segment: Segment) -> str:
    return said("role_missing", f"{segment.role}_2")


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"schema": "nowhere"}, lambda w: missing_schema(w, "nowhere")),
        ({"tables": ["nothing"]}, lambda w: said("table_missing", f"{w.warehouse}.crm.nothing")),
        ({"tables": ["accounts", "ACCOUNTS"]}, lambda w: said("table_twice", f"{w.warehouse}.crm.accounts")),
    ],
    ids=["schema", "table", "table twice"],
)
def test_a_grant_that_names_what_is_not_there(
    linked: Segment, given: dict[str, Any], problem: Callable[[Segment], str]
) -> None:
    assert refused(linked, linked.grant_schema(**given)) == (problem(linked),)


TO_NOBODY: list[Callable[[Segment], Any]] = [
    lambda w: w.grant_schema(role=f"{w.role}_2"),
    lambda w: w.create_database(role=f"{w.role}_2"),
    lambda w: w.grant_reverse_etl(schema="crm", role=f"{w.role}_2"),
]


@pytest.mark.parametrize("make", TO_NOBODY, ids=["schema", "database", "reverse_etl"])
def test_a_role_that_does_not_exist(linked: Segment, make: Callable[[Segment], Any]) -> None:
    assert refused(linked, make(linked)) == (missing_role(linked),)


def test_all_problems_of_a_grant_are_told_at_once(linked: Segment) -> None:
    listed = {"crm": ["accounts", "nothing", "never"], "billing": ["invoices", "gone"]}
    task = linked.grant_schema(schema=["crm", "billing", "nowhere"], tables=listed, role=f"{linked.role}_2")
    tables = (
        said("table_missing", f"{linked.warehouse}.{path}") for path in ("crm.nothing", "crm.never", "billing.gone")
    )
    expected = [*tables, missing_schema(linked, "nowhere"), missing_role(linked)]
    assert sorted(refused(linked, task)) == sorted(expected)


def test_all_bad_names_in_a_list_are_told_at_once(linked: Segment) -> None:
    task = linked.grant_schema(schema=["crm", "crm", 5, "pg_x", LONG, "a.b.c"], role="Up")
    problems = refused(linked, task)
    for part in ("names crm twice", "the entry 5", "'pg_x'", "128 bytes", "'a.b.c'", "'Up'"):
        assert len([p for p in problems if part in p]) == 1, (part, problems)
    assert len(problems) == 6


OTHERS: list[tuple[Callable[[Segment], Any], tuple[str, ...]]] = [
    (lambda w: w.grant_reverse_etl(database="atlantis"), ("no database atlantis", "correct the name")),
    (lambda w: w.grant_reverse_etl(schema="pg_temp_1"), ("'pg_temp_1'", "belongs to Redshift", "of your own")),
    (lambda w: w.grant_reverse_etl(drop="some"), ("drop is 'some'", "give one of tables, all, none")),
    (lambda w: w.grant_reverse_etl(drop=None), ("drop is None", "give one of tables, all, none")),
    (lambda w: w.grant_reverse_etl(database="template0"), ("'template0'", "belongs to Redshift", "of your own")),
    (lambda w: w.grant_reverse_etl(plan_only="no"), ("plan_only is 'no'", "give True or False")),
    (lambda w: w.grant_reverse_etl(role=""), ("role name", "is empty", "give the name")),
    (lambda w: w.grant_reverse_etl(schema=[RETL, "x"]), ("schema names 2 schemas", "name one")),
]


@pytest.mark.parametrize(("make", "parts"), OTHERS, ids=[parts[0] + str(n) for n, (_, parts) in enumerate(OTHERS)])
def test_the_other_operators(linked: Segment, make: Callable[[Segment], Any], parts: tuple[str, ...]) -> None:
    told_alone(refused(linked, make(linked)), *parts)


def test_the_refusals_are_seen_to_change_nothing(linked: Segment) -> None:
    """The check itself works: a grant isn't overlooked."""
    with pytest.raises(AssertionError), linked.cluster.untouched():
        execute(linked.grant_both())
    linked.sql(f"REVOKE ALL ON SCHEMA crm, billing FROM ROLE {linked.role}")
