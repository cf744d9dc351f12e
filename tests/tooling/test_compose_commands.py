"""Each command of docker-compose.yaml, run without Docker until its own healthcheck is content.

Only what a container gives is replaced: addresses by free ports of this machine, the database by SQLite.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow import __version__ as airflow_version

from scripts import compose_check
from tests.tooling.support import ROOT, Marked

SERVICES: dict[str, Any] = compose_check.load()["services"]
pytestmark = pytest.mark.skipif(airflow_version < "3.3", reason="the compose file runs Airflow 3.3")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


class Machine:
    """This machine in place of the containers."""

    def __init__(self, folder: Path, marked: Marked) -> None:
        self.folder = folder
        self.marked = marked
        self.replaced = {str(port): str(free_port()) for port in (8080, 8974, 5439)}
        self.replaced |= {"api-server:": "127.0.0.1:", "/opt/airflow/dags": str(ROOT / "dags"), "$$": "$"}
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def local(self, text: str) -> str:
        for old, new in self.replaced.items():
            text = text.replace(old, new)
        return text

    def environment(self, name: str) -> dict[str, str]:
        kept = ("PATH", "HOME", "LANG", "VIRTUAL_ENV")
        given = {key: self.local(str(value)) for key, value in SERVICES[name].get("environment", {}).items()}
        if "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN" in given:
            given["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = f"sqlite:///{self.folder}/airflow.db"
            given["AIRFLOW_HOME"] = str(self.folder)
            given["AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT"] = self.replaced["8974"]
            for log_server in ("WORKER", "TRIGGER"):
                given[f"AIRFLOW__LOGGING__{log_server}_LOG_SERVER_PORT"] = str(free_port())
        return {**{key: os.environ[key] for key in kept if key in os.environ}, **given, **self.marked.env}

    def start(self, name: str) -> None:
        # "0.0.0.0" is for a container, whose network nobody else is on.
        command = [self.local(word).replace("0.0.0.0", "127.0.0.1") for word in SERVICES[name]["command"]]
        with (self.folder / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                command, cwd=ROOT, env=self.environment(name), stdout=log, stderr=log, start_new_session=True
            )

    def log(self, name: str) -> str:
        return "\n".join((self.folder / f"{name}.log").read_text(errors="replace").splitlines()[-20:])

    def healthy(self, name: str) -> bool:
        kind, *test = (self.local(word) for word in SERVICES[name]["healthcheck"]["test"])
        command = ["/bin/sh", "-c", *test] if kind == "CMD-SHELL" else test
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment(name), capture_output=True, check=False, timeout=30
        )
        return done.returncode == 0

    def stop(self) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            for process in self.running.values():
                if process.poll() is None:
                    os.killpg(process.pid, number)
            end = time.monotonic() + 10
            for process in self.running.values():
                try:
                    process.wait(max(0.1, end - time.monotonic()))
                except subprocess.TimeoutExpired:
                    continue


@pytest.fixture
def machine(tmp_path: Path, marked: Marked) -> Iterator[Machine]:
    made = Machine(tmp_path, marked)
    yield made
    made.stop()


def test_every_service_becomes_healthy(machine: Machine) -> None:
    machine.start("airflow-init")
    assert machine.running["airflow-init"].wait(60) == 0, machine.log("airflow-init")

    waiting = [name for name in SERVICES if name not in ("airflow-init", "postgres")]
    for name in waiting:
        machine.start(name)
    end = time.monotonic() + 90
    while waiting and time.monotonic() < end:
        # All are slow to start; the cheapest checks come first, so the others find their service ready.
        time.sleep(0.5)
        waiting = [name for name in waiting if not machine.healthy(name)]
        ended = {name: machine.log(name) for name in waiting if machine.running[name].poll() is not None}
        assert ended == {}
    assert {name: machine.log(name) for name in waiting} == {}

    machine.stop()
    assert machine.marked.gone(), [process.cmdline() for process in machine.marked.processes()]
