"""A warehouse on the server that fails on demand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local_redshift.faults_client import Faults
from local_redshift.running import Server
from tests.integration.world import Warehouse, World


@pytest.fixture(scope="session")
def faulty_warehouse(faulty: Server) -> Iterator[Warehouse]:
    made = Warehouse.make(faulty)
    yield made
    made.close()


@pytest.fixture
def world(faulty_warehouse: Warehouse, faults: Faults, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Identities don't exist yet."""
    made = World(faulty_warehouse, monkeypatch)
    yield made
    faults.clear()
    faults.start()
    made.clean()


@pytest.fixture
def linked(world: World) -> World:
    """Role and user exist, without any privilege."""
    world.make_identities()
    return world
