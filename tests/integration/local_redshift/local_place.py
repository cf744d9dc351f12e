"""A place to try permissions in: a database, a role, and a user who holds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from local_redshift.running import Server
from tests.support.redshift import refused, run


@dataclass
class Place:
    server: Server
    database: str
    role: str
    user: str
    admin: Any
    """A superuser in that database."""
    reader: Any
    """The user in that database."""

    def do(self, sql: str) -> list[tuple[Any, ...]]:
        return run(self.admin, self.named(sql))

    def refused(self, sql: str) -> tuple[str, str]:
        return refused(self.admin, self.named(sql))

    def read(self, sql: str) -> list[tuple[Any, ...]]:
        return run(self.reader, self.named(sql))

    def denied(self, sql: str) -> tuple[str, str]:
        return refused(self.reader, self.named(sql))

    def named(self, sql: str) -> str:
        for short, name in (("{role}", self.role), ("{user}", self.user), ("{db}", self.database)):
            sql = sql.replace(short, name)
        return sql
