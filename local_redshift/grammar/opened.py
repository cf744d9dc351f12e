"""With `--catalog open`: what the closed grammar has no form for goes to PostgreSQL, and sees PostgreSQL's catalog.

Identities, grants and databases stay as they are: only statements that read, or that write tables, get through, and
none that could run another one from a text, or act on the server.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from local_redshift.errors import Refused
from local_redshift.grammar.catalog import REMEMBERED
from local_redshift.grammar.names import is_catalog
from local_redshift.grammar.queries import database_of, reads, without_database
from local_redshift.grammar.references import ENDS_FROM, references
from local_redshift.grammar.render import name_of, render
from local_redshift.plan import Context, Plan, Query
from local_redshift.reader import phrases
from local_redshift.tokens import Kind, Token, statements, tokenize

BEGINS = phrases(
    """select|with|(|explain|insert|update|delete|merge|show transaction|create table|create temp|create temporary
    |create local|create view|create or replace view|create materialized view"""
)
# Functions that run a text as a statement or act on the server, and, of PostgreSQL's own, all but those that only tell.
ACTING = re.compile(
    r"set_config|lo_\w+|ts_stat|ts_rewrite|currtid2|\w+_to_xml\w*|\w+_and_xmlschema"
    r"|pg_(?!get_|encoding_to_char|has_role|\w+_is_|\w+_size|size_|partition_|available_|my_temp_schema|backend_pid"
    r"|sleep|typeof)\w+"
)
# They hold values of columns, which may be masked, what the stand-in knows of passwords, and its own views.
HOLDING = re.compile(r"pg_opened|pg_stats\w*|pg_statistic(_ext_data)?|pg_shdescription|shobj_description")
# Of these sql/opened.sql has its own.
OURS = "pg_namespace pg_class pg_attribute pg_attrdef pg_rewrite pg_auth_members pg_roles pg_database".split()


def opened(sql: str, kind: str, context: Context, refusal: Refused) -> Plan:
    """What is done with a statement instead of this refusal, which is raised where nothing can be."""
    (tokens,) = statements(tokenize(sql))
    found = references(tokens, context)
    named = [one for one in found if is_catalog(one.parts)]
    if (
        not any(tuple(token.text.lower() for token in tokens[: len(words)]) == words for words in BEGINS)
        or any(map(_acts, tokens, [*tokens[1:], tokens[0]]))
        or any(database_of(one, context) != context.database or one.parts[-1] in REMEMBERED for one in found)
        or any(one.written for one in named)
        or (named and any(token.kind is Kind.WORD and token.value in ("update", "delete") for token in tokens))
    ):
        raise refusal
    edits = without_database(tokens, context, context.database, found)
    if named:
        edits |= _by_their_names(sql, tokens, context)
    for at, token in enumerate(tokens):
        if token.kind is Kind.NUMBER:
            # Redshift reads 4WHEN as two words.
            edits.setdefault(at, f"{token.text} ")
        if token.value in OURS:
            if tokens[at - 1].text == "." and tokens[at - 2].value == "pg_catalog":
                edits |= {at - 2: "", at - 1: ""}
            if any(one.end == at + 1 for one in named):
                edits[at] = f"pg_opened.{token.value}"
    return Query(render(sql, tokens, context, edits), kind, reads=reads(found, target=True))


def _acts(token: Token, follower: Token) -> bool:
    """Whether it's the call of such a function, or the name of such a view."""
    name = token.value.lower()
    return _is_name(token) and bool(HOLDING.fullmatch(name) or (follower.text == "(" and ACTING.fullmatch(name)))


@dataclass
class _Level:
    """Between two parentheses."""

    clause: str = ""
    start: int = 0
    called: dict[str, str] = field(default_factory=dict)
    """What SELECT calls its columns, and what they are."""


def _by_their_names(sql: str, tokens: list[Token], context: Context) -> dict[int, str]:
    """What Redshift takes and PostgreSQL doesn't: in WHERE what SELECT calls a column, and a number for a truth."""
    edits: dict[int, str] = {}
    levels = [_Level()]
    for at, token in enumerate(tokens):
        level, word = levels[-1], token.text.lower()
        if word == "(":
            levels.append(replace(level) if level.clause == "where" else _Level())
        elif word == ")" and len(levels) > 1:
            levels.pop()
        elif word == "select":
            levels[-1] = _Level("select", at + 1)
        elif level.clause == "select" and word in (",", "from"):
            item, level.start = tokens[level.start : at], at + 1
            again = _note(sql, item, context, level.called)
            edits |= {at - len(item): again} if again else {}
            level.clause = "from" if word == "from" else "select"
        elif word in ENDS_FROM:
            level.clause = word
        elif level.clause == "where" and token.kind is Kind.NUMBER and tokens[at - 1].text.lower() == "where":
            edits[at] = "true"
        elif level.clause == "where" and _is_name(token) and tokens[at - 1].text != ".":
            edits[at] = level.called.get(name_of(token, context), "")
    return {at: text for at, text in edits.items() if text}


def _is_name(token: Token) -> bool:
    return token.kind in (Kind.WORD, Kind.QUOTED)


def _note(sql: str, item: list[Token], context: Context, called: dict[str, str]) -> str:
    """Note what an item of SELECT is called; what it is, where it's but the name of an earlier one."""
    if [one.text.lower() for one in item[-2:-1]] != ["as"]:
        return ""
    name = name_of(item[-1], context)
    again = called.get(name_of(item[0], context), "") if len(item) == 3 and _is_name(item[0]) else ""
    if not again and not (_is_name(item[-3]) and name_of(item[-3], context) == name):
        called[name] = f"({render(sql, item[:-2], context)})"
    return again
