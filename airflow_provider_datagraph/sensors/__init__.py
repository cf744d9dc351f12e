"""Sensors: they look once on a worker, and then wait in the triggerer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_datagraph.lazy import lazily

if TYPE_CHECKING:
    from airflow_provider_datagraph.sensors.access import ValidateAccessSensor
    from airflow_provider_datagraph.sensors.profiles_sync import ProfilesSyncTablesSensor

__all__ = ["ProfilesSyncTablesSensor", "ValidateAccessSensor"]
__getattr__ = lazily(__name__, {"ProfilesSyncTablesSensor": "profiles_sync", "ValidateAccessSensor": "access"})
