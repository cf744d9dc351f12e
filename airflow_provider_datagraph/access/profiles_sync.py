"""The prerequisite: the tables that Segment's Profiles Sync writes, their groups, and what their absence means. Pure.

https://segment.com/docs/unify/profiles-sync/tables/
"""

from __future__ import annotations

from collections.abc import Mapping

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
    path: str, missing: tuple[str, ...], stored: Mapping[str, bool], login: str, owner: str | None, *, linked: bool
) -> Finding:
    """Tell which tables aren't there yet, and what that means.

    :param missing: the tables that aren't there.
    :param stored: what is there, and whether it is a view: Profiles Sync writes tables.
    :param login: who looked.
    :param owner: whose the schema is; None where there is none, as far as who looked sees.
    :param linked: whether it was the linked user, from whom what it may not read is hidden.
    """
    aliases = tuple(sorted(alias for alias, right in ALIASES.items() if alias in stored and right in missing))
    views = tuple(table for table in missing if stored.get(table))
    if linked and len(views) < len(missing):
        case = "hidden"
    elif owner is None:
        case = "unsynced"
    elif views:
        case = "views"
    elif set(missing) >= set(MATERIALIZED_TABLES) and set(RAW_TABLES) <= set(stored):
        case = "raw only"
    else:
        case = "aliases" if aliases else "waiting"
    code = "tables_missing" if owner is not None else "schema_missing"
    return finding(code, path, case=case, tables=missing, login=login, owner=owner, aliases=aliases, views=views)


def no_database(database: str) -> Finding:
    """Tell that the database of Profiles Sync doesn't exist: Segment creates the schema, and not that."""
    return blocking("database_missing", database, case="look")
