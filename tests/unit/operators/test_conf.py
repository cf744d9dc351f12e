"""Keys of a run's conf that the DAG file doesn't declare."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, BaseOperator, Param

from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.operators.check import CheckWarehouseOperator
from airflow_provider_datagraph.operators.conf import conf_problems
from airflow_provider_datagraph.operators.offboard import DropSegmentRoleOperator

DECLARED = frozenset({"schemas", "plan_only", "role"})
ALL = "give one of plan_only, role, schemas."


def told(conf: Any, declared: frozenset[str] = DECLARED) -> list[str]:
    task = CheckWarehouseOperator(task_id="check", schemas=["crm"], params=dict.fromkeys(declared))
    return problems(task, conf)


def problems(task: Any, conf: Any, **params: Any) -> list[str]:
    context: Any = {"dag_run": SimpleNamespace(conf=conf), "params": params}
    return list(conf_problems(task, context))


@pytest.mark.parametrize("conf", [None, {}, {"schemas": []}, {"role": "r", "plan_only": True}, {"openlineage": {}}])
def test_what_is_declared_passes_and_what_airflow_adds(conf: Any) -> None:
    assert told(conf) == []
    assert list(conf_problems(CheckWarehouseOperator(task_id="check", schemas=["crm"]), {})) == []


@pytest.mark.parametrize(
    ("key", "end"),
    [
        *((key, "did you mean plan_only?") for key in ("plan-only", "plan_onyl")),
        ("schema", "did you mean schemas?"),
        *((key, ALL) for key in ("dry_run", "", "open_lineage", "x" * 5000)),
    ],
)
def test_any_other_key_is_told_with_the_nearest(key: str, end: str) -> None:
    (problem,) = told({"schemas": [], key: True})
    assert problem.startswith(f"The run's conf holds {key[:40]!r}, which no param of the DAG is called")
    assert problem.endswith(end)
    assert len(problem) < 200


def test_what_the_file_sets_is_told() -> None:
    assert told({"allow": ["*.*"], "checkpoint_database": "x", "schema": 1}, frozenset({"schemas"}))[:2] == [
        f"The run's conf holds {key!r}, which the DAG file sets, and a run can't: leave it out."
        for key in ("allow", "checkpoint_database")
    ]


def test_keys_are_told_in_a_line_each_and_many_are_counted() -> None:
    (problem,) = told({"a\nb\x1b[31m": 1}, frozenset())
    assert problem.isprintable() and problem.endswith("give one of none.")
    sentences = told({f"key_{at}": at for at in range(1000)})
    assert (len(sentences), sentences[-1]) == (11, "The run's conf holds 990 more keys that no param is called.")


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


def test_what_the_file_declares_later_passes() -> None:
    conf = {"late": "default", "bare": 5, "other": 2, "own": 3}
    with DAG("conf", schedule=None, params={"role": "r"}) as dag:
        task = CheckWarehouseOperator(task_id="check", schemas=["crm"])
        CheckWarehouseOperator(task_id="another", schemas=["crm"], params={"other": 1})
    dag.params["late"] = Param("default", type="string")
    dag.params["bare"] = 1
    assert [text.partition(",")[0] for text in problems(task, conf)] == ["The run's conf holds 'own'"]
    alone = CheckWarehouseOperator(task_id="alone", schemas=["crm"])
    with DAG("later", schedule=None, params={"role": "r"}) as later:
        later.add_task(alone)
    assert problems(alone, {"role": "another"}) == []
    assert len(problems(alone, {"roel": "another"})) == 1


def test_an_instance_of_a_mapped_task_knows_what_the_file_declares() -> None:
    with DAG("conf", schedule=None, params={"role": "r"}) as dag:
        CheckWarehouseOperator.partial(task_id="check").expand(schemas=[["crm"]])
    # As 2.11 makes it: the conf is among its params.
    mapped: dict[str, Any] = {"schemas": ["crm"], "params": {"role": "r", "plan-only": True}}
    task = CheckWarehouseOperator(task_id="instance", dag=dag, **mapped)
    task.task_id = "check"
    (problem,) = problems(task, {"role": "another", "plan-only": True})
    assert problem.startswith("The run's conf holds 'plan-only'")


def test_what_airflow_does_not_take_is_told() -> None:
    with DAG("conf", schedule=None, params={"role": "r", "plan_only": False}):
        task = CheckWarehouseOperator(task_id="check", schemas=["crm"])
    assert problems(task, {"role": "r", "plan_only": True}, role="r", plan_only=True) == []
    (problem,) = problems(task, {"role": "r", "plan_only": True}, role="r", plan_only=False)
    assert problem.startswith("The run's conf holds plan_only, and Airflow doesn't take it")
