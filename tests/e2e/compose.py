"""The services that Airflow runs as: those of docker-compose.yaml, without Docker."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS
from cryptography.fernet import Fernet

from scripts import compose_check
from tests.dags.airflow_process import MIGRATE, ROOT
from tests.e2e.metadata import Metadata
from tests.e2e.services import HERE, OVERLAY, Service

SERVICES: dict[str, Any] = compose_check.load()["services"]
DATABASE = tuple(str(SERVICES["postgres"]["environment"][f"POSTGRES_{name}"]) for name in ("USER", "PASSWORD", "DB"))
# Where the services listen, each in its container.
PORTS = {"api-server": "8080", "scheduler": "8974", "redshift": "5439", "redis": "6379"}
# Where Airflow's image has its home.
HOME = "opt/airflow"
# The log servers listen on all addresses of a machine, whatever one sets. The logs are on a shared volume here.
QUIET = {
    **{name: ["--skip-serve-logs"] for name in ("scheduler", "triggerer", "worker")},
    "redis": ["--bind", "127.0.0.1"],
}


def free_port() -> str:
    """A port that nobody listens on."""
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


class Machine:
    """This machine in place of the containers: it has other addresses and paths, and all else is left as it is.

    :param root: a folder in place of a container's file system.
    :param given: the compose file's services.
    :param overlay: what the runs need beyond them.
    :param ports: where some of the services listen; the others get a free one each.
    """

    def __init__(
        self,
        root: Path,
        metadata: Metadata,
        given: Mapping[str, Any] = SERVICES,
        overlay: Mapping[str, str] = OVERLAY,
        **ports: str,
    ) -> None:
        self.root = root
        self.given = given
        self.overlay = overlay
        self.ports = {name: ports.get(name) or free_port() for name in PORTS}
        # A port is replaced together with its service's name: in a container, localhost is that one alone.
        self.places = {
            rf"(?<=//)api-server:{PORTS['api-server']}\b": f"127.0.0.1:{self.ports['api-server']}",
            rf'"redshift", "port": {PORTS["redshift"]}\b': f'"127.0.0.1", "port": {self.ports["redshift"]}',
            rf"(?<=//)redis:{PORTS['redis']}\b": f"127.0.0.1:{self.ports['redis']}",
            r"@postgres(/\w+)$": rf"@\1?host={metadata.postgres.folder}",
            rf"(?<!\S)/{HOME}/": f"{root}/{HOME}/",
        }
        self.settings = {
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_HOST": "127.0.0.1",
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": self.ports["scheduler"],
        }

    def setting(self, text: str) -> str:
        """A value of a service's environment, or a word of its command, as it is here."""
        for old, new in self.places.items():
            text = re.sub(old, new, text)
        return text

    def words(self, name: str, words: list[str]) -> list[str]:
        """A command of a service, as it is here."""
        # A container listens on all its addresses: nobody else is on its network.
        replaced = {"0.0.0.0": "127.0.0.1", "$$": "$", **({PORTS[name]: self.ports[name]} if name in PORTS else {})}
        for old, new in replaced.items():
            words = [word.replace(old, new) for word in words]
        return [self.setting(word) for word in words]

    def mount(self, volumes: list[str]) -> None:
        """Make the folders that a service finds, those of this checkout as links."""
        for source, target in (volume.split(":")[:2] for volume in volumes):
            place = self.root / target.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            if source.startswith("."):
                place.symlink_to(ROOT / source)
            else:
                place.mkdir()

    def service(self, name: str) -> Service:
        """A service as a process of this machine."""
        given = self.given[name]
        settings = {key: self.setting(str(value)) for key, value in given.get("environment", {}).items()}
        kind, *test = given.get("healthcheck", {}).get("test", [""])
        check = ["/bin/sh", "-c", *test] if kind == "CMD-SHELL" else test
        first = [other for other, how in given.get("depends_on", {}).items() if how["condition"] == "service_healthy"]
        return Service(
            [*self.words(name, given["command"]), *QUIET.get(name, [])],
            {**settings, **self.settings, **self.overlay},
            self.words(name, check),
            frozenset(first) - {"postgres"},
        )

    def services(self, name: str) -> dict[str, Service]:
        """As many of a service as its scale says, by names of their own."""
        one = self.service(name)
        if (scale := self.given[name].get("scale", 1)) == 1:
            return {name: one}
        made = {}
        for called in (f"{name}-{number + 1}" for number in range(scale)):
            # Each container has a host name, which Celery takes for its worker's.
            words = ["--celery-hostname", f"celery@{called}"] if name == "worker" else []
            made[called] = replace(one, command=one.command + words, settings={**one.settings, "HOSTNAME": called})
        return made


def composed(machine: Machine) -> dict[str, Service]:
    """The compose file's services, but for its PostgreSQL."""
    machine.mount(machine.given["airflow-init"]["volumes"])
    return {key: one for name in machine.given if name != "postgres" for key, one in machine.services(name).items()}


def of_airflow_2(machine: Machine) -> dict[str, Service]:
    """Airflow 2's: it has no API server, its tasks use the database themselves; and its scheduler parses DAG files."""
    folder = machine.root / "dags"
    folder.mkdir(parents=True)
    for path in (*(HERE / "files").glob("*.py"), ROOT / "dags" / "segment_ready.py"):
        (folder / path.name).symlink_to(path)
    settings = {
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder),
        "AIRFLOW__CORE__FERNET_KEY": Fernet.generate_key().decode(),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": machine.setting(
            SERVICES["scheduler"]["environment"]["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
        ),
        **OVERLAY,
    }
    commands = {name: ["airflow", name, *QUIET[name]] for name in ("scheduler", "triggerer")}
    return {name: Service(words, settings) for name, words in {"airflow-init": [*MIGRATE], **commands}.items()}


def services(machine: Machine) -> dict[str, Service]:
    """Those of the Airflow that is installed: the compose file runs Airflow 3."""
    return composed(machine) if AIRFLOW_V_3_0_PLUS else of_airflow_2(machine)
