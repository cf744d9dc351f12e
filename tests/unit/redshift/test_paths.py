"""Dotted names: split as typed, joined so that they read back."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from airflow_provider_datagraph.redshift.names import InvalidInput, join_path, split_path, split_quoted
from tests.unit.redshift.reading import refusal

PARTS = st.text(alphabet="aZ1.\"' é漢\\", min_size=1, max_size=8) | st.text(min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("crm", ("crm",)),
        ("Analytics.CRM", ("Analytics", "CRM")),
        ("analytics.crm.accounts", ("analytics", "crm", "accounts")),
        ("a.b.c.d", ("a", "b", "c", "d")),
        ("  crm.accounts\t", ("crm", "accounts")),
        ('"my.schema"', ("my.schema",)),
        ('analytics."my.schema"."t"', ("analytics", "my.schema", "t")),
        ('"a""b".c', ('a"b', "c")),
        ('"""".x', ('"', "x")),
        ('""""""', ('""',)),
        ('a"b.c', ('a"b', "c")),
        ('" spaced "', (" spaced ",)),
        ("with space.t", ("with space", "t")),
    ],
)
def test_a_dotted_name_is_split_at_its_unquoted_dots(text: str, parts: tuple[str, ...]) -> None:
    assert split_path(text) == parts


def test_what_stood_in_quotes_is_known() -> None:
    assert split_quoted(' "a.b".c."d"') == (("a.b", True), ("c", False), ("d", True))


REFUSED = {
    "has an empty part: write schema, database.schema or database.schema.table.": (
        ["", "   ", ".", "a.", ".a", "a..b", '""', 'a.""', '"".a', '"a".']
    ),
    "has a double quote that isn't closed: close it, or remove it.": ['"', '"a', 'a."b', '"a""', '"a"."b""', '"""'],
    "goes on after a closing quote: put a dot between the parts.": ['"a"b', '"a" .b', 'x."a"b.c', '"a"b"'],
}


@pytest.mark.parametrize(("text", "told"), [(text, told) for told, texts in REFUSED.items() for text in texts])
def test_what_is_no_path_is_refused(text: str, told: str) -> None:
    assert refusal(split_path, text) == (f"{text!r} {told}",)


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (("crm",), "crm"),
        (("analytics", "CRM", "t 1"), "analytics.CRM.t 1"),
        (("XX_DB", "it's"), "XX_DB.it's"),
        (("a", "my.schema"), 'a."my.schema"'),
        (('a"b', "c"), '"a""b".c'),
        ((" a", "b "), '" a"."b "'),
    ],
)
def test_only_parts_that_need_it_are_quoted(parts: tuple[str, ...], text: str) -> None:
    assert join_path(*parts) == text


@given(st.lists(PARTS, min_size=1, max_size=4))
@example(['"', ".", " ", '"."'])
@settings(deadline=None, max_examples=150)
def test_what_is_joined_splits_again(parts: list[str]) -> None:
    assert split_path(join_path(*parts)) == tuple(parts)


@given(st.text(alphabet='ab." é', max_size=14))
@settings(deadline=None, max_examples=150)
def test_what_is_split_joins_to_the_same_meaning(text: str) -> None:
    try:
        parts = split_path(text)
    except InvalidInput:
        return
    assert all(parts)
    assert split_path(join_path(*parts)) == parts
