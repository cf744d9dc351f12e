"""The offboarding DAG: a plan by default, and the end of all access."""

from __future__ import annotations

from contextlib import closing

from local_redshift.running import Server
from tests.dags.airflow_process import Airflow, Outcome
from tests.dags.runs import LINKED_PASSWORD
from tests.dags.warehouse import Warehouse, build
from tests.support.cluster import Cluster
from tests.support.redshift import sql, turned_away
from tests.support.segment import RETL, changes, codes

DAG_ID = "unpinned_offboard"


def offboard(airflow: Airflow, warehouse: Warehouse, **form: object) -> Outcome:
    sent = warehouse.listening()
    return airflow.run(DAG_ID, {"role": warehouse.names.role, **form}, warehouse.connections(), sent)


def rows(warehouse: Warehouse) -> set[tuple[str, ...]]:
    """The catalog's rows in every database."""
    with closing(Cluster(warehouse.server)) as cluster:
        names = warehouse.names
        found = cluster.snapshot(names.analytics, names.ops, names.profiles, warehouse.server.database)
    return {(place, *row) for place, listed in found.items() for row in listed}


def test_a_plan_by_default_and_then_the_end_of_all_access(airflow: Airflow, dag_server: Server) -> None:
    warehouse = build(dag_server, LINKED_PASSWORD)
    names = warehouse.names
    warehouse.make_identities(f"GRANT CREATE ON DATABASE {names.checkpoint} TO ROLE {names.role}")
    for database, schema in ((names.analytics, "crm"), (names.ops, "devices")):
        warehouse.run(
            database,
            f"GRANT USAGE ON SCHEMA {schema} TO ROLE {names.role}",
            f"GRANT SELECT FOR TABLES IN SCHEMA {schema} TO ROLE {names.role}",
        )
    used = f"CREATE SCHEMA {RETL}", f"SELECT * FROM {names.analytics}.crm.accounts"
    sql(dag_server, names.checkpoint, *used, user=names.user, password=LINKED_PASSWORD)
    before = rows(warehouse)

    plan = offboard(airflow, warehouse)
    report = plan.reports["offboard"]
    assert (plan.state, plan.changes, report["changed"]) == ("success", [], 0)
    planned = [(row["database"], row["statement"]) for row in report["changes"]]
    assert (names.analytics, f'REVOKE ALL ON SCHEMA "crm" FROM ROLE "{names.role}"') in planned
    assert (names.ops, f'REVOKE ALL FOR TABLES IN SCHEMA "devices" FROM ROLE "{names.role}"') in planned
    assert {("drop", f"user {names.user}", ()), ("drop", f"role {names.role}", ())} <= set(changes(report))
    # What would stop it is in the plan, too.
    assert (codes(report), report["notes"]) == (["owned"], {"database_kept": 1})

    done = offboard(airflow, warehouse, plan_only=False, checkpoint_database=names.checkpoint)
    assert done.state == "success"
    leaving = {names.role, names.user, names.checkpoint}
    # Nothing of theirs is left, and nobody else noticed.
    assert rows(warehouse) == {row for row in before if leaving.isdisjoint(row)}
    assert "password authentication failed" in turned_away(dag_server, names.user, LINKED_PASSWORD)
