"""A grant is ended in its middle: the database is as before or as after, a rerun does the rest, and nothing is left
running at the server.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing

import pytest
from airflow.providers.common.compat.sdk import AirflowTaskTimeout, timeout
from pytest_mock import MockerFixture

from airflow_provider_datagraph.exceptions import PassingFaultError
from airflow_provider_datagraph.hooks import redshift
from airflow_provider_datagraph.operators.base import ConvergingOperator
from local_redshift.faults_client import Fault, Faults
from tests.integration.faults.support import listening, quickly, silence, until
from tests.integration.faults.test_faults_cuts import undo
from tests.support.redshift import connect, run
from tests.support.segment import Segment, execute

HELD = 0.7
"""Seconds for which the server holds the statement back: the worker dies meanwhile."""
WORKER = """
import sys
from airflow_provider_datagraph.operators.schema import GrantSchemaOperator
tables = ["billing.invoices"]
GrantSchemaOperator(task_id="grant", schema=["crm", "billing"], tables=tables, role=sys.argv[1]).execute({})
"""
# Where it dies: a pattern, which match of it, and whether what was planned may or must be there then.
POINTS = {
    "before the first change": ("^grant usage", 1, "before"),
    "between two changes": ("^grant select for tables", 1, "before"),
    "at the commit": ("^commit", 1, "either"),
    "before the last look": ("^select .* from svv_schema_privileges", 3, "after"),
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


def time_is_over(task: ConvergingOperator) -> None:
    with pytest.raises(AirflowTaskTimeout), timeout(60):  # type: ignore[no-untyped-call]  # as Airflow wrote it
        execute(task)


def killed(task: ConvergingOperator) -> None:
    # In the main thread, while the driver waits, as Airflow's task runner does.
    before = signal.signal(signal.SIGALRM, lambda *_: task.on_kill())
    try:
        with pytest.raises(PassingFaultError, match="57014"):
            execute(task)
    finally:
        signal.signal(signal.SIGALRM, before)


def strike(fault: Fault) -> None:
    """Send the signal of a task's end, once a statement that waits has begun to."""
    while not fault.fired:
        time.sleep(0.05)
    time.sleep(HELD)
    os.kill(os.getpid(), signal.SIGALRM)


@pytest.mark.parametrize(
    ("end", "make", "waits"),
    [
        (time_is_over, Segment.grant_schema, "GRANT"),
        (time_is_over, Segment.close_schema, "REVOKE"),
        (time_is_over, Segment.drop_role, "REVOKE"),
        (killed, Segment.grant_schema, "GRANT"),
    ],
)
def test_what_waits_for_a_lock_is_cancelled_at_the_server(
    segment: Segment,
    faults: Faults,
    end: Callable[[ConvergingOperator], None],
    make: Callable[[Segment], ConvergingOperator],
    waits: str,
) -> None:
    segment.make_identities()
    if waits == "REVOKE":
        segment.open("crm")
    before, since = segment.held(), segment.cluster.mark()
    with closing(connect(segment.server, segment.warehouse, autocommit=False)) as other:
        run(other, "GRANT USAGE ON SCHEMA crm TO PUBLIC")
        waiting = faults.delay("^(grant|revoke) .* on schema", 0)
        threading.Thread(target=strike, args=(waiting,), daemon=True).start()
        end(make(segment))
        (cancelled,) = until(
            lambda: [text for status, text in segment.cluster.history(since, "status") if status == "canceled"]
        )
        assert cancelled.startswith(waits)
    assert segment.held() == before


def test_cancelling_gives_up_where_nobody_answers(segment: Segment, mocker: MockerFixture) -> None:
    hook = redshift.DataGraphHook()
    with hook.connected() as connection, listening(silence) as port:
        told = mocker.spy(hook.log, "warning")
        hook.arguments["port"] = port
        with quickly(redshift.PATIENCE + 1):
            hook.cancel(connection)
        assert told.call_count
