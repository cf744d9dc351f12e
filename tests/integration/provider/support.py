"""What the tests of the operators share: a cluster to set up and to ask, and Airflow's connections to it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from redshift_connector.error import Error, InterfaceError, ProgrammingError

from local_redshift.running import Server
from tests.integration.redshift_helpers import connect

PASSWORD = "Linked-Reader-1"
OWNER_PASSWORD = "Etl-Writer-1"

Path = tuple[str, str, str]
Rows = frozenset[tuple[str, ...]]

# A statement that starts in another way changes something, or might.
HARMLESS = ("select", "show", "begin", "commit", "rollback")
CLUSTER_WIDE = {
    "svv_roles": "role_name, role_owner",
    "pg_user": "usename, usesuper, usecreatedb",
    "svv_user_grants": "user_name, role_name, admin_option",
    "svv_role_grants": "role_name, granted_role_name",
    "svv_redshift_databases": "database_name, database_owner",
}
IN_A_DATABASE = {
    "svv_database_privileges": "database_name, privilege_type, identity_type, identity_name, privilege_scope",
    "svv_schema_privileges": "namespace_name, privilege_type, identity_type, identity_name, privilege_scope",
    "svv_relation_privileges": "namespace_name, relation_name, privilege_type, identity_type, identity_name",
    "svv_column_privileges": "namespace_name, relation_name, column_name, privilege_type, identity_name",
    "svv_default_privileges": "schema_name, owner_name, privilege_type, grantee_name",
    "svv_redshift_tables": "database_name, schema_name, table_name",
}


def quoted(*parts: str) -> str:
    """A dotted name, each part in double quotes."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def code(error: Error) -> str:
    """The SQLSTATE that a server's error carries."""
    return str(error.args[0]["C"])


