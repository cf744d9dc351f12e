"""An Airflow with a database of its own, and what its runs leave behind."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.canary import MASKING
from tests.dags.worker import bundles

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 400.0
MIGRATE = ("airflow", "db", "migrate")
CHANGES = re.compile(r"(?i)\s*(create|grant|revoke|alter|drop|insert|update|delete|truncate|comment|set\s+session)\b")


@dataclass(frozen=True)
class Task:
    """The end of one task instance."""

    state: str
    tries: int
    label: str | None


@dataclass(frozen=True)
class Outcome:
    """The end of one run.

    :param tasks: by task id, a mapped one's with its index: ``grant_schemas[0]``.
    :param reports: what the tasks returned, by the same names.
    :param sent: what the server received meanwhile, from everyone but the named writers.
    :param log: what the run printed.
    """

    state: str
    seconds: float
    tasks: dict[str, Task]
    reports: dict[str, Any]
    log: str
    sent: list[str] = field(default_factory=list)

    @property
    def changes(self) -> list[str]:
        """The statements that change something; a hash is left out."""
        return [re.sub(r"'md5\w+'", "'<hash>'", text) for text in self.sent if CHANGES.match(text)]

    @property
    def states(self) -> dict[str, str]:
        """Each task's state."""
        return {name: task.state for name, task in self.tasks.items()}


def on_sqlite(home: Path) -> dict[str, str]:
    """The settings of an Airflow without services."""
    return {
        # Without it, 3.2 answers no task of `dag.test`.
        "AIRFLOW__API_AUTH__JWT_SECRET": "of-these-tests-alone",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        # What is logged at this level has to keep secrets, too.
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
        **bundles(reference=str(ROOT / "dags")),
    }


