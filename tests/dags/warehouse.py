"""A warehouse with several databases, its writers, and who can read what."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from redshift_connector.error import ProgrammingError

from local_redshift.running import Server
from tests.support.cluster import Path
from tests.support.profiles_sync import PROFILES_SYNC, profiles_sync
from tests.support.redshift import admin_fields, code, connect, mark, quoted, run, sql, unique

WRITER_PASSWORD = "Writer-1-of-tables"


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
        sql(self.server, database, *statements, user=user, password=password)

    def connections(self, **of_the_user: Any) -> dict[str, str]:
        """Both Airflow connections; the user's has login and password alone."""
        user = {"conn_type": "redshift", "login": self.names.user, "password": self.password, **of_the_user}
        return {
            "redshift_default": json.dumps(admin_fields(self.server, self.server.database)),
            "segment_linked_user": json.dumps(user),
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

    def make_identities(self, *more: str) -> None:
        """Make role and user as the first task would, and more, by plain SQL."""
        names = self.names
        self.run(
            self.server.database,
            f"CREATE ROLE {names.role}",
            f"CREATE USER {names.user} PASSWORD '{self.password}'",
            f"GRANT ROLE {names.role} TO {names.user}",
            f"CREATE DATABASE {names.checkpoint}",
            *more,
        )

    def listening(self) -> Callable[[], list[str]]:
        """Make a function that tells what admin and linked user sent since now."""
        since = mark(self.server)

        def sent() -> list[str]:
            query = f"SELECT user_id, query_text FROM sys_query_history WHERE query_id > {since} ORDER BY query_id"
            with closing(connect(self.server)) as connection:
                names = dict(run(connection, "SELECT usesysid, usename FROM pg_user"))
                rows = run(connection, query)
            ours = (self.server.user, self.names.user)
            return [str(text) for user_id, text in rows if names.get(user_id) in ours]

        return sent


def build(server: Server, password: str, names: Names | None = None) -> Warehouse:
    """Build the customer's side: three databases, their owners, tables, a view; no Profiles Sync yet."""
    names = names or Names(*(unique(name.replace("_", "")) for name in Names.__annotations__))
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


@contextmanager
def profiles_sync_begins(warehouse: Warehouse) -> Iterator[list[str]]:
    """Be Segment, beside a block: once somebody looks for the schema, write it table by table, as its own user.

    :return: the looks before there was anything.
    """
    names, sent, stopped = warehouse.names, warehouse.listening(), threading.Event()
    looks: list[str] = []

    def write() -> None:
        while not looks and not stopped.wait(0.2):
            looks.extend(text for text in sent() if "pg_class" in text and "user_traits" in text)
        if looks:
            warehouse.run(names.profiles, "CREATE SCHEMA profiles_prod", user=names.segment)
            for table in ("order_completed", *PROFILES_SYNC):
                time.sleep(0.1)
                warehouse.run(names.profiles, *profiles_sync("profiles_prod", [table]), user=names.segment)

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        try:
            yield looks
        finally:
            stopped.set()
    writing.result()


def readable(warehouse: Warehouse, paths: Iterable[Path]) -> dict[Path, bool]:
    """Log in as the linked user where Segment does, and read tables by three-part names."""
    names = warehouse.names
    found = {}
    with closing(connect(warehouse.server, names.checkpoint, names.user, warehouse.password)) as connection:
        for path in paths:
            found[path] = permitted(connection, f"SELECT 1 FROM {quoted(*path)} LIMIT 1")
    return found


def allowed(warehouse: Warehouse, database: str, statement: str) -> bool:
    """Log in as the linked user in a database, and try a statement."""
    with closing(connect(warehouse.server, database, warehouse.names.user, warehouse.password)) as connection:
        return permitted(connection, statement)


def permitted(connection: Any, statement: str) -> bool:
    """Try a statement; whether it isn't refused for want of a privilege."""
    try:
        run(connection, statement)
    except ProgrammingError as error:
        assert code(error) == "42501", (statement, error)
        return False
    return True