class Cluster:
    """The local Redshift as one test sees it; what is made through it goes away with the test."""

    def __init__(self, server: Server, shared: Sequence[str] = ()) -> None:
        self.server = server
        self.shared = shared
        self.passwords = {server.user: server.password}
        self.databases: list[str] = []
        self.identities: list[str] = []
        self._kept: dict[str, Any] = {}

    def connect(self, database: str = "dev", user: str | None = None, password: str | None = None) -> Any:
        """A fresh connection of the unmodified driver, in autocommit."""
        user = user or self.server.user
        return connect(self.server, database, user, password or self.passwords[user])

    def sql(self, database: str, *statements: str, user: str | None = None) -> list[tuple[Any, ...]]:
        """Run statements as the superuser, on a kept connection, or as a user on a fresh one; the last one's rows."""
        if user is not None:
            with closing(self.connect(database, user)) as connection:
                return run_all(connection, statements)
        if database not in self._kept:
            self._kept[database] = self.connect(database)
        return run_all(self._kept[database], statements)

    def name(self, prefix: str) -> str:
        """A name that no other test uses, for a role or user that may come to exist."""
        name = f"{prefix}_{uuid.uuid4().hex[:10]}"
        self.identities.append(name)
        return name

    def future_database(self, prefix: str = "db") -> str:
        """A name that no other test uses, for a database that may come to exist."""
        name = f"{prefix}_{uuid.uuid4().hex[:10]}"
        self.databases.append(name)
        return name

    def database(self, *statements: str) -> str:
        """A new database, set up with these statements."""
        name = self.future_database()
        self.sql("dev", f"CREATE DATABASE {name}")
        self.sql(name, *statements)
        return name

    def user(self, prefix: str = "user", options: str = "", password: str = OWNER_PASSWORD) -> str:
        """A new user."""
        name = self.name(prefix)
        self.sql("dev", f"CREATE USER {name} PASSWORD '{password}' {options}")
        self.passwords[name] = password
        return name

    def role(self, prefix: str = "role", *members: str) -> str:
        """A new role with these users as members."""
        name = self.name(prefix)
        self.sql("dev", f"CREATE ROLE {name}", *(f"GRANT ROLE {name} TO {member}" for member in members))
        return name

    def refusal(self, user: str, statement: str, database: str = "dev") -> str:
        """Log in anew as a user and run a statement: the SQLSTATE of the refusal, or an empty text."""
        try:
            self.sql(database, statement, user=user)
        except ProgrammingError as error:
            return code(error)
        return ""

    def can_read(self, user: str, path: Path, database: str = "dev") -> bool:
        """Log in anew as a user, in a database, and read a table by its three-part name."""
        refusal = self.refusal(user, f"SELECT 1 FROM {quoted(*path)} LIMIT 1", database)
        assert refusal in ("", "42501"), refusal
        return not refusal

    def logs_in(self, user: str, password: str, database: str = "dev") -> bool:
        """Whether a password is accepted."""
        try:
            self.connect(database, user, password).close()
        except InterfaceError as error:
            assert code(error) == "28000"
            return False
        return True

    def mark(self) -> str:
        """The present moment by the clock of SYS_QUERY_HISTORY, which is this machine's."""
        return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"

    def history(self, since: str, column: str = "query_text") -> list[tuple[Any, ...]]:
        """A column of the statements that the server received after the mark, in order, before their text."""
        query = f"SELECT {column}, query_text FROM sys_query_history WHERE start_time > '{since}' ORDER BY query_id"
        return self.sql("dev", query)

    def received(self, since: str) -> list[str]:
        """The statements that the server received after the mark, in order."""
        return [str(row[0]) for row in self.history(since)]

    def changes(self, since: str) -> list[str]:
        """Those of them that aren't known to change nothing."""
        return [text for text in self.received(since) if not text.strip().lower().startswith(HARMLESS)]

    def snapshot(self) -> dict[str, Rows]:
        """The catalog: identities, memberships, databases and every privilege in the databases that the test uses."""
        found = {view: self._rows("dev", f"SELECT {columns} FROM {view}") for view, columns in CLUSTER_WIDE.items()}
        existing = {row[0] for row in found["svv_redshift_databases"]}
        for database in [name for name in (*self.databases, *self.shared) if name in existing]:
            for view, columns in IN_A_DATABASE.items():
                # Views with a database's name show every database's rows, which takes a while.
                where = f" WHERE database_name = '{database}'" if columns.startswith("database_name") else ""
                found[f"{view} of {database}"] = self._rows(database, f"SELECT {columns} FROM {view}{where}")
        return found

    def _rows(self, database: str, query: str) -> Rows:
        return frozenset(tuple(map(str, row)) for row in self.sql(database, query))

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """Check that the block changes nothing: neither the catalog nor by a statement."""
        before, since = self.snapshot(), self.mark()
        yield
        assert self.changes(since) == []
        assert self.snapshot() == before

    def close(self) -> None:
        """Close the kept connections."""
        for connection in self._kept.values():
            connection.close()
        self._kept.clear()

    def drop_databases(self) -> None:
        """Remove the databases that were made here."""
        self.close()
        if not self.databases:
            return
        with closing(self.connect()) as connection:
            names = {str(row[0]) for row in run_all(connection, ["SELECT database_name FROM svv_redshift_databases"])}
            run_all(connection, [f"DROP DATABASE {quoted(name)}" for name in self.databases if name in names])

    def drop_identities(self, identities: Sequence[str]) -> list[str]:
        """Remove roles and users, those of them that came to exist; returns those that still hold something."""
        still: list[str] = []
        with closing(self.connect()) as connection:
            users = {str(row[0]) for row in run_all(connection, ["SELECT usename FROM pg_user"])}
            roles = {str(row[0]) for row in run_all(connection, ["SELECT role_name FROM svv_roles"])}
            drops = [(name, f"DROP USER {quoted(name)}") for name in identities if name in users]
            drops += [(name, f"DROP ROLE {quoted(name)} FORCE") for name in identities if name in roles]
            for name, statement in drops:
                try:
                    run_all(connection, [statement])
                except ProgrammingError as error:
                    assert code(error) == "55006"
                    still.append(name)
        return still


