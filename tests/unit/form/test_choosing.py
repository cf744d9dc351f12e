"""Patterns of schemas: what they choose of a warehouse, held against a plain listing of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_datagraph.access.messages import said
from airflow_provider_datagraph.access.plan import Finding
from airflow_provider_datagraph.form.choosing import Limits, Wanted, choose
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
    # What can't be read means nothing.
    assert not is_pattern(f"*.{quote(name)}x")


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


def test_what_is_left_out_is_told_with_the_reason() -> None:
    owned = {"marts_a": "etl", "marts_b": "eve", "marts_c": "root", "Marts_D": "admin", "payroll": "admin"}
    listing = [*(Schema(*one) for one in owned.items()), Schema("lake", "admin", "external")]
    allow = [parse_pattern("sales.marts_*"), parse_pattern("sales.lake")]
    reverse_etl = Schema("__segment_reverse_etl", "admin")
    found, told = chosen("sales.*", [*listing, reverse_etl], Limits(allow=allow), "sales")
    assert (found, [f"{one.level}: {said(one).text}" for one in told]) == (
        ["marts_c"],
        [
            "finding: Redshift looks for names in lower case, so patterns leave out Marts_D in database sales.",
            "note: Patterns leave out what may not be opened here, in database sales: payroll.",
            "note: Patterns leave out what isn't local, in database sales: lake. A schema that is named itself is told "
            "with the statements that open it.",
            "finding: Patterns open only what a trusted owner has in database sales, so they leave out marts_a, "
            "marts_b (of etl, eve).",
            "note: Patterns leave out __segment_reverse_etl in database sales: it is Reverse ETL's own.",
        ],
    )
    found, told = chosen("sales.l*\nsales.x_*", listing, Limits((), "sales"), "sales")
    assert (found, [said(one).text for one in told]) == (
        [],
        [
            "Database sales is the checkpoint database, where no pattern opens a schema: lake.",
            "All that pattern sales.l* means in database sales is left out.",
            "Pattern sales.x_* means no schema of database sales.",
        ],
    )


def test_where_names_compare_as_typed_the_same_in_capitals_is_another() -> None:
    both = [Schema("Marts_A", "admin"), Schema("marts_a", "admin")]
    assert chosen("Marts_A\n*", both, Limits(), case_sensitive=True) == (["marts_a"], [])
    # A login folds the name of a database all the same.
    wanted = wanted_schemas("Sales.*_a", "dev")
    assert choose(wanted, "sales", {"marts_a": both[1]}, known(True), Limits()) == (["marts_a"], [])


ALONE = (
    "is a pattern, and these are of schemas alone: write schema or database.schema with * in the schema; double quotes "
    "go around a * that is part of a name."
)


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ("!a*", "!a* leaves something out, and no pattern is given: name schemas."),
        (["crm", "c*", "!dev.*m"], "dev.crm is named, and !dev.*m leaves it out: keep one of the two."),
        ("*.crm", f"'*.crm' {ALONE}"),
        ('*."crm"', f"'*.\"crm\"' {ALONE}"),
        ("dev.crm.t*", f"'dev.crm.t*' {ALONE}"),
        ("template0.*", "The database 'template0' belongs to Redshift itself"),
        ("!a.b.c", "'a.b.c' has 3 parts"),
        ("*{{", "holds '{{'"),
        ("!", "'' has an empty part"),
    ],
)
def test_patterns_that_mean_nothing_are_refused(entries: Any, told: str) -> None:
    (sentence,) = refusal(wanted_schemas, entries, "dev")
    assert told in sentence


def test_a_table_that_is_left_out_is_told_with_its_schema() -> None:
    wanted = wanted_schemas(['"d*".m_*', "!crm"], "dev")
    assert [wanted.excludes("dev", name) for name in ("CRM", "ads")] == ["crm", ""]
    told = ("dev.crm is named, and !crm leaves it out: keep one of the two.",)
    assert refusal(Wanted((("dev", "crm", "t"),), wanted.globs, wanted.excluded).check) == told
