"""The prerequisite: the tables that Segment's Profiles Sync writes, their groups, and what their absence means. Pure.

https://segment.com/docs/unify/profiles-sync/tables/
"""

from __future__ import annotations

from collections.abc import Collection

from airflow_provider_datagraph.access.plan import Finding, blocking, finding

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


def missing_tables(
    path: str, missing: tuple[str, ...], stored: Collection[str], login: str, *, exists: bool, linked: bool
) -> Finding:
    """Tell which tables aren't there yet, and what that means.

    :param missing: the tables that aren't there.
    :param stored: those that are.
    :param login: who looked.
    :param exists: whether there is the schema.
    :param linked: whether it was the linked user, from whom what it may not read is hidden.
    """
    aliases = tuple(sorted(alias for alias, right in ALIASES.items() if alias in stored and right in missing))
    if linked:
        case = "hidden"
    elif not exists:
        case = "unsynced"
    elif set(missing) >= set(MATERIALIZED_TABLES) and set(RAW_TABLES) <= set(stored):
        case = "raw only"
    else:
        case = "aliases" if aliases else "waiting"
    code = "tables_missing" if exists else "schema_missing"
    return finding(code, path, case=case, tables=missing, login=login, aliases=aliases)


def no_database(database: str) -> Finding:
    """Tell that the database of Profiles Sync doesn't exist: Segment creates the schema, and not that."""
    return blocking("database_missing", database, case="look")
