"""What the state of a Profiles Sync schema means."""

from __future__ import annotations

import pytest

from airflow_provider_datagraph.access import profiles_sync

# https://segment.com/docs/unify/profiles-sync/tables/
RAW = ("external_id_mapping_updates", "id_graph_updates", "profile_traits_updates")
MATERIALIZED = ("profile_merges", "user_identifiers", "user_traits")

NO_SCHEMA = (
    "Segment creates the schema once Profiles Sync is connected and a live event has arrived: in an idle space, send "
    "a test event."
)
NOT_SELECTED = (
    "The raw tables are there and the materialized ones are not: select them under Unify > Profiles Sync > Settings > "
    "Selective sync; for tables enabled late, ask Segment for a backfill."
)
LATER = "Segment writes them with its next hourly sync."


def test_six_tables_are_needed() -> None:
    assert profiles_sync.RAW_TABLES == RAW
    assert profiles_sync.MATERIALIZED_TABLES == MATERIALIZED
    assert profiles_sync.REQUIRED_TABLES == RAW + MATERIALIZED


def test_missing_tables_keep_their_order() -> None:
    wanted = ("user_traits", "id_graph_updates", "accounts")
    assert profiles_sync.missing_tables(wanted, {"id_graph_updates", "other"}) == ("user_traits", "accounts")
    assert profiles_sync.missing_tables(wanted, set()) == wanted
    assert profiles_sync.missing_tables(iter(wanted), set(wanted)) == ()


def wrong_name(alias: str) -> str:
    return f"The schema has {alias}, which isn't a name that Profiles Sync writes: check the schema."


@pytest.mark.parametrize(
    ("stored", "exists", "sentence"),
    [
        ((), False, NO_SCHEMA),
        ((*RAW, "user_identifier"), False, NO_SCHEMA),
        ((), True, LATER),
        (RAW, True, NOT_SELECTED),
        ((*RAW, "user_identifier"), True, NOT_SELECTED),
        (RAW[:2], True, LATER),
        ((*RAW, "user_traits"), True, LATER),
        (("user_identifier",), True, wrong_name("user_identifier")),
        (("profile_trait_updates",), True, wrong_name("profile_trait_updates")),
        (
            ("user_identifier", "id_graph_updated", "id_graph_udpates"),
            True,
            wrong_name("id_graph_udpates, id_graph_updated, user_identifier"),
        ),
        (("user_identifier", "user_identifiers"), True, LATER),
        (("accounts",), True, LATER),
    ],
)
def test_advice_tells_what_to_do(stored: tuple[str, ...], exists: bool, sentence: str) -> None:
    missing = profiles_sync.missing_tables(RAW + MATERIALIZED, stored)
    assert profiles_sync.advice(missing, stored, exists) == sentence


def test_an_alias_of_a_table_that_nobody_waits_for_is_no_matter() -> None:
    assert profiles_sync.advice(("user_traits",), ("user_identifier",), True) == LATER
