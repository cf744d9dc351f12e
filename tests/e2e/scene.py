"""The warehouse and the secrets of the runs, and everything that the runs left."""

from __future__ import annotations

import json
import secrets
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS, AIRFLOW_V_3_1_PLUS

from local_redshift.running import Server
from tests.dags.warehouse import WRITER_PASSWORD, Warehouse, build
from tests.deep import DEEP, usual_or_deep
from tests.e2e import asks, reference
from tests.e2e.compose import Machine
from tests.e2e.places import Left
from tests.e2e.services import Installation, TaskEnd
from tests.e2e.ways import Ways
from tests.e2e.web import Web
from tests.support.iam import CLUSTER, aws_fields
from tests.support.profiles_sync import profiles_sync
from tests.support.redshift import quoted, unique
from tests.unit.test_public_names import TASKS

ENDS = ("success", "failed")
EVERY_MODE = usual_or_deep(
    ["CreateSegmentRoleOperator", "ValidateAccessSensor", "ProfilesSyncTablesSensor"], [kind.__name__ for kind in TASKS]
)
"""The classes with every mode: as a plan, and failing in a way that Airflow tries again; all, in `make test-deep`."""
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


# All these names together are longer than Airflow's column for a task's label. Each is as long as the local Redshift
# takes it: 63 bytes.
WIDE = tuple(f'{n:03} it\'s "100 %" of 名前 – äöü, %s and %(name)s; \\'.ljust(51, "x") for n in range(200))


def widen(warehouse: Warehouse) -> None:
    """Make a database of many schemas, with a role and its only user, for the DAG ``wide``."""
    user = f"CREATE USER wide_user PASSWORD '{WRITER_PASSWORD}'"
    warehouse.run("dev", user, "CREATE ROLE wide_role", "GRANT ROLE wide_role TO wide_user", "CREATE DATABASE wide")
    warehouse.run("wide", *(f"CREATE SCHEMA {quoted(schema)}" for schema in WIDE))
    warehouse.run("wide", *(f"CREATE TABLE {quoted(schema, 'things')} (id int)" for schema in WIDE))


@contextmanager
def watched(airflow: Installation) -> Iterator[dict[str, set[str]]]:
    """Note, again and again, what is seen for a moment only: processes, and triggers' rows; in the end in files."""
    seen: dict[str, set[str]] = {"environments": set(), "titles": set(), "triggers": set()}
    stopped = threading.Event()

    def watch() -> None:
        while not stopped.wait(0.4):
            for process in airflow.processes():
                with suppress(psutil.Error):
                    seen["environments"] |= {f"{k}={v}" for k, v in process.environ().items()}
                    seen["titles"] |= {process.name(), "\0".join(process.cmdline())}
            rows = airflow.metadata.run("SELECT classpath, kwargs FROM trigger")
            seen["triggers"] |= {f"{path}\n{kwargs}" for path, kwargs in rows}

    with ThreadPoolExecutor(1) as pool:
        watching = pool.submit(watch)
        try:
            yield seen
        finally:
            stopped.set()
    watching.result()
    folder = airflow.home / "watched"
    folder.mkdir()
    for kind, texts in seen.items():
        (folder / kind).write_text("\n".join(sorted(texts)), errors="surrogateescape")


@dataclass(frozen=True)
class Evidence:
    """What is left when all has run.

    :param left: where to look.
    :param scenes: the warehouses: the scheduler's run has one, ``airflow dags test`` another.
    :param tasks: how each task of each run ended.
    :param healthy: the services whose own health checks were content.
    :param survivors: the processes that outlived the services.
    :param tokens: the temporary passwords that AWS gave.
    :param answers: those of the API server; see :meth:`~tests.e2e.web.Web.answers`.
    :param ways: what changed while sensors waited.
    """

    left: Left
    scenes: list[Scene]
    tasks: list[TaskEnd]
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
    world = {**scene.world, "planted": scene.secrets.planted, "serial": serial, "wide": WIDE, "every_mode": EVERY_MODE}
    (airflow.home / "world.json").write_text(json.dumps(world))
    others = {name: json.dumps(given) for ways in more for name, given in ways.connections().items()}
    airflow.add_connections({**scene.connections(), **others}, folder)


def run_services(airflow: Installation, machine: Machine, scene: Scene, ways: Ways) -> dict[str, int]:
    """Let the scheduler run all DAGs that have a schedule, and the reference DAG, to their end, and end it.

    :return: what the API server answered.
    """
    answers = {}

    def waiting(seen: dict[str, set[str]]) -> bool:
        reference.check(airflow)
        for name in ("profiles", "profiles_with_iam"):
            logs = airflow.home.glob(f"logs/**/task_id=success__{name}/*.trigger.*")
            if not any("Not yet" in log.read_text(errors="replace") for log in logs if log.is_file()):
                return False
        return all(ways.wait(airflow)) and sum("PollTrigger" in text for text in seen["triggers"].copy()) >= 2

    def ended() -> bool:
        reference.check(airflow)
        runs = airflow.metadata.run("SELECT dag_id, state FROM dag_run")
        # How often the sensors' events start that one is the scheduler's matter.
        others = [dag_id for dag_id, _ in runs if dag_id != SCHEDULED_ON_ASSETS]
        wanted = 4 + AIRFLOW_V_3_0_PLUS + AIRFLOW_V_3_1_PLUS * len(asks.ANSWERS)
        return wanted == len(others) < len(runs) and all(state in ENDS for _, state in runs)

    airflow.start()
    try:
        with watched(airflow) as seen:
            if AIRFLOW_V_3_0_PLUS:
                reference.prepare(int(machine.ports["redshift"]))
                with closing(Web(airflow, machine.ports["api-server"])) as web:
                    web.trigger(reference.DAG_ID, "reference", **reference.FORM)
                    if AIRFLOW_V_3_1_PLUS:
                        asks.trigger(web)
                    answers = web.answers()
            airflow.wait(lambda: waiting(seen), "sensors to look from the triggerer")
            scene.write_profiles()
            ways.change(airflow)
            if AIRFLOW_V_3_1_PLUS:
                with closing(Web(airflow, machine.ports["api-server"])) as web:
                    asks.answer(airflow, web, scene.warehouse)
            # All have worked for a while: each of these slow commands is run once.
            airflow.wait_healthy()
            airflow.wait(ended, "all runs to end")
    finally:
        airflow.close()
    return answers


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
    if DEEP:
        scenes.append(set_scene(server, known))
        tell(airflow, scenes[1], folder, serial=True)
        # No sensor waits: Airflow 3.3's stand-in for the triggerer finds only connections of the environment.
        scenes[1].write_profiles()
        # It fails, since some of its tasks have to.
        airflow.command(["airflow", "dags", "test", "secrets_modes"])
    # What the runs were told isn't what they left.
    (airflow.home / "world.json").unlink()
    copy = folder / "evidence"
    shutil.copytree(airflow.home, copy)
    left = Left(copy, airflow.metadata, airflow.fernet, server, [statements / f"{one.pid}.jsonl" for one in servers])
    tokens = [asked["token"] for asked in server.asked_of_aws()] + ways.tokens()
    return Evidence(left, scenes, airflow.states(), airflow.healthy, airflow.survivors, tokens, answers, ways)
