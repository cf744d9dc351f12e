"""A whole Airflow: scheduler, DAG processor, triggerer and API server, each a process of its own."""

from __future__ import annotations

import json
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import psutil
from cryptography.fernet import Fernet

from tests.dags.airflow_process import Airflow
from tests.e2e.metadata import Metadata

HERE = Path(__file__).parent
AIRFLOW_3 = int(version("apache-airflow").split(".")[0]) >= 3
# Airflow 2 has no API server: its tasks use the database themselves; and its scheduler parses DAG files.
SERVICES: dict[str, list[str]] = {
    **({"api-server": ["api-server"], "dag-processor": ["dag-processor"]} if AIRFLOW_3 else {}),
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}


def free_port() -> int:
    """A port that nobody listens on."""
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def settings(fernet_key: str, files: Path, metadata: Metadata) -> dict[str, str]:
    """What differs from a default installation: everything is logged, and nothing waits longer than it must."""
    port = free_port()
    bundle = {
        "name": "e2e",
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": str(files), "refresh_interval": 3600},
    }
    return {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata.url,
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
        "AIRFLOW__CORE__FERNET_KEY": fernet_key,
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": "64",
        "AIRFLOW__CORE__DAGS_FOLDER": str(files),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(HERE / "plugins"),
        "AIRFLOW__CORE__COMPRESS_SERIALIZED_DAGS": "True",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(32),
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps([bundle]),
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.3",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }


class TaskEnd(NamedTuple):
    """How a task stands, from Airflow's database."""

    run_id: str
    dag_id: str
    task_id: str
    operator: str
    state: str
    tries: int


class Installation(Airflow):
    """An Airflow home whose database knows connections, and the processes that run what is in a folder.

    :param home: a folder that doesn't exist yet.
    :param files: the folder with the DAG files.
    :param metadata: the database, empty.
    """

    def __init__(self, home: Path, files: Path, metadata: Metadata) -> None:
        self.fernet = Fernet(key := Fernet.generate_key())
        self.metadata = metadata
        super().__init__(home, settings(key.decode(), files, metadata))
        self.services: dict[str, subprocess.Popen[bytes]] = {}

    def add_connections(self, connections: Mapping[str, str], folder: Path) -> None:
        """Store connections as a person would: in Airflow's database, encrypted.

        :param connections: JSON texts by id.
        :param folder: where the file with them is for a moment; not in the home.
        """
        given = folder / "connections.json"
        given.write_text(json.dumps({name: json.loads(text) for name, text in connections.items()}))
        code = self.command([sys.executable, "-m", "airflow", "connections", "import", "--overwrite", str(given)])
        given.unlink()
        assert code == 0, self.log.read_text()[-3000:]

    def start(self) -> None:
        """Start the services; what each prints is a file of its own."""
        for name, words in SERVICES.items():
            with (self.log.parent / f"{name}.log").open("ab") as output:
                self.services[name] = subprocess.Popen(
                    [sys.executable, "-m", "airflow", *words],
                    env=self.env,
                    cwd=self.home,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
            if name == "api-server":
                # A task that finds no API server when it starts has failed.
                self.wait(self._api_answers, "the API server")

    def _api_answers(self) -> bool:
        with closing(socket.socket()) as one:
            return one.connect_ex(("127.0.0.1", int(self.env["AIRFLOW__API__PORT"]))) == 0

    def processes(self) -> Iterator[psutil.Process]:
        """The services' processes, and all that they started."""
        for service in self.services.values():
            try:
                parent = psutil.Process(service.pid)
                yield parent
                yield from parent.children(recursive=True)
            except psutil.Error:
                continue

    def wait(self, until: Callable[[], bool], what: str, patience: float = 300.0) -> None:
        """Wait, as long as all services run.

        :raises AssertionError: with the ends of the logs, if it doesn't come.
        """
        deadline = time.monotonic() + patience
        while not until():
            ended = [name for name, service in self.services.items() if service.poll() is not None]
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
        """End the services, and whatever they leave."""
        left = list(self.processes())
        for service in self.services.values():
            service.terminate()
        for service in self.services.values():
            try:
                service.wait(15)
            except subprocess.TimeoutExpired:
                service.kill()
                service.wait()
        _, alive = psutil.wait_procs(left, timeout=5)
        for process in alive:
            process.kill()
        self.services = {}
        super().close()


@contextmanager
def installed(home: Path, files: Path, metadata: Metadata) -> Iterator[Installation]:
    """An Airflow for the time of a block."""
    made = Installation(home, files, metadata)
    try:
        yield made
    finally:
        made.close()
