"""GrantSchemaOperator: what it refuses, all of it at once and with nothing half done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from airflow_provider_datagraph.exceptions import DriftRemainsError, MisconfigurationError
from tests.support.redshift import PASSWORD
from tests.support.segment import Segment, grant, said


def problems_of(segment: Segment, schema: Any, **arguments: Any) -> Sequence[str]:
    """The problems that the operator names."""
    with pytest.raises(MisconfigurationError) as error:
        grant(segment, schema, **arguments)
    return error.value.problems


def refused(segment: Segment, schema: Any, **arguments: Any) -> Sequence[str]:
    """The problems that the operator names, with nothing changed."""
    with segment.cluster.untouched():
        return problems_of(segment, schema, **arguments)


ONE_PROBLEM: list[tuple[dict[str, Any], str]] = [
    ({"schema": "information_schema"}, "belongs to Redshift itself"),
    ({"schema": "PG_Internal"}, "belongs to Redshift itself"),
    ({"schema": ""}, "schema is empty"),
    ({"schema": []}, "schema is empty"),
    ({"schema": "[]"}, "schema is empty"),
    ({"schema": '["crm"'}, "looks like JSON and isn't"),
    ({"schema": ["crm", 3]}, "has the entry 3"),
    ({"schema": {"crm": 1}}, "give a list"),
    ({"schema": "crm", "tables": []}, "empty list for schema crm"),
    ({"schema": "crm", "tables": ["bad\x00name"]}, "can't be printed"),
    ({"schema": ["crm", "billing"], "tables": ["accounts"]}, "goes with a single schema"),
    ({"schema": "crm", "tables": {"billing": ["invoices"]}}, "isn't among the schemas"),
    ({"schema": "crm", "prune": "no"}, "prune is 'no'"),
    ({"schema": "crm", "prune": None}, "prune is None"),
    ({"schema": "crm", "plan_only": "0"}, "plan_only is '0'"),
    ({"schema": "crm", "plan_only": ""}, "plan_only is ''"),
    ({"schema": "crm", "writers": ["awsuser"]}, "it is for 'default_privileges' alone"),
    ({"schema": "crm", "tries": 0}, "tries is 0: give a number that is at least 1"),
    ({"schema": "crm", "tries": "2.5"}, "give a whole number"),
    ({"schema": "crm", "longest_wait": "long"}, "longest_wait is 'long'"),
    ({"schema": "crm", "fail_on_drift": "no"}, "fail_on_drift is 'no'"),
    ({"schema": "crm", "future_tables": "all"}, "give one of scoped, default_privileges, none"),
]


def test_a_single_problem_is_named(linked: Segment) -> None:
    with linked.cluster.untouched():
        for arguments, wanted in ONE_PROBLEM:
            (problem,) = problems_of(linked, **arguments)
            assert wanted in problem
        nobody = problems_of(linked, "crm", future_tables="default_privileges", writers=["no_user"])
        assert nobody == (said("writer_missing", "no_user"),)


@pytest.mark.parametrize("schema", ["other.crm", "dev.crm.accounts", '"crm'])
def test_a_list_whose_only_entry_is_refused_is_not_called_empty(linked: Segment, schema: str) -> None:
    (problem,) = problems_of(linked, schema)
    assert "name schemas of one database" in problem or "double quote that isn't closed" in problem


def test_all_bad_arguments_are_told_at_once(linked: Segment) -> None:
    problems = refused(
        linked,
        ["a.b.c", "pg_toast", ""],
        database="template0",
        tables=["x"],
        role="Up",
        future_tables="all",
        prune="no",
        plan_only="yes",
    )
    for part in ("plan_only", "template0", "'Up'", "prune", "future_tables is 'all'", "the entry ''"):
        assert [problem for problem in problems if part in problem], part


def test_all_that_blocks_is_told_at_once_and_nothing_is_half_done(linked: Segment) -> None:
    linked.sql(f"GRANT SELECT (id) ON crm.contacts TO ROLE {linked.role}")
    tables = {"crm": ["accounts", "contacts", "nope"], "billing": ["invoices", "never"]}
    database = linked.warehouse
    assert refused(linked, ["crm", "billing", "none_such", "payroll"], tables=tables) == (
        said("table_missing", f"{database}.crm.nope"),
        said("table_missing", f"{database}.billing.never"),
        said("schema_missing", f"{database}.none_such", schema="none_such", database=database),
        said("column_grant", f"{database}.crm.contacts", privilege="SELECT"),
    )
    assert not linked.reads("payroll", "salaries")
    assert not linked.reads("crm", "accounts")


def test_a_name_that_redshift_folds_is_told_from_one_that_is_not_there(warehouse: Segment) -> None:
    statements = ("SET enable_case_sensitive_identifier TO true", 'CREATE SCHEMA "Sales"', "SET {0} TO false")
    parameter = "enable_case_sensitive_identifier"
    warehouse.sql(*(text.format(parameter) for text in statements))
    database = warehouse.warehouse
    folded = said("schema_missing", f"{database}.Sales", case="folded", schema="Sales", database=database)
    assert refused(warehouse, "Sales") == (folded,)
    alike = said("schema_missing", f"{database}.sales", case="alike", alike="Sales", schema="sales", database=database)
    assert refused(warehouse, "sales") == (alike,)


def as_owner(segment: Segment) -> str:
    """Make the owner of schema crm, who is no superuser, the admin."""
    owner = segment.cluster.user("owner")
    statements = (
        f"ALTER SCHEMA crm OWNER TO {owner}",
        f"ALTER TABLE crm.accounts OWNER TO {owner}",
        f"ALTER TABLE crm.contacts OWNER TO {owner}",
    )
    segment.sql(*statements)
    segment.admin_connection(login=owner, password=PASSWORD)
    return owner


def test_an_admin_that_may_not_grant_is_told_so_and_nothing_stays(warehouse: Segment) -> None:
    owner = as_owner(warehouse)
    warehouse.cluster.sql("dev", f"ALTER ROLE {warehouse.role} OWNER TO {owner}")
    before = warehouse.cluster.snapshot()
    # Its owner may grant USAGE on the schema, which goes first; scoped permissions are for superusers.
    with pytest.raises(MisconfigurationError, match=f"refuses user {owner} in database.*rolled back"):
        grant(warehouse, "crm")
    assert warehouse.cluster.snapshot() == before


def test_a_grant_that_the_server_passes_over_is_told_as_drift(linked: Segment) -> None:
    # As in PostgreSQL: who holds a privilege without the grant option gets a warning, and no error.
    holder = linked.cluster.user("holder")
    # Without tables, since what is in it would be refused.
    linked.sql("CREATE SCHEMA hollow", f"GRANT USAGE ON SCHEMA hollow TO {holder}")
    linked.cluster.sql("dev", f"ALTER ROLE {linked.role} OWNER TO {holder}")
    linked.admin_connection(login=holder, password=PASSWORD)
    with pytest.raises(DriftRemainsError, match=f"Either {holder} may not do it"):
        grant(linked, "hollow", future_tables="none")
    assert linked.held() == set()
    linked.sql("DROP SCHEMA hollow")


@pytest.mark.parametrize("way", ["owner of the role", "member", "system permissions"])
def test_an_admin_that_sees_the_role_needs_not_be_a_superuser(warehouse: Segment, way: str) -> None:
    owner = as_owner(warehouse)
    watching = warehouse.cluster.role("watching")
    warehouse.cluster.sql(
        "dev",
        *{
            "owner of the role": [f"ALTER ROLE {warehouse.role} OWNER TO {owner}"],
            "member": [f"GRANT ROLE {warehouse.role} TO {owner}"],
            "system permissions": [
                f"GRANT ACCESS SYSTEM TABLE TO ROLE {watching}",
                f"GRANT ROLE {watching} TO {owner}",
                f"ALTER USER {owner} SYSLOG ACCESS UNRESTRICTED",
            ],
        }[way],
    )
    assert grant(warehouse, "crm", tables=["accounts"])["changed"] == 2
    assert warehouse.reads("crm", "accounts")
    assert grant(warehouse, "crm", tables=["accounts"])["changes"] == []
