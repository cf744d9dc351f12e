"""The processes of docker-compose.site.yaml, on this machine, with the wheel; and a warehouse for them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from local_redshift.running import Server, started
from scripts import compose_check
from tests.dags.warehouse import permitted
from tests.dags.worker import bundles
from tests.e2e.compose import DATABASE, HOME, Machine, composed
from tests.e2e.metadata import metadata_database
from tests.e2e.services import Installation, installed
from tests.e2e.web import Web
from tests.support.redshift import connect, sql

HERE = Path(__file__).parent
CHECKPOINT = "segment_linked_profiles_db"
SERVICES = compose_check.load(compose_check.COMPOSE, compose_check.SITE)["services"]
OVERLAY = {
    # The wheel is what they import; a checkout isn't on the way.
    "PYTHONPATH": "",
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    # A busy machine answers later than the 5 s after which a task's process gives up.
    "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
    # Who is dead is taken for dead within half a minute, and tried again at once.
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_DETECTION_INTERVAL": "2",
    "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "2",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "12",
    "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "2",
    **bundles(**{"dags-folder": None, "site": str(HERE / "files")}),
}
LINKED = json.loads(SERVICES["worker"]["environment"]["AIRFLOW_CONN_SEGMENT_LINKED_USER"])
ANALYTICS = ("crm", "billing", "payroll")


@dataclass(frozen=True)
class Site:
    """What runs.

    :param server: the local Redshift.
    :param web: Airflow's API, asked by the admin.
    """

    airflow: Installation
    server: Server
    web: Web

    def wait(self, dag_id: str, **states: str) -> None:
        """Wait until tasks of the DAG's only run are in these states.

        :raises AssertionError: if the run fails instead.
        """

        def are_there() -> bool:
            query = "SELECT task_id, state FROM task_instance WHERE dag_id = %s"
            found = dict(self.airflow.metadata.run(query, dag_id))
            assert not {"failed", "upstream_failed"} & {*found.values()}, found
            return states.items() <= found.items()

        self.airflow.wait(are_there, f"{states} of {dag_id}", 240)

    def sql(self, database: str, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements on the local Redshift, as its admin."""
        return sql(self.server, database, *statements)

    def reads(self, path: str) -> bool:
        """Whether the linked user, logged in where Segment is, can read a table."""
        with closing(connect(self.server, CHECKPOINT, LINKED["login"], LINKED["password"])) as connection:
            return permitted(connection, f"SELECT 1 FROM {path} LIMIT 1")

    def is_connected(self, process: psutil.Process) -> bool:
        """Whether a process has a session on the local Redshift."""
        with suppress(psutil.Error):
            return any(one.raddr and one.raddr.port == self.server.port for one in process.net_connections())
        return False

    def kill(self, kind: str, holds: Callable[[psutil.Process], bool]) -> None:
        """End one of a service's instances as if its machine were gone: with SIGKILL, and all that it started.

        :param kind: the service.
        :param holds: tells whether a process is the one that this is about.
        """

        def found() -> Iterator[tuple[str, list[psutil.Process]]]:
            for name, service in self.airflow.running.items():
                processes = [parent := psutil.Process(service.pid), *parent.children(recursive=True)]
                if name.startswith(kind) and any(map(holds, processes)):
                    yield name, processes

        self.airflow.wait(lambda: any(found()), f"the {kind} that does it", 60)
        name, processes = next(found())
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.airflow.running.pop(name).wait()


@contextmanager
def running(folder: Path) -> Iterator[Site]:
    """The site, for the time of a block.

    :param folder: where its files are.
    """
    given = {name: service for name, service in SERVICES.items() if name != "redshift"}
    with started(faults=True) as server, metadata_database(*DATABASE) as metadata:
        machine = Machine(folder / "root", metadata, given, OVERLAY, redshift=str(server.port))
        with installed(machine.root / HOME, metadata, composed(machine)) as airflow:
            airflow.start()
            with closing(Web(airflow, machine.ports["api-server"])) as web:
                site = Site(airflow, server, web)
                build(site)
                yield site


def build(site: Site) -> None:
    """The customer's side; Profiles Sync has written nothing yet."""
    site.sql("dev", "CREATE DATABASE analytics", "CREATE DATABASE segment_profiles")
    for schema in ANALYTICS:
        site.sql("analytics", f"CREATE SCHEMA {schema}", f"CREATE TABLE {schema}.orders (id int)")
