"""A warehouse with all that the reference plan opens, and an admin who may do a part of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.cluster import Cluster
from tests.support.redshift import PASSWORD
from tests.support.segment import RETL, Segment

PERMISSIONS = ("CREATE ROLE", "CREATE USER", "ALTER DEFAULT PRIVILEGES")


def rights(admin: str, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        if name in PERMISSIONS:
            yield f'GRANT {name} TO ROLE "{admin}_rights"'
        elif name == "CREATEDB":
            yield f'ALTER USER "{admin}" CREATEDB'
        else:
            yield f'GRANT {name} TO "{admin}" WITH GRANT OPTION'


class World(Segment):
    def __init__(
        self, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, has: tuple[str, ...], before: tuple[str, ...]
    ):
        admin, owner, retl = cluster.user("dgadmin"), cluster.user("owner"), cluster.user("retl")
        database = cluster.database(
            *(f"CREATE SCHEMA {name} AUTHORIZATION {owner}" for name in ("crm", "billing", "events")),
            f"CREATE SCHEMA {RETL} AUTHORIZATION {retl}",
        )
        for table in ("crm.accounts", "billing.invoices", "events.clicks"):
            cluster.sql(database, f"CREATE TABLE {table} (id int)", user=owner)
        cluster.sql(database, f"CREATE TABLE {RETL}.records (id int)", user=retl)
        super().__init__(cluster, monkeypatch, database)
        self.retl, self.predecessor = retl, cluster.user("predecessor")
        self.names = {
            **{"admin": admin, "role": self.role, "checkpoint": self.checkpoint, "predecessor": self.predecessor},
            "other": cluster.name("other"),
        }
        cluster.identities.append(f"{admin}_rights")
        if set(has) & set(PERMISSIONS):
            self.sql(f"CREATE ROLE {admin}_rights", f"GRANT ROLE {admin}_rights TO {admin}")
        self.sql("SELECT 1", *rights(admin, has), *(one.format_map(self.names) for one in before))
        self.admin_connection(login=admin, password=PASSWORD)
        self.user_connection()

    def tasks(self, **how: Any) -> list[Any]:
        trust = {"trusted_owners": [self.predecessor], **how}
        later = {"future_tables": "default_privileges"}
        return [
            self.create_role(**trust),
            self.create_database(**trust),
            self.grant_schema(**trust),
            self.grant_schema(schema="billing", tables=["invoices"], **trust),
            self.grant_schema(schema="events", **later, **trust),
            self.grant_reverse_etl(schema_owner=self.retl, **trust),
        ]
