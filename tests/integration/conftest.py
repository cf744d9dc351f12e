"""What integration tests share: one local Redshift a session, connections to it, a database a test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local_redshift.faults_client import Faults
from local_redshift.running import Server, started
from tests.integration.redshift_helpers import connect, mark, refused, run, statements, unique

__all__ = ["connect", "mark", "refused", "run", "statements", "unique"]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with started() as running:
        yield running


@pytest.fixture(scope="session")
def faulty() -> Iterator[Server]:
    """Another one, for tests that order faults: nothing else runs on it."""
    with started(faults=True) as running:
        yield running


@pytest.fixture
def faults(faulty: Server) -> Iterator[Faults]:
    """Orders faults on `faulty`; the test's own are gone after it."""
    yield faulty.faults
    faulty.faults.clear()
    faulty.faults.start()


@pytest.fixture
def admin(server: Server) -> Iterator[Any]:
    """A superuser's connection to the first database."""
    connection = connect(server)
    yield connection
    connection.close()


@pytest.fixture
def fresh_database(server: Server) -> Iterator[str]:
    """A database of this test's own. Close what is connected to it before the test ends."""
    name = unique("db")
    connection = connect(server)
    run(connection, f'CREATE DATABASE "{name}"')
    yield name
    run(connection, f'DROP DATABASE "{name}"')
    connection.close()
