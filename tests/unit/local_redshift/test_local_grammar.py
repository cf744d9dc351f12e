"""The closed grammar: what is accepted, what isn't Redshift's, and what the stand-in can't honour.

AWS's own pages are the judge: their statements aren't syntax errors, and what their grammars lack is refused.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_redshift.errors import Refused
from local_redshift.grammar import kind_of, translate
from local_redshift.plan import Collected, Context, Query, Remembered
from tests.unit.local_redshift.local_corpus import corpus, statements

CONTEXT = Context("dev")
ACCEPT, REFUSE = corpus("accept"), corpus("refuse")
ACCEPTED, NOT_REDSHIFT, NOT_HERE = (statements(name) for name in ("accepted", "not_redshift", "not_here"))
PAGES = sorted({entry.page for entry in ACCEPT + REFUSE})
# Refused by the server, but not for their syntax: a privilege of the wrong kind of identity or database, a user whom
# only IAM creates, a parameter that doesn't exist (https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW.html).
BY_THEIR_MEANING = {"42704", "0LP01"}


def outcome(sql: str) -> str:
    """What becomes of a statement: `runs`, `not here`, or the code of the refusal."""
    try:
        translate(sql, CONTEXT)
    except Refused as refusal:
        return "not here" if refusal.ours else refusal.sqlstate
    return "runs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.rsplit("/", 1)[-1])
def test_a_page_of_aws(page: str) -> None:
    wrong = [
        (entry.sql, entry.note, found)
        for entries, right in ((ACCEPT, {"runs", "not here"}), (REFUSE, {"42601"}))
        for entry in entries
        if entry.page == page and (found := outcome(entry.sql)) not in right | BY_THEIR_MEANING
    ]
    assert wrong == []


def test_enough_of_them_are_judged_by_the_grammar() -> None:
    assert sum(outcome(entry.sql) == "runs" for entry in ACCEPT) >= 200
    assert sum(outcome(entry.sql) == "42601" for entry in REFUSE) >= 250


@pytest.mark.parametrize(("listed", "expected"), [(ACCEPTED, "runs"), (NOT_REDSHIFT, "42601"), (NOT_HERE, "not here")])
def test_forms_of_the_synopses(listed: list[str], expected: str) -> None:
    assert {sql: found for sql in listed if (found := outcome(sql)) != expected} == {}


@pytest.mark.parametrize(
    ("sql", "sqlstate"),
    [
        ("create user u password 'short1A'", "22023"),
        ("create user u password 'nouppercase1'", "22023"),
        ("create user u password 'NOLOWERCASE1'", "22023"),
        ("create user u password 'NoDigitsHere'", "22023"),
        ("create user u password 'With space1'", "22023"),
        ("create user u password 'Slash/Abc123'", "22023"),
        ("create user u createuser password disable", "42601"),
        ("create user \"a:b\" password 'Abcd1234x'", "42602"),
        ("select 1 from template1.s.t", "3D000"),
        ("drop database postgres", "3D000"),
        ("grant select on t to role r with grant option", "0LP01"),
        ("create user u password 'sha256|short1A'", "22023"),
        ("select rolname from svv_roles", "42703"),
        ("select u.role_name from svv_roles r", "42P01"),
        ("select role_name as n from svv_roles where n = 'x'", "42703"),
        ("select lower(role_name, 1) from svv_roles", "42883"),
        # Leader node-only functions and what isn't on the leader node.
        ("select has_schema_privilege(schema_name, 'usage') from svv_all_schemas", "0A000"),
        ("select has_table_privilege('t', 'select') from s.t", "0A000"),
        ("alter user rdsdb password 'Abcd1234x'", "42501"),
        ("revoke select on t from u cascade", "0LP01"),
        ("grant select on t to pg_monitor", "42704"),
        ("grant usage on schema pg_catalog to u", "42501"),
        ("select * from pg_roles", "42P01"),
        ("select * from pg_rs.held", "3F000"),
        ('select * from "pg_rs".held', "3F000"),
        ("set no_such_parameter to 1", "42704"),
        ("show roles", "42704"),
        ("set search_path to 'pg_rs'", "3F000"),
    ],
)
def test_refusals_with_codes_of_their_own(sql: str, sqlstate: str) -> None:
    assert outcome(sql) == sqlstate


def test_quoted_names_fold_unless_case_sensitive() -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_enable_case_sensitive_identifier.html
    assert '"mixed"' in translate('select * from "MiXed"', CONTEXT).sql
    assert '"MiXed"' in translate('select * from "MiXed"', Context("dev", case_sensitive=True)).sql


def test_quoted_user_names_keep_their_case_and_others_do_not() -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html
    assert "'SEGMENT'" in translate("create user \"SEGMENT\" password 'Abcd1234x'", CONTEXT).sql
    assert "'segment'" in translate("create user SEGMENT password 'Abcd1234x'", CONTEXT).sql
    assert "'reader'" in translate('create role "READER"', CONTEXT).sql


def query(sql: str) -> Query:
    plan = translate(sql, CONTEXT)
    assert isinstance(plan, Query), sql
    return plan


def test_three_part_names_say_where_a_select_runs() -> None:
    elsewhere = query('select 1 from "other"."s"."t" limit 1')
    assert (elsewhere.database, elsewhere.sql) == ("other", 'select 1 from "s"."t" limit 1')
    assert translate("select dev.s.t.a from dev.s.t", CONTEXT) == translate("select s.t.a from s.t", CONTEXT)


def test_what_a_statement_reads_is_noted_for_masking() -> None:
    for sql in (
        "select a from dev.s.t, u",
        "select 1 from s.t where exists (select 1 from u) limit 1",
        "with u as (select 1) select * from s.t, u",
        "insert into v select a from s.t join u on true",
        "create table v as select a from s.t, u",
        "create materialized view v as select a from s.t, u",
        "select a into v from s.t, u",
        "update s.t set a = 1 from u",
        "delete from s.t using u",
        # Words that look like the end of a FROM clause.
        "select a as distinct from s.t, u",
        "select a from s.t as set, u",
        "select a from s.t as values, u",
        "select a from s.t join u on s.t.order = 1",
    ):
        assert query(sql).reads == (("s", "t"), ("u",)), sql
    assert query("select a from other.s.t").reads == (("s", "t"),)
    assert query("select a from v join t on v.group = 1, u").reads == (("v",), ("t",), ("u",))
    for sql in ("insert into t values (1)", "truncate t", "truncate table t"):
        assert query(sql).reads == (), sql


TAKES = {
    "rows": [
        "select 1 from s.t limit 1",
        'select 1 from "other"."s"."t" limit $1',
        "select 1 from t",
        "create view v as select a from t",
    ],
    "nothing": ['select 1 from (select * from s."t" where false) as x'],
    "values": [
        "select 1 from t x limit 1",
        "select 1 from t where a = 1",
        "select 1, a from t limit 1",
        "select 2 from t limit 1",
        "select 1 from (t) limit 1",
        "select 1 from t limit 1 offset 2",
        "select 1 from t limit (select a)",
        "insert into t values (1) returning a",
    ],
}


@pytest.mark.parametrize("takes", TAKES)
def test_what_reads_no_column_is_none_of_maskings_business(takes: str) -> None:
    for sql in TAKES[takes]:
        assert query(sql).takes == takes, sql


def test_from_inside_functions_is_no_table() -> None:
    sql = "select extract(year from d), trim(both from x), a is distinct from b from s.t"
    assert translate(sql, CONTEXT).sql == sql


def test_a_backslash_escapes_in_literals() -> None:
    assert translate(r"select 'it\'s'", CONTEXT).sql == "select 'it''s'"
    assert translate(r"select 'a\\b'", CONTEXT).sql == r"select  E'a\\b'"


@pytest.mark.parametrize(
    ("predicate", "database"),
    [
        ("database_name = 'd' and schema_name in ('select')", "d"),
        ("database_name = 'd' or schema_name = 'a'", None),
        ("not database_name = 'd'", None),
        ("(database_name = 'd' or true = true)", None),
        ("schema_name = 'a' or database_name = 'd' and table_name = 'x'", None),
    ],
)
def test_one_database_is_looked_up_alone_only_where_the_predicate_is_certain(
    predicate: str, database: str | None
) -> None:
    plan = translate(f"select * from svv_redshift_tables where {predicate}", CONTEXT)
    assert isinstance(plan, Collected) and plan.only_database == database


MOMENT = "2026-01-02 03:04:05.678901"


@pytest.mark.parametrize(
    ("predicate", "after"),
    [
        (f"query_id > 7 and start_time > '{MOMENT}'", (7, MOMENT)),
        (f"query_id > 7 or start_time > '{MOMENT}'", (0, "")),
        ("start_time > 'yesterday'", (0, "")),
        ("not query_id > 7", (0, "")),
    ],
)
def test_the_history_is_asked_for_no_more_than_is_certain_to_be_needed(predicate: str, after: tuple[int, str]) -> None:
    plan = translate(f"select query_text from sys_query_history where {predicate}", CONTEXT)
    assert isinstance(plan, Remembered) and (plan.after_query, plan.after_time) == after


# What an open catalog's statements become: Redshift's ways with names, and nothing else of the text.
OPEN = Context("dev", open_catalog=True)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        # What SELECT calls a column is known in WHERE, but no literal and no other table's column is taken for it.
        (
            "SELECT c.relname AS \"name\", 'name' AS x FROM pg_class c JOIN t ON true "
            "WHERE name = 'name' AND c.name = 1",
            "SELECT c.relname AS \"name\", 'name' AS x FROM pg_opened.pg_class c JOIN t ON true "
            "WHERE (c.relname) = 'name' AND c.name = 1 ",
        ),
        (
            "SELECT a + 1 AS a2, a2 AS a3 FROM pg_class, t",
            "SELECT a + 1  AS a2, (a + 1) AS a3 FROM pg_opened.pg_class, t",
        ),
        ("SELECT relname AS relname FROM pg_class c, t WHERE (relname = 'select')", None),
        ("SELECT 'from' AS a FROM pg_class c, t WHERE 1 AND b IN ('where', 'a')", None),
        ("SELECT CASE 1 WHEN 1THEN 2 END FROM pg_index i, t", "SELECT CASE 1  WHEN 1 THEN 2  END FROM pg_index i, t"),
        (
            "SELECT pg_catalog.pg_class.oid FROM pg_catalog.pg_class, t",
            "SELECT pg_class.oid FROM pg_opened.pg_class, t",
        ),
        ("SELECT 'pg_class' FROM dev.public.t, pg_index", "SELECT 'pg_class' FROM public.t, pg_index"),
    ],
)
def test_an_open_catalog_reads_names_as_redshift_does(sql: str, expected: str | None) -> None:
    plan = translate(sql, OPEN)
    assert isinstance(plan, Query)
    wanted = sql.replace("pg_class", "pg_opened.pg_class").replace("WHERE 1 ", "WHERE true ")
    assert plan.sql == (expected or wanted)


def test_what_is_read_of_an_open_catalog_is_known() -> None:
    plan = translate("SELECT * FROM s.t JOIN pg_class c ON true", OPEN)
    assert isinstance(plan, Query) and plan.reads == (("s", "t"), ("pg_class",))


def test_kinds_of_statements() -> None:
    kinds = [kind_of(sql) for sql in ("select 1", "grant x", "begin", "insert into t", "'", "")]
    assert kinds == ["SELECT", "DDL", "UTILITY", "INSERT", "OTHER", "OTHER"]


WORDS = sorted({word for sql in ACCEPTED + NOT_REDSHIFT + NOT_HERE for word in sql.split()})


@given(st.lists(st.sampled_from([*WORDS, "(", ")", ",", ".", ";", "*", "=", "$1"]), max_size=12))
def test_any_words_are_either_translated_or_refused(words: list[str]) -> None:
    try:
        plan = translate(" ".join(words), CONTEXT)
    except Refused as refusal:
        assert len(refusal.sqlstate) == 5
    else:
        # A query may begin with a parenthesis.
        assert "pg_rs." not in plan.sql or plan.sql.startswith(("DO ", "SELECT", "select", "SHOW", "explain", "("))


@given(st.text(max_size=40))
def test_any_text_is_either_translated_or_refused(text: str) -> None:
    try:
        translate(text, CONTEXT)
    except Refused as refusal:
        assert refusal.message


@pytest.mark.parametrize("name", ["pg_monitor", '"role:r"', '"group:g"', '"scope:10"', '"may:CREATE USER"'])
def test_roles_of_postgresql_are_no_users(name: str) -> None:
    for sql in (
        f"create schema s authorization {name}",
        f"alter schema s owner to {name}",
        f"create database d owner {name}",
        f"alter database d owner to {name}",
        f"alter table t owner to {name}",
        f"alter role r owner to {name}",
        f"create group g with user {name}",
        f"alter group g add user {name}",
        f"grant role r to {name}",
        f"grant usage on schema s to {name}",
        f"drop user {name}",
    ):
        assert outcome(sql) == "42704", sql
