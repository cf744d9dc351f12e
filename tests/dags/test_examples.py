"""Each example DAG of the wheel and of the docs, run as it is; and the reference DAGs' files, parsed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_1_PLUS

from local_redshift.running import started
from tests.dags.airflow_process import ROOT, Airflow, Outcome
from tests.dags.runs import ADMIN_PASSWORD, LINKED_PASSWORD
from tests.dags.warehouse import Names, Warehouse, build, readable
from tests.dags.worker import EXAMPLES, FILES
from tests.support.profiles_sync import profiles_sync
from tests.support.redshift import sql, turned_away, unique
from tests.support.segment import RETL, codes
from tests.unit.test_dag_files import FORMS

NAMES = Names(
    **{name: name for name in ("analytics", "ops", "own_schema", "etl", "segment")},
    profiles="segment_profiles",
    checkpoint="segment_linked_profiles_db",
    role="segment_linked_role",
    user="segment_linked_user",
    retl="segment_retl",
)
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
# The reference DAGs, and what other tests run: what is approved, and by whom, is tests/e2e's.
OTHERS = {"__init__", "pins", "grant", "offboard", "preflight", "approval", "second_user"}
# The docs'. From one to the next it is the same warehouse.
IN_ORDER = """preflight create_role create_checkpoint_database grant_schemas prove_access audit_access check_warehouse
sum_up wait_for_profiles_sync open_warehouse new_schemas grant_reverse_etl rotate_password close_schemas
offboard""".split()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Warehouse]:
    with started(password=ADMIN_PASSWORD) as server:
        made = Warehouse(server, NAMES, LINKED_PASSWORD)
        made.make_identities(
            *(f"CREATE DATABASE {name}" for name in (NAMES.analytics, NAMES.profiles)),
            f"GRANT CREATE ON DATABASE {NAMES.checkpoint} TO ROLE {NAMES.role}",
        )
        made.run(NAMES.profiles, "CREATE SCHEMA profiles_prod", *profiles_sync("profiles_prod"))
        yield made


@pytest.fixture
def given(cluster: Warehouse, name: str) -> dict[str, str]:
    """The connections, of a cluster whose schemas nobody has opened."""
    for schema in dict.fromkeys(table.split(".")[0] for table in TABLES):
        cluster.run("analytics", f"DROP SCHEMA IF EXISTS {schema} CASCADE", f"CREATE SCHEMA {schema}")
    cluster.run("analytics", *(f"CREATE TABLE {table} (id int)" for table in TABLES))
    if name == "audit_with_callback":
        grants = ("USAGE ON SCHEMA billing", f"SELECT ON {TABLES[3]}")
        cluster.run("analytics", *(f"GRANT {what} TO ROLE {NAMES.role}" for what in grants))
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
    # An audit that fails leaves its report.
    assert not audit or "readable_beyond" in codes(ended.reports["audit"])
    paths = [("analytics", *table.split(".")) for table in TABLES]
    found = readable(cluster, [(database, schema, table) for database, schema, table in paths])
    assert {f"{schema}.{table}" for (_, schema, table), is_open in found.items() if is_open} == OPENED[name]


def test_every_example_of_the_docs_runs(airflow: Airflow) -> None:
    if AIRFLOW_V_3_1_PLUS:
        assert airflow.ask("describe", dag_id="approval")["errors"] == {}
    with started(password=ADMIN_PASSWORD) as server:
        warehouse = build(server, "Reader-1-of-all", NAMES)
        tables = profiles_sync("profiles_prod")
        warehouse.run(NAMES.profiles, "CREATE SCHEMA profiles_prod", *tables, user=NAMES.segment)
        given = warehouse.connections(schema=NAMES.checkpoint)
        ran = {name: airflow.run(name, {}, given, list) for name in IN_ORDER}
    assert {name: one.log[-3000:] for name, one in ran.items() if one.state != "success"} == {}


def test_segment_is_never_locked_out(airflow: Airflow, warehouse: Warehouse) -> None:
    """docs/operations.md, "Another user, without a gap": Segment writes as either user, until it is switched."""
    names, second, password = warehouse.names, unique("second"), "Second-Reader-2"
    warehouse.make_identities(f"GRANT CREATE ON DATABASE {names.checkpoint} TO ROLE {names.role}")
    warehouse.run(
        names.analytics,
        f"GRANT USAGE ON SCHEMA crm TO ROLE {names.role}",
        f"GRANT SELECT FOR TABLES IN SCHEMA crm TO ROLE {names.role}",
    )

    def segment(who: str, word: str, *statements: str) -> None:
        read = f"SELECT * FROM {names.analytics}.crm.accounts WHERE FALSE"
        sql(warehouse.server, names.checkpoint, *statements, read, user=who, password=word)

    def again(**form: object) -> Outcome:
        login = {"conn_type": "redshift", "login": second, "password": password}
        given = {**warehouse.connections(), "segment_second_user": json.dumps(login)}
        conf = {"role": names.role, "checkpoint_database": names.checkpoint, "schemas": [f"{names.analytics}.crm"]}
        return airflow.run("segment_second_user", {**conf, **form}, given, warehouse.listening())

    first = (names.user, warehouse.password)
    segment(*first, f"CREATE SCHEMA {RETL}", f"CREATE TABLE {RETL}.old (id int)")
    before = again()
    assert before.state == "success" and before.reports["first_leaves"]["changed"] == 0
    # Both write, in what either has made, before and since.
    segment(*first, f"CREATE TABLE {RETL}.later (id int)")
    segment(second, password, f"INSERT INTO {RETL}.old VALUES (1)", f"INSERT INTO {RETL}.later VALUES (1)")
    segment(second, password, f"CREATE TABLE {RETL}.new (id int)")
    segment(*first, f"INSERT INTO {RETL}.new VALUES (1)")
    after = again(switched=True)
    assert after.state == "success" and f'DROP USER "{names.user}"' in after.changes
    assert turned_away(warehouse.server, *first)
    segment(second, password, *(f"DROP TABLE {RETL}.{table}" for table in ("old", "later", "new")))
    segment(second, password, f"CREATE TABLE {RETL}.last (id int)")


@pytest.mark.parametrize("dag_id", FORMS)
def test_it_parses_with_no_connection_no_error_and_no_warning(airflow: Airflow, dag_id: str) -> None:
    assert not [name for name in airflow.env if name.startswith("AIRFLOW_CONN_")]
    # Airflow shows the source of the file that calls the function.
    wanted = {"errors": {}, "warnings": [], "params": list(FORMS[dag_id]), "file": str(FILES[dag_id])}
    assert airflow.ask("describe", dag_id=dag_id) == wanted


def test_these_are_all() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == OPENED.keys() | OTHERS
    assert {path.stem for path in (ROOT / "docs" / "examples").glob("*.py")} == {*IN_ORDER, "approval"}
