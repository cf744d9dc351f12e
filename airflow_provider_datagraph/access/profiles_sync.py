"""The tables that Segment's Profiles Sync writes, their groups and the names they are mistaken for. Pure.

https://segment.com/docs/unify/profiles-sync/tables/
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

RAW_TABLES = ("external_id_mapping_updates", "id_graph_updates", "profile_traits_updates")
"""Append-only history, filled by the first backfill."""
MATERIALIZED_TABLES = ("profile_merges", "user_identifiers", "user_traits")
"""The current state. Physical tables of Segment's, not Redshift's materialized views."""
REQUIRED_TABLES = RAW_TABLES + MATERIALIZED_TABLES
"""What the Data Graph needs."""
# Variants met in Segment's own pages.
ALIASES = {
    "user_identifier": "user_identifiers",
    "profile_trait_updates": "profile_traits_updates",
    "id_graph_updated": "id_graph_updates",
    "id_graph_udpates": "id_graph_updates",
}


def missing_tables(wanted: Iterable[str], stored: Collection[str]) -> tuple[str, ...]:
    """Tell which tables aren't there yet.

    :param wanted: the tables to wait for.
    :param stored: the schema's tables.
    :return: the missing ones, in the order given.
    """
    return tuple(table for table in wanted if table not in stored)


def advice(missing: Collection[str], stored: Collection[str], schema_exists: bool) -> str:
    """Say what the state of the schema means, and what to do about it.

    :param missing: the tables that aren't there yet.
    :param stored: the schema's tables.
    :param schema_exists: whether the schema is there.
    :return: a sentence.
    """
    if not schema_exists:
        return (
            "Segment creates the schema once Profiles Sync is connected and a live event has arrived: in an idle "
            "space, send a test event."
        )
    if set(missing) >= set(MATERIALIZED_TABLES) and set(RAW_TABLES) <= set(stored):
        return (
            "The raw tables are there and the materialized ones are not: select them under Unify > Profiles Sync > "
            "Settings > Selective sync; for tables enabled late, ask Segment for a backfill."
        )
    wrong = sorted(alias for alias, right in ALIASES.items() if alias in stored and right in missing)
    if wrong:
        return f"The schema has {', '.join(wrong)}, which isn't a name that Profiles Sync writes: check the schema."
    return "Segment writes them with its next hourly sync."
