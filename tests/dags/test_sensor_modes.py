"""A sensor in deferrable, poke and reschedule mode, run by Airflow: what ends how.

Every state is in tests/integration/faults/test_faults_matrix.py.
"""

from __future__ import annotations

import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS

from tests.dags.airflow_process import Outcome
from tests.support.segment import ready
from tests.support.waiting import MODES

ENDS = {
    "done": ("success", 1),
    # With soft_fail, which hides no misconfiguration.
    "timeout": ("skipped", 1),
    "password": ("failed", 1),
    "connection": ("failed", 1),
    # Without; nothing begins a whole timeout again.
    "hard_timeout": ("failed", 1),
}


@pytest.mark.parametrize("mode", MODES)
def test_how_it_ends(modes_run: Outcome, mode: str) -> None:
    tasks = {name: modes_run.tasks[f"{name}_{mode}"] for name in ENDS}
    assert {name: (task.state, task.tries) for name, task in tasks.items()} == ENDS
    assert modes_run.reports[f"done_{mode}"] == ready()


def test_the_log_says_what_to_correct(modes_run: Outcome) -> None:
    assert "refuses the login or password of user awsuser (28000): correct the connection." in modes_run.log
    assert "modes_nowhere isn't defined" in modes_run.log


def test_a_missing_triggerer_is_a_warning_where_a_task_may_know(modes_run: Outcome) -> None:
    assert "It takes a triggerer (`airflow triggerer`) to look again" in modes_run.log
    assert ("No triggerer runs now: start one." in modes_run.log) is not AIRFLOW_V_3_0_PLUS
