"""Offboarding breaks in the middle: a database is as before or as after, and a rerun does the rest."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_mock import MockerFixture
from redshift_connector.cursor import Cursor

from airflow_provider_datagraph.exceptions import MisconfigurationError, PassingFaultError
from local_redshift.faults_client import Faults
from tests.integration.faults.leaving import Leaving
from tests.support.cluster import Cluster
from tests.support.redshift import connect, run
from tests.support.segment import execute, said


@pytest.fixture
def leaving(cluster: Cluster, faults: Faults, monkeypatch: pytest.MonkeyPatch) -> Iterator[Leaving]:
    made = Leaving(cluster, monkeypatch)
    yield made
    faults.clear()
    made.give_back()


def drop(leaving: Leaving) -> dict[str, Any]:
    return execute(leaving.drop(checkpoint_database=leaving.checkpoint))


def left(leaving: Leaving) -> set[str]:
    """What of role, user and checkpoint database is still there."""
    cluster = leaving.cluster
    found = cluster.existing_databases() | cluster.column("SELECT usename FROM pg_user")
    found |= cluster.column("SELECT role_name FROM svv_roles")
    return found & {leaving.role, leaving.user, leaving.checkpoint}


def test_an_error_in_the_second_database_names_the_first(leaving: Leaving, faults: Faults) -> None:
    before = leaving.snapshot()
    faults.error("^REVOKE ALL ON SCHEMA .* ROLE", "42501", "permission denied for schema crm", nth=2)
    with pytest.raises(MisconfigurationError) as caught:
        drop(leaving)
    told = caught.value.problems[-1]
    assert told.startswith(
        f"Done before: database {leaving.warehouse}. "
        f"Failed, all or nothing of it done: database {leaving.second}. Not begun: "
    )
    assert told.endswith(f"dropping database {leaving.checkpoint}, dropping user and role. A rerun does the rest.")
    found = leaving.snapshot()
    assert [part for part in before if found[part] != before[part]] == [leaving.warehouse]
    faults.clear()
    drop(leaving)
    assert left(leaving) == set()


def test_every_database_that_cannot_be_read_is_told_before_any_change(leaving: Leaving, faults: Faults) -> None:
    before = leaving.snapshot()
    faults.error("FROM svv_column_privileges", "42501", "permission denied for the view", times=None)
    with pytest.raises(MisconfigurationError) as caught:
        drop(leaving)
    told = [problem for problem in caught.value.problems if "permission denied for the view" in problem]
    for database in (leaving.warehouse, leaving.second):
        assert [f"in database {database}:" in problem for problem in told].count(True) == 1
    faults.clear()
    assert leaving.snapshot() == before


@pytest.mark.parametrize(
    ("code", "kind", "hint"),
    [("XX000", PassingFaultError, "XX000: "), ("55006", MisconfigurationError, "in database {}: revoke that, or")],
)
def test_an_error_at_the_last_part_is_told_with_what_is_done(
    leaving: Leaving, faults: Faults, code: str, kind: type[Exception], hint: str
) -> None:
    text = f'user "{leaving.user}" cannot be dropped because the user owns some object'
    faults.error("^DROP USER", code, text)
    with pytest.raises(kind) as caught:
        drop(leaving)
    told = str(caught.value)
    assert text in told and hint.format(leaving.warehouse) in told
    assert f"dropping database {leaving.checkpoint}. Failed, all or nothing of it done: dropping user and role." in told
    assert told.endswith("Not begun: nothing. A rerun does the rest.")
    assert left(leaving) == {leaving.role, leaving.user}


def test_a_conflict_in_a_database_is_done_again(leaving: Leaving, faults: Faults) -> None:
    text = "could not complete because of conflict with concurrent transaction"
    faults.error("^REVOKE ALL FOR TABLES", "XX000", text, times=2)
    report = drop(leaving)
    assert report["changed"] == len(report["changes"]) > 0
    assert all(row["applied"] for row in report["changes"])
    assert left(leaving) == set()


def test_who_connects_just_before_the_drop_is_named(leaving: Leaving, mocker: MockerFixture) -> None:
    real = Cursor.execute
    opened: list[Any] = []

    def execute_late(cursor: Any, operation: str, *args: Any, **kwargs: Any) -> Any:
        if operation.startswith("DROP DATABASE") and not opened:
            opened.append(connect(leaving.server, leaving.checkpoint))
        return real(cursor, operation, *args, **kwargs)

    mocker.patch.object(Cursor, "execute", execute_late)
    with pytest.raises(MisconfigurationError) as caught:
        drop(leaving)
    process = run(opened[0], "SELECT pg_backend_pid()")[0][0]
    opened[0].close()
    there = (f"process {process} of user {leaving.server.user} in {leaving.checkpoint}",)
    refused, named, _ = caught.value.problems
    assert refused.startswith(f'database "{leaving.checkpoint}" is being accessed by other users')
    assert named == said("session_open", leaving.checkpoint, case="database", sessions=there)
    assert left(leaving) == {leaving.role, leaving.user, leaving.checkpoint}
    drop(leaving)
    assert left(leaving) == set()


def test_a_session_of_its_own_is_waited_for(leaving: Leaving, faults: Faults) -> None:
    faults.linger(1.0)
    # One that only the DROP meets.
    text = f'database "{leaving.checkpoint}" is being accessed by other users'
    fault = faults.error("^DROP DATABASE", "55006", text, times=2)
    report = drop(leaving)
    assert [row["code"] for row in report["findings"] if row["code"] == "session_open"] == []
    assert fault.fired == 2 and left(leaving) == set()
    # What removes the test's databases doesn't wait for sessions.
    faults.linger(0.0)
    time.sleep(0.3)
