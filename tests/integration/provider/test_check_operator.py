"""CheckWarehouseOperator: the whole form against the whole warehouse, every problem at once, nothing changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.operators.check import CheckWarehouseOperator
from airflow_provider_datagraph.operators.schema import GrantSchemaOperator
from airflow_provider_datagraph.profiles_sync import REQUIRED_TABLES
from tests.integration.provider.support import PASSWORD, Segment, codes, run


@pytest.fixture
def other(segment: Segment) -> str:
    """A second database, with a schema whose name holds a dot."""
    return segment.cluster.database(
        "CREATE SCHEMA crm", "CREATE TABLE crm.leads (id int)", 'CREATE SCHEMA "my.schema"', "CREATE SCHEMA empty"
    )


def make(segment: Segment, schemas: Any, **arguments: Any) -> CheckWarehouseOperator:
    return CheckWarehouseOperator(task_id="check", schemas=schemas, **{"role": segment.role, **arguments})


def check(segment: Segment, schemas: Any, **arguments: Any) -> dict[str, Any]:
    """The operator's result; nothing is changed."""
    with segment.cluster.untouched():
        return run(make(segment, schemas, **arguments))


def problems_of(segment: Segment, schemas: Any, **arguments: Any) -> Sequence[str]:
    with pytest.raises(MisconfigurationError) as error:
        run(make(segment, schemas, **arguments))
    return error.value.problems


def refused(segment: Segment, schemas: Any, **arguments: Any) -> Sequence[str]:
    with segment.cluster.untouched():
        return problems_of(segment, schemas, **arguments)


def test_the_result_is_what_the_dag_hands_to_its_tasks(segment: Segment, other: str) -> None:
    own = segment.warehouse
    schemas = ["crm", f"{own}.billing.invoices", f"{other}.crm", f'{other}."my.schema"']
    result = check(segment, schemas, profiles_sync=f"{other}.profiles_prod")
    by_database = {grant["database"]: grant for grant in result["grants"]}
    assert by_database == {
        own: {"database": own, "schema": ["crm", "billing"], "tables": {"billing": ["invoices"]}},
        other: {"database": other, "schema": ["crm", '"my.schema"'], "tables": True},
    }
    assert result["profiles_sync"] == {"database": other, "schema": "profiles_prod"}
    assert result["validate"] == {
        "schemas": [f"{own}.crm", f"{other}.crm", f'{other}."my.schema"']
        if own < other
        else [f"{other}.crm", f'{other}."my.schema"', f"{own}.crm"],
        "tables": [f"{own}.billing.invoices", *(f"{other}.profiles_prod.{table}" for table in REQUIRED_TABLES)],
    }
    assert {key: result[key] for key in ("changed", "in_place", "planned", "findings")} == {
        "changed": 0,
        "in_place": 0,
        "planned": [],
        "findings": [],
    }


def test_its_grants_are_the_grant_operators_arguments(linked: Segment) -> None:
    other = linked.cluster.database('CREATE SCHEMA "my.schema"', 'CREATE TABLE "my.schema"."t.1" (id int)')
    result = check(linked, [f'{other}."my.schema"."t.1"', "CRM"])
    for arguments in result["grants"]:
        run(GrantSchemaOperator(task_id="grant", role=linked.role, **arguments))
    assert linked.reads("my.schema", "t.1", database=other)
    assert linked.reads("crm", "accounts")
    assert not linked.reads("billing", "invoices")


def test_the_problems_of_all_databases_are_told_at_once(segment: Segment, other: str) -> None:
    taken = segment.cluster.user("etl")
    segment.user_connection(password="weak")
    own = segment.warehouse
    problems = refused(
        segment,
        [f"{own}.nope", f"{own}.crm.nope", f"{other}.gone", f"{other}.crm.leads.id", "no_such_db.crm", '"open'],
        profiles_sync="no_such_db2.profiles",
        checkpoint_database="Upper",
        role=taken,
        reverse_etl_database="no_such_db3",
    )
    for part in (
        f"{own}.nope: database {own} has no schema nope",
        f"schema {own}.crm has no table nope",
        f"database {other} has no schema gone",
        "has 4 parts",
        "there is no database no_such_db:",
        "double quote that isn't closed",
        "profiles_sync: there is no database no_such_db2",
        "'Upper'",
        f"There is a user named {taken}",
        "reverse_etl_database: there is no database no_such_db3",
        "doesn't fit Redshift's policy",
    ):
        assert len([problem for problem in problems if part in problem]) == 1, part
    assert len(problems) == 11
    assert "weak" not in "".join(problems)


def test_a_schema_and_table_without_database_get_the_right_form_proposed(segment: Segment) -> None:
    (problem,) = refused(segment, ["crm.accounts"])
    assert f"write {segment.warehouse}.crm.accounts" in problem
    (problem,) = refused(segment, ["CRM.Accounts"])
    assert f"write {segment.warehouse}.crm.accounts" in problem


def test_a_schema_without_such_a_table_gets_no_wrong_proposal(segment: Segment) -> None:
    (problem,) = refused(segment, ["crm.nope"])
    assert f"schema crm of {segment.warehouse} has no table nope" in problem


