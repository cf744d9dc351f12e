"""A role and a user that hold something of every kind in two databases, and own things in all, before they leave."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from airflow_provider_datagraph.operators.offboard import DropSegmentRoleOperator, RevokeSchemaOperator
from tests.support.cluster import CLUSTER, Cluster, Snapshot
from tests.support.redshift import PASSWORD
from tests.support.segment import RETL, WAREHOUSE, Segment

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


class Leaving(Segment):
    """Two databases of its own, beside those that the server has, and a checkpoint database."""

    def __init__(self, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
        own = [f"CREATE SCHEMA {RETL}", f"CREATE TABLE {RETL}.records (id int)"]
        super().__init__(cluster, monkeypatch, cluster.database(*WAREHOUSE, *own))
        self.second = cluster.database(*WAREHOUSE, *own)
        # The warehouse comes first where an operator goes through all of them.
        self.warehouse, self.second = sorted((self.warehouse, self.second))
        self.admin_connection()
        self.places = (self.warehouse, self.second, self.checkpoint)
        self.names = {name: cluster.name(name) for name in ("heir", "holder", "parent", "theirs")}
        self.names |= {"role": self.role, "user": self.user, "password": PASSWORD}
        self.sql(*self._named(OTHERS))
        self.restore((CLUSTER, *self.places))

    def _named(self, statements: Iterable[str], database: str = "") -> list[str]:
        return [statement.format(**self.names, database=database) for statement in statements]

    def restore(self, parts: Iterable[str]) -> None:
        """Make these parts of a snapshot what they were."""
        parts, cluster = set(parts), self.cluster
        if CLUSTER in parts:
            self.sql(*self._named(IDENTITIES))
        for name in [name for name in self.places if name in parts]:
            if name == self.checkpoint and name not in cluster.existing_databases():
                self.sql(f"CREATE DATABASE {name}")
                cluster.sql(name, *SEGMENTS_OWN)
            cluster.sql(name, *self._named(IN_CHECKPOINT if name == self.checkpoint else IN_WAREHOUSE, name))
        # Nobody may be connected to a database that is dropped.
        cluster.close(self.checkpoint)

    def snapshot(self) -> Snapshot:
        return {**dict.fromkeys(self.places, frozenset()), **super().snapshot()}

    def parts(self, name: str) -> dict[str, str]:
        """What an operator changes, in order; and how it names that."""
        if name == "revoke":
            return {self.warehouse: ""}
        # CREATE shows which is the checkpoint database, so it goes last.
        places = [*sorted({*self.places} - {self.checkpoint}), self.checkpoint]
        found = {place: f"database {place}" for place in places}
        if name == "drop":
            del found[self.checkpoint]
            found[self.checkpoint] = f"dropping database {self.checkpoint}"
        return {**found, CLUSTER: "dropping user and role"}

    def revoke(self, **arguments: Any) -> RevokeSchemaOperator:
        return self.close_schema(**{"schema": ["crm", "billing"], **arguments})

    def drop(self, **arguments: Any) -> DropSegmentRoleOperator:
        return self.drop_role(**{"new_owner": self.names["heir"], "force": True, **arguments})

    def give_back(self) -> None:
        """Let the user own no role, so that both can be dropped."""
        self.cluster.sql("dev", f"ALTER ROLE {self.names['theirs']} OWNER TO {self.server.user}")


LEAVING: dict[str, Callable[[Leaving], Any]] = {
    "revoke": Leaving.revoke,
    "drop": lambda leaving: leaving.drop(checkpoint_database=leaving.checkpoint),
    "give": Leaving.drop,
}
