"""The connection breaks, or the server goes, at each statement of each operator: all is as before or as after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_datagraph.exceptions import PassingFaultError
from local_redshift.faults_client import Fault, Faults
from tests.deep import DEEP, usual_or_deep
from tests.integration.faults.leaving import LEAVING, Leaving
from tests.support.cluster import HARMLESS, Cluster, Snapshot
from tests.support.segment import OPERATORS, RETL, Segment, execute

# How to take back what each operator does; the schema operators start with role and user.
UNDO = {
    "check": (),
    "role": ("DROP USER {user}", "DROP ROLE {role} FORCE"),
    "database": ("DROP DATABASE {checkpoint}",),
    "schema": (
        "REVOKE SELECT FOR TABLES IN SCHEMA crm FROM ROLE {role}",
        "REVOKE SELECT ON TABLE billing.invoices FROM ROLE {role}",
        "REVOKE USAGE ON SCHEMA crm, billing FROM ROLE {role}",
    ),
    "reverse_etl": (
        f"REVOKE SELECT, INSERT, UPDATE, DELETE, DROP FOR TABLES IN SCHEMA {RETL} FROM ROLE {{role}}",
        f"REVOKE USAGE, CREATE, DROP ON SCHEMA {RETL} FROM ROLE {{role}}",
    ),
}
TASKS: dict[str, Callable[[Any], Any]] = {**OPERATORS, **LEAVING}
CHANGING = [name for name in TASKS if name != "check"]
# How many statements change something or commit, and how many commit.
COUNTS = {"role": 4, "database": 2, "schema": 4, "reverse_etl": 3, "revoke": 5, "drop": 26, "give": 30}
# Two operators send some 200 statements each. `make test-deep` breaks each statement; `make test` every so many.
LONG = ("drop", "give")
STEP = usual_or_deep(48, 1)
# One operator in two ways: up to the checkpoint database they send the same.
STEPS = {"drop": STEP, "give": 4 * STEP}
AT_EACH_CHANGE = [name for name in CHANGING if name not in LONG or (STEP == 1 and name == "drop")]
CHANGES = f"^(?!{'|'.join(HARMLESS)}|-- login)"
# A read, or a login, is the same cut before or after it.
CHANGES_AND_COMMITS = f"{CHANGES}|^commit"
# After any other change it is the same as before the next.
COMMITS = "^(commit|create database|drop database|grant create on database)"
NEVER = 10**6
Order = Callable[[int], Fault]
Broken = tuple[PassingFaultError | None, Snapshot]


@pytest.fixture
def stage(cluster: Cluster, faults: Faults, monkeypatch: pytest.MonkeyPatch, name: str) -> Iterator[Segment]:
    """What an operator needs before it; the test's parameter is its name."""
    if name in LEAVING:
        leaving = Leaving(cluster, monkeypatch)
        yield leaving
        faults.clear()
        faults.start()
        leaving.give_back()
        return
    segment = Segment(cluster, monkeypatch, cluster.shared[0])
    if name != "role":
        segment.make_identities()
    yield segment


def undo(segment: Segment, name: str, done: Snapshot | None = None, before: Snapshot | None = None) -> None:
    """Take back what an operator has done, wholly or, where there are several databases, as far as is seen."""
    if isinstance(segment, Leaving):
        assert done is not None and before is not None
        segment.restore(part for part in before if done[part] != before[part])
        assert segment.snapshot() == before
        return
    names = {"user": segment.user, "role": segment.role, "checkpoint": segment.checkpoint}
    segment.sql(*(text.format(**names) for text in UNDO[name]))


def states(segment: Segment, name: str) -> list[Snapshot]:
    """What the catalog may be, in order: from before the operator to after it."""
    before = segment.snapshot()
    execute(TASKS[name](segment))
    after = segment.snapshot()
    between = []
    if name == "database":
        # CREATE DATABASE commits alone.
        segment.sql(f"REVOKE CREATE ON DATABASE {segment.checkpoint} FROM ROLE {segment.role}")
        between = [segment.snapshot()]
    if isinstance(segment, Leaving):
        between = [before]
        for part in segment.parts(name):
            between.append({**between[-1], part: after[part]})
        assert between.pop() == after and between.pop(0) == before
        assert all(after[part] != before[part] for part in segment.parts(name))
    undo(segment, name, after, before)
    assert segment.snapshot() == before
    return [before, *between, after]


