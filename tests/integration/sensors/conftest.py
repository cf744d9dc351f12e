"""What the sensors' tests share: two databases, and for each test schemas, a linked user and both connections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from local_redshift.running import Server
from tests.integration.conftest import connect, run, unique
from tests.integration.sensors.support import Databases, House, build

SetConnection = Callable[[str, str], None]


@pytest.fixture(scope="session")
def databases(server: Server) -> Iterator[Databases]:
    names = [unique("read"), unique("checkpoint")]
    with closing(connect(server)) as connection:
        for name in names:
            run(connection, f"CREATE DATABASE {name}")
        yield Databases(server, *names)
        # This fails, and so the last test, where a connection was left open by any.
        for name in names:
            run(connection, f"DROP DATABASE {name}")


@pytest.fixture
def set_connection(monkeypatch: pytest.MonkeyPatch) -> SetConnection:
    """Define an Airflow connection for this test."""

    def define(conn_id: str, value: str) -> None:
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", value)

    return define


@pytest.fixture
def house(databases: Databases, set_connection: SetConnection) -> House:
    return build(databases, set_connection)
