"""Fixtures of the operators' tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from local_redshift.running import Server
from tests.integration.provider.support import Cluster, Segment

WAREHOUSE = (
    "CREATE SCHEMA crm",
    "CREATE TABLE crm.accounts (id int, name varchar(20))",
    "INSERT INTO crm.accounts VALUES (1, 'Brightwater Farms')",
    "CREATE TABLE crm.contacts (id int)",
    "CREATE SCHEMA billing",
    "CREATE TABLE billing.invoices (id int)",
    "CREATE SCHEMA payroll",
    "CREATE TABLE payroll.salaries (cents int)",
)


@dataclass
class Shared:
    """A warehouse for tests that only grant in it, and the roles and users that hold something there."""

    warehouse: str
    identities: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def shared(server: Server) -> Iterator[Shared]:
    """A role that holds something in the shared warehouse can't be dropped before that is gone."""
    made = Cluster(server)
    kept = Shared(made.database(*WAREHOUSE))
    yield kept
    made.drop_databases()
    assert made.drop_identities(kept.identities) == []


@pytest.fixture
def cluster(server: Server, shared: Shared) -> Iterator[Cluster]:
    """The local Redshift; the databases that this test makes are removed after it."""
    made = Cluster(server, [shared.warehouse])
    yield made
    made.drop_databases()
    shared.identities += made.drop_identities(made.identities)


@pytest.fixture
def segment(cluster: Cluster, monkeypatch: pytest.MonkeyPatch, shared: Shared) -> Segment:
    """The shared warehouse and Airflow's two connections; neither role nor user exists yet."""
    return Segment(cluster, monkeypatch, shared.warehouse)


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
