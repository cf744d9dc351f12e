"""What integration tests share: one local Redshift a session, a warehouse a module, identities a test."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from local_redshift.faults_client import Faults
from local_redshift.running import Server
from tests.support.cluster import Cluster
from tests.support.redshift import connect
from tests.support.segment import WAREHOUSE, Logged, Segment


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


@pytest.fixture(scope="module")
def shared(server: Server) -> Iterator[Cluster]:
    """The server, with a warehouse for tests that only grant in it."""
    made = Cluster(server)
    made.share(*WAREHOUSE)
    yield made
    # Who holds something there can't be dropped before.
    made.databases += made.shared
    made.clear()
    assert made.identities == []


@pytest.fixture
def cluster(shared: Cluster) -> Iterator[Cluster]:
    """The same; what a test makes is removed after it."""
    yield shared
    shared.clear()


@pytest.fixture
def segment(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Segment:
    """The shared warehouse and Airflow's two connections; neither role nor user exists yet."""
    return Segment(cluster, monkeypatch, cluster.shared[0])


@pytest.fixture
def linked(segment: Segment) -> Segment:
    """The same, and role and user exist, without any privilege."""
    segment.make_identities()
    return segment


@pytest.fixture
def warehouse(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Segment:
    """A warehouse of the test's own; role and user exist, without any privilege."""
    made = Segment(cluster, monkeypatch, cluster.database(*WAREHOUSE))
    made.make_identities()
    return made


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Logged:
    """What was logged since the last call. Airflow 3 prints a task's log, Airflow 2 hands it to Python's loggers."""
    caplog.set_level(logging.INFO)

    def since() -> str:
        text = "".join(capfd.readouterr()) + caplog.text
        caplog.clear()
        return text

    return since
