"""A Redshift of its own for the DAG ``ways_in``: while its sensors wait, every way in changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_provider_datagraph.redshift.passwords import md5_hash
from local_redshift.running import Server
from tests.support.iam import CLUSTER, NEAR_ITS_END, aws_fields
from tests.support.profiles_sync import profiles_sync
from tests.support.redshift import admin_fields, sql

if TYPE_CHECKING:
    from tests.e2e.services import Installation

DAG_ID = "ways_in"
DATABASES = ("first", "second")
LATER = tuple(f"{database}.crm.later" for database in DATABASES)
ROLE, USER = "ways_role", "ways_user"
SENSORS = ("token_ends", "endpoint_moves", "password_rotates")
FIRST = tuple(f"grant_{database}" for database in DATABASES)
"""What doesn't wait."""


@dataclass
class Ways:
    """What is there, and what happens to it.

    :param server: which is stopped meanwhile.
    :param old: the password of the linked user.
    :param new: the one that it gets while a sensor waits.
    :param before: what AWS was asked before the change.
    :param since: and since.
    """

    server: Server
    old: str
    new: str
    before: list[dict[str, Any]] = field(default_factory=list)
    since: list[dict[str, Any]] = field(default_factory=list)

    def build(self) -> None:
        """Make two databases, and who is to read in them."""
        made = [f"CREATE DATABASE {database}" for database in DATABASES]
        made += [f"CREATE USER {USER} PASSWORD '{md5_hash(self.old, USER)}'"]
        made += [f"CREATE ROLE {ROLE}", f"GRANT ROLE {ROLE} TO {USER}", f"GRANT CREATE ON DATABASE dev TO ROLE {ROLE}"]
        sql(self.server, "dev", *made)
        for database in DATABASES:
            sql(self.server, database, "CREATE SCHEMA crm", "CREATE TABLE crm.accounts (id int)")
        self.server.asked_of_aws(NEAR_ITS_END)

    def connections(self) -> dict[str, dict[str, Any]]:
        """All connections, by their ids."""
        admin = admin_fields(self.server, "dev")
        return {
            "ways_admin": admin,
            "ways_user": {"conn_type": "redshift", "login": USER, "password": self.old, "schema": "dev"},
            "ways_iam": {**admin, "password": None, "extra": {**admin["extra"], **CLUSTER}},
            "ways_aws": aws_fields(self.server, "ways"),
            "ways_moved": {**admin, "port": 1},
        }

    def wait(self, airflow: Installation) -> Iterator[bool]:
        """Whether all else has ended, and each of the sensors has looked from the triggerer."""
        states = {one.task_id: one.state for one in airflow.states() if one.dag_id == DAG_ID}
        assert [name for name in (*FIRST, *SENSORS) if states.get(name) == "failed"] == []
        yield all(states.get(name) == "success" for name in FIRST)
        for name in SENSORS:
            logs = airflow.home.glob(f"logs/**/task_id={name}/*.trigger.*")
            yield any("Not yet" in log.read_text(errors="replace") for log in logs if log.is_file())

    def change(self, airflow: Installation) -> None:
        """End every session, and what let it in; then write what the sensors wait for."""
        sql(self.server, "dev", f"ALTER USER {USER} PASSWORD '{md5_hash(self.new, USER)}'")
        password = airflow.fernet.encrypt(self.new.encode()).decode()
        airflow.metadata.run("UPDATE connection SET password = %s WHERE conn_id = 'ways_user'", password)
        airflow.metadata.run("UPDATE connection SET port = %s WHERE conn_id = 'ways_moved'", self.server.port)
        self.server.faults.stop()
        self.before = self.server.asked_of_aws(NEAR_ITS_END, over=True)
        self.server.faults.start()
        for database in DATABASES:
            later = ("CREATE TABLE crm.later (id int)", "CREATE SCHEMA profiles", *profiles_sync("profiles"))
            sql(self.server, database, "BEGIN", *later, "COMMIT")

    def tokens(self) -> list[str]:
        """The temporary passwords that AWS gave."""
        self.since += self.server.asked_of_aws()
        return [asked["token"] for asked in (*self.before, *self.since)]