ONE_PROBLEM: list[tuple[Any, str]] = [
    (["crm", "CRM"], "is named twice"),
    (["crm", "{own}.crm"], "is named twice"),
    (["{own}.crm.accounts", "{own}.CRM.ACCOUNTS"], "is named twice"),
    (["crm", "{own}.crm.accounts"], "keep one of the two"),
    (["pg_catalog"], "belongs to Redshift itself"),
    (["template1.crm"], "belongs to Redshift itself"),
    (["{own}..crm"], "empty part"),
    ([], "Neither schemas nor profiles_sync"),
    ("", "Neither schemas nor profiles_sync"),
]


def test_a_contradiction_or_bad_entry_is_refused(segment: Segment) -> None:
    with segment.cluster.untouched():
        for schemas, wanted in ONE_PROBLEM:
            filled = [text.format(own=segment.warehouse) for text in schemas] if isinstance(schemas, list) else schemas
            (problem,) = problems_of(segment, filled)
            assert wanted in problem


@pytest.mark.parametrize("schemas", [["crm", "crm"], "[1]"])
def test_a_refused_list_is_not_called_missing(segment: Segment, schemas: Any) -> None:
    assert len(problems_of(segment, schemas)) == 1


def test_a_profiles_sync_schema_may_be_missing_and_its_database_may_not(segment: Segment) -> None:
    result = check(segment, [], profiles_sync=f"{segment.warehouse}.not_yet")
    assert (result["grants"], result["profiles_sync"]["schema"]) == ([], "not_yet")
    (problem,) = refused(segment, [], profiles_sync="no_such_db.not_yet")
    assert "no database no_such_db" in problem


@pytest.mark.parametrize("written", ["profiles_prod", "{own}.crm.accounts"])
def test_profiles_sync_has_two_parts(segment: Segment, written: str) -> None:
    (problem,) = refused(segment, ["crm"], profiles_sync=written.format(own=segment.warehouse))
    assert "write database.schema" in problem


def test_a_schema_of_both_kinds_is_refused(segment: Segment) -> None:
    (problem,) = refused(segment, ["crm"], profiles_sync=f"{segment.warehouse}.CRM")
    assert "is in profiles_sync and in schemas" in problem


def test_the_reverse_etl_database_may_be_the_checkpoint_database_to_come(segment: Segment) -> None:
    name = segment.cluster.future_database()
    assert check(segment, ["crm"], checkpoint_database=name, reverse_etl_database=name)["findings"] == []
    (problem,) = refused(segment, ["crm"], reverse_etl_database=name)
    assert f"no database {name}" in problem


def test_a_reverse_etl_database_that_the_check_takes_can_be_granted(segment: Segment) -> None:
    from airflow_provider_datagraph.operators.reverse_etl import GrantReverseEtlOperator

    name = segment.warehouse.upper()
    assert check(segment, ["crm"], reverse_etl_database=name)["findings"] == []
    report = run(GrantReverseEtlOperator(task_id="reverse_etl", database=name, role=segment.role))
    assert codes(report) == ["schema_missing"]


def test_what_would_block_the_role_task_is_told_here(segment: Segment) -> None:
    segment.cluster.sql("dev", f"CREATE USER {segment.user} PASSWORD 'Present-Secret-1'")
    (problem,) = refused(segment, ["crm"])
    assert "doesn't log in" in problem
    assert segment.cluster.logs_in(segment.user, "Present-Secret-1")
    server = segment.cluster.server
    segment.user_connection(login=server.user, password=server.password)
    assert "admin connection's own login" in refused(segment, ["crm"])[0]


def test_missing_connections_are_told_with_the_form(segment: Segment) -> None:
    segment.connection("segment_linked_user", conn_type=None)
    problems = refused(segment, ["crm", "nope"])
    assert len(problems) == 2
    segment.connection("redshift_default", conn_type=None)
    assert any("redshift_default" in problem for problem in refused(segment, ["crm"]))


def test_an_unusable_admin_connection_hides_no_other_problem(segment: Segment) -> None:
    segment.admin_connection(host="")
    problems = refused(segment, ["crm..accounts"])
    assert [problem for problem in problems if "lacks host" in problem]
    assert [problem for problem in problems if "empty part" in problem]


def test_its_arguments_are_templates(segment: Segment) -> None:
    operator = CheckWarehouseOperator(
        task_id="check",
        schemas="{{ params.schemas | tojson }}",
        profiles_sync="{{ params.profiles_sync }}",
        checkpoint_database="{{ params.checkpoint }}",
        role="{{ params.role }}",
        reverse_etl_database="{{ params.nothing or '' }}",
    )
    params = {"schemas": ["crm"], "profiles_sync": f"{segment.warehouse}.x", "checkpoint": "checkpoints"}
    result = run(operator, **params, role=segment.role, nothing=None)
    assert result["validate"]["schemas"] == [f"{segment.warehouse}.crm"]


def test_an_existing_role_and_user_are_no_problem(linked: Segment) -> None:
    assert linked.cluster.logs_in(linked.user, PASSWORD)
    assert check(linked, ["crm"])["findings"] == []
