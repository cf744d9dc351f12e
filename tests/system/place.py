"""A cluster to try things on: the one that the environment names, or else the local Redshift.

Everything that is made there has one random prefix, and is found by it again and removed.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import redshift_connector
from airflow.providers.common.compat.sdk import Connection
from redshift_connector.error import Error, ProgrammingError

from airflow_provider_datagraph.hooks import connections
from airflow_provider_datagraph.hooks.redshift import close_half_made
from local_redshift.running import Server
from tests.support.cluster import Cluster
from tests.support.redshift import PASSWORD, admin_fields, quoted

PREFIX = "datagraph_test_"
VARIABLES = "DATAGRAPH_TEST_"
PATIENCE = 120.0
"""Seconds for an answer, and for a database that sessions are leaving to be dropped."""
# Databases before what holds privileges in them.
KINDS = {
    "DATABASE": "SELECT datname FROM pg_database",
    "USER": "SELECT usename FROM pg_user",
    "ROLE": "SELECT role_name FROM svv_roles",
    "GROUP": "SELECT groname FROM pg_group",
}


@dataclass(frozen=True)
class Named(Server):
    """A real cluster. Its password doesn't show in a repr, so in no report of pytest's."""

    password: str = field(repr=False)


def named() -> Named | None:
    """The cluster of the environment. Its password is taken away there, so that no other process is handed it."""
    given = {name: os.environ.get(VARIABLES + name.upper(), "") for name in ("host", "port", "database", "user")}
    password = os.environ.pop(VARIABLES + "PASSWORD", "")
    if descriptor := os.environ.pop(VARIABLES + "PASSWORD_FD", ""):
        with open(int(descriptor)) as pipe:
            password = pipe.read()
    if not given["host"]:
        return None
    missing = [VARIABLES + name.upper() for name in ("database", "user") if not given[name]]
    missing += [] if password else [VARIABLES + "PASSWORD"]
    if missing:
        raise LookupError(f"{VARIABLES}HOST names a cluster, and {', '.join(missing)} is missing.")
    port = int(given["port"] or connections.DEFAULT_PORT)
    return Named(given["host"], port, given["user"], password, given["database"], 0)


class Place(Cluster):
    """A cluster, and what is made there; ``dev`` stands for the database that was named, in which nothing is changed.

    :param extra: of the admin's Airflow connection. By default TLS verifies, as the package has it.
    """

    def __init__(self, server: Server, extra: dict[str, Any]) -> None:
        super().__init__(server)
        self.extra = extra
        self.real = isinstance(server, Named)
        self.prefix = f"{PREFIX}{uuid.uuid4().hex[:8]}_"
        # What stands in this repository would let anybody in.
        self.password = f"Aa1-{secrets.token_hex(16)}" if self.real else PASSWORD
        name = re.escape(self.prefix)
        self._outside = re.compile(rf'(SELECT|SHOW) [^;]*|(CREATE|DROP) ({"|".join(KINDS)}) "?{name}\w+"?[^;"]*')

    def connect(self, database: str = "dev", user: str | None = None, password: str = PASSWORD) -> Any:
        fields = admin_fields(self.server, self.server.database if database == "dev" else database)
        admin = Connection(conn_id="cluster", **{**fields, "extra": json.dumps(self.extra)})
        given, _ = connections.admin_arguments(admin, None)
        if user is not None:
            given |= {"user": user, "password": self.password if password == PASSWORD else password}
        given |= {"application_name": "tests", "timeout": PATIENCE}
        try:
            connection = redshift_connector.connect(**given)
        except (Error, OSError) as error:
            close_half_made(error)
            raise
        connection.autocommit = True
        return connection

    def sql(self, database: str, *statements: str, user: str | None = None) -> list[tuple[Any, ...]]:
        if not database.startswith(self.prefix):
            for statement in statements:
                assert self._outside.fullmatch(statement), f"not to be run outside of {self.prefix}*: {statement}"
        return super().sql(database, *statements, user=user)

    def name(self, prefix: str = "db") -> str:
        """A name that nobody else uses, for anything."""
        return f"{self.prefix}{prefix}_{uuid.uuid4().hex[:4]}"

    future_database = name

    def user(self, prefix: str = "user", options: str = "") -> str:
        name = self.name(prefix)
        self.sql("dev", f"CREATE USER {name} PASSWORD '{self.password}' {options}")
        return name

    def made(self) -> list[tuple[str, str]]:
        """What is there with the prefix: kind and name."""
        return [(kind, n) for kind, query in KINDS.items() for n in self.column(query) if n.startswith(self.prefix)]

    def remove(self) -> None:
        """Remove what has the prefix."""
        self.close()
        end, why = time.monotonic() + PATIENCE, ""
        while left := self.made():
            assert time.monotonic() < end, f"Drop these yourself: {left}. The cluster says: {why}"
            for kind, name in left:
                try:
                    self.sql("dev", f"DROP {kind} {quoted(name)}{' FORCE' * (kind == 'ROLE')}")
                except ProgrammingError as error:
                    why = str(error.args[0].get("M"))
                    time.sleep(0.2)
        self.close()
