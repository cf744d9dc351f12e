"""What stands above a report's table in the log."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_datagraph.access.messages import FindingRow
from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.operators.base import only_planned
from airflow_provider_datagraph.operators.labels import MAX_LABEL, schemas_label

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


def test_a_label_is_short_and_says_how_much_there_is() -> None:
    assert schemas_label([("analytics", "crm")]) == "1 schema of analytics: crm"
    assert schemas_label([("d", "crm"), ("d", "my.schema")]) == '2 schemas of d: crm, "my.schema"'
    assert schemas_label([("d", "crm"), ("e", "crm")]) == "2 schemas of 2 databases: d.crm, e.crm"
    many = schemas_label([("analytics", f"schema_{at}") for at in range(200)])
    assert many.startswith("200 schemas of analytics: schema_0, schema_1, ")
    assert (len(many), many[-1]) == (MAX_LABEL, "…")


def test_a_label_is_one_line() -> None:
    assert schemas_label([("d", "a\nb\x1b[2J\u202e")]) == r'1 schema of d: "a\nb\x1b[2J\u202e"'


NAMES = st.text(min_size=1, max_size=127)


@given(st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=9))
def test_no_label_is_a_literal_for_a_dag_that_renders_native_objects(places: list[tuple[str, str]]) -> None:
    label = schemas_label(places)
    assert len(label) <= MAX_LABEL and label.isprintable()
    with pytest.raises((ValueError, SyntaxError)):
        ast.literal_eval(label)
