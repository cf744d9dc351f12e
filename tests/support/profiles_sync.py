"""The tables of Profiles Sync, as Segment writes them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from airflow_provider_datagraph.redshift.statements import written

# https://segment.com/docs/unify/profiles-sync/tables/
_MATERIALIZED = "canonical_segment_id seq received_at uuid_ts timestamp"
PROFILES_SYNC = {
    "external_id_mapping_updates": "external_id_hash external_id_type external_id_value id received_at segment_id seq "
    "timestamp triggering_event_id triggering_event_name triggering_event_source_id triggering_event_source_name "
    "triggering_event_source_slug triggering_event_type uuid_ts",
    "id_graph_updates": "segment_id canonical_segment_id triggering_event_type triggering_event_id timestamp "
    "seq uuid_ts id received_at",
    "profile_traits_updates": "segment_id seq uuid_ts timestamp received_at",
    "profile_merges": f"segment_id {_MATERIALIZED}",
    "user_identifiers": f"type value {_MATERIALIZED}",
    "user_traits": f"name value {_MATERIALIZED}",
}
"""The tables that Profiles Sync always writes, in the order in which they are waited for, and their columns."""
TIMES = ("received_at", "timestamp", "uuid_ts")


def profiles_sync(schema: str, names: Iterable[str] = PROFILES_SYNC, age: timedelta | None = timedelta(0)) -> list[str]:
    """Statements that create tables as Profiles Sync does, an event's table where the name is another.

    :param age: how long ago the only row of each was received; None: they are empty.
    """
    made = []
    for name in names:
        columns = PROFILES_SYNC.get(name.lower(), "id segment_id received_at").split()
        typed = ", ".join(f'"{c}" {"timestamp" if c in TIMES else "varchar(200)"}' for c in columns)
        made.append(f"CREATE TABLE {written((schema, name))} ({typed})")
        if age is not None:
            received = f"{datetime.now(UTC) - age:%Y-%m-%d %H:%M:%S}"
            made.append(f"INSERT INTO {written((schema, name))} (received_at) VALUES ('{received}')")
    return made
