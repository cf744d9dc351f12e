"""What stands above a report's table in the log."""

from __future__ import annotations

import pytest

from airflow_provider_datagraph.access.messages import FindingRow
from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.operators.base import only_planned

STOPS = FindingRow("owned", "d", "User u owns d.", blocking=True)
TELLS = FindingRow("user_roles", "u", "User u also holds the role a.")


@pytest.mark.parametrize(
    ("findings", "more"),
    [
        ([TELLS], ""),
        ([TELLS, STOPS], "; 1 problem, marked x, would stop it"),
        ([STOPS, STOPS], "; 2 problems, marked x, would stop it"),
    ],
    ids=["none", "one", "two"],
)
def test_a_plan_says_what_would_stop_it(findings: list[FindingRow], more: str) -> None:
    assert only_planned(Report(findings=tuple(findings))) == f" (plan only: nothing is changed{more})"
