"""Ways to name PostgreSQL's catalog past the closed grammar: none may lead there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_redshift.errors import Refused
from local_redshift.grammar import translate
from local_redshift.plan import Context
from local_redshift.tokens import tokenize
from tests.unit.local_redshift.local_corpus import statements

CONTEXTS = (Context("dev"), Context("dev", case_sensitive=True))

# And where a carriage return ends a comment.
SLIPS = [*statements("slips"), "select rolname --\rfrom pg_authid\nwhere true"]


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
