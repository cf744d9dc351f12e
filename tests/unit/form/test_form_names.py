"""Names of databases, schemas and tables, in the one notation that people type them in."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.form.choosing import Wanted
from airflow_provider_datagraph.form.names import (
    ENTRIES,
    SCHEMAS,
    TABLES,
    database_name,
    listed_tables,
    one_place,
    optional_database,
    parse_path,
    parse_wanted,
    read_paths,
    schemas_title,
    wanted_schemas,
)
from tests.unit.redshift.reading import refusal

OWN = "The {0} {1!r} belongs to Redshift itself: name a {0} of your own."
CONTROL = "The table name '\\x07' holds a character that can't be printed: remove it."
DOT = ", with double quotes around a part that holds a dot."


def test_a_database_has_a_name_that_may_be_left_out() -> None:
    assert (database_name(" dev ", "database"), optional_database(" dev ", "database")) == ("dev", "dev")
    assert optional_database(None, "database") is optional_database(" ", "database") is None
    assert refusal(database_name, None, "database") == ("database is None: give a text that isn't empty.",)
    assert refusal(optional_database, 5, "database")[0].startswith("database is 5: give a text that isn't empty. A DAG")
    told = (OWN.format("database", "template1"),)
    assert refusal(database_name, "template1", "d") == refusal(optional_database, "template1", "d") == told


@pytest.mark.parametrize(
    ("text", "forms", "parts"),
    [
        ("crm", ENTRIES, ("crm",)),
        (" Dev.CRM ", ENTRIES, ("Dev", "CRM")),
        ('sales."my.schema"."t"', ENTRIES, ("sales", "my.schema", "t")),
        ("dev.crm.pg_table", ENTRIES, ("dev", "crm", "pg_table")),
        ("pg_db.crm", SCHEMAS, ("pg_db", "crm")),
        # A schema may be named like a database that nobody may name.
        ("template1", SCHEMAS, ("template1",)),
        ("template0.t", TABLES, ("template0", "t")),
        ("dev.crm.t", TABLES, ("dev", "crm", "t")),
    ],
)
def test_a_path_is_written_in_a_form(text: str, forms: Any, parts: tuple[str, ...]) -> None:
    assert parse_path(text, "schemas", forms) == parse_path(text, "schemas", forms, typed=True) == parts


@pytest.mark.parametrize(
    ("text", "forms", "told"),
    [
        ("a.b.c", SCHEMAS, f"it has the entry 'a.b.c': write schema or database.schema{DOT}"),
        ("a", TABLES, f"it has the entry 'a': write schema.table or database.schema.table{DOT}"),
        (
            "a.b.c.d",
            ENTRIES,
            f"it has the entry 'a.b.c.d': write schema or database.schema or database.schema.table{DOT}",
        ),
        ("a..b", ENTRIES, "'a..b' has an empty part: write schema, database.schema or database.schema.table."),
        *((text, ENTRIES, OWN.format("schema", "pg_catalog")) for text in ("pg_catalog", "dev.pg_catalog.t")),
        ("pg_catalog.t", TABLES, OWN.format("schema", "pg_catalog")),
        *((text, ENTRIES, OWN.format("database", "template1")) for text in ("template1.crm", "template1.crm.t")),
        ("d.a.\x07", ENTRIES, CONTROL),
    ],
)
def test_what_is_no_path_is_refused(text: str, forms: Any, told: str) -> None:
    assert refusal(parse_path, text, "it", forms) == (told,)


@pytest.mark.parametrize(
    ("name", "what"), [('"crm{{ x"', "schema"), ('dev."cr""m{% x"', "schema"), ("dev.crm.t{#", "table")]
)
def test_what_starts_a_template_is_a_name_in_catalogs_alone(name: str, what: str) -> None:
    path = parse_path(name, "it", ENTRIES)
    assert wanted_schemas(name, "dev", "it", ENTRIES).named == (path if len(path) > 1 else ("dev", *path),)
    assert parse_wanted(name, "it", Problems(), ENTRIES).named == (path,)
    (told,) = refusal(parse_path, name, "it", ENTRIES, typed=True)
    assert "which starts a template in Airflow" in told and told.endswith(f"rename the {what}.")


def test_each_wrong_entry_is_told_and_the_others_are_kept() -> None:
    problems = Problems()
    typed = ["a.b.c.d", "crm", 5, "!x", "m_*", '"', "!a.b.c", "*.x", "dev.crm.t"]
    wanted = parse_wanted(typed, "schemas", problems, ENTRIES, typed=True)
    assert (wanted.named, wanted.written, [one.text for one in wanted.excluded]) == (
        (("crm",), ("dev", "crm", "t")),
        ["m_*"],
        ["x"],
    )
    assert len(problems.sentences) == 5 and "schemas has the entry 5: each has to be a name." in problems.sentences
    tables = parse_wanted("crm.t*", "tables", problems, TABLES)
    assert (tables, len(problems.sentences)) == (Wanted((("crm", "t*"),)), 5)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("crm", [("dev", "crm")]),
        (["crm", "dev.ads"], [("dev", "crm"), ("dev", "ads")]),
        ('dev."my.schema"\n"a.b"', [("dev", "my.schema"), ("dev", "a.b")]),
    ],
)
def test_schemas_of_one_database(value: Any, found: list[tuple[str, str]]) -> None:
    assert wanted_schemas(value, "dev") == wanted_schemas(value, "dev", fixed=True) == Wanted(tuple(found))


def test_schemas_of_several_databases() -> None:
    wanted = wanted_schemas("ads\nsales.crm\nm_*\nother.*\n!crm_*", "dev")
    assert (wanted.named, wanted.databases) == ((("dev", "ads"), ("sales", "crm")), ("dev", "sales", "other"))
    mine = wanted.within("dev")
    assert (mine.named, mine.written, mine.excluded) == ((("dev", "ads"),), ["m_*"], wanted.excluded)
    assert schemas_title(mine) == "Schemas dev.ads, m_*"
    assert schemas_title(wanted) == "Schemas dev.ads, sales.crm, m_*, other.*"
    assert schemas_title(wanted_schemas('"my.schema"', "d")) == 'Schema d."my.schema"'


NAMES = st.text(min_size=1, max_size=127)


@given(st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=9))
def test_no_title_is_a_literal_for_a_dag_that_renders_native_objects(places: list[tuple[str, str]]) -> None:
    # It is what a mapped task is labelled with.
    with pytest.raises((ValueError, SyntaxError)):
        ast.literal_eval(schemas_title(Wanted(tuple(places))))


ELSEWHERE = "schema names database {}, and `database` is sales: leave one out."


def test_every_schema_that_is_none_of_it_is_told() -> None:
    entries = ["dev.crm", "dev.ads.t", "ok", "sales.ok", "other.*", '"']
    assert refusal(wanted_schemas, entries, "sales", fixed=True) == (
        f"schema has the entry 'dev.ads.t': write schema or database.schema{DOT}",
        "'\"' has a double quote that isn't closed: close it, or remove it.",
        ELSEWHERE.format("dev"),
        ELSEWHERE.format("other"),
        "schema names sales.ok twice: name it once.",
    )
    empties: tuple[Any, ...] = (None, "", [])
    for nothing in empties:
        assert refusal(wanted_schemas, nothing, "dev") == ("schema is empty: name at least one schema.",)


def test_one_schema_is_one() -> None:
    assert one_place("dev.crm", "dev") == one_place("crm", "dev") == one_place("dev.crm", "") == ("dev", "crm")
    assert (one_place("crm", ""), one_place("d.{{", "")) == (("", "crm"), ("d", "{{"))
    for several in (["a", "b"], "a*", ["a", "b*"]):
        told = f"it is {several!r}: name one schema, and put a * of its own in double quotes."
        assert refusal(one_place, several, "dev", "it") == (told,)
    assert refusal(one_place, "dev.crm", "sales") == (ELSEWHERE.format("dev"),)
    forms: dict[str, Any] = {"forms": ("database.schema",), "typed": True}
    assert one_place("dev.crm", "", "it", **forms) == ("dev", "crm")
    assert refusal(one_place, "crm", "", "it", **forms) == (f"it has the entry 'crm': write database.schema{DOT}",)
    assert "starts a template" in refusal(one_place, "dev.{{", "", "it", **forms)[0]


SOME = wanted_schemas(["crm", "ads", "sales.crm", '"a.b"'], "dev")
ALONE, BESIDE = wanted_schemas("crm", "dev"), wanted_schemas("crm\nm_*", "dev")


@pytest.mark.parametrize(
    ("value", "wanted", "found"),
    [
        (True, SOME, {}),
        (["b", 'crm."a.b"', "dev.crm.c", "t*"], ALONE, {("dev", "crm"): ("b", "a.b", "c", "t*")}),
        ("b\na", ALONE, {("dev", "crm"): ("b", "a")}),
        ("ads.t\nsales.crm.t", SOME, {("dev", "ads"): ("t",), ("sales", "crm"): ("t",)}),
        (['"a.b".t', 'dev."a.b".u'], SOME, {("dev", "a.b"): ("t", "u")}),
        ("crm.t", BESIDE, {("dev", "crm"): ("t",)}),
    ],
)
def test_tables_are_of_schemas_that_are_named(value: Any, wanted: Wanted, found: Any) -> None:
    assert listed_tables(value, "tables", wanted) == found


def test_other_tables_are_told() -> None:
    told = (
        "tables names {!r}, which is in {} of the schemas that are named: write schema.table or database.schema.table, "
        "of one of them."
    )
    typed = {"t": 4, "crm.t": 2, "web.t": "none", "other.ads.t": "none", "dev.sales.t": "none"}
    expected = tuple(told.format(*one) for one in typed.items())
    form = f"tables has the entry 'a.b.c.d': write table or schema.table or database.schema.table{DOT}"
    bad = ("tables has the entry 5: each has to be a name.", *expected, CONTROL, form)
    assert refusal(listed_tables, [*typed, "crm.\x07", 5, "a.b.c.d"], "tables", SOME) == bad
    # What such a table would be of, a pattern tells in the run.
    assert refusal(listed_tables, "t", "tables", BESIDE) == (told.format("t", "none"),)
    empty = ("tables is an empty list: name tables, or give True for all.",)
    assert refusal(listed_tables, [], "tables", ALONE) == refusal(listed_tables, None, "tables", ALONE) == empty
    assert refusal(listed_tables, {"crm": ["t"]}, "tables", ALONE)[0].startswith(
        "tables is {'crm': ['t']}: give a list"
    )
    assert refusal(listed_tables, '{"crm": ["t"]}', "tables", ALONE)[0].endswith(
        "as schema.table or database.schema.table."
    )
    assert refusal(listed_tables, ["t", "crm.t"], "tables", ALONE) == ("tables names dev.crm.t twice: name it once.",)
    # What is wrong with the schemas is told by itself.
    assert listed_tables(["crm.t"], "tables", Wanted()) == {}


def test_a_path_stays_as_typed() -> None:
    assert read_paths('a.b\n "A.b".c \nm_*\n!x\nx', "schemas", SCHEMAS) == ["a.b", '"A.b".c', "m_*", "!x", "x"]
    assert read_paths(["a.b", "d.a.b*"], "tables", TABLES) == ["a.b", "d.a.b*"]
    assert refusal(read_paths, ["a", "b.c", 5], "tables", TABLES) == (
        "tables has the entry 5: each has to be a name.",
        f"tables has the entry 'a': write schema.table or database.schema.table{DOT}",
    )
    assert refusal(read_paths, ["a", "!b"], "schemas", SCHEMAS)[0].startswith("!b leaves something out")
