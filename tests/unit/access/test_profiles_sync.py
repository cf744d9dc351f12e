"""What the state of a Profiles Sync schema means."""

from __future__ import annotations

import pytest

from airflow_provider_datagraph.access import profiles_sync
from airflow_provider_datagraph.access.plan import Fact, blocking, finding
from airflow_provider_datagraph.access.profiles_sync import missing_tables, no_database

# https://segment.com/docs/unify/profiles-sync/tables/
RAW = ("external_id_mapping_updates", "id_graph_updates", "profile_traits_updates")
MATERIALIZED = ("profile_merges", "user_identifiers", "user_traits")
REQUIRED = RAW + MATERIALIZED


def test_six_tables_are_needed() -> None:
    assert profiles_sync.RAW_TABLES == RAW
    assert profiles_sync.MATERIALIZED_TABLES == MATERIALIZED
    assert profiles_sync.REQUIRED_TABLES == REQUIRED


@pytest.mark.parametrize(
    ("stored", "exists", "case", "aliases"),
    [
        ((), False, "unsynced", ()),
        ((), True, "waiting", ()),
        (RAW, True, "raw only", ()),
        ((*RAW, "user_identifier"), True, "raw only", ("user_identifier",)),
        (RAW[:2], True, "waiting", ()),
        ((*RAW, "user_traits"), True, "waiting", ()),
        (("user_identifier",), True, "aliases", ("user_identifier",)),
        (("profile_trait_updates",), True, "aliases", ("profile_trait_updates",)),
        (
            ("user_identifier", "id_graph_updated", "id_graph_udpates"),
            True,
            "aliases",
            ("id_graph_udpates", "id_graph_updated", "user_identifier"),
        ),
        (("user_identifier", "user_identifiers"), True, "waiting", ()),
        (("accounts",), True, "waiting", ()),
    ],
)
def test_what_missing_tables_mean(stored: tuple[str, ...], exists: bool, case: str, aliases: tuple[str, ...]) -> None:
    missing = tuple(table for table in REQUIRED if table not in stored)
    code, owner = ("tables_missing", "boss") if exists else ("schema_missing", None)
    facts: dict[str, Fact] = {"tables": missing, "login": "admin", "owner": owner, "aliases": aliases, "views": ()}
    tables = dict.fromkeys(stored, False)
    found = missing_tables("dev.p", missing, tables, "admin", owner, linked=False)
    assert found == finding(code, "dev.p", case=case, **facts)
    # From the linked user, what it may not read is hidden: whatever there is.
    found = missing_tables("dev.p", missing, tables, "admin", owner, linked=True)
    assert found == finding(code, "dev.p", case="hidden", **facts)


@pytest.mark.parametrize(("views", "linked"), [(REQUIRED, "views"), (REQUIRED[3:], "hidden"), (REQUIRED[:1], "hidden")])
def test_a_view_is_no_table(views: tuple[str, ...], linked: str) -> None:
    stored = {**dict.fromkeys(views, True), "user_identifier": False, "a_view": True}
    facts: dict[str, Fact] = {"tables": REQUIRED, "owner": "boss", "aliases": ("user_identifier",), "views": views}
    for is_linked, case in ((False, "views"), (True, linked)):
        found = missing_tables("dev.p", REQUIRED, stored, "u", "boss", linked=is_linked)
        assert found == finding("tables_missing", "dev.p", case=case, login="u", **facts)


def test_an_alias_of_a_table_that_nobody_waits_for_is_no_matter() -> None:
    found = missing_tables("dev.p", ("user_traits",), {"user_identifier": False}, "admin", "boss", linked=False)
    told: dict[str, Fact] = {"tables": ("user_traits",), "login": "admin", "owner": "boss", "aliases": (), "views": ()}
    assert found == finding("tables_missing", "dev.p", case="waiting", **told)


def test_a_database_that_isnt_there_blocks() -> None:
    assert no_database("sales") == blocking("database_missing", "sales", case="look")
