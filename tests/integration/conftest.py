"""What integration tests share: one local Redshift a session, connections to it, a database a test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local_redshift.faults_client import Faults
from local_redshift.running import Server
from tests.integration.redshift_helpers import connect, mark, refused, run, statements, unique

__all__ = ["connect", "mark", "refused", "run", "statements", "unique"]


@pytest.fixture(scope="session")
def server(redshift: Server) -> Server:
    return redshift


@pytest.fixture(scope="session")
def faulty(_redshift_that_takes_orders: Server) -> Server:
    """Another one, for tests that order faults: nothing else runs on it."""
    return _redshift_that_takes_orders


@pytest.fixture
def faults(redshift_faults: Server) -> Faults:
    """Orders faults on `faulty`; the test's own are gone after it."""
    return redshift_faults.faults


@pytest.fixture
def admin(server: Server) -> Iterator[Any]:
    """A superuser's connection to the first database."""
    connection = connect(server)
    yield connection
    connection.close()


@pytest.fixture
def fresh_database(redshift_database: str) -> str:
    return redshift_database
