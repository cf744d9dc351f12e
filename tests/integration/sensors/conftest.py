"""What the sensors' tests share: two databases, and for each test schemas, a linked user and both connections."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.sensors.house import House
from tests.support.cluster import Cluster


@pytest.fixture(scope="module")
def shared(shared: Cluster) -> Cluster:
    """Also with a checkpoint database. They can't be dropped where a sensor left a connection open."""
    shared.share()
    return shared


@pytest.fixture
def house(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    made = House(cluster, monkeypatch)
    yield made
    # The next one's sensor would take it for what was meant.
    made.sql(f"DROP SCHEMA IF EXISTS {made.profiles_schema} CASCADE")
