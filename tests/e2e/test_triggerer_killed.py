"""A triggerer that is killed again and again loses no sensor, and none fires twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from local_redshift.running import started
from tests.dags.airflow_process import PATIENCE, ROOT, Airflow, airflow_in
from tests.deep import DEEP
from tests.support.cluster import Cluster
from tests.support.segment import Segment
from tests.support.waiting import reached, trigger_of

KILLS = 20
LATER = 4
"""How many sensors of each kind have what they wait for after the last kill; each kill has one more just before it."""
SETTINGS = {
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
    # Who is dead is taken for dead at once.
    "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "1",
}
# Each end of a deferral is noted.
NOTE = """
CREATE TABLE ends (at int);
CREATE TRIGGER note AFTER UPDATE OF state ON task_instance WHEN old.state = 'deferred'
BEGIN INSERT INTO ends VALUES (new.map_index); END;
"""


@contextmanager
def triggerer(airflow: Airflow) -> Iterator[None]:
    """A real one, and at the end of the block a SIGKILL for all of it."""
    words = ["airflow", "triggerer", "--skip-serve-logs"]
    with airflow.log.open("ab") as output:
        process = subprocess.Popen(words, env=airflow.env, stdout=output, stderr=output, start_new_session=True)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.skipif(not DEEP, reason="Twenty starts of a triggerer take a minute.")
def test_a_triggerer_that_is_killed_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(16)
    with started() as server, closing(Cluster(server)) as cluster, airflow_in(tmp_path / "home") as airflow:
        segment = Segment(cluster, monkeypatch, cluster.database("CREATE SCHEMA crm"))
        segment.make_identities()
        segment.writes(segment.warehouse)
        profiles = [segment.profiles(schema="crm", tables=[f"t{at}"]) for at in range(KILLS + LATER)]
        access = [segment.access(tables=[f"crm.t{KILLS + at}"]) for at in range(LATER)]
        waiting = [trigger_of(one, 0.3, 3600).serialize()[1] for one in (*profiles, *access)]
        airflow.env |= {**SETTINGS, **{key: os.environ[key] for key in os.environ if key.startswith("AIRFLOW_CONN_")}}
        words = [sys.executable, str(ROOT / "tests" / "dags" / "deferred.py")]
        subprocess.run(words, input=json.dumps(waiting), text=True, env=airflow.env, check=True, capture_output=True)
        airflow.script(NOTE)

        def sessions() -> bool:
            return bool(cluster.sql("dev", f"SELECT process FROM stv_sessions WHERE db_name = '{segment.warehouse}'"))

        def wait(until: Callable[[], Any]) -> None:
            assert reached(until, PATIENCE), airflow.log.read_text(errors="replace")[-3000:]

        def act(*statements: str) -> None:
            wait(sessions)
            segment.sql(*statements)
            cluster.close(segment.warehouse)

        cluster.close(segment.warehouse)
        for at in range(KILLS):
            with triggerer(airflow):
                act(f"CREATE TABLE crm.t{at} (event_id int)")
                # In the first look, in another, or when the event is on its way.
                time.sleep(chance.uniform(0, 0.6))
            wait(lambda: not sessions())
        with triggerer(airflow):
            act(*(f"CREATE TABLE crm.t{at} (event_id int)" for at in range(KILLS, KILLS + LATER)))
            segment.open("crm")
            cluster.close(segment.warehouse)
            wait(lambda: not airflow.rows("SELECT 1 FROM task_instance WHERE state = 'deferred'"))
            # It keeps no session for nobody.
            wait(lambda: not sessions())
        assert airflow.rows("SELECT at FROM ends ORDER BY at") == [(at,) for at in range(len(waiting))]
        told = airflow.rows("SELECT state, next_kwargs LIKE '%done%' FROM task_instance")
        assert told == [("scheduled", 1)] * len(waiting)
