"""Identifiers, literals and dotted names: folded, quoted, split, resolved and refused as Redshift does it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from airflow_provider_datagraph.redshift import names
from airflow_provider_datagraph.redshift.names import InvalidInput, join_path, split_path
from tests.unit.redshift.reading import read_identifier, read_literal, refusal


def test_invalid_input_says_every_problem() -> None:
    error = InvalidInput("One is wrong.", "Two is\nwrong.")
    assert (error.problems, str(error)) == (("One is wrong.", "Two is\\nwrong."), "One is wrong. Two is\\nwrong.")


@pytest.mark.parametrize(("name", "folded"), [("", ""), ("AZaz_2", "azaz_2"), ("ÄÖ_Ä", "ÄÖ_Ä"), ("İK@[`{", "İk@[`{")])
def test_only_ascii_letters_are_folded(name: str, folded: str) -> None:
    assert names.fold(name) == folded


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('it\'s "a\\b" ü漢', 'it\'s "a\\b" ü漢'),
        ("a\nb\r\x1b[2J", "a\\nb\\r\\x1b[2J"),
        ("\u2028\u202e\x85", "\\u2028\\u202e\\x85"),
        # They count as printable, and show as nothing.
        ("x\u3164y\u2800\ufe0f\u034f", "x\\u3164y\\u2800\\ufe0f\\u034f"),
        ("\U000e0100\U000e0041\ud800", "\\U000e0100\\U000e0041\\ud800"),
    ],
)
def test_a_text_is_one_line_of_a_log(text: str, line: str) -> None:
    assert names.one_line(text) == line


# https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt: Default_Ignorable_Code_Point
IGNORABLE = """00ad 034f 061c 115f-1160 17b4-17b5 180b-180f 200b-200f 202a-202e 2060-206f 3164 fe00-fe0f feff ffa0
fff0-fff8 1bca0-1bca3 1d173-1d17a e0000-e0fff""".split()


@pytest.mark.parametrize("span", IGNORABLE)
def test_what_shows_as_nothing_is_shown(span: str) -> None:
    first, _, last = span.partition("-")
    for point in range(int(first, 16), int(last or first, 16) + 1):
        assert names.one_line(chr(point)).startswith("\\")


@given(st.text())
@settings(deadline=None, max_examples=100)
def test_a_line_is_printable_and_stays_as_it_is(text: str) -> None:
    line = names.one_line(text)
    assert line.isprintable() and names.one_line(line) == line
    assert sum(map(text.count, "\\")) <= line.count("\\")


@given(st.text())
@example("\\")
@example("'\\''\\")
@settings(deadline=None, max_examples=100)
def test_literals_read_back(text: str) -> None:
    assert read_literal(names.literal(text)) == text


@given(st.text() | st.text(alphabet='ab"\\. ', max_size=20) | st.text(min_size=100, max_size=140))
@example("\ud800")
@settings(deadline=None, max_examples=150)
def test_any_text_is_refused_or_quoted_so_that_it_reads_back(text: str) -> None:
    printable = all(c == " " or unicodedata.category(c)[0] not in "CZ" for c in text)
    if printable and 1 <= len(text.encode()) <= 127:
        assert names.check_identifier(text, "schema") == text
        assert read_identifier(names.quote(text) + ".rest") == (text, ".rest")
    else:
        (sentence,) = refusal(names.check_identifier, text, "schema")
        assert sentence.startswith("The schema name ")


PARTS = st.text(alphabet="aZ1.\"' é漢\\", min_size=1, max_size=8) | st.text(min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("  Analytics.CRM\t", [("Analytics", False), ("CRM", False)]),
        ("a.b.c.d", [(part, False) for part in "abcd"]),
        (' "a.b".c."d"', [("a.b", True), ("c", False), ("d", True)]),
        ('"""".x', [('"', True), ("x", False)]),
        ('a"b.with space', [('a"b', False), ("with space", False)]),
        ('" spaced "', [(" spaced ", True)]),
        ('"a,b".c', [("a,b", True), ("c", False)]),
    ],
)
def test_a_dotted_name_is_split_at_its_unquoted_dots(text: str, parts: list[tuple[str, bool]]) -> None:
    assert names.split_quoted(text) == tuple(parts)
    assert split_path(text) == tuple(part for part, _ in parts)


