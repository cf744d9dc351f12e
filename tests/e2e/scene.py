"""The warehouse and the secrets of the runs, and everything that the runs left."""

from __future__ import annotations

import json
import secrets
import shutil
import threading
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from local_redshift.running import Server
from tests.dags.warehouse import WRITER_PASSWORD, Warehouse, build
from tests.deep import DEEP
from tests.e2e import asks, reference
from tests.e2e.compose import Machine
from tests.e2e.places import Left
from tests.e2e.services import AIRFLOW_3, Installation, TaskEnd
from tests.e2e.ways import Ways
from tests.e2e.web import Web
from tests.e2e.wide import DAGS, SCHEMAS
from tests.support.iam import CLUSTER, aws_fields
from tests.support.profiles_sync import profiles_sync
from tests.support.redshift import quoted, unique

ENDS = ("success", "failed")
SCHEDULED_ON_ASSETS = "segment_ready"


def canary(begin: str, end: str = "") -> str:
    """A password with characters that URL, base64 and JSON inside HTML write differently."""
    return f"{begin}+%&{secrets.token_hex(8)}<>~{end}"


@dataclass(frozen=True)
class Secrets:
    """Every password that the runs meet, each a canary.

    :param linked: the linked users'.
    :param admin: the admin's.
    :param wrong: one that no server takes, so it may hold what Redshift's policy forbids.
    :param weak: one that the policy refuses.
    :param rotated: what a linked user's is changed to while a sensor waits.
    """

    linked: str = field(default_factory=lambda: canary("L1nked"))
    admin: str = field(default_factory=lambda: canary("Adm1n"))
    wrong: str = field(default_factory=lambda: canary("Wr0ng", "\"\\/ä'"))
    weak: str = field(default_factory=lambda: canary("weak"))
    rotated: str = field(default_factory=lambda: canary("R0tated"))
    planted: str = field(default_factory=lambda: canary("Pl4nted", "\"\\/ä'"))


@dataclass(frozen=True)
class Scene:
    """A warehouse for two linked users."""

    warehouse: Warehouse
    secrets: Secrets
    world: dict[str, str]

    def connections(self) -> dict[str, str]:
        """All connections, by their ids; docker-compose.yaml has others."""
        found = {name: json.loads(text) for name, text in self.warehouse.connections().items()}
        admin, user = found["redshift_default"], found["segment_linked_user"]
        place = {"host": admin["host"], "extra": admin["extra"]}
        found = {
            "secrets_admin": admin,
            "secrets_user": user,
            "secrets_wrong_admin": {**admin, "password": self.secrets.wrong},
            "secrets_iam": {**admin, "password": None, "extra": {**admin["extra"], **CLUSTER}},
            "secrets_aws": aws_fields(self.warehouse.server, "e2e"),
            "secrets_unreachable": {**admin, "port": 1},
            "secrets_sha256_user": {**user, "login": self.world["other_user"]},
            "secrets_asks_user": {**user, "login": self.world["asks_user"]},
            "secrets_refused_user": {**user, "login": self.world["refused_user"]},
            "secrets_wrong_user": {**user, "password": self.secrets.wrong},
            "secrets_unreachable_user": {**user, **place, "port": 1},
            "secrets_weak_user": {**user, "login": self.world["weak_user"], "password": self.secrets.weak},
            "secrets_odd_extra": {**user, "extra": {"nobody_reads_this": self.secrets.linked}},
        }
        return {name: json.dumps(fields) for name, fields in found.items()}

    @property
    def logins(self) -> list[str]:
        """Who has one of the passwords: its md5 hash depends on the login."""
        users = [self.world[name] for name in ("user", "other_user", "refused_user", "weak_user", "asks_user")]
        return [self.warehouse.server.user, *users]

    def write_profiles(self) -> None:
        """What Segment does when Profiles Sync begins."""
        tables = ("CREATE SCHEMA profiles_prod", *profiles_sync("profiles_prod"))
        # At once: a sensor that looks as a user who may not read what is there doesn't wait.
        opened = (
            f"GRANT {what} profiles_prod TO PUBLIC" for what in ("USAGE ON SCHEMA", "SELECT ON ALL TABLES IN SCHEMA")
        )
        self.warehouse.run(self.world["profiles"], "BEGIN", *tables, *opened, "COMMIT")


