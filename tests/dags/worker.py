"""A process with an Airflow of its own: it runs DAGs one after another, so that Airflow is started once.

usage: worker.py LOG. Commands come in as a line of JSON each, and so do the replies; all else that this process
prints goes to the log. It isn't the tests' own process, because Airflow reads its settings when it is imported.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

HERE = Path(__file__).parent / "files"
ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "airflow_provider_datagraph" / "example_dags"
FILES = {
    **{path.stem: path for folder in ("dags", "docs/examples") for path in (ROOT / folder).glob("*.py")},
    **{f"example_{path.stem}": path for path in EXAMPLES.glob("*.py")},
    "segment_second_user": EXAMPLES / "second_user.py",
    **{path.stem: path for path in HERE.glob("*.py")},
    **dict.fromkeys(
        "unpinned unpinned_offboard pinned scheduled arguments notations time_is_over".split(), HERE / "set_ups.py"
    ),
    **{f"{name}_native": HERE / f"{name}.py" for name in ("came_to_nothing", "names_are_data")},
}
"""Where each DAG is."""


def bundles(**paths: str | None) -> dict[str, str]:
    """The setting of the folders with DAG files, by their names; None is the DAGs folder."""
    kind = "airflow.dag_processing.bundles.local.LocalDagBundle"
    found = [{"name": name, "classpath": kind, "kwargs": {"path": path}} for name, path in paths.items()]
    return {"AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(found)}


def load(dag_id: str) -> tuple[Any, dict[str, Any]]:
    """Load a DAG from its file as Airflow does; also what went wrong on the way."""
    try:
        found = import_module("airflow.dag_processing.dagbag")
    except ImportError:  # Airflow 2
        found = import_module("airflow.models.dagbag")
    bag = found.DagBag(dag_folder=str(FILES[dag_id]))
    said = {"errors": bag.import_errors, "warnings": [str(w) for w in bag.captured_warnings.values()]}
    return bag.dags.get(dag_id), said


def describe(dag_id: str) -> dict[str, Any]:
    """What Airflow says of a DAG file that has to hold this DAG."""
    dag, said = load(dag_id)
    return {**said, "params": list(dag.params), "file": dag.fileloc}


def run(
    dag_id: str,
    conf: dict[str, Any],
    connections: dict[str, str],
    more: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """Run a DAG once in this process, its sensors looking often.

    :param more: more of the environment, also while the DAG is parsed; with ``COPYING``, see `copying_arguments`.
    """
    variables = {**{f"AIRFLOW_CONN_{name.upper()}": value for name, value in connections.items()}, **more}
    # All of a DAG's bundle is read again for a run.
    variables |= bundles(run=str(FILES[dag_id]))
    os.environ.update(variables)
    try:
        copying = import_module("tests.security.hostile").copying_arguments if "COPYING" in more else nullcontext
        with copying():
            dag, _ = load(dag_id)
            for task in dag.tasks:
                if hasattr(task, "poke_interval"):
                    task.poke_interval = 0.3
            finished = dag.test(run_conf=conf)
    finally:
        for name in variables:
            del os.environ[name]
    return {"run_id": finished.run_id, "state": str(finished.state)}


COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {"describe": describe, "run": run}


def main() -> None:
    """Serve until the input ends."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    output = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    for line in sys.stdin:
        command = json.loads(line)
        try:
            reply = COMMANDS[command.pop("do")](**command)
        except BaseException as error:  # the tests judge it
            reply = {"raised": type(error).__name__, "message": str(error)}
        replies.write(json.dumps(reply) + "\n")
        replies.flush()
    # Nothing of this process is of use any more, and Airflow's own ending takes seconds.
    os._exit(0)


if __name__ == "__main__":
    main()