REFUSED = {
    "has an empty part: write schema, database.schema or database.schema.table.": (
        ["", "   ", ".", "a.", ".a", "a..b", '""', 'a.""', '"a".']
    ),
    "has a double quote that isn't closed: close it, or remove it.": ['"', '"a', 'a."b', '"a""', '"a"."b""', '"""'],
    "goes on after a closing quote: put a dot between the parts.": ['"a"b', '"a" .b', 'x."a"b.c', '"a"b"'],
    "holds a comma: give a list, or one name a line; double quotes go around a name with a comma.": ["crm, billing"],
}


@pytest.mark.parametrize(("text", "told"), [(text, told) for told, texts in REFUSED.items() for text in texts])
def test_what_is_no_path_is_refused(text: str, told: str) -> None:
    assert refusal(split_path, text) == (f"{text!r} {told}",)


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (("analytics", "CRM", "t 1"), "analytics.CRM.t 1"),
        (("XX_DB", "it's"), "XX_DB.it's"),
        (('a"b', "my.schema"), '"a""b"."my.schema"'),
        ((" a", "b "), '" a"."b "'),
    ],
)
def test_only_parts_that_need_it_are_quoted(parts: tuple[str, ...], text: str) -> None:
    assert join_path(*parts) == text


@given(st.lists(PARTS, min_size=1, max_size=4))
@example(['"', ".", " ", '"."', "a,b"])
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


TOO_LONG = "… is 128 bytes long, and Redshift takes at most 127: shorten it."
UNPRINTABLE = "holds a character that can't be printed: remove it."
KEPT = "holds ':' or '/', which Redshift keeps for system and federated identities: choose another."
UPPER = "has upper-case letters: write it in lower case."


