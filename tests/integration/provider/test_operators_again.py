"""Every operator run twice: the second run sends nothing that changes anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_datagraph.redshift.catalog.sessions import CASE_SENSITIVE
from tests.support.segment import Segment, execute

# An operator, its arguments, and how many changes its first run makes.
RUNS: list[tuple[Callable[..., Any], dict[str, Any], int]] = [
    (Segment.check, {"profiles_sync": "{{ params.warehouse }}.profiles"}, 0),
    (Segment.create_role, {}, 3),
    (Segment.create_database, {}, 2),
    (Segment.grant_schema, {"schema": ["crm", "billing"]}, 4),
    (Segment.grant_schema, {"schema": ["crm", "billing"], "prune": True}, 4),
    (Segment.grant_schema, {"future_tables": "none"}, 2),
    (Segment.grant_schema, {"future_tables": "none", "prune": True}, 2),
    (Segment.grant_schema, {"tables": ["accounts"]}, 2),
    (Segment.grant_schema, {"tables": ["accounts"], "prune": True}, 2),
    (Segment.grant_schema, {"schema": ["crm", "billing"], "tables": {"crm": ["accounts"]}}, 4),
    (Segment.grant_reverse_etl, {"schema": "crm"}, 2),
    (Segment.grant_reverse_etl, {"schema": "crm", "drop": "all"}, 2),
    (Segment.grant_reverse_etl, {}, 0),
    (Segment.summary, {}, 0),
]


@pytest.mark.parametrize(("make", "arguments", "changes"), RUNS)
def test_the_second_run_changes_nothing(
    segment: Segment, make: Callable[..., Any], arguments: dict[str, Any], changes: int
) -> None:
    cluster = segment.cluster
    if make is not Segment.create_role:
        segment.make_identities()
    begin = cluster.mark()
    first = execute(make(segment, **arguments), warehouse=segment.warehouse)
    assert first["changed"] == len(first["changes"]) == changes
    assert bool(cluster.changes(begin)) is bool(changes)
    with cluster.untouched():
        second = execute(make(segment, **arguments), warehouse=segment.warehouse)
    assert (second["changed"], second["changes"], second["findings"]) == (0, [], [])
    assert second["in_place"] == changes
    if make is not Segment.check:
        # All names are in lower case, which compares alike in every session.
        assert CASE_SENSITIVE not in cluster.received(begin)
