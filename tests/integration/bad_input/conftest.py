"""A warehouse to hold bad input against."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local_redshift.running import Server
from tests.integration.world import Warehouse, World


@pytest.fixture(scope="session")
def plain_warehouse(server: Server) -> Iterator[Warehouse]:
    made = Warehouse.make(server)
    yield made
    made.close()


@pytest.fixture
def world(plain_warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Identities don't exist yet."""
    made = World(plain_warehouse, monkeypatch)
    yield made
    made.clean()


@pytest.fixture
def linked(world: World) -> World:
    """Role and user exist, without any privilege."""
    world.make_identities()
    return world
