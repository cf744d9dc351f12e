"""GrantSchemaOperator: what it refuses, all of it at once and with nothing half done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from airflow_provider_datagraph.exceptions import DriftRemainsError, MisconfigurationError
from airflow_provider_datagraph.operators.base import Mode
from tests.integration.bad_input.refusals import LONG
from tests.support.redshift import PASSWORD
from tests.support.segment import Segment, grant, said


def refused(segment: Segment, schema: Any, **arguments: Any) -> Sequence[str]:
    with segment.cluster.untouched(), pytest.raises(MisconfigurationError) as error:
        grant(segment, schema, **arguments)
    return error.value.problems


def test_all_bad_arguments_are_told_at_once(linked: Segment) -> None:
    wrong = {"database": "template0", "tables": ["x"], "role": "Up", "future_tables": "all", "tries": 0}
    schemas = ["a.b.c", "pg_toast", "", "crm", "crm", 5, LONG]
    problems = refused(linked, schemas, **wrong, prune="no", plan_only="yes", fail_on_drift="on")
    told = ("template0", "'Up'", "future_tables is 'all'", "tries is 0", "prune is", "plan_only is", "fail_on_drift is")
    for part in (*told, "'a.b.c'", "'pg_toast'", "the entry ''", "names crm twice", "the entry 5", "128 bytes"):
        assert len([problem for problem in problems if part in problem]) == 1, (part, problems)


def test_a_writer_that_does_not_exist(linked: Segment) -> None:
    told = refused(linked, "crm", future_tables="default_privileges", writers=["no_user"])
    assert told == (said("writer_missing", "no_user"),)


def test_all_that_blocks_is_told_at_once_and_nothing_is_half_done(linked: Segment) -> None:
    linked.sql(f"GRANT SELECT (id) ON crm.contacts TO ROLE {linked.role}")
    tables = {"crm": ["accounts", "contacts", "nope", "ACCOUNTS"], "billing": ["invoices", "never"]}
    database = linked.warehouse
    assert sorted(refused(linked, ["crm", "billing", "none_such", "payroll"], tables=tables)) == sorted(
        [
            said("table_missing", f"{database}.crm.nope"),
            said("table_twice", f"{database}.crm.accounts"),
            said("table_missing", f"{database}.billing.never"),
            said("schema_missing", f"{database}.none_such", schema="none_such", database=database),
            said("column_grant", f"{database}.crm.contacts", privilege="SELECT"),
        ]
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


@pytest.fixture
def unjudged(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the admin loses a right after it was looked at."""
    monkeypatch.setattr(Mode, "judge", lambda self, rows, known, plan: plan)


def test_an_admin_that_may_not_grant_is_told_so_and_nothing_stays(warehouse: Segment, unjudged: None) -> None:
    owner = as_owner(warehouse)
    warehouse.cluster.sql("dev", f"ALTER ROLE {warehouse.role} OWNER TO {owner}")
    before = warehouse.cluster.snapshot()
    # Its owner may grant USAGE on the schema, which goes first; scoped permissions are for superusers.
    with pytest.raises(MisconfigurationError, match=f"refuses user {owner} in database.*rolled back"):
        grant(warehouse, "crm")
    assert warehouse.cluster.snapshot() == before


def test_a_grant_that_the_server_passes_over_is_told_as_drift(linked: Segment, unjudged: None) -> None:
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
