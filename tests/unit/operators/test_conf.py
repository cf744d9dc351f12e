"""Keys of a run's conf that the DAG file doesn't declare."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, BaseOperator

from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.operators.check import CheckWarehouseOperator
from airflow_provider_datagraph.operators.conf import conf_problems
from airflow_provider_datagraph.operators.offboard import DropSegmentRoleOperator

DECLARED = frozenset({"schemas", "plan_only", "role"})
ALL = "give one of plan_only, role, schemas."


def told(conf: Any, declared: frozenset[str] = DECLARED) -> list[str]:
    context: Any = {"dag_run": SimpleNamespace(conf=conf)}
    return list(conf_problems(context, declared))


@pytest.mark.parametrize("conf", [None, {}, {"schemas": []}, {"role": "r", "plan_only": True}, {"openlineage": {}}])
def test_what_is_declared_passes_and_what_airflow_adds(conf: Any) -> None:
    assert told(conf) == []


def test_a_task_without_a_run_passes() -> None:
    assert list(conf_problems({}, DECLARED)) == []


@pytest.mark.parametrize(
    ("key", "end"),
    [
        ("plan-only", "did you mean plan_only?"),
        ("plan_onyl", "did you mean plan_only?"),
        ("Role", "did you mean role?"),
        ("schema", "did you mean schemas?"),
        ("dry_run", ALL),
        ("", ALL),
        ("open_lineage", ALL),
        ("x" * 5000, ALL),
    ],
)
def test_any_other_key_is_told_with_the_nearest(key: str, end: str) -> None:
    (problem,) = told({"schemas": [], key: True})
    assert problem.startswith(f"The run's conf holds {key[:40]!r}, which no param of the DAG is called")
    assert problem.endswith(end)
    assert len(problem) < 200


def test_a_key_is_no_line_of_the_log_of_its_own() -> None:
    (problem,) = told({"a\nb\x1b[31m": 1}, frozenset())
    assert problem.isprintable()
    assert problem.endswith("give one of none.")


def test_many_keys_are_counted() -> None:
    problems = told({f"key_{at}": at for at in range(1000)})
    assert len(problems) == 11
    assert problems[-1] == "The run's conf holds 990 more keys that no param is called."


TASKS: list[tuple[type[BaseOperator], dict[str, Any]]] = [
    (CheckWarehouseOperator, {"schemas": ["crm"]}),
    (DropSegmentRoleOperator, {"role": "UPPER"}),
]


@pytest.mark.parametrize(("kind", "given"), TASKS)
def test_the_names_are_those_of_the_dag_file(kind: type[BaseOperator], given: dict[str, Any]) -> None:
    with DAG("conf", schedule=None, params={"plan_only": True, "role": "r"}) as dag:
        task = kind(task_id="task", params={"own": 1}, **given)
    # As `dag.test` does.
    dag.params.update({"plan-only": True})
    task.params.update({"plan-only": True})
    run = SimpleNamespace(conf={"plan-only": True, "own": 2, "role": "other", "openlineage": {}, "dry_run": 1})
    context: Any = {"dag_run": run, "params": {}}
    with pytest.raises(MisconfigurationError) as caught:
        task.execute(context)
    about_conf = [problem for problem in caught.value.problems if "conf" in problem]
    assert [problem.rpartition(": ")[2] for problem in about_conf] == [
        "did you mean plan_only?",
        "give one of own, plan_only, role.",
    ]
    # With all other problems.
    assert len(caught.value.problems) > len(about_conf)
