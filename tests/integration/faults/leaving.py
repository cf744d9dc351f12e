"""A role and a user that hold something of every kind in two databases, and own things in all, before they leave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any

import pytest

from airflow_provider_datagraph.operators.offboard import DropSegmentRoleOperator, RevokeSchemaOperator
from local_redshift.running import Server
from tests.integration.redshift_helpers import connect, run, unique
from tests.integration.world import PASSWORD, RETL, Snapshot, Warehouse, World

CLUSTER = "cluster"
"""The part of a snapshot that belongs to no database."""
CLUSTER_VIEWS = {
    "svv_roles": "role_name, role_owner",
    "svv_user_grants": "user_name, role_name, admin_option",
    "svv_role_grants": "role_name, granted_role_name",
    "svv_system_privileges": "system_privilege, identity_type, identity_name",
}
DATABASE_VIEWS = {
    "svv_schema_privileges": "namespace_name, privilege_type, identity_type, identity_name, privilege_scope",
    "svv_relation_privileges": "namespace_name, relation_name, privilege_type, identity_type, identity_name",
    "svv_column_privileges": "namespace_name, relation_name, column_name, privilege_type, identity_name",
    "svv_default_privileges": "schema_name, owner_name, privilege_type, grantee_type, grantee_name",
    # The owner's number is last.
    "pg_namespace": "nspname, nspowner",
    "pg_class": "relname, relkind, relowner",
}
# These list all databases, the name first.
LISTS = {
    "svv_database_privileges": "database_name, privilege_type, identity_type, identity_name, privilege_scope",
    "pg_database": "datname, datdba",
}
OWNED = ("pg_namespace", "pg_class", "pg_database")

OTHERS = ("CREATE USER {heir} PASSWORD DISABLE", "CREATE ROLE {holder}", "CREATE ROLE {parent}", "CREATE ROLE {theirs}")
IDENTITIES = (
    "CREATE ROLE {role}",
    "CREATE USER {user} PASSWORD '{password}'",
    "GRANT ROLE {role} TO {user}",
    "GRANT ROLE {role} TO ROLE {holder}",
    "GRANT ROLE {parent} TO ROLE {role}",
    "GRANT ACCESS SYSTEM TABLE TO ROLE {role}",
    "ALTER ROLE {theirs} OWNER TO {user}",
)
IN_SCHEMAS = (
    "GRANT USAGE, CREATE ON SCHEMA crm, billing TO ROLE {role}",
    "GRANT SELECT, INSERT ON TABLE crm.accounts, billing.invoices TO ROLE {role}",
    "GRANT SELECT (id) ON TABLE crm.contacts TO ROLE {role}",
    "GRANT SELECT FOR TABLES IN SCHEMA crm TO ROLE {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA crm GRANT SELECT ON TABLES TO ROLE {role}",
)
IN_WAREHOUSE = (
    *IN_SCHEMAS,
    "GRANT SELECT FOR TABLES IN DATABASE {database} TO ROLE {role}",
    "GRANT USAGE ON SCHEMA billing TO {user}",
    "ALTER DEFAULT PRIVILEGES FOR USER {user} IN SCHEMA crm GRANT SELECT ON TABLES TO {heir}",
    f"ALTER TABLE {RETL}.records OWNER TO {{user}}",
)
SEGMENTS_OWN = (
    f"CREATE SCHEMA {RETL}",
    f"CREATE TABLE {RETL}.checkpoints (id int)",
    f"CREATE TABLE {RETL}.runs (id int)",
)
IN_CHECKPOINT = (
    "GRANT CREATE ON DATABASE {database} TO ROLE {role}",
    f"ALTER SCHEMA {RETL} OWNER TO {{user}}",
    f"ALTER TABLE {RETL}.checkpoints OWNER TO {{user}}",
    f"ALTER TABLE {RETL}.runs OWNER TO {{user}}",
)


class Leaving(World):
    """Two databases of its own, beside those that the server has, and a checkpoint database."""

    def __init__(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        first = Warehouse.make(server)
        super().__init__(first, monkeypatch)
        self.second = f"{first.name}_second"
        self.places = {
            first.name: first,
            self.second: Warehouse.make(server, self.second),
            self.checkpoint: Warehouse(server, self.checkpoint),
        }
        self.names = {name: unique(name) for name in ("heir", "holder", "parent", "theirs")}
        self.names |= {"role": self.role, "user": self.user, "password": PASSWORD}
        # Segment connects to the checkpoint database, through TLS or without as the admin does.
        self.user_connection(schema=self.checkpoint)
        self.sql(*self._named(OTHERS))
        self.restore((CLUSTER, *self.places))

    def _named(self, statements: Iterable[str], database: str = "") -> list[str]:
        return [statement.format(**self.names, database=database) for statement in statements]

    def restore(self, parts: Iterable[str]) -> None:
        """Make these parts of a snapshot what they were."""
        parts = set(parts)
        if CLUSTER in parts:
            self.sql(*self._named(IDENTITIES))
        for name, place in self.places.items():
            if name in parts:
                if name == self.checkpoint and name not in self.databases():
                    self.sql(f"CREATE DATABASE {name}")
                    place.sql(*SEGMENTS_OWN)
                place.sql(*self._named(IN_CHECKPOINT if name == self.checkpoint else IN_WAREHOUSE, name))
        # Nobody may be connected to a database that is dropped.
        self.places[self.checkpoint].close()

    def databases(self) -> set[str]:
        return {str(row[0]) for row in self.warehouse.ask("SELECT datname FROM pg_database")}

    def snapshot(self) -> Snapshot:
        """Each database, and the cluster, by itself."""
        users = {int(number): str(name) for number, name in self.warehouse.ask("SELECT usesysid, usename FROM pg_user")}
        found: dict[str, set[tuple[str, ...]]] = {CLUSTER: {("user", name) for name in users.values()}}

        def rows(place: Warehouse, view: str, columns: str) -> Iterator[tuple[str, ...]]:
            for row in place.ask(f"SELECT {columns} FROM {view}"):
                owner = (users[int(row[-1])],) if view in OWNED else (str(row[-1]),)
                yield (view, *map(str, row[:-1]), *owner)

        for view, columns in CLUSTER_VIEWS.items():
            found[CLUSTER].update(rows(self.warehouse, view, columns))
        found |= {name: set() for name in self.places}
        for view, columns in LISTS.items():
            for row in rows(self.warehouse, view, columns):
                found.setdefault(row[1], set()).add(row)
        for name in [name for name in self.places if found[name]]:
            for view, columns in DATABASE_VIEWS.items():
                found[name].update(rows(self.places[name], view, columns))
        self.places[self.checkpoint].close()
        return {part: frozenset(held) for part, held in found.items()}

    def clean(self) -> None:
        """Remove what is left, whatever the test has come to."""
        for place in self.places.values():
            place.close()
        with closing(connect(self.server)) as connection:

            def drop(what: str, names: Iterable[str], listing: str) -> None:
                known = {str(row[0]) for row in run(connection, listing)}
                for name in known.intersection(names):
                    run(connection, f"DROP {what.format(name)}")

            drop("DATABASE {}", self.places, "SELECT datname FROM pg_database")
            run(connection, f"ALTER ROLE {self.names['theirs']} OWNER TO {self.server.user}")
            drop("USER {}", (self.user, self.names["heir"]), "SELECT usename FROM pg_user")
            drop("ROLE {} FORCE", self.names.values(), "SELECT role_name FROM svv_roles")

    def parts(self, name: str) -> dict[str, str]:
        """What an operator changes, in order; and how it names that."""
        if name == "revoke":
            return {self.warehouse.name: ""}
        found = {place: f"database {place}" for place in sorted(self.places)}
        if name == "drop":
            del found[self.checkpoint]
            found[self.checkpoint] = f"dropping database {self.checkpoint}"
        return {**found, CLUSTER: "dropping user and role"}

    def revoke(self, **arguments: Any) -> RevokeSchemaOperator:
        return RevokeSchemaOperator(task_id="revoke", **{"schema": ["crm", "billing"], "role": self.role, **arguments})

    def drop(self, **arguments: Any) -> DropSegmentRoleOperator:
        given = {"role": self.role, "new_owner": self.names["heir"], "force": True}
        return DropSegmentRoleOperator(task_id="drop", **{**given, **arguments})


LEAVING: dict[str, Callable[[Leaving], Any]] = {
    "revoke": Leaving.revoke,
    "drop": lambda leaving: leaving.drop(checkpoint_database=leaving.checkpoint),
    "give": Leaving.drop,
}
