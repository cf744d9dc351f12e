"""GrantSchemaOperator: what it refuses, all of it at once and with nothing half done."""

from __future__ import annotations

import pytest

from airflow_provider_datagraph.exceptions import DriftRemainsError, MisconfigurationError
from airflow_provider_datagraph.operators.base import Mode
from tests.integration.bad_input.refusals import refused
from tests.support.redshift import PASSWORD
from tests.support.segment import Segment, execute, grant, said


def test_all_that_blocks_is_told_at_once_and_nothing_is_half_done(linked: Segment) -> None:
    linked.sql(f"GRANT SELECT (id) ON crm.contacts TO ROLE {linked.role}")
    tables = [f"crm.{name}" for name in ("accounts", "contacts", "nope", "ACCOUNTS")]
    tables += ["billing.invoices", "billing.never"]
    schemas, database = ["crm", "billing", "none_such", "payroll"], linked.warehouse
    assert sorted(refused(linked, linked.grant_schema(schema=schemas, tables=tables))) == sorted(
        [
            said("table_missing", f"{database}.crm.nope"),
            said("table_twice", f"{database}.crm.accounts"),
            said("table_missing", f"{database}.billing.never"),
            said("schema_missing", f"{database}.none_such", schema="none_such", database=database),
            said("column_grant", f"{database}.crm.contacts", privilege="SELECT"),
        ]
    )
    (told,) = execute(linked.grant_schema(schema="none_such", plan_only=True))["findings"]
    assert (told["code"], told["blocking"]) == ("schema_missing", False)
    assert not linked.reads("payroll", "salaries")
    assert not linked.reads("crm", "accounts")


def test_a_name_that_redshift_folds_is_told_from_one_that_is_not_there(warehouse: Segment) -> None:
    database = warehouse.warehouse
    warehouse.cluster.exactly(database, 'CREATE SCHEMA "Sales"')
    folded = said("schema_missing", f"{database}.Sales", case="folded", schema="Sales", database=database)
    assert refused(warehouse, warehouse.grant_schema(schema="Sales")) == (folded,)
    alike = said("schema_missing", f"{database}.sales", case="alike", alike="Sales", schema="sales", database=database)
    assert refused(warehouse, warehouse.grant_schema(schema="sales")) == (alike,)


@pytest.fixture
def unjudged(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the admin loses a right after it was looked at."""
    monkeypatch.setattr(Mode, "judge", lambda self, rows, known, plan: plan)


def test_an_admin_that_may_not_grant_is_told_so_and_nothing_stays(warehouse: Segment, unjudged: None) -> None:
    owner = warehouse.cluster.user("owner")
    warehouse.sql(f"ALTER SCHEMA crm OWNER TO {owner}", f"ALTER ROLE {warehouse.role} OWNER TO {owner}")
    warehouse.admin_connection(login=owner, password=PASSWORD)
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
