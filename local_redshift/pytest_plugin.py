"""Fixtures of pytest, for tests of DAGs as well: `pytest -p local_redshift.pytest_plugin`."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing

import pytest
import redshift_connector

from local_redshift.running import Server, started


@pytest.fixture(scope="session")
def redshift() -> Iterator[Server]:
    """A local Redshift, one for all tests."""
    with started(iam=True) as running:
        yield running


@pytest.fixture(scope="session")
def _redshift_that_takes_orders() -> Iterator[Server]:
    with started(faults=True, iam=True) as running:
        yield running


@pytest.fixture
def redshift_faults(_redshift_that_takes_orders: Server) -> Iterator[Server]:
    """Another one, whose `faults` a test may order; they end with it."""
    yield _redshift_that_takes_orders
    _redshift_that_takes_orders.faults.clear()
    _redshift_that_takes_orders.faults.start()


@pytest.fixture
def redshift_database(redshift: Server) -> Iterator[str]:
    """The name of a database of the test's own. Close what is connected to it before the test ends."""
    name = f"db_{uuid.uuid4().hex[:10]}"
    connection = redshift_connector.connect(
        host=redshift.host,
        port=redshift.port,
        user=redshift.user,
        password=redshift.password,
        database=redshift.database,
        ssl=False,
        application_name="tests",
    )
    with closing(connection) as admin:
        admin.autocommit = True
        cursor = admin.cursor()
        cursor.execute(f"CREATE DATABASE {name}")
        yield name
        cursor.execute(f"DROP DATABASE {name}")
