"""Patterns of schemas: what they choose of a warehouse, held against a plain listing of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_datagraph.access.plan import Finding
from airflow_provider_datagraph.form.choosing import Limits, choose
from airflow_provider_datagraph.form.names import wanted_schemas
from airflow_provider_datagraph.form.patterns import is_pattern, parse_pattern
from airflow_provider_datagraph.redshift.names import join_path, quote
from airflow_provider_datagraph.redshift.values import Identities, Schema, Session, User
from tests.unit.redshift.reading import refusal

USERS = {name: User(name, at, superuser=name == "root") for at, name in enumerate(("admin", "root", "etl", "eve"))}


def known(case_sensitive: bool = False) -> Identities:
    return Identities(Session("admin", "dev", case_sensitive=case_sensitive), users=USERS)


def chosen(
    entries: Any, schemas: list[Schema], limits: Limits, database: str = "dev", case_sensitive: bool = False
) -> tuple[list[str], list[Finding]]:
    wanted = wanted_schemas(entries, "dev").within(database)
    return choose(wanted, database, {one.name: one for one in schemas}, known(case_sensitive), limits)


ODD = ["crm", "marts_a", "marts_b", "Marts_C", "a*b", "!x", "x_tmp", "pg_toast", "information_schema", "Pg_own"]
SCHEMAS = st.builds(
    Schema,
    st.sampled_from([*ODD, "__segment_reverse_etl"]) | st.text("abAB_*!.", min_size=1, max_size=4),
    st.sampled_from([*USERS, "user id 7"]),
    st.sampled_from(["local", "local", "local", "external", "shared"]),
)
LISTING = st.lists(SCHEMAS, max_size=12, unique_by=lambda one: one.name)
PARTS = st.sampled_from(["*", "marts_*", "*_tmp", "a*", "*a*b*", "M*", "*b"])
ENTRIES = st.lists(
    PARTS | PARTS.map("!{}".format) | PARTS.map("dev.{}".format) | PARTS.map("!*.{}".format), min_size=1, unique=True
)
LIMITS = st.builds(
    Limits,
    st.sampled_from([(), ("etl",), None]),
    st.sampled_from(["", "dev"]),
    st.sampled_from([None, [parse_pattern("dev.m*")], [parse_pattern("other.*")]]),
)


def means(glob: str, name: str, fold: bool) -> bool:
    """A plain reading: `*` stands for any characters, and all else for itself."""
    flags = re.IGNORECASE if fold else 0
    return bool(re.fullmatch(".*".join(map(re.escape, glob.split("*"))), name, flags))


@given(LISTING, ENTRIES, LIMITS, st.booleans())
def test_patterns_choose_what_a_plain_listing_does(
    schemas: list[Schema], entries: list[str], limits: Limits, case_sensitive: bool
) -> None:
    opened = [entry.removeprefix("dev.") for entry in entries if not entry.startswith("!")]
    if not opened:
        return
    closed = [entry[1:].removeprefix("*.") for entry in entries if entry.startswith("!")]
    owners = {"admin", "root", *(limits.trusted or ())}
    allowed = "m*" if limits.allow and "m*" in limits.allow[0].text else "" if limits.allow else "*"
    expected = [
        one.name
        for one in sorted(schemas, key=lambda one: one.name)
        if any(means(glob, one.name, not case_sensitive) for glob in opened)
        and not any(means(glob, one.name, True) for glob in closed)
        and not (one.name.startswith("pg_") or one.name in ("information_schema", "__segment_reverse_etl"))
        and (case_sensitive or one.name == one.name.lower())
        and (
            limits.trusted is None
            or (
                limits.checkpoint_database != "dev"
                and means(allowed, one.name, not case_sensitive)
                and (one.kind, one.owner in owners) == ("local", True)
            )
        )
    ]
    found, told = chosen(entries, schemas, limits, case_sensitive=case_sensitive)
    assert found == expected
    # What is left out is told, but for what is excluded or Redshift's own.
    left = {name for one in told if one.code == "left_out" for name in dict(one.facts)["schemas"]}  # type: ignore[union-attr]  # names
    assert left == {
        join_path(one.name)
        for one in schemas
        if any(means(glob, one.name, not case_sensitive) for glob in opened)
        and not any(means(glob, one.name, True) for glob in closed)
        and not (one.name.startswith("pg_") or one.name == "information_schema")
        and one.name not in found
    }


@given(st.text('ab*!."', min_size=1, max_size=6))
def test_in_quotes_a_name_is_a_name(name: str) -> None:
    assert not is_pattern(quote(name)) and not is_pattern(join_path(name)) and not is_pattern(join_path("dev", name))
    assert wanted_schemas([join_path(name)], "dev").named == (("dev", name),)


CRM, ETL, EVE = Schema("crm", "admin"), Schema("marts_a", "etl"), Schema("marts_b", "eve")
NOTHING, LEFT = (("pattern_empty", None), ("pattern_empty", "left"))


@pytest.mark.parametrize(
    ("entries", "limits", "found", "told"),
    [
        ("marts_*", Limits(("etl",)), ["marts_a"], [("left_out", "owner")]),
        ("marts_*", Limits(), [], [("left_out", "owner"), LEFT]),
        ("marts_x*", Limits(), [], [NOTHING]),
        ("dev.*\n!marts_b", Limits(("etl",)), ["crm", "marts_a"], []),
        # An exclusion without a database is one in all of them.
        ("*\n!marts_*", Limits(), ["crm"], []),
        ("*\n!*", Limits(), [], [NOTHING]),
        # Who names a schema, names it whoever owns it.
        ("marts_b\nmarts_*", Limits(("etl",)), ["marts_a"], []),
        ("marts_b\nmarts_b*", Limits(), [], []),
        ("*", Limits((), "dev"), [], [("left_out", "checkpoint"), LEFT]),
        ("*", Limits(allow=[parse_pattern("m*")]), [], [("left_out", "not allowed"), ("left_out", "owner"), LEFT]),
        # What is closed is closed whoever owns it.
        ("*", Limits(None, "dev"), ["crm", "marts_a", "marts_b"], []),
    ],
)
def test_what_is_chosen_and_what_is_told(
    entries: str, limits: Limits, found: list[str], told: list[tuple[str, str | None]]
) -> None:
    names, findings = chosen(entries, [CRM, ETL, EVE], limits)
    assert (names, [(one.code, dict(one.facts).get("case")) for one in findings]) == (found, told)


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ("!a*", "!a* leaves something out, and no pattern is given: name schemas."),
        (["crm", "c*", "!dev.*m"], "dev.crm is named, and !dev.*m leaves it out: keep one of the two."),
        ("*.crm", "'*.crm' is a pattern, and these are of schemas alone"),
        ("dev.crm.t*", "'dev.crm.t*' is a pattern, and these are of schemas alone"),
        ("template0.*", "The database 'template0' belongs to Redshift itself"),
        ("!a.b.c", "'a.b.c' has 3 parts"),
        ("*{{", "holds '{{'"),
        ("!", "'' has an empty part"),
    ],
)
def test_patterns_that_mean_nothing_are_refused(entries: Any, told: str) -> None:
    (sentence,) = refusal(wanted_schemas, entries, "dev")
    assert told in sentence
