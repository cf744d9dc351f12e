"""Schemas of a test's own that don't exist yet, and the sensors that wait for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from airflow_provider_datagraph.sensors.access import ValidateAccessSensor
from airflow_provider_datagraph.sensors.base import DataGraphSensor
from airflow_provider_datagraph.sensors.profiles_sync import ProfilesSyncTablesSensor
from tests.support.cluster import Cluster
from tests.support.profiles_sync import PROFILES_SYNC, profiles_sync
from tests.support.redshift import unique
from tests.support.segment import Segment


class House(Segment):
    """Two databases that tests share, the one to read and the checkpoint database, and a linked user."""

    def __init__(self, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(cluster, monkeypatch, cluster.shared[0])
        self.checkpoint = cluster.shared[1]
        self.crm, self.profiles_schema = unique("crm"), unique("profiles")
        self.make_identities()
        self.writes(self.checkpoint)

    def tables(self, schema: str, names: Iterable[str] = PROFILES_SYNC, **given: Any) -> None:
        """Create tables as Profiles Sync does."""
        self.sql(*profiles_sync(schema, names, **given))

    def make_profiles(self, names: Iterable[str] = PROFILES_SYNC, **given: Any) -> None:
        """Create the Profiles Sync schema with some of its tables, and a row in each."""
        self.sql(f"CREATE SCHEMA {self.profiles_schema}")
        self.tables(self.profiles_schema, names, **given)

    def make_crm(self) -> None:
        """Create a customer's schema with two tables, closed to the linked user."""
        self.sql(f"CREATE SCHEMA {self.crm}")
        self.tables(self.crm, ("accounts", "contacts"))

    def profiles(self, **arguments: Any) -> ProfilesSyncTablesSensor:
        return super().profiles(**{"schema": self.profiles_schema, **arguments})

    def access(self, **arguments: Any) -> ValidateAccessSensor:
        """A sensor on the linked user's access, from the checkpoint database."""
        return super().access(**{"checkpoint_database": self.checkpoint, **arguments})

    def sensor(self, kind: str, **arguments: Any) -> DataGraphSensor:
        """Either sensor, by its probe's name; what it waits for doesn't exist yet."""
        if kind == "profiles_sync":
            return self.profiles(**arguments)
        return self.access(**{"tables": [f"{self.crm}.accounts"], **arguments})

    def fulfil(self, kind: str) -> None:
        """Make what that sensor waits for."""
        if kind == "profiles_sync":
            self.make_profiles()
        else:
            # A look between a table and its grant would tell a refusal.
            self.sql(f"CREATE SCHEMA {self.crm}")
            self.open(self.crm)
            self.tables(self.crm, ("accounts", "contacts"))
