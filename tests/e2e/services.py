"""A whole Airflow: its services, each a process of its own."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import psutil
from cryptography.fernet import Fernet

from tests.dags.airflow_process import PATIENCE, Airflow
from tests.dags.worker import bundles
from tests.e2e.metadata import Metadata

HERE = Path(__file__).parent
# What the runs need beyond a usual installation: all is logged, nothing waits longer than it must or is done again
# and again, and there are DAG files and a plugin of their own.
OVERLAY = {
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
    "AIRFLOW__CORE__PARALLELISM": "4",
    "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": "64",
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "AIRFLOW__CORE__PLUGINS_FOLDER": str(HERE / "plugins"),
    "AIRFLOW__CORE__COMPRESS_SERIALIZED_DAGS": "True",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.3",
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    # A busy machine answers later than the 5 s after which a task's process gives up, and parses for more than 50 s.
    "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
    "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "300",
    **bundles(**{"dags-folder": None, "e2e": str(HERE / "files")}),
}


@dataclass(frozen=True)
class Service:
    """One of the processes.

    :param settings: more of its environment.
    :param healthcheck: the command that tells whether it works.
    :param after: those that have to be healthy before it starts.
    """

    command: list[str]
    settings: dict[str, str]
    healthcheck: list[str] | None = None
    after: frozenset[str] = frozenset()


class TaskEnd(NamedTuple):
    """How a task stands, from Airflow's database."""

    run_id: str
    dag_id: str
    task_id: str
    operator: str
    state: str
    tries: int


def is_alive(process: psutil.Process) -> bool:
    """Whether it is that process still, and not only kept in mind for its parent."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


class Installation(Airflow):
    """An Airflow home whose database knows connections, and the services.

    :param home: a folder without ``captured``.
    :param metadata: the database, empty.
    :param services: all; ``airflow-init`` is run at once.
    """

    def __init__(self, home: Path, metadata: Metadata, services: Mapping[str, Service]) -> None:
        self.metadata = metadata
        self.services = dict(services)
        init = self.services.pop("airflow-init")
        self.fernet = Fernet(init.settings["AIRFLOW__CORE__FERNET_KEY"])
        super().__init__(home, init.settings, init.command)
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.healthy: set[str] = set()
        self.survivors: list[str] = []

    def add_connections(self, connections: Mapping[str, str], folder: Path) -> None:
        """Store connections as a person would: in Airflow's database, encrypted.

        :param connections: JSON texts by id.
        :param folder: where the file with them is for a moment; not in the home.
        """
        given = folder / "connections.json"
        given.write_text(json.dumps({name: json.loads(text) for name, text in connections.items()}))
        code = self.command(["airflow", "connections", "import", "--overwrite", str(given)])
        given.unlink()
        assert code == 0, self.log.read_text()[-3000:]

    def start(self) -> None:
        """Start the services; what each prints is a file of its own."""
        for name, service in sorted(self.services.items(), key=lambda item: len(item[1].after)):
            self.wait_healthy(service.after)
            with (self.log.parent / f"{name}.log").open("ab") as output:
                self.running[name] = subprocess.Popen(
                    service.command,
                    env=self.environment(service.settings),
                    cwd=self.home,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )

    def wait_healthy(self, names: Iterable[str] | None = None) -> None:
        """Wait until the services' own health checks are content, by default those of all that have one."""
        for name, service in self.services.items():
            if service.healthcheck and name not in self.healthy and (names is None or name in names):
                self.wait(partial(self._passes, service.healthcheck, service), f"{name} to be healthy", PATIENCE)
                self.healthy.add(name)

    def _passes(self, check: list[str], service: Service) -> bool:
        env = self.environment(service.settings)
        done = subprocess.run(check, env=env, cwd=self.home, capture_output=True, check=False, timeout=PATIENCE)
        return done.returncode == 0

    def processes(self) -> Iterator[psutil.Process]:
        """The services' processes, and all that they started."""
        for service in self.running.values():
            with suppress(psutil.Error):
                parent = psutil.Process(service.pid)
                yield from (parent, *parent.children(recursive=True))

    def wait(self, until: Callable[[], bool], what: str, patience: float = 300.0) -> None:
        """Wait, as long as all services run.

        :raises AssertionError: with the ends of the logs, if it doesn't come.
        """
        deadline = time.monotonic() + patience
        while not until():
            ended = [name for name, service in self.running.items() if service.poll() is not None]
            if ended or time.monotonic() > deadline:
                ends = {path.name: path.read_text(errors="replace")[-2000:] for path in self.log.parent.iterdir()}
                raise AssertionError(
                    f"Waited for {what}; ended: {ended}\n{self.states()}\n{json.dumps(ends, indent=1)}"
                )
            time.sleep(0.3)

    def states(self) -> list[TaskEnd]:
        """All tasks of all runs, as they are now."""
        query = "SELECT run_id, dag_id, task_id, operator, state, try_number FROM task_instance"
        return [TaskEnd(*row) for row in self.metadata.run(query)]

    def close(self) -> None:
        """End the services as Docker does, and whatever they leave."""
        started = [*self.processes()]
        for service in self.running.values():
            service.terminate()
        deadline = time.monotonic() + 60
        while (left := [process for process in started if is_alive(process)]) and time.monotonic() < deadline:
            time.sleep(0.1)
        self.survivors += map(str, left)
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        for service in self.running.values():
            service.wait()
        self.running = {}
        super().close()


@contextmanager
def installed(home: Path, metadata: Metadata, services: Mapping[str, Service]) -> Iterator[Installation]:
    """An Airflow for the time of a block."""
    made = Installation(home, metadata, services)
    try:
        yield made
    finally:
        made.close()
