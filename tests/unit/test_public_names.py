"""What others import: few names, each loaded when it is asked for, with arguments that can be read off."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace, new_class
from typing import Any

import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS

import airflow_provider_datagraph
from airflow_provider_datagraph import example_dags, exceptions, hooks, operators, sensors, triggers
from airflow_provider_datagraph.links import DOCS
from airflow_provider_datagraph.operators.base import ConvergingOperator

PACKAGE = airflow_provider_datagraph.__name__
ROOMS = (example_dags, hooks, operators, sensors, triggers)
LAZY = [(room, name) for room in ROOMS for name in room.__all__]
TASKS: list[type[Any]] = [getattr(room, name) for room in (operators, sensors) for name in room.__all__]
HEAVY = ("redshift_connector", "boto3", "botocore", "airflow.providers.amazon.aws")


def test_there_are_few() -> None:
    names = [*(name for _, name in LAZY), *exceptions.__all__, "__version__"]
    assert len(names) == len(set(names)) <= 30
    assert airflow_provider_datagraph.__version__
    errors = [
        one.__name__
        for one in vars(exceptions).values()
        if inspect.isclass(one) and one.__module__ == exceptions.__name__
    ]
    assert exceptions.__all__ == sorted(errors)


@pytest.mark.parametrize("room", [*ROOMS, exceptions], ids=lambda room: room.__name__.rpartition(".")[2])
def test_the_docs_list_them(room: ModuleType) -> None:
    lines = (Path(__file__).parents[2] / "docs" / "operators.md").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(f"| `{room.__name__}` |"))
    assert sorted(re.findall(r"`(\w+)`", line)) == sorted(room.__all__)


@pytest.mark.parametrize(("room", "name"), LAZY, ids=[name for _, name in LAZY])
def test_each_is_where_its_room_says(room: ModuleType, name: str) -> None:
    found = getattr(room, name)
    assert found.__name__ == name and (inspect.isclass(found) or room is example_dags)
    # As it is known to whoever imports its module.
    assert getattr(import_module(found.__module__), name) is found
    assert found.__module__.startswith(f"{room.__name__}.")


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.__name__.rpartition(".")[2])
def test_what_isnt_there_is_told_as_python_does(room: ModuleType) -> None:
    assert room.__all__ == sorted(room.__all__)
    with pytest.raises(AttributeError, match=f"module '{room.__name__}' has no attribute 'Nothing'"):
        _ = room.Nothing


# Airflow 2 asks its database what an alias means, and there is none here.
DAG_FILES = "; ".join(
    f"runpy.run_path({str(path)!r})"
    for path in (Path(__file__).parents[2] / "dags").glob("*.py")
    if AIRFLOW_V_3_0_PLUS or path.stem != "segment_ready"
)
STAGES = {
    "what Airflow reads": f"import {PACKAGE}.provider_info, {PACKAGE}.exceptions, {PACKAGE}.xcom",
    "rooms": "\n".join(f"import {room.__name__}" for room in ROOMS),
    "one": f"from {operators.__name__} import GrantSchemaOperator",
    "all": "\n".join(f"from {room.__name__} import *" for room in (example_dags, operators, sensors, triggers)),
    "DAG files": f"import runpy, sys, contextlib\nwith contextlib.redirect_stdout(sys.stderr):\n {DAG_FILES}",
    "the hook": f"from {hooks.__name__} import DataGraphHook",
}
"""What a process imports, one after the other."""


@pytest.fixture(scope="module")
def loaded() -> dict[str, set[str]]:
    """Which of the heavy modules, and of ours, are loaded after each of them."""
    show = "import sys; print(*sys.modules, '')"
    source = "\n".join(f"{stage}\n{show}" for stage in STAGES.values())
    done = subprocess.run([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True, check=True)
    found = [{name for name in line.split() if name.startswith((*HEAVY, PACKAGE))} for line in done.stdout.splitlines()]
    return dict(zip(STAGES, found, strict=True))


@pytest.mark.parametrize("stage", [name for name in STAGES if name != "the hook"])
def test_what_a_dag_file_imports_is_light(loaded: dict[str, set[str]], stage: str) -> None:
    assert [name for name in loaded[stage] if name.startswith(HEAVY)] == []


def test_a_name_loads_its_module_alone(loaded: dict[str, set[str]]) -> None:
    names = {f"{operators.__name__}.{one}" for one in ("schema", "offboard")}
    found = [names & loaded[stage] for stage in ("rooms", "one", "all")]
    assert found == [set(), {f"{operators.__name__}.schema"}, names]
    # Otherwise the test before would prove nothing.
    assert "redshift_connector" in loaded["the hook"]


def parameters(kind: type[Any]) -> dict[str, inspect.Parameter]:
    ours = [one for one in reversed(kind.__mro__) if one.__module__.startswith(PACKAGE) and "__init__" in vars(one)]
    made = (one for base in ours for one in inspect.signature(vars(base)["__init__"]).parameters.values())
    return {one.name: one for one in made if one.name not in ("self", "kwargs")}


@pytest.mark.parametrize("kind", TASKS, ids=lambda kind: kind.__name__)
def test_the_arguments_of_each_can_be_read_off(kind: type[Any]) -> None:
    named = parameters(kind)
    assert named.keys() >= {"redshift_conn_id", "index"}
    if issubclass(kind, ConvergingOperator):
        assert named.keys() >= {"plan_only", "fail_on_drift", "tries", "longest_wait"}
    if kind.__module__.startswith(sensors.__name__):
        assert named.keys() >= {"wait", "deferrable"}
    assert [name for name, one in named.items() if one.kind is not one.KEYWORD_ONLY] == []
    assert [name for name, one in named.items() if one.annotation is one.empty] == []
    needed = {name: "x" for name, one in named.items() if one.default is one.empty}
    needed |= {"schemas": "x"} if kind is sensors.ValidateAccessSensor else {}
    assert kind(task_id="x", index=7, **needed).index == 7


# How Airflow runs a sensor, not what it looks for; Airflow's own aren't rendered either. And a number to map over: what
# Airflow takes from XCom for it must not be rendered.
NOT_RENDERED = {"timeout", "poke_interval", "deferrable", "index"}


@pytest.mark.parametrize("kind", TASKS, ids=lambda kind: kind.__name__)
def test_every_argument_is_a_documented_template_field(kind: type[Any]) -> None:
    rendered = parameters(kind).keys() - NOT_RENDERED
    assert sorted(kind.template_fields) == sorted(rendered)
    text = " ".join(c.__doc__ or "" for c in kind.__mro__ if c.__module__.startswith(PACKAGE))
    assert [name for name in sorted(rendered) if f":param {name}:" not in text] == []


class Own(operators.CreateSegmentRoleOperator):
    """What a user makes of ours; its own argument is no template field unless it says so."""

    def __init__(self, *, mine: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mine = mine


class Listed(Own):
    template_fields = (*Own.template_fields, "mine")


def test_a_users_class_says_itself_what_is_one() -> None:
    assert Own.template_fields == operators.CreateSegmentRoleOperator.template_fields
    assert Listed.template_fields == (*Own.template_fields, "mine")
    # One of the package's says it by its arguments.
    given = {"__module__": operators.__name__, "__init__": Own.__init__}
    ours: Any = new_class("Ours", (Own,), {}, lambda names: names.update(given))
    assert ours.template_fields == ("mine", *Own.template_fields)


@pytest.mark.parametrize("kind", TASKS)
def test_each_task_links_to_its_page(kind: type[Any]) -> None:
    (link,) = kind.operator_extra_links
    assert link.get_link(SimpleNamespace(task_type=kind.__name__), ti_key=None) == f"{DOCS}/operators/{kind.__name__}/"