@pytest.mark.parametrize("name", ["a", "x" * 127, "ä" * 63 + "x", "with space", 'qu"ote', "select", "A.b"])
def test_identifiers_of_up_to_127_bytes_are_taken(name: str) -> None:
    assert names.check_identifier(name, "table") == name


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", " is empty: give the name of a table."),
        *((name, f" {name!r} {UNPRINTABLE}") for name in ("a\nb", "a\u200bb", "a\x00")),
        *((one * (128 // len(one.encode())), f" '{one * 40}'{TOO_LONG}") for one in "xä"),
        *((name, f" is {name!r}: give one name, as text.") for name in (["crm"], 5, True)),
    ],
)
def test_what_is_no_identifier_is_refused(name: str, told: str) -> None:
    assert refusal(names.check_identifier, name, "table") == (f"The table name{told}",)


@pytest.mark.parametrize("name", ["segment_linked_role", "röle", "with space", "at@work", "x" * 127, "a{b", "{ {x} }"])
@pytest.mark.parametrize("what", ["role", "user"])
def test_lower_case_identities_are_taken(name: str, what: str) -> None:
    assert names.check_identity(name, what) == name


@pytest.mark.parametrize(
    ("name", "told"),
    [
        *((name, " is empty: give the name of a {}.") for name in ("", " \n")),
        *((name, f" {name!r} {UPPER}") for name in ("Segment", "Ärger")),
        ("select", " 'select' is a reserved word of Redshift: choose another."),
        *((name, f" {name!r} {KEPT}") for name in ("sys:dba", "a/b")),
    ],
)
def test_identities_that_cant_be_created_are_refused(name: str, told: str) -> None:
    for what in ("role", "user"):
        assert refusal(names.check_identity, name, what) == (f"The {what} name{told.format(what)}",)


def test_only_a_role_may_hold_no_dot() -> None:
    assert names.check_identity("first.last", "user") == "first.last"
    sentence = "The role name 'first.last' holds a '.', which CREATE ROLE doesn't allow: choose another."
    assert refusal(names.check_identity, "first.last", "role") == (sentence,)


@pytest.mark.parametrize("mark", ["{{", "{%", "{#"])
def test_no_name_that_a_person_types_starts_a_template(mark: str) -> None:
    name = f"crm{mark} x"
    checks: dict[str, Callable[[str], str]] = {
        "role": lambda one: names.check_identity(one, "role"),
        "database": names.check_database,
        "schema": lambda one: names.refuse_template(one, "schema"),
    }
    for what, check in checks.items():
        why = f"holds {mark!r}, which starts a template in Airflow, so it isn't accepted"
        assert refusal(check, name) == (f"The {what} name {name!r} {why}: rename the {what}.",)
    # What is in the catalog may be called so.
    assert names.check_schema(name) == names.check_identifier(name, "table") == name


def test_the_reserved_words_are_those_of_aws() -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_pg_keywords.html, and `public` and `language`.
    assert len(names.RESERVED_WORDS) == 158
    assert {"aes128", "without", "globaldict64k", "user", "public", "language"} < names.RESERVED_WORDS
    assert refusal(names.check_new_database, "public") == (
        "The database name 'public' is a reserved word of Redshift: choose another.",
    )


@pytest.mark.parametrize("name", ["dev", "Analytics", "select", "my.db", "sys", "template2", "%}"])
def test_databases_of_ones_own_are_taken(name: str) -> None:
    assert names.check_database(name) == name


@pytest.mark.parametrize("name", ["template0", "TEMPLATE1", "padb_harvest", "Sys:Internal", "awsdatacatalog"])
def test_system_databases_are_refused(name: str) -> None:
    told = (f"The database {name!r} belongs to Redshift itself: name a database of your own.",)
    assert refusal(names.check_database, name) == refusal(names.check_new_database, name) == told


def test_databases_and_schemas_have_names_and_new_ones_in_lower_case() -> None:
    assert refusal(names.check_schema, "") == ("The schema name is empty: give the name of a schema.",)
    told = ("The database name is empty: give the name of a database.",)
    assert refusal(names.check_database, "") == refusal(names.check_new_database, " ") == told
    for empty in ("", " ", None):
        own = (f"checkpoint_database is {empty!r}: give the name of a database.",)
        assert refusal(names.check_new_database, empty, "checkpoint_database") == own
    assert names.check_new_database("Ä_db", "checkpoint_database") == "Ä_db"
    assert refusal(names.check_new_database, "Dev") == (f"The database name 'Dev' {UPPER}",)


@pytest.mark.parametrize(
    "name", ["information_schema", "Information_Schema", "catalog_history", "pg_catalog", "PG_AUTOMV", "pg_"]
)
def test_system_schemas_are_refused(name: str) -> None:
    assert names.is_system_schema(name) and names.is_stored_system_schema(name) is name.islower()
    assert refusal(names.check_schema, name) == (
        f"The schema {name!r} belongs to Redshift itself: name a schema of your own.",
    )


@pytest.mark.parametrize("name", ["public", "crm", "PUBLIC", "pg", "my_pg_catalog", "select"])
def test_other_schemas_are_taken(name: str) -> None:
    assert not names.is_system_schema(name)
    assert names.check_schema(name) == name


@pytest.mark.parametrize(
    ("name", "stored", "folding", "sensitive"),
    [
        ("CRM", {"crm"}, "crm", None),
        ("CRM", {"CRM"}, None, "CRM"),
        ("Crm", {"crm", "Crm"}, "crm", "Crm"),
        ("ÄRZTE", {"Ärzte", "ÄRZTE", "ärzte"}, "Ärzte", "ÄRZTE"),
        ("crm", set(), None, None),
    ],
)
def test_names_resolve_as_the_session_compares_them(
    name: str, stored: set[str], folding: str | None, sensitive: str | None
) -> None:
    assert names.resolve(name, stored, case_sensitive=False) == folding
    assert names.resolve(name, stored, case_sensitive=True) == sensitive
    # A login's database is found as it is stored first.
    assert names.resolve_database(name, stored, case_sensitive=False) == (sensitive or folding)


@pytest.mark.parametrize(
    ("name", "stored", "meant"),
    [
        ("crm", ["CRM", "crn"], "CRM"),
        ("Marts_Dialy", ["marts_daily", "marts_weekly", "crm"], "marts_daily"),
        ("payroll", ["crm", "sales"], ""),
        # Of so short a name, one letter is a third.
        ("crm", ["crn"], ""),
        ("crm", [], ""),
        ("t_", [f"t_{at}" for at in range(500)], "t_9"),
        # It would take too long.
        ("t_", [f"t_{at}" for at in range(501)], ""),
    ],
)
def test_what_somebody_may_have_meant(name: str, stored: list[str], meant: str) -> None:
    assert names.alike(name, stored) == meant
