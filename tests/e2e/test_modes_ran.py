"""The runs that are searched for secrets drove every operator and sensor in every mode."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.deep import usual_or_deep
from tests.e2e.places import TRIGGERS
from tests.e2e.scene import EVERY_MODE, Evidence
from tests.unit.test_public_names import TASKS

# How a run begins its name, by who made it.
SCHEDULED = {"the scheduler": "scheduled__"}
RUNS = usual_or_deep(SCHEDULED, {**SCHEDULED, "airflow dags test": "manual__"})
# What a mode's tasks come to: states, and the least number of tries.
MODES = {"success": ({"success"}, 1), "failure": ({"failed"}, 1), "retry": ({"success", "failed"}, 2)}
MODES["plan"] = MODES["success"]


def wanted() -> Iterator[tuple[str, str]]:
    """Each class with each mode that it has; a sensor's plan is a look without waiting."""
    for kind in TASKS:
        yield from ((kind.__name__, mode) for mode in ("success", "failure"))
        if kind.__name__ in EVERY_MODE:
            yield kind.__name__, "retry"
            if {"plan_only", "wait"} & set(kind.template_fields):
                yield kind.__name__, "plan"


@pytest.mark.parametrize("run", RUNS)
def test_every_class_ran_in_every_mode(evidence: Evidence, run: str) -> None:
    tasks = [t for t in evidence.tasks if t.dag_id == "secrets_modes" and t.run_id.startswith(RUNS[run])]
    for name, mode in wanted():
        states, tries = MODES[mode]
        found = [t for t in tasks if t.operator == name and t.task_id.startswith(f"{mode}__")]
        assert found, (name, mode)
        assert {t.state for t in found} <= states, (name, mode)
        assert min(t.tries for t in found) >= tries, (name, mode)
    assert {t.task_id.split("__")[0] for t in tasks} == set(MODES)


def test_both_sensors_waited_in_the_triggerer(evidence: Evidence) -> None:
    triggers = [text for where, text in TRIGGERS.contents(evidence.left)]
    for probe in (b"access", b"profiles_sync"):
        assert any(b"'probe': '" + probe in text or b'"probe": "' + probe in text for text in triggers)
    logs = [path.read_text() for path in evidence.left.home.glob("logs/**/*.trigger.*") if path.is_file()]
    assert sum("Not yet" in log for log in logs) >= 2
