"""Names of databases, schemas and tables, in every notation that people type them in."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_datagraph.form.choosing import Wanted
from airflow_provider_datagraph.form.names import (
    database_name,
    one_place,
    optional_database,
    read_paths,
    schemas_title,
    table_name,
    wanted_schemas,
)
from tests.unit.redshift.reading import refusal


def test_a_database_has_a_name_that_may_be_left_out() -> None:
    assert (database_name(" dev ", "database"), optional_database(" dev ", "database")) == ("dev", "dev")
    assert optional_database(None, "database") is optional_database(" ", "database") is None
    assert refusal(database_name, None, "database") == ("database is None: give a text that isn't empty.",)
    assert refusal(optional_database, 5, "database")[0].startswith("database is 5: give a text that isn't empty. A DAG")
    told = ("The database 'template1' belongs to Redshift itself: name a database of your own.",)
    assert refusal(database_name, "template1", "d") == refusal(optional_database, "template1", "d") == told


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
    assert wanted_schemas("ads\nsales.crm", "dev").named == (("dev", "ads"), ("sales", "crm"))


OWN = "The {0} {1!r} belongs to Redshift itself: name a {0} of your own."
NOT_ONE = (
    "schema names {!r}: write schema or database.schema, with no other database than the one in `database`, and tables "
    "in `tables`; double quotes go around a name that holds a dot."
)


def test_every_schema_that_is_none_of_it_is_told() -> None:
    entries = ["dev.crm", "dev.ads.t", "ok", "sales.crm", "pg_catalog", '"']
    assert refusal(wanted_schemas, entries, "sales", fixed=True) == (
        NOT_ONE.format("dev.crm"),
        NOT_ONE.format("dev.ads.t"),
        OWN.format("schema", "pg_catalog"),
        "'\"' has a double quote that isn't closed: close it, or remove it.",
    )
    assert refusal(wanted_schemas, "template1.crm", "dev") == (OWN.format("database", "template1"),)
    empties: tuple[Any, ...] = (None, "", [])
    for nothing in empties:
        assert refusal(wanted_schemas, nothing, "dev") == ("schema is empty: name at least one schema.",)
    assert refusal(wanted_schemas, [5], "dev") == ("schema has the entry 5: each has to be a name.",)
    assert refusal(wanted_schemas, "crm\ndev.crm", "dev") == ("schema names dev.crm twice: name it once.",)


def test_one_schema_is_one() -> None:
    assert one_place("dev.crm", "dev") == one_place("crm", "dev") == one_place("dev.crm", "") == ("dev", "crm")
    assert one_place("crm", "") == ("", "crm")
    assert refusal(one_place, ["a", "b"], "dev") == ("schema names 2 schemas: name one.",)
    assert refusal(one_place, "dev.crm", "sales") == (NOT_ONE.format("dev.crm"),)


def test_schemas_are_written_as_in_the_rows() -> None:
    assert schemas_title(Wanted((("d", "crm"),))) == "Schema crm of database d"
    assert schemas_title(Wanted((("d", "crm"), ("d", "my.schema")))) == 'Schemas crm, "my.schema" of database d'
    assert schemas_title(Wanted((("d", "crm"), ("e.f", "crm")))) == 'Schemas d.crm, "e.f".crm'
    assert schemas_title(wanted_schemas(["crm", "m_*", "!x"], "d")) == "Schemas d.crm, m_*"


@pytest.mark.parametrize(("text", "name"), [("t", "t"), ("crm.t", "t"), ('crm."a.b"', "a.b"), ('"a.b"', "a.b")])
def test_a_table_of_a_schema(text: str, name: str) -> None:
    assert table_name(text, "crm") == name


@pytest.mark.parametrize("text", ["ads.t", "dev.crm.t", "crm.t.c"])
def test_a_table_of_another_schema_is_refused(text: str) -> None:
    assert refusal(table_name, text, "crm") == (
        f"tables names {text!r}, which isn't a table of schema crm: name its tables, with double quotes around a name "
        "that holds a dot.",
    )
    assert refusal(table_name, "crm.\x07", "crm") == (
        "The table name '\\x07' holds a character that can't be printed: remove it.",
    )


@pytest.mark.parametrize(
    ("entry", "to_tables", "told"),
    [
        *((text, False, OWN.format("schema", "pg_catalog")) for text in ("pg_catalog", "dev.pg_catalog")),
        *((text, True, OWN.format("schema", "pg_catalog")) for text in ("pg_catalog.t", "d.pg_catalog.t")),
        ("template0.crm", False, OWN.format("database", "template0")),
        ("template0.crm.t", True, OWN.format("database", "template0")),
        ("a.b.c", False, "tables has the entry 'a.b.c': write schema or database.schema."),
        ("a", True, "tables has the entry 'a': write schema.table or database.schema.table."),
        ("a.b.c.d", True, "tables has the entry 'a.b.c.d': write schema.table or database.schema.table."),
        ("a.\x07", True, "The table name '\\x07' holds a character that can't be printed: remove it."),
        ("d.a.\x07", True, "The table name '\\x07' holds a character that can't be printed: remove it."),
    ],
)
def test_a_path_is_a_schemas_or_a_tables(entry: str, to_tables: bool, told: str) -> None:
    open_quote = "'\"' has a double quote that isn't closed: close it, or remove it."
    # Every entry is looked at, whatever is wrong with those before it.
    assert refusal(read_paths, ['"', entry, "a.b"], "tables", to_tables=to_tables) == (open_quote, told)
    assert refusal(read_paths, [entry, '"'], "tables", to_tables=to_tables) == (told, open_quote)
    assert refusal(read_paths, [5, entry], "tables", to_tables=to_tables)[0].startswith("tables has the entry 5: ")


def test_a_path_stays_as_typed() -> None:
    assert read_paths('a.b\n "A.b".c ', "tables", to_tables=False) == ["a.b", '"A.b".c']
    assert read_paths(["a.b", "d.a.b"], "tables", to_tables=True) == ["a.b", "d.a.b"]
    assert read_paths(["a", "d.a"], "schemas", to_tables=False) == ["a", "d.a"]
    # A schema may be called as a database that nobody may name.
    assert read_paths(["template0.t"], "tables", to_tables=True) == ["template0.t"]
