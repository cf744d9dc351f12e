"""Somebody who may create in a schema that is proved whole: whatever she puts there, the proof ends, and says so."""

from __future__ import annotations

import pytest

from airflow_provider_datagraph.redshift.statements import EXACT_NAMES
from tests.support.segment import Segment, codes, execute

ENDLESS = f"SELECT count(*) AS n FROM {', '.join(f'crm.many t{at}' for at in range(12))}"
MANY = ("CREATE TABLE crm.many (id int)", f"INSERT INTO crm.many VALUES {', '.join(f'({at})' for at in range(100))}")
# What she plants, beside what the proof tells of it.
PLANTED = {
    "a folded name": ([EXACT_NAMES, 'CREATE TABLE crm."Accounts" (id int)'], ["unreachable_name"]),
    "an endless view": ([*MANY, f"CREATE VIEW crm.v AS {ENDLESS}"], []),
    "one behind a view": (
        [*MANY, f"CREATE VIEW crm.v AS {ENDLESS} LIMIT 1", "CREATE VIEW crm.w AS SELECT n FROM crm.v"],
        [],
    ),
    "a late one": ([*MANY, f"CREATE VIEW crm.v AS {ENDLESS} ORDER BY 1 WITH NO SCHEMA BINDING"], []),
    "a view of what is closed": (["CREATE VIEW crm.v AS SELECT id FROM billing.invoices"], ["view_refused"]),
}


@pytest.mark.parametrize(("statements", "found"), PLANTED.values(), ids=PLANTED)
def test_the_proof_of_a_schema_ends(warehouse: Segment, statements: list[str], found: list[str]) -> None:
    planter = warehouse.cluster.user("planter")
    warehouse.sql(
        f"GRANT USAGE, CREATE ON SCHEMA crm, billing TO {planter}",
        f"GRANT SELECT ON crm.accounts, billing.invoices TO {planter}",
    )
    warehouse.open("crm")
    warehouse.writes(warehouse.warehouse)
    warehouse.sql(*statements, user=planter)
    warehouse.sql(f"REVOKE SELECT ON billing.invoices FROM {planter}")
    warehouse.admin_connection(extra={"ssl": False, "timeout": 20})
    report = execute(warehouse.access(schemas="crm", timeout=30))
    assert codes(report) == found
    made = sum(text.startswith("CREATE") for text in statements)
    assert report["in_place"] == 2 + made - len(found)
