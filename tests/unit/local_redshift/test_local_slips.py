"""Ways to name PostgreSQL's catalog past the closed grammar: none may lead there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_redshift.errors import Refused
from local_redshift.grammar import translate
from local_redshift.plan import Context
from local_redshift.tokens import tokenize

CONTEXTS = (Context("dev"), Context("dev", case_sensitive=True))

SLIPS = [
    # What reads like a word or symbol of the grammar, and is a literal or a name.
    "select '.' from pg_authid",
    "select 'distinct' from pg_authid",
    'select rolname as "." from pg_authid',
    'select rolname as "distinct" from pg_authid',
    "select rolname as distinct from pg_authid",
    "select rolname distinct from pg_authid",
    "select b.is distinct from b, pg_authid",
    "select rolname from b set, pg_authid",
    "select rolname from b as values, pg_authid",
    "select rolname from b join k on k.where = b.r, pg_authid",
    # No calls of trim.
    "insert into btrim (select rolname from pg_authid)",
    "insert into b as btrim (select rolname from pg_authid)",
    "insert into b as btrim (with x as (select 1) select rolname from pg_authid)",
    # A carriage return ends a comment.
    "select rolname --\rfrom pg_authid\nwhere true",
    # Nested, and written in other ways.
    "select (((select rolname from pg_authid limit 1)))",
    "select 1 where exists(select 1 from pg_class)",
    "select * from b, lateral (select * from pg_class) z",
    "select * from (values (1)) v, pg_class",
    "with x as (table pg_class) select * from x",
    "select rolname/**/from/* /* */ */pg_authid",
    'select * from b where r in (select relname from pg_catalog."pg_class")',
    "select * from b order by (select rolname from pg_authid limit 1)",
    "select extract(year from (select now() from pg_class limit 1))",
    "delete from b using pg_authid",
    "update b set r = (select rolname from pg_authid limit 1)",
    "insert into b values ((select rolname from pg_authid limit 1))",
    "declare c cursor for select b.r from b, pg_authid",
    "explain select b.r from b, pg_authid",
    "create table c as select role_name from svv_roles",
    "create table c as table pg_authid",
    "create table c (like pg_authid)",
    "create table c (a regclass)",
    "alter table b add column a regclass default 'pg_authid'",
    "alter table b add column a pg_class",
    "create view c as select * from pg_catalog.pg_class",
    "create materialized view c as select * from pg_class",
    # Types and functions that look into the catalog.
    "select null::pg_authid",
    "select json_populate_record(null::pg_class, '{}')",
    "select 'pg_authid'::regclass::oid",
    "select cast(10 as regrole)",
    "select regclass 'pg_authid'",
    "select to_regnamespace('pg_rs')",
    "select current_setting('data_directory')",
    "select has_column_privilege('b', 'r', 'select')",
    "select * from rows from (pg_get_keywords())",
    'select * from "pg_get_keywords" /* */ ()',
    # No SELECTs.
    "delete from pg_class",
    "truncate pg_class",
    "analyze pg_class",
    "vacuum pg_authid",
    "comment on table pg_class is 'x'",
    # Own names of the stand-in, folded.
    'select * from "PG_RS".svv_roles',
    'select "Pg_Rs".me()',
]


@pytest.mark.parametrize("sql", SLIPS)
def test_a_catalog_name_is_refused_wherever_it_stands(sql: str) -> None:
    for context in CONTEXTS:
        with pytest.raises(Refused) as refusal:
            translate(sql, context)
        assert refusal.value.sqlstate in ("0A000", "42P01", "3F000", "42601")


@pytest.mark.parametrize("space", ["\x85", "\xa0", "\u2003", "\u3000", "\u0663"])
def test_only_postgresqls_own_spaces_and_digits_part_words(space: str) -> None:
    """It reads one word there, so two would be another statement than the one that was judged."""
    assert [token.text for token in tokenize(f"r{space}from")] == [f"r{space}from"]
    assert [token.text for token in tokenize(f"{space}from")] == [f"{space}from"]


USER_TABLES = [
    "select a is distinct from b, a is not distinct from b from s.t",
    "select r from public.pg_own",
    "select pg_backend_pid()",
    "select svv_x, stl_y from s.sys_log",
    'select "set", "values" from s.t as x, s.u as y',
    "select t.from, t.where from s.t",
    "select has_schema_privilege('public', 'usage')",
]


@pytest.mark.parametrize("sql", USER_TABLES)
def test_what_only_looks_like_a_catalog_name_runs(sql: str) -> None:
    assert translate(sql, CONTEXTS[0]).sql


WORDS = """select from , pg_authid b ( ) as is not distinct set values where table only lateral join on using union
with x insert into update delete trim btrim extract exists in "." "distinct" "from" "set" '.' 'from' /* */ . * = ::"""
PIECES = [*WORDS.split(), "s.t", "r", "--\r", "--\n", "order by"]


STARTS = ["select", "insert into", "with", "(", "create table t as", "explain"]


@given(st.sampled_from(STARTS), st.lists(st.sampled_from(PIECES), max_size=14))
def test_no_statement_of_such_pieces_reaches_it(start: str, pieces: list[str]) -> None:
    try:
        plan = translate(" ".join([start, *pieces, "from pg_authid"]), CONTEXTS[0])
    except Refused:
        return
    # The last words may stand in a comment.
    assert "pg_authid" not in plan.sql