def check_told(segment: Segment, name: str, error: PassingFaultError, done: int) -> None:
    """Check what an error says while so many parts are done; whether the one that broke is, it can't know."""
    text = str(error)
    assert not isinstance(error, AirflowFailException)
    assert "broke" in text or "can't be reached" in text
    if name not in LONG:
        assert segment.warehouse in text or str(segment.server.port) in text
    elif "Done before" in text:
        assert isinstance(segment, Leaving)
        parts = list(segment.parts(name).values())
        assert text.endswith(
            tuple(
                f" Done before: {', '.join(parts[:n]) or 'nothing'}. Failed, all or nothing of it done: {parts[n]}. "
                f"Not begun: {', '.join(parts[n + 1 :]) or 'nothing'}. A rerun does the rest."
                for n in (max(done - 1, 0), done)
                if parts[n:]
            )
        )
    else:
        assert done == 0


def break_at(segment: Segment, name: str, faults: Faults, order: Order, n: int, before: Snapshot) -> Broken:
    """Break at the n-th statement: the error, or None where there is no such statement, and what the catalog is."""
    fault, changes = order(n), faults.delay(CHANGES, 0.0, nth=NEVER)
    try:
        execute(TASKS[name](segment))
    except PassingFaultError as error:
        broken = error
    else:
        assert fault.fired == 0, f"statement {n}: nobody noticed"
        faults.clear()
        return None, segment.snapshot()
    received = changes.seen
    faults.clear()
    faults.start()
    # A snapshot is slow: where nothing was sent that changes anything, nothing is changed.
    return broken, segment.snapshot() if received else before


def everywhere(segment: Segment, name: str, faults: Faults, order: Order, step: int = 1) -> int:
    """Break at the first statement, and at each `step`-th from there, until there is none; how many there were."""
    allowed = states(segment, name)
    before, after, reached, rerun = allowed[0], allowed[-1], 0, {0}
    for n in range(1, 1000, step):
        broken, found = break_at(segment, name, faults, order, n, before)
        assert found in allowed, f"statement {n} left the catalog between"
        if broken is None:
            assert found == after
            undo(segment, name, found, before)
            return n - 1
        # What is done stays done.
        at = allowed.index(found)
        assert at >= reached
        reached = at
        check_told(segment, name, broken, at)
        if at not in rerun:
            rerun.add(at)
            report = execute(TASKS[name](segment))
            assert (report["changed"] == 0) == (found == after)
            found = segment.snapshot()
            assert found == after
        if found != before:
            undo(segment, name, found, before)
    raise AssertionError("it never came to an end")


@pytest.mark.parametrize("name", TASKS)
def test_a_cut_before_each_login_and_statement(stage: Segment, faults: Faults, name: str) -> None:
    count = everywhere(
        stage, name, faults, lambda n: faults.cut_before("", nth=n), STEPS.get(name, usual_or_deep(3, 1))
    )
    assert count > 5


@pytest.mark.parametrize("name", AT_EACH_CHANGE)
@pytest.mark.parametrize("how", [Faults.cut_after, Faults.restart_before])
def test_a_cut_after_or_a_stop_before_each_change_and_commit(
    stage: Segment, faults: Faults, name: str, how: Callable[..., Fault]
) -> None:
    count = everywhere(stage, name, faults, lambda n: how(faults, CHANGES_AND_COMMITS, nth=n))
    assert count == COUNTS[name]


@pytest.mark.skipif(not DEEP, reason="What comes after each of these commits is seen at fewer places, too.")
@pytest.mark.parametrize("name", LONG)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_cut_at_each_commit(stage: Segment, faults: Faults, name: str, when: str) -> None:
    cut = faults.cut_before if when == "before" else faults.cut_after
    assert everywhere(stage, name, faults, lambda n: cut(COMMITS, nth=n)) == 4