def set_scene(server: Server, known: Secrets) -> Scene:
    """Build the warehouse, and order what goes wrong on the server."""
    warehouse = build(server, known.linked)
    others = ("other_role", "other_user", "refused_role", "refused_user", "weak_user", "asks_user")
    world = {**vars(warehouse.names), **{name: unique(name.replace("_", "")) for name in others}}
    server.faults.cut_before(f'^CREATE USER "?{world["other_user"]}')
    server.faults.error(f'^CREATE USER "?{world["refused_user"]}', "XX000", "Internal error", "It was ordered.")
    return Scene(warehouse, known, world)


def widen(warehouse: Warehouse) -> None:
    """Make a database of many schemas for each of the DAGs that open them, with a role and its only user."""
    for name in DAGS:
        user = f"CREATE USER {name}_user PASSWORD '{WRITER_PASSWORD}'"
        role = f"CREATE ROLE {name}_role", f"GRANT ROLE {name}_role TO {name}_user"
        warehouse.run("dev", user, *role, f"CREATE DATABASE {name}")
        warehouse.run(name, *(f"CREATE SCHEMA {quoted(schema)}" for schema in SCHEMAS))
        warehouse.run(name, *(f"CREATE TABLE {quoted(schema, 'things')} (id int)" for schema in SCHEMAS))


class Watch(threading.Thread):
    """Writes down, again and again, what is seen for a moment only: processes, and the rows of triggers.

    :param airflow: whose.
    :param folder: where to.
    """

    def __init__(self, airflow: Installation, folder: Path) -> None:
        super().__init__(name="watch", daemon=True)
        self.airflow = airflow
        self.folder = folder
        self.stopped = threading.Event()
        self.error: Exception | None = None
        self.seen: dict[str, set[str]] = {"environments": set(), "titles": set(), "triggers": set()}
        self.looks = 0

    def run(self) -> None:
        """See the class."""
        try:
            while not self.stopped.wait(0.4):
                self.look()
        except Exception as error:  # raised again in the test's thread
            self.error = error

    def look(self) -> None:
        """Look once."""
        for process in self.airflow.processes():
            try:
                self.seen["environments"] |= {f"{k}={v}" for k, v in process.environ().items()}
                self.seen["titles"] |= {process.name(), "\0".join(process.cmdline())}
            except psutil.Error:
                continue
        rows = self.airflow.metadata.run("SELECT classpath, kwargs FROM trigger")
        self.seen["triggers"] |= {f"{path}\n{kwargs}" for path, kwargs in rows}
        self.looks += 1

    def stop(self) -> None:
        """Look no more."""
        self.stopped.set()
        self.join()

    def write(self) -> None:
        """Put what was seen into files."""
        if self.error is not None:
            raise self.error
        self.folder.mkdir()
        for kind, texts in self.seen.items():
            (self.folder / kind).write_text("\n".join(sorted(texts)), errors="surrogateescape")


@dataclass(frozen=True)
class Evidence:
    """What is left when all has run.

    :param left: where to look.
    :param scenes: the warehouses: the scheduler's run has one, ``airflow dags test`` another.
    :param tasks: how each task of each run ended.
    :param lookup: what ``airflow dags test`` printed for a DAG without this package; only in the deep run.
    :param healthy: the services whose own health checks were content.
    :param survivors: the processes that outlived the services.
    :param tokens: the temporary passwords that AWS gave.
    :param answers: those of the API server; see :meth:`~tests.e2e.web.Web.answers`.
    :param ways: what changed while sensors waited.
    """

    left: Left
    scenes: list[Scene]
    tasks: list[TaskEnd]
    lookup: bytes
    healthy: set[str]
    survivors: list[str]
    tokens: list[str]
    answers: dict[str, int]
    ways: Ways

    @property
    def secrets(self) -> Secrets:
        """All passwords."""
        return self.scenes[0].secrets


def tell(airflow: Installation, scene: Scene, folder: Path, serial: bool, *more: Ways) -> None:
    """Give a scene's names to the DAG files, and its connections to Airflow, with more."""
    world = {**scene.world, "planted": scene.secrets.planted, "serial": serial}
    (airflow.home / "world.json").write_text(json.dumps(world))
    others = {name: json.dumps(given) for ways in more for name, given in ways.connections().items()}
    airflow.add_connections({**scene.connections(), **others}, folder)