class Airflow:
    """An Airflow home with a migrated database, and a worker process in it.

    :param home: a folder that doesn't exist yet.
    :param settings: Airflow's settings, as environment variables.
    :param migrate: the command that makes the tables.
    """

    def __init__(self, home: Path, settings: Mapping[str, str], migrate: Sequence[str] = MIGRATE) -> None:
        self.home = home
        self.log = home / "captured" / "output.log"
        self.log.parent.mkdir(parents=True)
        self.env = self.environment(settings)
        self.worker: subprocess.Popen[str] | None = None
        assert self.command(migrate) == 0, self.log.read_text(errors="replace")[-3000:]

    def environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        """This process's environment, with these settings of Airflow and no others."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW")}
        return {**kept, "PYTHONPATH": str(ROOT), "AIRFLOW_HOME": str(self.home), **settings}

    def command(self, words: Sequence[str], **connections: str) -> int:
        """Run a command to its end; its output goes to the log.

        :return: its exit code.
        """
        env = {**self.env, **{f"AIRFLOW_CONN_{name.upper()}": value for name, value in connections.items()}}
        with self.log.open("ab") as output:
            finished = subprocess.run(
                words, env=env, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, timeout=PATIENCE, check=False
            )
        return finished.returncode

    def ask(self, do: str, **given: Any) -> dict[str, Any]:
        """Give the worker a command.

        :return: its reply.
        """
        if self.worker is None:
            words = [sys.executable, str(Path(__file__).with_name("worker.py")), str(self.log)]
            self.worker = subprocess.Popen(
                words, env=self.env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        assert self.worker.stdin is not None and self.worker.stdout is not None
        self.worker.stdin.write(json.dumps({"do": do, **given}) + "\n")
        self.worker.stdin.flush()
        ready, _, _ = select.select([self.worker.stdout], [], [], PATIENCE)
        line = self.worker.stdout.readline() if ready else ""
        if not line:
            self.close()
            raise AssertionError(f"The worker gave no reply to {do}:\n{self.log.read_text(errors='replace')[-3000:]}")
        reply: dict[str, Any] = json.loads(line)
        return reply

    def run(
        self,
        dag_id: str,
        conf: dict[str, Any],
        connections: dict[str, str],
        sent: Callable[[], list[str]],
        **more: str,
    ) -> Outcome:
        """Run a DAG in the worker.

        :param sent: tells afterwards what the server received.
        :param more: more of the environment, also while the DAG is parsed.
        :return: how it ended.
        """
        given = {"dag_id": dag_id, "conf": conf, "connections": connections, "more": more}
        return self._outcome(lambda: self.ask("run", **given), sent)

    def run_command(
        self, dag_id: str, conf: dict[str, Any], connections: dict[str, str], sent: Callable[[], list[str]]
    ) -> Outcome:
        """Run a DAG with ``airflow dags test``."""
        words = [sys.executable, "-m", "airflow", "dags", "test", dag_id, "-c", json.dumps(conf)]

        def act() -> dict[str, Any]:
            code = self.command(words, **connections)
            return {"state": "success" if code == 0 else f"exit code {code}", "run_id": self._newest_run()}

        return self._outcome(act, sent)

    def _outcome(self, act: Callable[[], dict[str, Any]], sent: Callable[[], list[str]]) -> Outcome:
        size, begin = self.log.stat().st_size, time.monotonic()
        reply = act()
        seconds = time.monotonic() - begin
        log = MASKING.sub(b"", self.log.read_bytes()[size:]).decode(errors="replace")
        assert "run_id" in reply, f"{reply}\n{log[-3000:]}"
        return Outcome(
            reply["state"], seconds, self._tasks(reply["run_id"]), self._reports(reply["run_id"]), log, sent()
        )

    def rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        """Query Airflow's database."""
        with closing(sqlite3.connect(self.home / "airflow.db")) as database:
            return database.execute(query, values).fetchall()

    def script(self, statements: str) -> None:
        """Change Airflow's database."""
        with closing(sqlite3.connect(self.home / "airflow.db")) as database:
            database.executescript(statements)

    def _newest_run(self) -> str:
        return str(self.rows("SELECT run_id FROM dag_run ORDER BY id DESC LIMIT 1")[0][0])

    def _tasks(self, run_id: str) -> dict[str, Task]:
        rows = self.rows(
            "SELECT task_id, map_index, state, try_number, rendered_map_index FROM task_instance WHERE run_id = ?",
            run_id,
        )
        return {named(task, index): Task(state, tries, label) for task, index, state, tries, label in rows}

    def _reports(self, run_id: str) -> dict[str, Any]:
        query = "SELECT task_id, map_index, value FROM xcom WHERE run_id = ? AND key = 'return_value'"
        return {named(task, index): json.loads(value) for task, index, value in self.rows(query, run_id)}

    def close(self) -> None:
        """End the worker."""
        if self.worker is not None:
            assert self.worker.stdin is not None and self.worker.stdout is not None
            self.worker.stdin.close()
            try:
                self.worker.wait(20)
            except subprocess.TimeoutExpired:
                self.worker.kill()
                self.worker.wait()
            self.worker.stdout.close()
            self.worker = None


def named(task_id: str, map_index: int) -> str:
    """A task instance's name."""
    return task_id if map_index < 0 else f"{task_id}[{map_index}]"


def copied(home: Path) -> Sequence[str]:
    """The command that makes Airflow's tables in this home: they are made once for an environment, and copied."""
    kept = Path(os.environ["DATAGRAPH_RUN"], f"airflow-{version('apache-airflow')}.db")
    if not kept.exists():
        first = Airflow(home.with_name("migrated"), on_sqlite(home.with_name("migrated")))
        made = shutil.copy(first.home / "airflow.db", kept.with_suffix(f".{os.getpid()}"))
        # Whole at once: other tests may run beside these.
        Path(made).replace(kept)
    return ["cp", str(kept), str(home / "airflow.db")]


@contextmanager
def airflow_in(home: Path) -> Iterator[Airflow]:
    """An Airflow for the time of a block."""
    made = Airflow(home, on_sqlite(home), copied(home))
    try:
        yield made
    finally:
        made.close()
