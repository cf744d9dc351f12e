"""What the sensors look at. One look is the same from a worker's poke and from the triggerer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_datagraph.engine.looks.access import AccessProbe
from airflow_provider_datagraph.engine.looks.base import Connections, Look, Probe, take
from airflow_provider_datagraph.engine.looks.profiles_sync import ProfilesSyncProbe
from airflow_provider_datagraph.hooks.redshift import PROVIDER

__all__ = ["AccessProbe", "Look", "Probe", "ProfilesSyncProbe", "make_probe", "take"]

PROBES: Mapping[str, type[AccessProbe] | type[ProfilesSyncProbe]] = {
    "access": AccessProbe,
    "profiles_sync": ProfilesSyncProbe,
}


def make_probe(
    name: str, arguments: Mapping[str, Any], loaded: Connections | None = None, application: str = PROVIDER
) -> Probe:
    """Make a probe by its name, as a trigger's serialized form holds it.

    :param name: a key of ``PROBES``.
    :param loaded: connections by id, looked up already.
    :param application: what its sessions are called.
    """
    return PROBES[name](**arguments, loaded=loaded, application=application)