def run_services(airflow: Installation, machine: Machine, scene: Scene, ways: Ways) -> dict[str, int]:
    """Let the scheduler run all DAGs that have a schedule, and the reference DAG, to their end, and end it.

    :return: what the API server answered.
    """
    answers = {}
    watch = Watch(airflow, airflow.home / "watched")

    def waiting() -> bool:
        reference.check(airflow)
        for name in ("profiles", "profiles_with_iam"):
            logs = airflow.home.glob(f"logs/**/task_id=success__{name}/*.trigger.*")
            if not any("Not yet" in log.read_text(errors="replace") for log in logs if log.is_file()):
                return False
        return all(ways.wait(airflow)) and sum("PollTrigger" in text for text in watch.seen["triggers"]) >= 2

    def ended() -> bool:
        reference.check(airflow)
        runs = airflow.metadata.run("SELECT dag_id, state FROM dag_run")
        # How often the sensors' events start that one is the scheduler's matter.
        others = [dag_id for dag_id, _ in runs if dag_id != SCHEDULED_ON_ASSETS]
        whole = len(others) == 3 + len(DAGS) + AIRFLOW_3 + asks.ASKS * len(asks.ANSWERS) and len(runs) > len(others)
        return whole and all(state in ENDS for _, state in runs)

    airflow.start()
    watch.start()
    try:
        if AIRFLOW_3:
            reference.prepare(int(machine.ports["redshift"]))
            with closing(Web(airflow, machine.ports["api-server"])) as web:
                reference.trigger(airflow, web)
                if asks.ASKS:
                    asks.trigger(airflow, web)
                answers = web.answers()
        airflow.wait(waiting, "sensors to look from the triggerer")
        scene.write_profiles()
        ways.change(airflow)
        if asks.ASKS:
            with closing(Web(airflow, machine.ports["api-server"])) as web:
                asks.answer(airflow, web, scene.warehouse)
        # All have worked for a while: each of these slow commands is run once.
        airflow.wait_healthy()
        airflow.wait(ended, "all runs to end")
    finally:
        watch.stop()
        airflow.close()
    watch.write()
    return answers


def run_command(airflow: Installation, scene: Scene) -> None:
    """Run the DAG by ``airflow dags test``; it fails, since some of its tasks have to.

    No sensor waits: Airflow 3.3's stand-in for the triggerer finds only connections of the environment.
    """
    scene.write_profiles()
    airflow.command(["airflow", "dags", "test", "secrets_modes"])


def run_lookup(airflow: Installation) -> bytes:
    """Run the DAG without this package; what was printed."""
    size = airflow.log.stat().st_size
    assert airflow.command(["airflow", "dags", "test", "secrets_lookup"]) == 0
    return airflow.log.read_bytes()[size:]


def play(
    airflow: Installation, machine: Machine, servers: tuple[Server, Server], statements: Path, folder: Path
) -> Evidence:
    """Run everything, and keep a copy of what it left."""
    server, other = servers
    known = Secrets(admin=server.password)
    scenes = [set_scene(server, known)]
    ways = Ways(other, known.linked, known.rotated)
    ways.build()
    tell(airflow, scenes[0], folder, False, ways)
    widen(scenes[0].warehouse)
    asks.build(scenes[0].warehouse)
    answers = run_services(airflow, machine, scenes[0], ways)
    lookup = b""
    if DEEP:
        scenes.append(set_scene(server, known))
        tell(airflow, scenes[1], folder, serial=True)
        run_command(airflow, scenes[1])
        lookup = run_lookup(airflow)
    # What the runs were told isn't what they left.
    (airflow.home / "world.json").unlink()
    copy = folder / "evidence"
    shutil.copytree(airflow.home, copy)
    left = Left(copy, airflow.metadata, airflow.fernet, server, [statements / f"{one.pid}.jsonl" for one in servers])
    tokens = [asked["token"] for asked in server.asked_of_aws()] + ways.tokens()
    return Evidence(left, scenes, airflow.states(), lookup, airflow.healthy, airflow.survivors, tokens, answers, ways)
