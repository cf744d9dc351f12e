"""Rendered template fields: parsed strictly, every problem at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.redshift.names import InvalidInput, check_identifier
from tests.unit.redshift.reading import refusal

NATIVE = " A DAG that renders native objects makes numbers of names: write {{ … | tojson }} in the template."
LIST = "give a list, JSON text of a list, or one name a line."
NO_JSON = "schema looks like JSON and isn't (Expecting value: line 1 column {0} (char 1)): correct it."
TRUE, FALSE = (True, "True", "true", "TRUE", " tRuE\n"), (False, "False", "false", "FALSE", " fAlsE\n")


@pytest.mark.parametrize(("value", "found"), [*((one, True) for one in TRUE), *((one, False) for one in FALSE)])
def test_a_boolean_is_a_word(value: Any, found: bool) -> None:
    assert arguments.boolean(value, "prune") is found


@pytest.mark.parametrize("value", ["no", "yes", "1", "0", "", "on", "None", 1, 0, None, [], ["true"], b"true"])
def test_nothing_else_is_a_boolean(value: Any) -> None:
    assert refusal(arguments.boolean, value, "prune") == (f"prune is {value!r}, not a boolean: give True or False.",)


@pytest.mark.parametrize(
    ("value", "may_be_missing"), [("", True), (" \n", True), (None, True), (5, False), (["a"], False), (False, False)]
)
def test_text_cant_be_empty_unless_it_is_optional(value: Any, may_be_missing: bool) -> None:
    assert arguments.text(" a b\n", "database") == arguments.optional_text(" a b\n", "database") == "a b"
    told = (f"database is {value!r}: give a text that isn't empty.{NATIVE * (value == 5)}",)
    assert refusal(arguments.text, value, "database") == told
    if may_be_missing:
        assert arguments.optional_text(value, "database") is None
    else:
        assert refusal(arguments.optional_text, value, "database") == told


@pytest.mark.parametrize("value", ["MD5", "", None, 5, ["md5"]])
def test_a_choice_is_one_of_the_words(value: Any) -> None:
    assert arguments.choice(" md5\n", "password_hash", iter(("md5", "sha256"))) == "md5"
    sentence = f"password_hash is {value!r}: give one of md5, sha256."
    assert refusal(arguments.choice, value, "password_hash", iter(("md5", "sha256"))) == (sentence,)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        *((nothing, ()) for nothing in (None, "", " \n ", "[]")),
        ([], ()),
        ("crm", ("crm",)),
        *((one, ("b", "a")) for one in (" b \n\n a\r\n", ' \n["b", " a "]\n', ["b", " a"], ("b", "a"))),
        (" ['a']\n", ("a",)),
        (["crm", "CRM"], ("crm", "CRM")),
        ("my schema.[t]", ("my schema.[t]",)),
        # In an order, so that two runs write the same statements.
        ({"b", "a"}, ("a", "b")),
        # As a template prints a Python list.
        ("['crm', \"a'b\", 'my.schema']", ("crm", "a'b", "my.schema")),
    ],
)
def test_names_come_as_lists_json_or_lines(value: Any, found: tuple[str, ...]) -> None:
    assert arguments.names(value, "schema") == found


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        *((number, f"schema is {number}: {LIST}{NATIVE}") for number in (5, 2.5)),
        (True, f"schema is True: {LIST}"),
        *((text, NO_JSON.format(at)) for text, at in (("['a' 'b']", 2), ("['a', 5]", 2), ("[__import__('os')]", 2))),
        ("['a'", NO_JSON.format(2)),
        ({"a": 1}, f"schema is {{'a': 1}}: {LIST}"),
        *((["a", entry], f"schema has the entry {entry!r}: each has to be a name.") for entry in (5, None, "", " ")),
        ({"b", 5}, "schema has the entry 5: each has to be a name."),
        ('["a", ["b"]]', "schema has the entry ['b']: each has to be a name."),
        (["a", "b", "b ", "a", "c"], "schema names a, b twice: name each once."),
        ("a\na", "schema names a twice: name each once."),
        ('["a"', "schema looks like JSON and isn't (Expecting ',' delimiter: line 1 column 5 (char 4)): correct it."),
    ],
)
def test_other_lists_are_refused(value: Any, sentence: str) -> None:
    assert refusal(arguments.names, value, "schema") == (sentence,)


@pytest.mark.parametrize("depth", [3000, 100_000])
def test_what_python_cant_read_for_its_depth_is_refused(depth: int) -> None:
    assert refusal(arguments.names, f"[{'-' * depth}1]", "schema") == (NO_JSON.format(2),)


def test_problems_are_collected_and_raised_together() -> None:
    problems = Problems()
    problems.raise_all()
    assert problems.check(arguments.boolean, "no", "prune", default=True) is True
    assert problems.check(arguments.boolean, "false", "prune", default=True) is False
    assert problems.check(check_identifier, "", "table", default=None) is None
    assert problems.check(arguments.names, ["a", "a", 5], "writers", default=None) is None
    problems.add("Three.", "Four.", "Three.")
    problems.add("Four.", "Five.")
    with pytest.raises(ZeroDivisionError):
        problems.check(lambda: 1 // 0, default=None)
    sentences = [
        "prune is 'no', not a boolean: give True or False.",
        "The table name is empty: give the name of a table.",
        "writers has the entry 5: each has to be a name.",
        "writers names a twice: name each once.",
        "Three.",
        "Four.",
        "Five.",
    ]
    assert problems.sentences == sentences
    assert refusal(problems.raise_all) == tuple(sentences)


NUMBER = "wait is {!r}: give a number that is at least {}."


@pytest.mark.parametrize(("value", "found"), [(0, 0.0), ("0.5", 0.5), (7, 7.0), ("999999", 999999.0)])
def test_a_number(value: Any, found: float) -> None:
    assert arguments.number(value, "wait") == found


def test_a_length_of_time() -> None:
    found = [arguments.seconds(value, "max_staleness") for value in ("3600", 1, timedelta(days=14))]
    assert found == [3600.0, 1.0, 1209600.0]
    for value in (0, "0:30:00", timedelta(0), None, 1e9):
        wanted = r"below 1,000,000,000\." if value == 1e9 else r"at least 1\."
        with pytest.raises(InvalidInput, match=rf"^max_staleness is .*: give a number that is {wanted}$"):
            arguments.seconds(value, "max_staleness")


@pytest.mark.parametrize("value", [True, None, "", "soon", [1], -0.1, "nan"])
def test_no_number(value: Any) -> None:
    assert refusal(arguments.number, value, "wait") == (NUMBER.format(value, 0),)
    assert arguments.number(2, "wait", 2) == 2
    assert refusal(arguments.number, 1.9, "wait", 2) == (NUMBER.format(1.9, 2),)
    for large in ("inf", 1e6):
        told = f"wait is {large!r}: give a number that is below 1,000,000."
        assert refusal(arguments.number, large, "wait") == (told,)


def test_whole_numbers() -> None:
    assert (arguments.whole_number("3", "tries"), arguments.whole_number(0, "tries")) == (3, 0)
    assert type(arguments.whole_number(3.0, "tries")) is int
    assert refusal(arguments.whole_number, 2.5, "tries", 1) == ("tries is 2.5: give a whole number.",)
    assert refusal(arguments.whole_number, "0", "tries", 1) == ("tries is '0': give a number that is at least 1.",)
