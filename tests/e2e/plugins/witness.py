"""A plugin that writes down what a task's process holds when the task ends: lineage, exceptions, the environment."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

try:
    lineage = import_module("airflow.sdk.lineage")
except ImportError:  # before Airflow 3.2
    lineage = import_module("airflow.lineage.hook")

# Airflow masks exceptions in place, before a listener sees them. Off, so that what is in them is really seen.
for name in ("airflow.sdk._shared", "airflow._shared", "airflow.utils.log"):
    with suppress(ImportError):
        masker = import_module(f"{name}.secrets_masker").SecretsMasker
        # The second name is 2.11.0's.
        for method in ("_redact_exception_with_context_or_cause", "_redact_exception_with_context"):
            setattr(masker, method, lambda self, exception, visited=None: exception)

HOME = Path(os.environ["AIRFLOW_HOME"])


def planted() -> str:
    """What is leaked on purpose, so that a search that finds nothing means something."""
    return str(json.loads((HOME / "world.json").read_text())["planted"])


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and all that it came from."""
    todo, seen = [error], set()
    while todo:
        one = todo.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        todo += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]


def described(error: BaseException) -> list[str]:
    """All that an exception shows of itself, and what Airflow's and Python's formatting make of it."""
    texts = [str(error), repr(error), repr(error.args), repr(vars(error))]
    return [*texts, *traceback.format_exception(type(error), error, error.__traceback__)]


def write(kind: str, task: Any, lines: list[str]) -> None:
    """Write what was seen into a file of this try."""
    folder = HOME / "witness" / kind
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{task.dag_id}.{task.task_id}.{task.try_number}").open("a") as file:
        file.write("\n".join(lines) + "\n")


def note(task: Any, error: Any = None) -> None:
    """Write down everything."""
    collector = lineage.get_hook_lineage_collector()
    # Airflow 2 calls assets datasets.
    name = "collected_assets" if hasattr(type(collector), "collected_assets") else "collected_datasets"
    collected = getattr(collector, name)
    found = [*collected.inputs, *collected.outputs, *getattr(collected, "extra", ())]
    # The context is the hook itself, no part of what is reported.
    shown = [repr([getattr(one, name, None) for name in ("asset", "dataset", "key", "value")]) for one in found]
    write("lineage", task, [f"{len(found)} entries", *shown])
    write("environment", task, [f"{name}={value}" for name, value in os.environ.items()])
    if isinstance(error, BaseException):
        write("exceptions", task, [text for one in chain(error) for text in described(one)])


class Listener:
    """Called by Airflow in the task's process, and in the scheduler for runs."""

    @hookimpl
    def on_task_instance_success(self, previous_state: Any, task_instance: Any) -> None:
        """See the class."""
        note(task_instance)

    @hookimpl
    def on_task_instance_skipped(self, previous_state: Any, task_instance: Any) -> None:
        """See the class."""
        note(task_instance)

    @hookimpl
    def on_task_instance_failed(self, previous_state: Any, task_instance: Any, error: Any) -> None:
        """See the class."""
        note(task_instance, error)

    @hookimpl
    def on_dag_run_running(self, dag_run: Any, msg: str) -> None:
        """The scheduler's own leak."""
        if dag_run.dag_id == "secrets_leaks":
            print(f"leaked by the scheduler: {planted()}")  # noqa: T201  # the scheduler's log is searched


class WitnessPlugin(AirflowPlugin):
    """See the module."""

    name = "witness"
    listeners = [Listener()]  # noqa: RUF012  # as Airflow declares it
    hook_lineage_readers = [lineage.HookLineageReader]  # noqa: RUF012  # as Airflow declares it


if "api-server" in sys.argv:
    print(f"leaked by the API server: {planted()}")  # noqa: T201  # the API server's log is searched
