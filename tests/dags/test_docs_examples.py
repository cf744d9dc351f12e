"""The examples of the docs, each run as it stands, on a warehouse with the names that they use."""

from __future__ import annotations

from pathlib import Path

from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_1_PLUS

from local_redshift.running import started
from tests.dags.airflow_process import Airflow
from tests.dags.runs import ADMIN_PASSWORD
from tests.dags.warehouse import Names, build
from tests.support.profiles_sync import profiles_sync

NAMES = Names(
    analytics="analytics",
    ops="ops",
    profiles="segment_profiles",
    own_schema="own",
    checkpoint="segment_linked_profiles_db",
    role="segment_linked_role",
    user="segment_linked_user",
    etl="etl",
    segment="segment",
    retl="segment_retl",
)
# From one to the next it is the same warehouse.
ORDER = """preflight create_role create_checkpoint_database grant_schemas prove_access audit_access check_warehouse
sum_up wait_for_profiles_sync open_warehouse new_schemas grant_reverse_etl rotate_password close_schemas
offboard""".split()


def test_every_example_of_the_docs_runs(airflow: Airflow) -> None:
    # What is approved, and by whom, is tests/e2e's.
    if AIRFLOW_V_3_1_PLUS:
        assert airflow.ask("describe", dag_id="approval")["errors"] == {}
    assert {*ORDER, "approval"} == {
        path.stem for path in (Path(__file__).parents[2] / "docs" / "examples").glob("*.py")
    }
    with started(password=ADMIN_PASSWORD, iam=True) as server:
        warehouse = build(server, "Reader-1-of-all", NAMES)
        warehouse.run(
            NAMES.profiles, "CREATE SCHEMA profiles_prod", *profiles_sync("profiles_prod"), user=NAMES.segment
        )
        given = warehouse.connections(schema=NAMES.checkpoint)
        ran = {name: airflow.run(name, {}, given, list) for name in ORDER}
    assert {name: one.log[-3000:] for name, one in ran.items() if one.state != "success"} == {}