def run_all(connection: Any, statements: tuple[str, ...] | list[str]) -> list[tuple[Any, ...]]:
    """Run statements one by one; the last one's rows."""
    cursor = connection.cursor()
    for statement in statements:
        cursor.execute(statement)
    return [tuple(row) for row in cursor.fetchall()] if statements and cursor.description else []


class Segment:
    """A linked user and role, a warehouse to open, and Airflow's two connections."""

    def __init__(self, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, warehouse: str) -> None:
        self.cluster = cluster
        self.monkeypatch = monkeypatch
        self.warehouse = warehouse
        self.user = cluster.name("linked_user")
        self.role = cluster.name("linked_role")
        cluster.passwords[self.user] = PASSWORD
        self.admin_connection()
        self.user_connection()

    def connection(self, conn_id: str, **fields: Any) -> None:
        """Define an Airflow connection, or take it away with ``conn_type=None``."""
        name = f"AIRFLOW_CONN_{conn_id.upper()}"
        fields = {"conn_type": "redshift", **fields}
        if fields["conn_type"] is None:
            self.monkeypatch.delenv(name, raising=False)
        else:
            self.monkeypatch.setenv(name, json.dumps(fields))

    def admin_connection(self, **fields: Any) -> None:
        """Define the admin connection: the superuser in the warehouse, unless said otherwise."""
        server = self.cluster.server
        known = {"host": server.host, "port": server.port, "login": server.user, "password": server.password}
        extra = {"extra": {"ssl": False}}
        self.connection("redshift_default", **{**known, "schema": self.warehouse, **extra, **fields})

    def user_connection(self, **fields: Any) -> None:
        """Define the user connection; host and port come from the other."""
        self.connection("segment_linked_user", **{"login": self.user, "password": PASSWORD, **fields})

    def make_identities(self) -> None:
        """Make role and user as the first task would, by plain SQL."""
        statements = [f"CREATE ROLE {self.role}", f"CREATE USER {self.user} PASSWORD '{PASSWORD}'"]
        self.cluster.sql("dev", *statements, f"GRANT ROLE {self.role} TO {self.user}")

    def reads(self, schema: str, table: str, database: str | None = None) -> bool:
        """Whether the linked user, logging in anew, reads a table of the warehouse."""
        return self.cluster.can_read(self.user, (database or self.warehouse, schema, table))

    def held(self, *schemas: str) -> set[tuple[str, ...]]:
        """What the linked role holds in the warehouse: rows of the catalog without the role's name."""
        found: set[tuple[str, ...]] = set()
        who = f"FROM {{}} WHERE identity_type = 'role' AND identity_name = '{self.role}'"
        for view, columns in (
            ("svv_schema_privileges", "namespace_name, privilege_scope, privilege_type"),
            ("svv_relation_privileges", "namespace_name, relation_name, privilege_type"),
            ("svv_column_privileges", "namespace_name, relation_name, column_name, privilege_type"),
        ):
            rows = self.cluster.sql(self.warehouse, f"SELECT {columns} {who.format(view)}")
            found |= {tuple(map(str, row)) for row in rows if not schemas or row[0] in schemas}
        return found


def run(operator: Any, **params: Any) -> dict[str, Any]:
    """Render an operator's templates and execute it, as a task does; its report."""
    context: Mapping[str, Any] = {"params": params}
    operator.render_template_fields(context)
    report: dict[str, Any] = operator.execute(context)
    return report


def codes(report: Mapping[str, Any]) -> list[str]:
    """The codes of a report's findings."""
    return [str(finding["code"]) for finding in report["findings"]]


def message(report: Mapping[str, Any], wanted: str) -> str:
    """The sentence of a report's only finding of a code."""
    (found,) = [str(finding["message"]) for finding in report["findings"] if finding["code"] == wanted]
    return found
