"""What the state of a Profiles Sync schema means, and what it means that a table can't be read."""

from __future__ import annotations

import pytest

from airflow_provider_datagraph.access import profiles_sync
from airflow_provider_datagraph.access.plan import finding
from airflow_provider_datagraph.access.validation import nothing_to_read, unreachable, unreadable
from airflow_provider_datagraph.redshift.names import InvalidInput

# https://segment.com/docs/unify/profiles-sync/tables/
RAW = ("external_id_mapping_updates", "id_graph_updates", "profile_traits_updates")
MATERIALIZED = ("profile_merges", "user_identifiers", "user_traits")
REQUIRED = RAW + MATERIALIZED


def test_six_tables_are_needed() -> None:
    assert profiles_sync.RAW_TABLES == RAW
    assert profiles_sync.MATERIALIZED_TABLES == MATERIALIZED
    assert profiles_sync.REQUIRED_TABLES == REQUIRED


# https://segment.com/docs/connections/storage/warehouses/schema/, and from the tests of segmentio/go-snakecase.
@pytest.mark.parametrize(
    ("event", "table"),
    [
        ("Order Completed", "order_completed"),
        ("order_completed", "order_completed"),
        ("inviteYourCustomers", "invite_your_customers"),
        ("sample-text.com", "sample_text_com"),
        ("   $#$sample   2    Text   ", "sample_2_text"),
        ("samPLE text", "sam_ple_text"),
        ("SAMPLE 2 TEXT", "sample_2_text"),
        ("lk0B@bFmjrLQ_Z6YL", "lk0_b_b_fmjr_lq_z6yl"),
        ("CStringRef", "cstring_ref"),
        ("f_pX9", "f_p_x9"),
        ("edf_6N", "edf_6n"),
        ("THE5r", "the5r"),
        ("2FA Enabled", "_2fa_enabled"),
        ("_2fa_enabled", "_2fa_enabled"),
    ],
)
def test_the_table_of_an_event_is_called_as_segment_calls_it(event: str, table: str) -> None:
    assert profiles_sync.event_table(event) == table
    assert profiles_sync.event_table(table) == table


def test_an_event_without_a_name_has_no_table() -> None:
    with pytest.raises(InvalidInput, match="no letter and no digit"):
        profiles_sync.event_table("•¶§")


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("42P01", "table_missing"),
        ("3F000", "schema_missing"),
        ("3D000", "database_missing"),
        ("42501", "not_readable"),
        ("", "not_readable"),
    ],
)
def test_what_cant_be_read_is_told_with_the_server_s_words(state: str, code: str) -> None:
    found = unreadable(("dev", "my.schema", "t"), state, "permission denied")
    assert found == finding(code, 'dev."my.schema".t', case="reading", reason="permission denied", state=state)


def test_what_cant_be_named_is_told() -> None:
    assert unreachable(("dev", "s", "My.T"), "u") == finding("unreachable_name", 'dev.s."My.T"', login="u")


def test_a_schema_that_isnt_there_is_told_from_an_empty_one() -> None:
    assert nothing_to_read("dev", "s.1", exists=True) == finding("schema_empty", 'dev."s.1"')
    assert nothing_to_read("dev", "s.1", exists=False) == finding("schema_missing", 'dev."s.1"', case="reading it")
