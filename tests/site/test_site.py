"""`make e2e`: a worker and a triggerer die in the middle of a run, and a person sees all of it in a browser."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.dags.airflow_process import ROOT
from tests.site.browser import Person, person
from tests.site.running import Site, running
from tests.support.profiles_sync import PROFILES_SYNC, profiles_sync

DAG_ID = "segment_data_graph"
APPROVAL = "segment_data_graph_approval"
HELD = r'^GRANT SELECT FOR TABLES IN SCHEMA "?billing'


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(tmp_path_factory.mktemp("site")) as made:
        yield made


@pytest.fixture(scope="module")
def somebody(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    kept = ROOT / "docs" / "images" if os.environ.get("SCREENSHOTS") else tmp_path_factory.mktemp("pictures")
    with person(str(site.web.client.base_url), site.web.password, kept) as made:
        yield made
    sizes = {path.name: path.stat().st_size for path in kept.glob("*-*.png")}
    assert len(sizes) == 8
    # They are part of the documentation.
    assert max(sizes.values()) < 150_000, sizes


def test_the_wheel_is_what_runs(site: Site) -> None:
    size = site.airflow.log.stat().st_size
    # As the services do, not from the checkout, where it runs.
    words = ["python", "-P", "-c", "import airflow_provider_datagraph as found; print(found.__file__)"]
    assert site.airflow.command(words) == 0
    assert "/site-packages/airflow_provider_datagraph/" in site.airflow.log.read_text()[size:]


def test_every_service_becomes_healthy(site: Site) -> None:
    site.airflow.wait_healthy()
    assert site.airflow.healthy == {*site.airflow.running}


def test_a_person_approves_a_plan(site: Site, somebody: Person) -> None:
    site.web.trigger(APPROVAL, "first", schemas=["analytics.crm"])
    site.wait(APPROVAL, approve="awaiting_input")
    somebody.look("approval", f"{APPROVAL}/runs/first/tasks/approve/required_actions", "As SQL:")
    somebody.approve()
    site.wait(APPROVAL, apply="success", validate="success", summary="success")


def test_a_worker_and_a_triggerer_die(site: Site, somebody: Person) -> None:
    apply = site.server.faults.delay(HELD, 20)
    run_id = somebody.trigger(
        DAG_ID, schemas="analytics.crm\nanalytics.billing", profiles_sync="segment_profiles.profiles_prod"
    )
    site.airflow.wait(lambda: bool(apply.fired), "an apply")
    [(pid,)] = site.airflow.metadata.run("SELECT pid FROM task_instance WHERE task_id = 'grant_schemas'")
    site.kill("worker", lambda process: process.pid == pid)
    site.wait(DAG_ID, wait_for_profiles_sync="deferred")
    site.kill("triggerer", site.is_connected)
    site.sql("segment_profiles", "BEGIN", "CREATE SCHEMA profiles_prod", *profiles_sync("profiles_prod"), "COMMIT")
    site.wait(DAG_ID, summary="success")
    tries = {one.task_id: one.tries for one in site.airflow.states() if one.dag_id == DAG_ID}
    assert {name for name, count in tries.items() if count > 1} == {"grant_schemas"}
    somebody.look("log", f"{DAG_ID}/runs/{run_id}/tasks/summary", "segment_linked_user")
    # Airflow remembers that a graph was looked at, and shows one beside everything.
    somebody.graph(DAG_ID, run_id)


def test_nothing_was_granted_twice_or_half(site: Site) -> None:
    query = "SELECT transaction_id, database_name, query_text FROM sys_query_history ORDER BY query_id"
    sent = [(number, (database, text)) for number, database, text in site.sql("dev", query)]
    begun, done = (
        {number for number, (_, text) in sent if text.lower().startswith(word)} for word in ("begin", "commit")
    )
    kept = Counter(grant for number, grant in sent if grant[1].startswith("GRANT") and number not in begun - done)
    lost = Counter(grant for number, grant in sent if grant[1].startswith("GRANT") and number in begun - done)
    assert len(kept) == kept.total() == 8, kept
    # What the worker had sent when it died: both of a schema's, and the session ended with neither.
    assert sorted(lost) == sorted(grant for grant in kept if '"billing"' in grant[1])


def test_the_linked_user_reads_what_was_asked_for(site: Site) -> None:
    paths = [f"analytics.{schema}.orders" for schema in ("crm", "billing", "payroll")]
    paths += [f"segment_profiles.profiles_prod.{table}" for table in PROFILES_SYNC]
    assert [path for path in paths if not site.reads(path)] == ["analytics.payroll.orders"]
