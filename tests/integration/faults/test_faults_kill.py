"""The worker is killed in the middle of a grant: the database is as before or as after, and a rerun does the rest."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from local_redshift.faults_client import Faults
from tests.integration.faults.test_faults_cuts import undo
from tests.support.segment import Segment, execute

HELD = 0.7
"""Seconds for which the server holds the statement back: the worker dies meanwhile."""
WORKER = """
import sys
from airflow_provider_datagraph.operators.schema import GrantSchemaOperator
tables = {"billing": ["invoices"]}
GrantSchemaOperator(task_id="grant", schema=["crm", "billing"], tables=tables, role=sys.argv[1]).execute({})
"""
# Where it dies: a pattern, which match of it, and whether what was planned may or must be there then.
POINTS = {
    "before the first change": ("^grant usage", 1, "before"),
    "between two changes": ("^grant select for tables", 1, "before"),
    "at the commit": ("^commit", 1, "either"),
    "before the second look": ("^select .* from svv_schema_privileges", 2, "after"),
}


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_worker_leaves_nothing_between(linked: Segment, faults: Faults, point: str) -> None:
    pattern, nth, left = POINTS[point]
    before = linked.snapshot()
    execute(linked.grant_both())
    after = linked.snapshot()
    undo(linked, "schema")
    assert linked.snapshot() == before
    fault = faults.delay(pattern, HELD, nth=nth)
    worker = subprocess.Popen([sys.executable, "-c", WORKER, linked.role], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not fault.fired:
        assert worker.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline, "it never got there"
        time.sleep(0.05)
    worker.send_signal(signal.SIGKILL)
    assert worker.wait(10) == -signal.SIGKILL
    time.sleep(HELD + 0.5)
    allowed = {"before": (before,), "after": (after,), "either": (before, after)}[left]
    found = linked.snapshot()
    assert found in allowed
    faults.clear()
    report = execute(linked.grant_both())
    assert linked.snapshot() == after
    assert (report["changed"] == 0) is (found == after)
    undo(linked, "schema")
