"""The warehouse, its connections and tasks, on the server that fails on demand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local_redshift.faults_client import Faults
from local_redshift.running import Server
from tests.support.cluster import Cluster
from tests.support.segment import RETL, Segment


@pytest.fixture(scope="session")
def server(faulty: Server) -> Server:
    return faulty


@pytest.fixture(scope="module")
def shared(shared: Cluster) -> Cluster:
    shared.sql(shared.shared[0], f"CREATE SCHEMA {RETL}", f"CREATE TABLE {RETL}.records (id int)")
    return shared


@pytest.fixture
def cluster(cluster: Cluster, faults: Faults) -> Iterator[Cluster]:
    """The same, in order again when what a test made is removed."""
    yield cluster
    faults.clear()
    faults.start()


@pytest.fixture
def opened(linked: Segment) -> Segment:
    """What both sensors wait for is there."""
    linked.open("crm")
    linked.writes(linked.warehouse)
    linked.sql(f"GRANT USAGE, CREATE ON SCHEMA {RETL} TO ROLE {linked.role}")
    linked.sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {RETL} TO ROLE {linked.role}")
    return linked
