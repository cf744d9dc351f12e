"""A warehouse with several databases, its writers, and who can read what."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from redshift_connector.error import ProgrammingError

from airflow_provider_datagraph.profiles_sync import REQUIRED_TABLES
from local_redshift.running import Server
from tests.integration.conftest import connect, run, unique
from tests.integration.provider.support import quoted

WRITER_PASSWORD = "Writer-1-of-tables"
Path = tuple[str, str, str]


@dataclass(frozen=True)
class Names:
    """The names of one test's world; all belong to the whole server."""

    analytics: str
    ops: str
    profiles: str
    own_schema: str
    checkpoint: str
    role: str
    user: str
    etl: str
    segment: str
    retl: str


@dataclass(frozen=True)
class Warehouse:
    """A server with a world on it.

    :param password: the linked user's, as its connection has it.
    """

    server: Server
    names: Names
    password: str

    def run(self, database: str, *statements: str, user: str | None = None) -> None:
        """Run statements, by default as admin."""
        password = None if user is None else WRITER_PASSWORD
        with closing(connect(self.server, database, user, password)) as connection:
            for statement in statements:
                run(connection, statement)

    def connections(self, **of_the_user: Any) -> dict[str, str]:
        """Both Airflow connections; the user's has login and password alone."""
        server = self.server
        admin = {"login": server.user, "password": server.password, "schema": server.database, "extra": {"ssl": False}}
        user = {"login": self.names.user, "password": self.password, **of_the_user}
        return {
            "redshift_default": json.dumps(
                {"conn_type": "redshift", "host": server.host, "port": server.port, **admin}
            ),
            "segment_linked_user": json.dumps({"conn_type": "redshift", **user}),
        }

    def form(self, *schemas: str, **more: Any) -> dict[str, Any]:
        """The form's values."""
        names = self.names
        return {
            "schemas": list(schemas),
            "profiles_sync": f"{names.profiles}.profiles_prod",
            "checkpoint_database": names.checkpoint,
            "role": names.role,
            **more,
        }

    def mark(self) -> int:
        """Where the server's history stands."""
        with closing(connect(self.server)) as connection:
            rows = run(connection, "SELECT query_id FROM sys_query_history ORDER BY query_id DESC LIMIT 1")
        return int(rows[0][0])

    def sent_since(self, mark: int) -> Callable[[], list[str]]:
        """Make a function that tells what admin and linked user sent since a mark."""

        def sent() -> list[str]:
            with closing(connect(self.server)) as connection:
                names = dict(run(connection, "SELECT usesysid, usename FROM pg_user"))
                rows = run(
                    connection,
                    f"SELECT user_id, query_text FROM sys_query_history WHERE query_id > {mark} ORDER BY query_id",
                )
            ours = (self.server.user, self.names.user)
            return [str(text) for user_id, text in rows if names.get(user_id) in ours]

        return sent


def build(server: Server, password: str) -> Warehouse:
    """Build the customer's side: three databases, their owners, tables, a view; no Profiles Sync yet."""
    names = Names(*(unique(name.replace("_", "")) for name in Names.__annotations__))
    made = Warehouse(server, names, password)
    made.run(
        server.database,
        *(f"CREATE USER {user} PASSWORD '{WRITER_PASSWORD}'" for user in (names.etl, names.segment, names.retl)),
        *(f"CREATE DATABASE {name}" for name in (names.analytics, names.ops, names.profiles)),
        f"GRANT CREATE ON DATABASE {names.profiles} TO {names.segment}",
        f"CREATE SCHEMA {names.own_schema}",
        f"CREATE TABLE {names.own_schema}.settings (id int)",
    )
    made.run(
        names.analytics,
        *(f"CREATE SCHEMA {name} AUTHORIZATION {names.etl}" for name in ("crm", "billing", '"My.Schema"', "payroll")),
        f"CREATE SCHEMA __segment_reverse_etl AUTHORIZATION {names.retl}",
    )
    made.run(
        names.analytics,
        "CREATE TABLE crm.accounts (id int, name varchar(20)) DISTKEY(id)",
        "INSERT INTO crm.accounts VALUES (1, 'one')",
        'CREATE TABLE crm."MixedCase" (id int)',
        "CREATE VIEW crm.names AS SELECT name FROM crm.accounts WITH NO SCHEMA BINDING",
        "CREATE TABLE billing.invoices (id int)",
        "CREATE TABLE billing.payments (id int)",
        'CREATE TABLE "My.Schema".things (id int)',
        "CREATE TABLE payroll.salaries (id int)",
        user=names.etl,
    )
    made.run(names.analytics, "CREATE TABLE __segment_reverse_etl.records (id int)", user=names.retl)
    made.run(names.ops, "CREATE SCHEMA devices", "CREATE TABLE devices.phones (id int)")
    made.run(names.ops, "CREATE SCHEMA depots", "CREATE TABLE depots.doors (id int)")
    return made


def with_new_identities(warehouse: Warehouse) -> Warehouse:
    """The same databases, with the names of a role, a user and a checkpoint database that don't exist."""
    names = {name: unique(name) for name in ("role", "user", "checkpoint")}
    return replace(warehouse, names=replace(warehouse.names, **names))


class ProfilesSync(threading.Thread):
    """Segment: once somebody looks for the schema, it writes it table by table, as its own user.

    :param warehouse: where it writes.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        super().__init__(name="profiles-sync", daemon=True)
        self.warehouse = warehouse
        self.sent = warehouse.sent_since(warehouse.mark())
        self.stopped = threading.Event()
        self.error: Exception | None = None
        self.looks_before: list[str] = []

    def run(self) -> None:
        """See the class."""
        try:
            while not self.looks_before and not self.stopped.wait(0.2):
                self.looks_before = [t for t in self.sent() if "svv_redshift_tables" in t and "profiles_prod" in t]
            if self.looks_before:
                self._write()
        except Exception as error:  # raised again in the test's thread
            self.error = error

    def _write(self) -> None:
        names = self.warehouse.names
        self.warehouse.run(names.profiles, "CREATE SCHEMA profiles_prod", user=names.segment)
        for table in ("order_completed", *REQUIRED_TABLES):
            time.sleep(0.1)
            self.warehouse.run(names.profiles, f"CREATE TABLE profiles_prod.{table} (id int)", user=names.segment)

    def __enter__(self) -> ProfilesSync:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.join()
        if self.error is not None:
            raise self.error


def refusal(connection: Any, statement: str) -> str:
    """Try a statement.

    :return: the server's refusal, or an empty text.
    """
    try:
        run(connection, statement)
    except ProgrammingError as error:
        return str(error.args[0]["M"])
    return ""


def readable(warehouse: Warehouse, paths: Iterable[Path]) -> dict[Path, bool]:
    """Log in as the linked user where Segment does, and read tables by three-part names."""
    names = warehouse.names
    found = {}
    with closing(connect(warehouse.server, names.checkpoint, names.user, warehouse.password)) as connection:
        for path in paths:
            text = refusal(connection, f"SELECT 1 FROM {quoted(*path)} LIMIT 1")
            assert not text or text.startswith("permission denied"), (path, text)
            found[path] = not text
    return found


def allowed(warehouse: Warehouse, database: str, statement: str) -> bool:
    """Log in as the linked user in a database, and try a statement."""
    with closing(connect(warehouse.server, database, warehouse.names.user, warehouse.password)) as connection:
        text = refusal(connection, statement)
    assert not text or "permission denied" in text or "must be owner" in text, (statement, text)
    return not text
