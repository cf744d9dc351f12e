"""What stands above a report's table in the log."""

from __future__ import annotations

import pytest

from airflow_provider_datagraph.access.privileges import Finding
from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.operators.base import only_planned, schemas_title

STOPS = Finding("owned", "d", "User u owns d.", blocking=True)
TELLS = Finding("database_kept", "d", "Database d is kept.")


@pytest.mark.parametrize(
    ("findings", "more"),
    [
        ([TELLS], ""),
        ([TELLS, STOPS], "; 1 problem, marked x, would stop it"),
        ([STOPS, STOPS], "; 2 problems, marked x, would stop it"),
    ],
    ids=["none", "one", "two"],
)
def test_a_plan_says_what_would_stop_it(findings: list[Finding], more: str) -> None:
    assert only_planned(Report(findings=tuple(findings))) == f" (plan only: nothing is changed{more})"


def test_schemas_are_written_as_in_the_rows() -> None:
    assert schemas_title(["crm"], "d") == "Schema crm of database d"
    assert schemas_title(["crm", "my.schema"], "d") == 'Schemas crm, "my.schema" of database d'
