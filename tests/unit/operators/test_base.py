"""What operators have in common, on one that reaches no server."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_datagraph.access.messages import FindingRow
from airflow_provider_datagraph.access.report import ChangeRow, Report
from airflow_provider_datagraph.exceptions import DriftError, MisconfigurationError
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.form.choosing import Wanted
from airflow_provider_datagraph.operators.base import (
    LABEL,
    ConvergingOperator,
    Mode,
    only_planned,
    show_label,
)
from airflow_provider_datagraph.operators.check import CheckWarehouseOperator
from airflow_provider_datagraph.operators.offboard import DropSegmentRoleOperator
from airflow_provider_datagraph.operators.reverse_etl import GrantReverseEtlOperator
from airflow_provider_datagraph.operators.role import CreateSegmentRoleOperator
from airflow_provider_datagraph.operators.schema import GrantSchemaOperator
from airflow_provider_datagraph.operators.summary import SegmentSummaryOperator
from airflow_provider_datagraph.sensors.access import ValidateAccessSensor


class Planned(ConvergingOperator):
    """Its report is given to it."""

    def __init__(self, *, report: Report, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.report = report
        self.mode: Mode | None = None

    def converge(self, problems: Problems, mode: Mode) -> tuple[str, Report]:
        self.mode = mode
        problems.raise_all()
        return "It", self.report


def planned(count: int, *findings: FindingRow, **given: Any) -> Planned:
    rows = (ChangeRow("grant", "role r", [], "d", "", f"grant {number}", applied=False) for number in range(count))
    return Planned(task_id="it", report=Report(changes=tuple(rows), findings=findings), **given)


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (1, "It: not as desired in 2 places: grant 0; Stop. Run again"),
        (4, "5 places: grant 0; grant 1; grant 2; grant 3; Stop. Run again"),
        (6, "7 places: grant 0; grant 1; grant 2; grant 3; grant 4 and 2 more, in the log. Run again"),
    ],
)
def test_drift_is_told_with_its_first_five_places(count: int, told: str) -> None:
    findings = [FindingRow("stop", "d", "Stop.", "Go.", blocking=True), FindingRow("kept", "d", "Kept.")]
    with pytest.raises(DriftError) as error:
        planned(count, *findings, fail_on_drift=True).execute({})
    assert told in str(error.value) and "Kept" not in str(error.value)


def test_a_plan_says_what_would_stop_it() -> None:
    tells, stops = FindingRow("user_roles", "u", "It tells."), FindingRow("owned", "d", "It stops.", blocking=True)
    titles = [only_planned(Report(findings=found)) for found in ((tells,), (tells, stops), (stops, stops))]
    would = ("", "; 1 problem, marked x, would stop it", "; 2 problems, marked x, would stop it")
    assert titles == [f" (plan only: nothing is changed{more})" for more in would]


@pytest.mark.parametrize(
    ("given", "mode", "lenient"),
    [
        ({}, Mode(plan_only=False, audit=False), False),
        ({"plan_only": "True"}, Mode(plan_only=True, audit=False), True),
        ({"fail_on_drift": "true"}, Mode(plan_only=True, audit=True), False),
    ],
)
def test_how_an_operator_runs(given: dict[str, Any], mode: Mode, lenient: bool) -> None:
    operator, run = planned(0, **given), SimpleNamespace(conf={"no_param": 1})
    # Only where the DAG's form is the operator's own is a strange key of it refused.
    assert operator.execute({"dag_run": run}) == Report().as_dict()
    assert operator.mode == mode and mode.lenient is lenient


@pytest.mark.parametrize(
    ("context", "shown"),
    [
        ({"ti": {"map_index": 0}}, LABEL),
        ({"ti": {"map_index": -1}}, None),
        ({"ti": {}}, None),
        ({}, None),
        ({"ti": {"map_index": 0}, "map_index_template": "{{ mine }}"}, "{{ mine }}"),
    ],
)
def test_a_label_is_a_mapped_task_s(context: dict[str, Any], shown: str | None) -> None:
    if "ti" in context:
        context = {**context, "ti": SimpleNamespace(**context["ti"])}
    given: Any = dict(context)
    show_label("", given)
    assert given == context
    show_label("Schema d.a", given)
    assert given.get("map_index_template") == shown


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("a\nb\x1b[2J\u202e", r'Schema d."a\nb\x1b[2J\u202e"'),
        ("x" * 91, f"Schema d.{'x' * 91}"),
        ("x" * 92, f"Schema d.{'x' * 90}…"),
    ],
)
def test_a_label_is_short_and_one_line(name: str, label: str) -> None:
    task = GrantSchemaOperator(task_id="it", schema="crm")
    task.in_each(Wanted((("d", name),)), {"d": task.hook()}, lambda *_: Report())
    assert task.instance_label == label


WRONG: list[tuple[type[Any], dict[str, Any]]] = [
    (CheckWarehouseOperator, {"schemas": 5}),
    *((DropSegmentRoleOperator, {name: 5}) for name in ("new_owner", "checkpoint_database", "force")),
    *((GrantSchemaOperator, {"schema": "crm", name: 5}) for name in ("prune", "future_tables", "database", "tables")),
    *((GrantSchemaOperator, {"schema": "crm", name: "x"}) for name in ("tries", "longest_wait", "plan_only")),
    *((GrantReverseEtlOperator, {"database": 5, name: "x"}) for name in ("drop", "fail_on_drift")),
    (GrantSchemaOperator, {"database": "dev", "schema": "other.crm"}),
    (CreateSegmentRoleOperator, {"password_hash": "x"}),
    (SegmentSummaryOperator, {"reports": 5}),
    *((SegmentSummaryOperator, {"reports": [], name: 5}) for name in ("proofs", "plan_only")),
    (ValidateAccessSensor, {"schemas": "crm", "batch_size": 0}),
]


@pytest.mark.parametrize(("kind", "given"), WRONG)
def test_a_wrong_argument_is_told_by_its_name(kind: type[Any], given: dict[str, Any]) -> None:
    with pytest.raises(MisconfigurationError) as error:
        kind(task_id="it", **given).execute({})
    (name, value) = list(given.items())[-1]
    assert [problem.split()[0] for problem in error.value.problems].count(name) == 1, error.value.problems
    assert any(repr(value) in problem for problem in error.value.problems) or name in ("reports", "proofs", "schema")
