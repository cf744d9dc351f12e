"""The local Redshift as tests set it up and ask it; what they make through it goes away again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from redshift_connector.error import Error, InterfaceError, ProgrammingError

from airflow_provider_datagraph.redshift.statements import EXACT_NAMES
from local_redshift.running import Server
from tests.support.redshift import PASSWORD, SET_UP, code, connect, quoted, run, unique

Path = tuple[str, str, str]
Snapshot = dict[str, frozenset[tuple[str, ...]]]
"""Rows of the catalog, each after its view's name; by database, and under `CLUSTER` what belongs to none."""

CLUSTER = "cluster"
# A statement that starts in another way changes something, or might.
HARMLESS = ("select", "show", "begin", "commit", "rollback")
# Views and their columns; who holds a privilege, and who owns a thing, is last.
OF_THE_CLUSTER = {
    "svv_roles": "role_name, role_owner",
    "pg_user": "usename, usesuper, usecreatedb",
    "svv_user_grants": "user_name, role_name, admin_option",
    "svv_role_grants": "role_name, granted_role_name",
    "svv_system_privileges": "system_privilege, identity_type, identity_name",
}
# These list all databases, the name first.
OF_ALL_DATABASES = {
    "svv_database_privileges": "database_name, privilege_scope, privilege_type, identity_type, identity_name",
    "pg_database": "datname, datdba",
}
PRIVILEGES = {
    "svv_schema_privileges": "namespace_name, privilege_scope, privilege_type, identity_type, identity_name",
    "svv_relation_privileges": "namespace_name, relation_name, privilege_type, identity_type, identity_name",
    "svv_column_privileges": "namespace_name, relation_name, column_name, privilege_type, identity_type, identity_name",
    "svv_default_privileges": "schema_name, owner_name, privilege_type, grantee_type, grantee_name",
}
OWNED = {"pg_namespace": "nspname, nspowner", "pg_class": "relname, relkind, relowner"}
BY_NUMBER = {"pg_database", *OWNED}
"""The views that name an owner by a number, which a user that is made again doesn't keep."""


