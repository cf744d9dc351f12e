"""Where a secret could be left: for each place, how it is searched, and how one is planted there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS
from cryptography.fernet import Fernet

from local_redshift.running import Server
from tests.canary import MASKING
from tests.e2e.metadata import Metadata
from tests.support.redshift import sql

Contents = Iterator[tuple[str, bytes]]


@dataclass(frozen=True)
class Left:
    """What runs left behind.

    :param home: a copy of Airflow's home.
    :param metadata: its database.
    :param fernet: the key of that one.
    :param server: the Redshift they worked on.
    :param statements: the files in which that one, and another, write down all that they receive.
    """

    home: Path
    metadata: Metadata
    fernet: Fernet
    server: Server
    statements: list[Path]

    def passwords(self) -> list[bytes]:
        """What Airflow's connections hold."""
        found = self.metadata.run("SELECT password FROM connection WHERE password IS NOT NULL")
        return [self.fernet.decrypt(password) for (password,) in found]


Plant = Callable[[Left, str], None]


def by_the_run(left: Left, secret: str) -> None:
    """Nothing to do: the DAG ``secrets_leaks``, or the plugin ``witness``, planted it while all ran."""


@dataclass(frozen=True)
class Place:
    """One of the places.

    :param contents: all that is there, each with where it is.
    :param plant: puts a secret there.
    """

    name: str
    contents: Callable[[Left], Contents]
    plant: Plant = by_the_run


def files(*patterns: str) -> Callable[[Left], Contents]:
    """The files of the home that match."""

    def contents(left: Left) -> Contents:
        for pattern in patterns:
            for path in sorted(left.home.glob(pattern)):
                if path.is_file():
                    yield str(path.relative_to(left.home)), path.read_bytes()

    return contents


def commands(left: Left) -> Contents:
    """What commands printed, but for one line of Airflow's own."""
    for where, content in files("captured/output.log")(left):
        yield where, MASKING.sub(b"", content)


def append(path: str) -> Plant:
    """Plant a line in a file of the home."""

    def plant(left: Left, secret: str) -> None:
        with (left.home / path).open("a") as file:
            file.write(f"password={secret}\n")

    return plant


def decoded(table: str, column: str) -> Callable[[Left], Contents]:
    """A column of JSON texts, inflated and decoded."""

    def contents(left: Left) -> Contents:
        for where, value in left.metadata.values():
            if where == f"{table}.{column}":
                yield where, repr(json.loads(value)).encode()

    return contents


def triggers(left: Left) -> Contents:
    """The triggers' rows, those seen while sensors waited and those still there, decrypted."""
    kept = [kwargs for (kwargs,) in left.metadata.run("SELECT kwargs FROM trigger")]
    for text in [*(left.home / "watched" / "triggers").read_text().splitlines(), *kept]:
        # Airflow 3 leaves the arguments of a task's trigger as JSON, Airflow 2 encrypts them.
        if text.startswith("{"):
            yield "trigger.kwargs", repr(json.loads(text)).encode()
        elif text.startswith("gAAAA"):
            yield "trigger.kwargs, encrypted", left.fernet.decrypt(text.encode())


def encrypted_trigger(left: Left, secret: str) -> None:
    """Store a trigger as Airflow does when it encrypts."""
    kwargs = left.fernet.encrypt(json.dumps({"password": secret}).encode()).decode()
    left.metadata.run("INSERT INTO trigger (classpath, kwargs, created_date) VALUES ('a.B', %s, now())", kwargs)


def server_log(left: Left) -> Contents:
    """What Redshift's administrators see of the statements, and the local ones' own files of them."""
    for (text,) in sql(left.server, "dev", "SELECT query_text FROM sys_query_history"):
        yield "sys_query_history", str(text).encode()
    for line in chain.from_iterable(path.read_text().splitlines() for path in left.statements):
        yield "statements", json.loads(line)[1].encode()


def clear_password(left: Left, secret: str) -> None:
    """Send what the package never sends."""
    sql(left.server, "dev", f"SELECT '{secret.replace(chr(39), chr(39) * 2)}'")


SERVER_LOG = Place("server log", server_log, clear_password)
TRIGGERS = Place("triggers", triggers)
PLACES = [
    Place("task logs", files("logs/dag_id=*/**/*")),
    Place("scheduler log", files("captured/scheduler.log")),
    # Airflow 2 keeps them in a folder that it calls the scheduler's.
    Place("DAG processor log", files("captured/dag-processor.log", "logs/dag_processor*/**/*", "logs/scheduler/**/*")),
    Place("triggerer log", files("captured/triggerer.log", "logs/**/*.trigger.*")),
    *([Place("API server log", files("captured/api-server.log"))] if AIRFLOW_V_3_0_PLUS else []),
    Place("commands' output", commands, append("captured/output.log")),
    Place("database", lambda left: left.metadata.values()),
    Place("database's files", lambda left: left.metadata.files()),
    Place("XCom", decoded("xcom", "value")),
    Place("rendered fields", decoded("rendered_task_instance_fields", "rendered_fields")),
    Place("serialized DAGs", decoded("serialized_dag", "data_compressed")),
    TRIGGERS,
    Place("encrypted triggers", triggers, encrypted_trigger),
    SERVER_LOG,
    Place("lineage", files("witness/lineage/*")),
    Place("exceptions", files("witness/exceptions/*")),
    Place("process environments", files("watched/environments")),
    Place("tasks' own environments", files("witness/environment/*")),
    Place("process titles", files("watched/titles")),
]
