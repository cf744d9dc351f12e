"""Each example DAG of the wheel, run as it is: its names are those of this cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from local_redshift.running import started
from tests.dags.airflow_process import Airflow
from tests.dags.runs import ADMIN_PASSWORD, LINKED_PASSWORD
from tests.dags.warehouse import Names, Warehouse, readable
from tests.dags.worker import EXAMPLES
from tests.support.profiles_sync import profiles_sync

NAMES = {
    **{"analytics": "analytics", "profiles": "segment_profiles", "checkpoint": "segment_linked_profiles_db"},
    **{"role": "segment_linked_role", "user": "segment_linked_user"},
}
TABLES = (
    *("crm.accounts", "billing.invoices", "billing.customers", "billing.payments", "marts.orders", "marts.customers"),
    *("marts_eu.orders", "marts_tmp.orders"),
)
NIGHTLY = {"schemas": ["analytics.marts_*", "!analytics.*_tmp"], "profiles_sync": "segment_profiles.profiles_prod"}
# What of TABLES is open afterwards; nothing was before, but for what an audit finds.
OPENED = {
    "granular_tables": {*TABLES[:3]},
    "after_dbt": {*TABLES[4:6]},
    "after_profiles_sync": set(),
    "two_clusters": {TABLES[0]},
    "new_schemas_nightly": {TABLES[6]},
    "audit_with_callback": {TABLES[3]},
}
# The reference DAGs, and what other tests run.
OTHERS = {"__init__", "pins", "grant", "offboard", "preflight", "approval", "second_user"}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Warehouse]:
    names = Names(**{name: NAMES.get(name, name) for name in Names.__annotations__})
    with started(password=ADMIN_PASSWORD) as server:
        made = Warehouse(server, names, LINKED_PASSWORD)
        made.make_identities(
            *(f"CREATE DATABASE {name}" for name in (names.analytics, names.profiles)),
            f"GRANT CREATE ON DATABASE {names.checkpoint} TO ROLE {names.role}",
        )
        made.run(names.profiles, "CREATE SCHEMA profiles_prod", *profiles_sync("profiles_prod"))
        yield made


@pytest.fixture
def given(cluster: Warehouse, name: str) -> dict[str, str]:
    """The connections, of a cluster whose schemas nobody has opened."""
    for schema in dict.fromkeys(table.split(".")[0] for table in TABLES):
        cluster.run("analytics", f"DROP SCHEMA IF EXISTS {schema} CASCADE", f"CREATE SCHEMA {schema}")
    cluster.run("analytics", *(f"CREATE TABLE {table} (id int)" for table in TABLES))
    if name == "audit_with_callback":
        role, grants = cluster.names.role, ("USAGE ON SCHEMA billing", f"SELECT ON {TABLES[3]}")
        cluster.run("analytics", *(f"GRANT {what} TO ROLE {role}" for what in grants))
    admin, user = cluster.connections().values()
    if name != "two_clusters":
        return cluster.connections()
    nowhere = json.dumps({"conn_type": "redshift", "host": "127.0.0.1", "port": 1})
    america = dict.fromkeys(("redshift_america", "segment_user_america"), nowhere)
    return {"redshift_europe": admin, "segment_user_europe": user, **america}


@pytest.mark.parametrize("name", OPENED)
def test_it_runs(airflow: Airflow, cluster: Warehouse, given: dict[str, str], name: str) -> None:
    conf = {"schemas": ["analytics.crm"]} if name == "two_clusters" else {}
    variables = {"AIRFLOW_VAR_SEGMENT_DATA_GRAPH": json.dumps(NIGHTLY)} if name == "new_schemas_nightly" else {}
    ended = airflow.run(f"example_{name}", conf, given, cluster.listening(), **variables)
    audit = name == "audit_with_callback"
    assert ended.state == ("failed" if audit else "success")
    assert ("Segment's access isn't as allowed: " in ended.log) is audit
    paths = [("analytics", *table.split(".")) for table in TABLES]
    found = readable(cluster, [(database, schema, table) for database, schema, table in paths])
    assert {f"{schema}.{table}" for (_, schema, table), is_open in found.items() if is_open} == OPENED[name]


def test_these_are_all() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == OPENED.keys() | OTHERS
