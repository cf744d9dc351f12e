"""What the sensors look at. One look is the same from a worker's poke and from the triggerer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_datagraph.engine.looks.access import AccessProbe
from airflow_provider_datagraph.engine.looks.base import Late, Look, Probe, Sessions, take
from airflow_provider_datagraph.engine.looks.profiles_sync import ProfilesSyncProbe

__all__ = ["AccessProbe", "Late", "Look", "Probe", "ProfilesSyncProbe", "Sessions", "make_probe", "take"]

PROBES: Mapping[str, type[AccessProbe] | type[ProfilesSyncProbe]] = {
    "access": AccessProbe,
    "profiles_sync": ProfilesSyncProbe,
}


OF_SESSIONS = ("redshift_conn_id", "aws_conn_id")


def make_probe(name: str, arguments: Mapping[str, Any], sessions: Sessions) -> Probe:
    """Make a probe by its name, a key of ``PROBES``, as a trigger's serialized form holds it."""
    return PROBES[name](sessions, **{key: given for key, given in arguments.items() if key not in OF_SESSIONS})
