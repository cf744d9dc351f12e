"""A database with a schema, two tables, a role, and a user who holds it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local_redshift.running import Server
from tests.integration.local_redshift.local_place import Place
from tests.support.redshift import PASSWORD, connect, run, unique


@pytest.fixture
def place(server: Server, fresh_database: str) -> Iterator[Place]:
    role, user = unique("role"), unique("user")
    admin = connect(server, fresh_database)
    for sql in (
        f"CREATE ROLE {role}",
        f"CREATE USER {user} PASSWORD '{PASSWORD}'",
        f"GRANT ROLE {role} TO {user}",
        "CREATE SCHEMA s",
        "CREATE TABLE s.one (a int, b int)",
        "CREATE TABLE s.two (a int)",
        "INSERT INTO s.one VALUES (1, 2)",
    ):
        run(admin, sql)
    reader = connect(server, fresh_database, user)
    yield Place(server, fresh_database, role, user, admin, reader)
    reader.close()
    admin.close()
