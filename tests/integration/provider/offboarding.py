"""What is left of somebody who has left."""

from __future__ import annotations

from tests.support.cluster import Cluster
from tests.support.segment import Segment


def traces(cluster: Cluster, *names: str) -> set[tuple[str, str]]:
    """Where somebody's name still stands, as (database, view)."""
    found = cluster.snapshot(*cluster.existing_databases())
    return {(place, row[0]) for place, rows in found.items() for row in rows if not set(names).isdisjoint(row)}


def checkpoint(segment: Segment, *statements: str) -> str:
    """A database in which the role holds CREATE, as in the checkpoint database."""
    name = segment.cluster.database(*statements)
    segment.cluster.sql(name, f"GRANT CREATE ON DATABASE {name} TO ROLE {segment.role}")
    return name


def gone(segment: Segment) -> bool:
    return traces(segment.cluster, segment.role, segment.user) == set()