class Cluster:
    """A server. Databases in `shared` outlive a test."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.shared: list[str] = []
        self.databases: list[str] = []
        self.identities: list[str] = []
        self._kept: dict[str, Any] = {}
        self._known: tuple[str, Snapshot] | None = None

    def connect(self, database: str = "dev", user: str | None = None, password: str = PASSWORD) -> Any:
        """A fresh connection of the unmodified driver, in autocommit; the superuser's unless told otherwise."""
        if user in (None, self.server.user):
            return connect(self.server, database)
        return connect(self.server, database, user, password)

    def sql(self, database: str, *statements: str, user: str | None = None) -> list[tuple[Any, ...]]:
        """Run statements as the superuser, on a kept connection, or as a user on a fresh one; the last one's rows."""
        if user is not None:
            with closing(self.connect(database, user)) as connection:
                return run(connection, *statements)
        if database not in self._kept:
            self._kept[database] = self.connect(database)
        try:
            return run(self._kept[database], *statements)
        except (InterfaceError, ConnectionError):
            # The server was restarted since.
            self.close(database)
            return self.sql(database, *statements)

    def exactly(self, database: str, *statements: str) -> None:
        """Run statements as the superuser in a session that keeps the capitals of names."""
        with closing(self.connect(database)) as connection:
            run(connection, EXACT_NAMES, *statements)

    def column(self, query: str, database: str = "dev") -> set[str]:
        """The first column of a query's rows."""
        return {str(row[0]) for row in self.sql(database, query)}

    def existing_databases(self) -> set[str]:
        return self.column("SELECT database_name FROM svv_redshift_databases")

    def name(self, prefix: str) -> str:
        """A name that no other test uses, for a role or user that may come to exist."""
        self.identities.append(unique(prefix))
        return self.identities[-1]

    def future_database(self, prefix: str = "db") -> str:
        """A name that no other test uses, for a database that may come to exist."""
        self.databases.append(unique(prefix))
        return self.databases[-1]

    def database(self, *statements: str) -> str:
        """A new database, set up with these statements."""
        name = self.future_database()
        self.sql("dev", f"CREATE DATABASE {name}")
        self.sql(name, *statements)
        return name

    def share(self, *statements: str) -> str:
        """A new database that outlives a test."""
        self.shared.append(self.database(*statements))
        return self.databases.pop()

    def user(self, prefix: str = "user", options: str = "") -> str:
        """A new user."""
        name = self.name(prefix)
        self.sql("dev", f"CREATE USER {name} PASSWORD '{PASSWORD}' {options}")
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

    def logs_in(self, user: str, password: str = PASSWORD, database: str = "dev") -> bool:
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
        """A column of the statements that the server received after the mark, in order, before their text.

        What sets sessions up isn't among them.
        """
        query = f"SELECT {column}, query_text FROM sys_query_history WHERE start_time > '{since}' ORDER BY query_id"
        return [row for row in self.sql("dev", query) if not str(row[-1]).startswith(SET_UP)]

    def received(self, since: str) -> list[str]:
        """The statements that the server received after the mark, in order."""
        return [str(row[0]) for row in self.history(since)]

    def changes(self, since: str) -> list[str]:
        """Those of them that aren't known to change nothing."""
        return [text for text in self.received(since) if not text.strip().lower().startswith(HARMLESS)]

    def held(self, database: str, role: str) -> set[tuple[str, ...]]:
        """What a role holds in a database: rows of the catalog without the role."""
        rows = [row for row in self._rows(database, PRIVILEGES) if row[-2:] == ("role", role)]
        return {row[1:-2] for row in rows}

    def _rows(self, database: str, views: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
        users = dict(self.sql("dev", "SELECT usesysid, usename FROM pg_user"))
        for view, columns in views.items():
            for *what, last in self.sql(database, f"SELECT {columns} FROM {view}"):
                yield (view, *map(str, what), str(users[int(last)] if view in BY_NUMBER else last))

    def snapshot(self, *databases: str) -> Snapshot:
        """The catalog: identities, memberships, owners and every privilege, by default in what the test may use."""
        found = {CLUSTER: set(self._rows("dev", OF_THE_CLUSTER))}
        for row in self._rows("dev", OF_ALL_DATABASES):
            found.setdefault(row[1], set()).add(row)
        for name in found.keys() & (databases or {*self.databases, *self.shared}):
            found[name].update(self._rows(name, {**PRIVILEGES, **OWNED}))
            if name not in self.shared:
                # Nobody may be connected to a database that is dropped.
                self.close(name)
        return {part: frozenset(rows) for part, rows in found.items()}

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """Check that the block changes nothing: neither the catalog nor by a statement."""
        known, since = self._known, self.mark()
        # A snapshot is slow: the last one is taken where nothing was changed since.
        before = self.snapshot() if known is None or self.changes(known[0]) else known[1]
        yield
        assert self.changes(since) == []
        after = self.snapshot()
        assert after == before
        self._known = since, after

    def close(self, *databases: str) -> None:
        """Close kept connections, by default all."""
        for name in databases or list(self._kept):
            if name in self._kept:
                with suppress(Error, OSError):
                    self._kept.pop(name).close()

    def clear(self) -> None:
        """Remove databases, users and roles that were made here; who holds something in a shared one is left."""
        self.close()
        for name in self.existing_databases().intersection(self.databases):
            self.sql("dev", f"DROP DATABASE {quoted(name)}")
        self.databases.clear()
        users, roles = self.column("SELECT usename FROM pg_user"), self.column("SELECT role_name FROM svv_roles")
        drops = {name: f"DROP USER {quoted(name)}" for name in self.identities if name in users}
        drops |= {name: f"DROP ROLE {quoted(name)} FORCE" for name in self.identities if name in roles}
        self.identities = [name for name, statement in drops.items() if not self._dropped(statement)]
        self.close()

    def _dropped(self, statement: str) -> bool:
        try:
            self.sql("dev", statement)
        except ProgrammingError as error:
            assert code(error) == "55006"
            return False
        return True
