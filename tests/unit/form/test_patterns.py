"""Patterns of schemas: what they mean, and what they never mean."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_datagraph.form.patterns import check_allowed, meant_by, parse_pattern, patterns
from airflow_provider_datagraph.redshift.names import fold
from airflow_provider_datagraph.redshift.values import Session
from tests.unit.redshift.reading import refusal

DEV, SENSITIVE = Session("admin", "dev"), Session("admin", "dev", case_sensitive=True)


@pytest.mark.parametrize(
    ("pattern", "inside", "outside"),
    [
        ("shop.*", ["shop.crm", "SHOP.x", "shop.a.b"], ["shops.crm", "xshop.crm", "dev.shop"]),
        ("shop.marts_*", ["shop.marts_", "Shop.Marts_Day"], ["shop.marts", "shop.xmarts_day", "dev.marts_day"]),
        ("Shop.Marts_*_*x", ["shop.marts_a_bx", "shop.marts__x"], ["shop.marts_x", "shop.marts_a_b"]),
        ("*.crm", ["shop.crm", "dev.crm"], ["shop.crm2", "shop.xcrm"]),
        ("crm", ["dev.crm", "DEV.CRM"], ["shop.crm"]),
        ("*", ["dev.crm"], ["shop.crm"]),
        ('"shop"."marts_*"', ["shop.marts_*", "SHOP.MARTS_*"], ["shop.marts_day"]),
        ('shop."a.b*"', ["shop.a.b*"], ["shop.a.bc", "shop.a"]),
        ('shop."*"', ["shop.*"], ["shop.crm"]),
        # None of these is one of fnmatch's or of a regular expression's signs.
        ("shop.a?c[d]!+", ["shop.a?c[d]!+"], ["shop.abc[d]!+", "shop.a?cd!+"]),
        ('shop."a?[!x]"', ["shop.a?[!x]"], ["shop.ab[!x]", "shop.aby"]),
        ("shop.[a-z]", ["shop.[a-z]"], ["shop.a"]),
        ("shop.Ä", ["shop.Ä"], ["shop.ä"]),
    ],
)
def test_what_a_pattern_means(pattern: str, inside: list[str], outside: list[str]) -> None:
    for wanted, paths in ((True, inside), (False, outside)):
        for path in paths:
            database, _, schema = path.partition(".")
            assert parse_pattern(pattern).matches(database, schema, DEV) is wanted, path


def test_where_names_compare_as_typed_patterns_do_too() -> None:
    means = parse_pattern("Shop.Crm_*").matches
    found = [means(*path, SENSITIVE) for path in (("Shop", "Crm_a"), ("shop", "Crm_a"), ("Shop", "crm_a"))]
    assert found == [True, False, False]
    assert not parse_pattern("crm").matches("Dev", "crm", SENSITIVE)
    # The own database is no pattern.
    here = Session("admin", "d*")
    assert [parse_pattern("crm").matches(name, "crm", here) for name in ("d*", "dev")] == [True, False]


NAMES = st.text(alphabet='aA*?["!.x', min_size=1, max_size=6)


@given(NAMES, NAMES)
def test_a_part_in_quotes_means_itself_alone(part: str, name: str) -> None:
    quoted = '"' + part.replace('"', '""') + '"'
    assert parse_pattern(f"shop.{quoted}").matches("shop", name, DEV) is (fold(part) == fold(name))


@given(st.text(alphabet="aA*?[!x", min_size=1, max_size=6), NAMES)
def test_a_star_means_any_characters_and_nothing_else_does(part: str, name: str) -> None:
    expected = re.fullmatch(".*".join(map(re.escape, fold(part).split("*"))), fold(name))
    assert parse_pattern(f"shop.{part}").matches("shop", name, DEV) is bool(expected)


def test_no_pattern_takes_long() -> None:
    pattern, begin = parse_pattern("*a" * 60 + "b"), time.process_time()
    assert not pattern.matches("dev", "a" * 127, DEV)
    assert time.process_time() - begin < 1


EMPTY = "allow is empty: name what may be opened, or leave it out for everything."


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ([], EMPTY),
        ("[]", EMPTY),
        ({"a": 1}, "allow is {'a': 1}: give a list, JSON text of a list, or one name a line."),
        (["!a.b"], "'!a.b' begins with '!', which leaves nothing out: name what may be opened."),
        (["a.{{b"], "The pattern name '{{b' holds '{{', which starts a template in Airflow"),
        (["a.b\tc"], "The pattern name 'b\\tc' holds a character that can't be printed: remove it."),
        (["a."], "'a.' has an empty part: write schema, database.schema or database.schema.table."),
        (["a.b", "a.b"], "allow names a.b twice: name each once."),
    ],
)
def test_what_is_no_list_of_patterns_is_refused(value: Any, told: str) -> None:
    assert refusal(patterns, value, "allow")[0].startswith(told)


def test_every_pattern_that_is_wrong_is_told() -> None:
    assert len(refusal(patterns, ["a.b.c", "crm", "!x", ""], "allow")) == 3
    assert [one.text for one in patterns('crm\n"!x".y', "allow")] == ["crm", '"!x".y']
    parts = "parts: write {}, with * for any characters, and double quotes around a part that holds a dot."
    assert refusal(parse_pattern, "a.b.c") == (f"'a.b.c' has 3 {parts.format('database.schema')}",)
    told = (f"'a.b.c.d' has 4 {parts.format('database.schema.table')}",)
    assert refusal(parse_pattern, "a.b.c.d", tables=True) == told


def test_what_isnt_allowed_is_told_with_what_is() -> None:
    allow = patterns(["shop.marts_*", "crm"], "allow")
    assert refusal(check_allowed, "shop.payroll", "shop", "payroll", DEV, allow) == (
        "shop.payroll isn't allowed here: this DAG opens only shop.marts_*, crm.",
    )
    check_allowed("it", "shop", "marts_day", DEV, allow)
    check_allowed("it", "shop", "payroll", DEV, None)
    assert refusal(check_allowed, "it", "shop", "payroll", DEV, ())


@pytest.mark.parametrize(
    ("pattern", "session", "inside", "outside"),
    [
        ("shop.crm", DEV, ["shop.crm", "shop.crm.a", "shop.crm.B"], ["shop.Crm", "Shop.crm", "dev.crm.a"]),
        ("Shop.CRM", DEV, ["shop.crm.a"], ["shop.CRM.a"]),
        ("Shop.CRM", SENSITIVE, ["Shop.CRM.a"], ["shop.crm.a"]),
        ("crm", DEV, ["dev.crm.a"], ["shop.crm.a"]),
        ("crm", Session("admin", "d*"), ["d*.crm.a"], ["dev.crm.a"]),
        ("shop.crm.A*", DEV, ["shop.crm", "shop.crm.a", "shop.crm.ab"], ["shop.crm.A", "shop.crm.b", "shop.hr"]),
        ('shop.*."a*"', DEV, ["shop.hr.a*"], ["shop.hr.ab"]),
        ("shop.*", DEV, ["shop.", "shop.hr.a"], ["dev."]),
    ],
)
def test_what_tables_are_meant(pattern: str, session: Session, inside: list[str], outside: list[str]) -> None:
    means = meant_by(patterns([pattern], "allowed", tables=True), session)
    for wanted, paths in ((True, inside), (False, outside)):
        for path in paths:
            database, schema, table = (*path.split("."), "")[:3]
            assert means(database, schema, table) is wanted, path
    assert meant_by(None, session)("any", "thing", "at all")
