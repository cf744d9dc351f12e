"""The runs that are searched for secrets drove every operator and sensor in every mode."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import pytest

from airflow_provider_datagraph.provider_info import get_provider_info
from tests.deep import usual_or_deep
from tests.e2e.places import TRIGGERS
from tests.e2e.scene import Evidence
from tests.e2e.services import TaskEnd

# How a run begins its name, by who made it.
SCHEDULED = {"the scheduler": "scheduled__"}
RUNS = usual_or_deep(SCHEDULED, {**SCHEDULED, "airflow dags test": "manual__"})
# What a mode's tasks come to: states, and the least number of tries.
MODES = {"success": ({"success"}, 1), "failure": ({"failed"}, 1), "retry": ({"success", "failed"}, 2)}
MODES["plan"] = MODES["success"]


def exported() -> dict[str, type]:
    """The operators and sensors of the package, from what it tells Airflow of itself."""
    info = get_provider_info()
    modules = [name for kind in ("operators", "sensors") for one in info[kind] for name in one["python-modules"]]
    members = [(name, m) for name in modules for m in vars(importlib.import_module(name)).values()]
    return {
        member.__name__: member
        for name, member in members
        if isinstance(member, type) and member.__module__ == name and member.__name__.endswith(("Operator", "Sensor"))
    }


def wanted() -> Iterator[tuple[str, str]]:
    """Each class with each mode that it has; a sensor's plan is a look without waiting."""
    for name, kind in exported().items():
        yield from ((name, mode) for mode in ("success", "failure", "retry"))
        if {"plan_only", "wait"} & set(kind.template_fields):  # type: ignore[attr-defined]  # every operator has them
            yield name, "plan"


def of_run(evidence: Evidence, run: str) -> list[TaskEnd]:
    return [t for t in evidence.tasks if t.dag_id == "secrets_modes" and t.run_id.startswith(RUNS[run])]


def test_these_are_all() -> None:
    assert len(exported()) == 14
    plans = [name for name, mode in wanted() if mode == "plan"]
    assert exported().keys() - plans == {"AuditAccessOperator", "PreflightOperator"}


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize(("name", "mode"), list(wanted()))
def test_it_ran(evidence: Evidence, run: str, name: str, mode: str) -> None:
    states, tries = MODES[mode]
    found = [t for t in of_run(evidence, run) if t.operator == name and t.task_id.startswith(f"{mode}__")]
    assert found
    assert {t.state for t in found} <= states
    assert min(t.tries for t in found) >= tries


@pytest.mark.parametrize("run", RUNS)
def test_every_task_has_one_of_the_modes(evidence: Evidence, run: str) -> None:
    assert {t.task_id.split("__")[0] for t in of_run(evidence, run)} == set(MODES)


def test_both_sensors_waited_in_the_triggerer(evidence: Evidence) -> None:
    triggers = [text for where, text in TRIGGERS.contents(evidence.left)]
    for probe in (b"access", b"profiles_sync"):
        assert any(b"'probe': '" + probe in text or b'"probe": "' + probe in text for text in triggers)
    logs = [path.read_text() for path in evidence.left.home.glob("logs/**/*.trigger.*") if path.is_file()]
    assert sum("Not yet" in log for log in logs) >= 2
