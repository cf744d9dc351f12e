"""Both sensors in deferrable, poke and reschedule mode, run by Airflow: what ends how."""

from __future__ import annotations

import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS

from tests.dags.airflow_process import Outcome
from tests.support.segment import changes, codes, ready

MODES = ("deferrable", "poke", "reschedule")
modes = pytest.mark.parametrize("mode", MODES)


@modes
@pytest.mark.parametrize("what", ["password", "connection", "database", "user_password", "checkpoint_database"])
def test_a_misconfiguration_fails_at_once_although_soft_fail_is_set(modes_run: Outcome, what: str, mode: str) -> None:
    task = modes_run.tasks[f"{what}_{mode}"]
    assert (task.state, task.tries) == ("failed", 1)


@modes
@pytest.mark.parametrize("what", ["timeout", "refused_port"])
def test_a_timeout_is_skipped_with_soft_fail(modes_run: Outcome, what: str, mode: str) -> None:
    task = modes_run.tasks[f"{what}_{mode}"]
    assert (task.state, task.tries) == ("skipped", 1)


@modes
def test_a_timeout_without_soft_fail_fails_and_is_not_retried(modes_run: Outcome, mode: str) -> None:
    task = modes_run.tasks[f"hard_timeout_{mode}"]
    assert (task.state, task.tries) == ("failed", 1)


@modes
@pytest.mark.parametrize("what", ["done", "iam"])
def test_what_is_there_is_reported_in_every_mode(modes_run: Outcome, what: str, mode: str) -> None:
    assert modes_run.states[f"{what}_{mode}"] == "success"
    assert modes_run.reports[f"{what}_{mode}"] == ready()


def test_the_way_back_is_among_what_is_searched_for_passwords(modes_run: Outcome) -> None:
    assert (modes_run.states["revoke"], modes_run.states["drop"]) == ("success", "success")
    assert modes_run.reports["revoke"]["changed"] == 1
    dropped = [about for action, about, _ in changes(modes_run.reports["drop"]) if action == "drop"]
    assert any(about.startswith("user leaving_") for about in dropped)


def test_an_audit_that_fails_leaves_its_report(modes_run: Outcome) -> None:
    task = modes_run.tasks["audit"]
    assert (task.state, task.tries) == ("failed", 1)
    report = modes_run.reports["audit"]
    assert codes(report) == ["not_a_member"]
    assert {row["way"] for row in report["matrix"]} == {"PUBLIC"}


def test_the_log_says_what_to_correct(modes_run: Outcome) -> None:
    assert "refuses the login or password of user awsuser (28000): correct the connection." in modes_run.log
    assert "modes_nowhere isn't defined" in modes_run.log
    assert "There is no database atlantis. Correct the name." in modes_run.log
    assert "127.0.0.1:1 can't be reached" in modes_run.log


def test_a_missing_triggerer_is_a_warning_where_a_task_may_know(modes_run: Outcome) -> None:
    assert "It takes a triggerer (`airflow triggerer`) to look again" in modes_run.log
    assert ("No triggerer runs now: start one." in modes_run.log) is not AIRFLOW_V_3_0_PLUS
