"""Identifiers and literals: folded, quoted, resolved and refused as Redshift does it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from airflow_provider_datagraph.redshift import names
from airflow_provider_datagraph.redshift.names import InvalidInput
from tests.unit.redshift.reading import read_identifier, read_literal, refusal

# https://docs.aws.amazon.com/redshift/latest/dg/r_pg_keywords.html
AWS_RESERVED = """
AES128 AES256 ALL ALLOWOVERWRITE ANALYSE ANALYZE AND ANY ARRAY AS ASC AUTHORIZATION AZ64 BACKUP BETWEEN BINARY
BLANKSASNULL BOTH BYTEDICT BZIP2 CASE CAST CHECK COLLATE COLUMN CONSTRAINT CREATE CREDENTIALS CROSS CURRENT_DATE
CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER CURRENT_USER_ID DEFAULT DEFERRABLE DEFLATE DEFRAG DELTA DELTA32K DESC
DISABLE DISTINCT DO ELSE EMPTYASNULL ENABLE ENCODE ENCRYPT ENCRYPTION END EXCEPT EXPLICIT FALSE FOR FOREIGN FREEZE
FROM FULL GLOBALDICT256 GLOBALDICT64K GRANT GROUP GZIP HAVING IDENTITY IGNORE ILIKE IN INITIALLY INNER INTERSECT
INTERVAL INTO IS ISNULL JOIN LEADING LEFT LIKE LIMIT LOCALTIME LOCALTIMESTAMP LUN LUNS LZO LZOP MINUS MOSTLY16
MOSTLY32 MOSTLY8 NATURAL NEW NOT NOTNULL NULL NULLS OFF OFFLINE OFFSET OID OLD ON ONLY OPEN OR ORDER OUTER OVERLAPS
PARALLEL PARTITION PERCENT PERMISSIONS PIVOT PLACING PRIMARY RAW READRATIO RECOVER REFERENCES REJECTLOG RESORT
RESPECT RESTORE RIGHT SELECT SESSION_USER SIMILAR SNAPSHOT SOME SYSDATE SYSTEM TABLE TAG TDES TEXT255 TEXT32K THEN
TIMESTAMP TO TOP TRAILING TRUE TRUNCATECOLUMNS UNION UNIQUE UNNEST UNPIVOT USER USING VERBOSE WALLET WHEN WHERE WITH
WITHOUT
""".lower().split()


def test_invalid_input_says_every_problem() -> None:
    error = InvalidInput("One is wrong.", "Two is wrong.")
    assert (error.problems, str(error)) == (("One is wrong.", "Two is wrong."), "One is wrong. Two is wrong.")
    assert isinstance(error, ValueError)


@pytest.mark.parametrize(
    ("name", "folded"),
    [("", ""), ("AZaz", "azaz"), ("Sales_2024", "sales_2024"), ("ÄÖÜ_Ä", "ÄÖÜ_Ä"), ("İK", "İk"), ("@[`{", "@[`{")],
)
def test_only_ascii_letters_are_folded(name: str, folded: str) -> None:
    assert names.fold(name) == folded


@pytest.mark.parametrize(
    ("name", "quoted"),
    [("crm", '"crm"'), ('a"b', '"a""b"'), ('""', '""""""'), ("my.schema", '"my.schema"'), ("it's\\", '"it\'s\\"')],
)
def test_identifiers_are_quoted(name: str, quoted: str) -> None:
    assert names.quote(name) == quoted


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Schema crm", "Schema crm"),
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


@pytest.mark.parametrize(
    ("text", "quoted"),
    [("crm", "'crm'"), ("O'Brien", "'O''Brien'"), ("a\\b", "'a\\\\b'"), ("\\'", "'\\\\'''"), ('"', "'\"'"), ("", "''")],
)
def test_literals_are_quoted(text: str, quoted: str) -> None:
    assert names.literal(text) == quoted


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


TOO_LONG = "… is 128 bytes long, and Redshift takes at most 127: shorten it."
KEPT = "holds ':' or '/', which Redshift keeps for system and federated identities: choose another."


@pytest.mark.parametrize("name", ["a", "x" * 127, "ä" * 63 + "x", "with space", "1st", 'qu"ote', "select", "A.b"])
def test_identifiers_of_up_to_127_bytes_are_taken(name: str) -> None:
    assert names.check_identifier(name, "table") == name


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "The table name is empty: give the name of a table."),
        ("a\nb", "The table name 'a\\nb' holds a character that can't be printed: remove it."),
        ("a\u200bb", "The table name 'a\\u200bb' holds a character that can't be printed: remove it."),
        ("a\x00", "The table name 'a\\x00' holds a character that can't be printed: remove it."),
        ("x" * 128, f"The table name '{'x' * 40}'{TOO_LONG}"),
        ("ä" * 64, f"The table name '{'ä' * 40}'{TOO_LONG}"),
    ],
)
def test_what_is_no_identifier_is_refused(name: str, sentence: str) -> None:
    assert refusal(names.check_identifier, name, "table") == (sentence,)


@pytest.mark.parametrize("name", ["segment_linked_role", "röle", "with space", "at@work", "x" * 127])
@pytest.mark.parametrize("what", ["role", "user"])
def test_lower_case_identities_are_taken(name: str, what: str) -> None:
    assert names.check_identity(name, what) == name


def test_only_a_role_may_hold_no_dot() -> None:
    assert names.check_identity("first.last", "user") == "first.last"
    sentence = "The role name 'first.last' holds a '.', which CREATE ROLE doesn't allow: choose another."
    assert refusal(names.check_identity, "first.last", "role") == (sentence,)


@pytest.mark.parametrize("what", ["role", "user"])
@pytest.mark.parametrize(
    ("name", "rest"),
    [
        ("", " is empty: give the name of a {what}."),
        (" \n", " is empty: give the name of a {what}."),
        ("Segment", " 'Segment' has upper-case letters: write it in lower case."),
        ("Ärger", " 'Ärger' has upper-case letters: write it in lower case."),
        ("select", " 'select' is a reserved word of Redshift: choose another."),
        ("sys:dba", f" 'sys:dba' {KEPT}"),
        ("a/b", f" 'a/b' {KEPT}"),
    ],
)
def test_identities_that_cant_be_created_are_refused(name: str, what: str, rest: str) -> None:
    assert refusal(names.check_identity, name, what) == (f"The {what} name{rest.format(what=what)}",)


@pytest.mark.parametrize("mark", ["{{", "{%", "{#"])
def test_no_name_that_a_person_types_starts_a_template(mark: str) -> None:
    name = f"crm{mark} x"

    def sentences(what: str) -> tuple[str]:
        why = f"holds {mark!r}, which starts a template in Airflow, so it isn't accepted"
        return (f"The {what} name {name!r} {why}: rename the {what}.",)

    for what in ("role", "user"):
        assert refusal(names.check_identity, name, what) == sentences(what)
    for check in (names.check_database, names.check_new_database):
        assert refusal(check, name) == sentences("database")
    # What is in the catalog may be called so.
    assert names.check_schema(name) == names.check_identifier(name, "table") == name


@pytest.mark.parametrize("name", ["{", "}}", "{ {x} }", "a{b", "%}"])
def test_a_brace_alone_starts_none(name: str) -> None:
    assert names.check_database(name) == names.check_identity(name, "role") == name


@pytest.mark.parametrize("name", [["crm"], {"crm": 1}, 5, True])
def test_what_is_no_text_is_no_name(name: object) -> None:
    assert refusal(names.check_identifier, name, "role") == (f"The role name is {name!r}: give one name, as text.",)


@pytest.mark.parametrize("word", [*AWS_RESERVED, "public"])
def test_reserved_words_name_neither_identities_nor_new_databases(word: str) -> None:
    rest = f"name {word!r} is a reserved word of Redshift: choose another."
    assert refusal(names.check_identity, word, "user") == (f"The user {rest}",)
    assert refusal(names.check_new_database, word) == (f"The database {rest}",)


def test_nothing_else_is_reserved() -> None:
    assert set(AWS_RESERVED) | {"language", "public"} == names.RESERVED_WORDS


@pytest.mark.parametrize("name", ["dev", "Analytics", "select", "my.db", "sys", "template2"])
def test_databases_of_ones_own_are_taken(name: str) -> None:
    assert names.check_database(name) == name


@pytest.mark.parametrize("check", [names.check_database, names.check_new_database])
@pytest.mark.parametrize("name", ["template0", "TEMPLATE1", "padb_harvest", "Sys:Internal", "awsdatacatalog"])
def test_system_databases_are_refused(check: Callable[[str], str], name: str) -> None:
    assert refusal(check, name) == (f"The database {name!r} belongs to Redshift itself: name a database of your own.",)


def test_a_database_and_a_schema_need_a_name() -> None:
    told = ("The database name is empty: give the name of a database.",)
    assert refusal(names.check_database, "") == refusal(names.check_new_database, " ") == told
    assert refusal(names.check_schema, "") == ("The schema name is empty: give the name of a schema.",)
    for empty in ("", " ", None):
        own = (f"checkpoint_database is {empty!r}: give the name of a database.",)
        assert refusal(names.check_new_database, empty, "checkpoint_database") == own


def test_new_databases_are_lower_case() -> None:
    assert names.check_new_database("segment_linked_profiles_db") == "segment_linked_profiles_db"
    assert names.check_new_database("Ä_db") == "Ä_db"
    sentence = "The database name 'Dev' has upper-case letters: write it in lower case."
    assert refusal(names.check_new_database, "Dev") == (sentence,)


@pytest.mark.parametrize(
    "name", ["information_schema", "Information_Schema", "catalog_history", "pg_catalog", "PG_AUTOMV", "pg_"]
)
def test_system_schemas_are_refused(name: str) -> None:
    assert names.is_system_schema(name)
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
        ("crm", {"crm"}, "crm", "crm"),
        ("CRM", {"crm"}, "crm", None),
        ("CRM", {"CRM"}, None, "CRM"),
        ("Crm", {"crm", "Crm"}, "crm", "Crm"),
        ("ÄRZTE", {"ärzte"}, None, None),
        ("ÄRZTE", {"Ärzte", "ÄRZTE"}, "Ärzte", "ÄRZTE"),
        ("crm", set(), None, None),
    ],
)
def test_names_resolve_as_the_session_compares_them(
    name: str, stored: set[str], folding: str | None, sensitive: str | None
) -> None:
    assert names.resolve(name, stored, case_sensitive=False) == folding
    assert names.resolve(name, stored, case_sensitive=True) == sensitive


@pytest.mark.parametrize(
    ("name", "stored", "meant"),
    [
        ("crm", ["CRM", "crn"], "CRM"),
        ("marts_dialy", ["marts_daily", "marts_weekly", "crm"], "marts_daily"),
        ("Marts_Dialy", ["marts_daily"], "marts_daily"),
        ("payroll", ["crm", "sales"], ""),
        ("crm", [], ""),
        # It would take too long.
        ("t_", [f"t_{at}" for at in range(501)], ""),
    ],
)
def test_what_somebody_may_have_meant(name: str, stored: list[str], meant: str) -> None:
    assert names.alike(name, stored) == meant


def test_a_comma_is_no_separator() -> None:
    told = "'crm, billing' holds a comma: give a list, or one name a line; double quotes go around a name with a comma."
    assert refusal(names.split_path, "crm, billing") == (told,)
    assert names.split_path(names.join_path("a,b", "c")) == names.split_path('"a,b".c') == ("a,b", "c")
