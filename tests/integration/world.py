"""A warehouse to open, a linked user and role to make, Airflow's connections to them, and what the catalog holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from redshift_connector.error import Error, InterfaceError

from airflow_provider_datagraph.operators.check import CheckWarehouseOperator
from airflow_provider_datagraph.operators.database import CreateCheckpointDatabaseOperator
from airflow_provider_datagraph.operators.offboard import DropSegmentRoleOperator, RevokeSchemaOperator
from airflow_provider_datagraph.operators.reverse_etl import GrantReverseEtlOperator
from airflow_provider_datagraph.operators.role import CreateSegmentRoleOperator
from airflow_provider_datagraph.operators.schema import GrantSchemaOperator
from airflow_provider_datagraph.operators.summary import SegmentSummaryOperator
from airflow_provider_datagraph.sensors.access import ValidateAccessSensor
from airflow_provider_datagraph.sensors.profiles_sync import ProfilesSyncTablesSensor
from local_redshift.running import Server
from tests.integration.redshift_helpers import connect, run, unique

PASSWORD = "Linked-Reader-1"
RETL = "__segment_reverse_etl"
HARMLESS = ("select", "show", "begin", "commit", "rollback")
TABLES = ("crm.accounts", "crm.contacts", "billing.invoices", f"{RETL}.records")
VIEWS = {
    "svv_roles": "role_name, role_owner",
    "pg_user": "usename, usesuper, usecreatedb",
    "svv_user_grants": "user_name, role_name, admin_option",
    "svv_role_grants": "role_name, granted_role_name",
    "svv_database_privileges": "database_name, privilege_type, identity_name",
    "svv_redshift_databases": "database_name, database_owner",
    "svv_schema_privileges": "namespace_name, privilege_type, identity_name, privilege_scope",
    "svv_relation_privileges": "namespace_name, relation_name, privilege_type, identity_name",
    "svv_column_privileges": "namespace_name, relation_name, column_name, privilege_type, identity_name",
    "svv_default_privileges": "schema_name, owner_name, privilege_type, grantee_name",
}
Snapshot = dict[str, frozenset[tuple[str, ...]]]


@dataclass
class Warehouse:
    """A database with schemas, for many tests."""

    server: Server
    name: str
    known: tuple[str, Snapshot] | None = None
    """The catalog at a time."""
    _kept: list[Any] = field(default_factory=list)

    @classmethod
    def make(cls, server: Server, name: str = "") -> Warehouse:
        made = cls(server, name or unique("warehouse"))
        with closing(connect(server)) as connection:
            run(connection, f"CREATE DATABASE {made.name}")
        made.sql(*(f"CREATE SCHEMA {name}" for name in ("crm", "billing", RETL)))
        made.sql(*(f"CREATE TABLE {name} (id int)" for name in TABLES))
        return made

    def sql(self, *texts: str) -> None:
        """Run statements as the superuser in the warehouse."""
        for text in texts:
            self.ask(text)

    def ask(self, text: str) -> list[tuple[Any, ...]]:
        """Run a statement on a kept connection, or on a new one where the server was restarted since; its rows."""
        if self._kept:
            try:
                return run(self._kept[-1], text)
            except (InterfaceError, ConnectionError):
                self.close()
        self._kept.append(connect(self.server, self.name))
        return run(self._kept[-1], text)

    def close(self) -> None:
        """Close the kept connection."""
        while self._kept:
            with suppress(Error, OSError):
                self._kept.pop().close()


@dataclass
class World:
    """One test's identities, and its two connections; the warehouse may be others' too."""

    warehouse: Warehouse
    monkeypatch: pytest.MonkeyPatch
    role: str = field(default_factory=lambda: unique("linked_role"))
    user: str = field(default_factory=lambda: unique("linked_user"))
    checkpoint: str = field(default_factory=lambda: unique("checkpoint"))

    def __post_init__(self) -> None:
        self.server = self.warehouse.server
        self.sql = self.warehouse.sql
        self.admin_connection()
        self.user_connection()

    def define(self, conn_id: str, **fields: Any) -> None:
        """Define an Airflow connection."""
        text = json.dumps({"conn_type": "redshift", **fields})
        self.monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", text)

    def forget(self, conn_id: str) -> None:
        """Take an Airflow connection away."""
        self.monkeypatch.delenv(f"AIRFLOW_CONN_{conn_id.upper()}")

    def admin_connection(self, **fields: Any) -> None:
        """Define the admin connection: the superuser in the warehouse, unless said otherwise."""
        server = self.server
        known = {"host": server.host, "port": server.port, "login": server.user, "password": server.password}
        self.define("redshift_default", **{**known, "schema": self.warehouse.name, "extra": {"ssl": False}, **fields})

    def user_connection(self, **fields: Any) -> None:
        """Define the user connection; host, port and TLS come from the other."""
        known = {"login": self.user, "password": PASSWORD, "schema": self.warehouse.name}
        self.define("segment_linked_user", **{**known, **fields})

    def make_identities(self) -> None:
        """Make role and user, as the first task would."""
        self.sql(f"CREATE ROLE {self.role}", f"CREATE USER {self.user} PASSWORD '{PASSWORD}'")
        self.sql(f"GRANT ROLE {self.role} TO {self.user}")

    def open_crm(self) -> None:
        """Let the role read a schema, as the third task would."""
        self.sql(f"GRANT USAGE ON SCHEMA crm TO ROLE {self.role}")
        self.sql(f"GRANT SELECT FOR TABLES IN SCHEMA crm TO ROLE {self.role}")

    def check(self, **arguments: Any) -> CheckWarehouseOperator:
        given = {"schemas": ["crm"], "checkpoint_database": self.checkpoint, "role": self.role}
        return CheckWarehouseOperator(task_id="check", **{**given, **arguments})

    def create_role(self, **arguments: Any) -> CreateSegmentRoleOperator:
        return CreateSegmentRoleOperator(task_id="role", **{"role": self.role, **arguments})

    def create_database(self, **arguments: Any) -> CreateCheckpointDatabaseOperator:
        given = {"database": self.checkpoint, "role": self.role}
        return CreateCheckpointDatabaseOperator(task_id="database", **{**given, **arguments})

    def grant_schema(self, **arguments: Any) -> GrantSchemaOperator:
        given = {"schema": ["crm", "billing"], "tables": {"billing": ["invoices"]}, "role": self.role}
        return GrantSchemaOperator(task_id="grant", **{**given, **arguments})

    def grant_reverse_etl(self, **arguments: Any) -> GrantReverseEtlOperator:
        given = {"database": self.warehouse.name, "drop": "all", "role": self.role}
        return GrantReverseEtlOperator(task_id="reverse_etl", **{**given, **arguments})

    def close_schema(self, **arguments: Any) -> RevokeSchemaOperator:
        return RevokeSchemaOperator(task_id="close", **{"schema": "crm", "role": self.role, **arguments})

    def drop_role(self, **arguments: Any) -> DropSegmentRoleOperator:
        return DropSegmentRoleOperator(task_id="drop", **{"role": self.role, **arguments})

    def summary(self, **arguments: Any) -> SegmentSummaryOperator:
        given = {"reports": [], "database": self.checkpoint}
        return SegmentSummaryOperator(task_id="summary", **{**given, **arguments})

    def access(self, **arguments: Any) -> ValidateAccessSensor:
        """A sensor on the linked user's access to a table."""
        given = {"tables": [f"{self.warehouse.name}.crm.accounts"], "schemas": ["crm"], "poke_interval": 0.05}
        return ValidateAccessSensor(task_id="validate", **{**given, **arguments})

    def profiles(self, **arguments: Any) -> ProfilesSyncTablesSensor:
        """A sensor on two tables that are there."""
        given = {"schema": "crm", "tables": ["accounts", "contacts"], "poke_interval": 0.05}
        return ProfilesSyncTablesSensor(task_id="wait", **{**given, **arguments})

    def snapshot(self) -> Snapshot:
        """Everything in the catalog that an operator could change."""
        found = {view: self.warehouse.ask(f"SELECT {columns} FROM {view}") for view, columns in VIEWS.items()}
        return {view: frozenset(tuple(map(str, row)) for row in rows) for view, rows in found.items()}

    def changes(self, since: str) -> list[str]:
        """The statements since a time that aren't known to change nothing."""
        query = f"SELECT query_text FROM sys_query_history WHERE start_time > '{since}' ORDER BY query_id"
        sent = [str(row[0]) for row in self.warehouse.ask(query)]
        return [text for text in sent if not text.strip().lower().startswith(HARMLESS)]

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """Check that the block changes nothing: neither in the catalog nor by a statement."""
        known, since = self.warehouse.known, f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"
        # A snapshot is slow: the last test's is taken where nothing was changed since.
        before = self.snapshot() if known is None or self.changes(known[0]) else known[1]
        yield
        assert self.changes(since) == []
        after = self.snapshot()
        assert after == before
        self.warehouse.known = since, after

    def clean(self) -> None:
        """Remove what the test made."""
        if self.checkpoint in {
            str(row[0]) for row in self.warehouse.ask("SELECT database_name FROM svv_redshift_databases")
        }:
            self.sql(f"DROP DATABASE {self.checkpoint}")
        if self.user in {str(row[0]) for row in self.warehouse.ask("SELECT usename FROM pg_user")}:
            self.sql(f"DROP USER {self.user}")


def execute(task: Any) -> dict[str, Any]:
    """Execute a task as Airflow does, rendered already; its report."""
    report: dict[str, Any] = task.execute({})
    return report


MakeTask = Callable[[World], Any]
OPERATORS: dict[str, MakeTask] = {
    "check": World.check,
    "role": World.create_role,
    "database": World.create_database,
    "schema": World.grant_schema,
    "reverse_etl": World.grant_reverse_etl,
}
CONNECTING: dict[str, MakeTask] = {**OPERATORS, "close": World.close_schema, "drop": World.drop_role}
"""Also those that take access away."""
ALL: dict[str, MakeTask] = {**CONNECTING, "summary": World.summary}
"""Also the one that only sums up."""
SENSORS: dict[str, MakeTask] = {"access": World.access, "profiles_sync": World.profiles}
