"""From a statement's first words to the rule for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from local_redshift.errors import Refused, syntax_error, unsupported
from local_redshift.grammar import (
    databases,
    defaults,
    grants,
    groups,
    masking,
    queries,
    roles,
    settings,
    shared,
    show,
    tables,
    users,
)
from local_redshift.grammar.names import check_calls
from local_redshift.grammar.opened import opened
from local_redshift.plan import Command, Context, Plan
from local_redshift.reader import Reader, phrases
from local_redshift.tokens import Token, statements, tokenize

Rule = Callable[[Reader, Context], Plan]
TextRule = Callable[[str, list[Token], Context], Plan]

R = TypeVar("R")


def _by_words(rules: dict[R, str]) -> dict[tuple[str, ...], R]:
    return {words: rule for rule, begins in rules.items() for words in phrases(begins)}


# Rules, by the words that a statement begins with; they read on after these.
RULES: dict[tuple[str, ...], Rule] = _by_words(
    {
        roles.create: "create role",
        roles.alter: "alter role",
        roles.drop: "drop role",
        users.create: "create user",
        users.alter: "alter user",
        users.drop: "drop user",
        groups.create: "create group",
        groups.alter: "alter group",
        groups.drop: "drop group",
        databases.create_database: "create database",
        databases.alter_database: "alter database",
        databases.drop_database: "drop database",
        databases.create_schema: "create schema",
        databases.alter_schema: "alter schema",
        databases.drop_schema: "drop schema",
        shared.create_schema: "create external schema",
        shared.create_table: "create external table",
        defaults.alter: "alter default privileges",
        masking.create: "create masking policy",
        masking.drop: "drop masking policy",
        masking.attach: "attach masking policy",
        masking.detach: "detach masking policy",
        grants.grant: "grant",
        grants.revoke: "revoke",
        show.show: "show",
        settings.alter_system: "alter system",
        settings.set_parameter: "set",
        settings.reset: "reset",
        settings.begin: "begin|start transaction",
        settings.finish: "commit|end|rollback|abort",
        settings.set_config: "select set_config",
        settings.cancel: "select pg_cancel_backend",
    }
)

# Rules for statements on tables and data, which keep most of the text as it is.
TEXT_RULES: dict[tuple[str, ...], TextRule] = _by_words(
    {
        queries.select: "select|with",
        queries.change: "insert into|update|delete|truncate|refresh materialized view",
        queries.deallocate: "deallocate",
        queries.maintain: "analyze|vacuum",
        queries.comment: "comment on",
        tables.create: "create table|create temp|create temporary|create local",
        tables.create_view: "create view|create or replace view|create materialized view",
        tables.alter: "alter table",
        tables.drop: "drop table|drop view|drop materialized view",
    }
)

# Statements that Redshift has and the stand-in hasn't: https://docs.aws.amazon.com/redshift/latest/dg/c_SQL_commands.html
ELSEWHERE = phrases(
    """copy|unload|use|explain|declare|fetch|close|call|cancel|merge into|lock|prepare|execute|savepoint|release
    |attach rls|detach rls|associate|desc|describe|insert
    |create procedure|create or replace procedure|create function|create or replace function|create external
    |create library|create or replace library|create model|create datashare|create rls
    |create identity|create or replace external|create template
    |alter procedure|alter function|alter datashare|alter external|alter identity|alter masking|alter rls
    |alter materialized|alter template
    |drop procedure|drop function|drop datashare|drop external|drop library|drop model|drop identity
    |drop rls|drop template"""
)

CACHED = 1000
"""Clients ask the same over and over; a plan depends on nothing but the text and its context."""
KINDS = {
    "select": "SELECT",
    "with": "SELECT",
    "insert": "INSERT",
    "update": "UPDATE",
    "delete": "DELETE",
    "copy": "COPY",
    "unload": "UNLOAD",
    **dict.fromkeys(("create", "alter", "drop", "truncate", "grant", "revoke", "comment", "attach", "detach"), "DDL"),
}


@lru_cache(CACHED)
def kind_of(sql: str) -> str:
    """SYS_QUERY_HISTORY's query_type, also of a statement that is refused."""
    try:
        tokens = tokenize(sql)
    except Refused:
        return "OTHER"
    return KINDS.get(tokens[0].value, "UTILITY") if tokens else "OTHER"


@lru_cache(CACHED)
def translate(sql: str, context: Context) -> Plan:
    """What is to be done with one statement; an empty text is one, too."""
    try:
        return _translated(sql, context)
    except Refused as refusal:
        if context.open_catalog and (refusal.ours or refusal.sqlstate in ("42P01", "42703")):
            return opened(sql, kind_of(sql), context, refusal)
        raise


def _translated(sql: str, context: Context) -> Plan:
    parts = statements(tokenize(sql))
    if not parts:
        return Command("", "OTHER")
    if len(parts) > 1:
        raise Refused("42601", "cannot insert multiple commands into a prepared statement")
    return _rule(sql, parts[0], context)


def _rule(sql: str, tokens: list[Token], context: Context) -> Plan:
    reader = Reader(tokens, context.case_sensitive)
    for length in (4, 3, 2, 1):
        words = tuple(token.value for token in tokens[:length])
        if words in RULES:
            reader.expect(*words)
            plan = RULES[words](reader, context)
            # No rule may stop before the end, or forget what it has noted.
            reader.end()
            return plan
        if words in TEXT_RULES:
            check_calls(tokens)
            return TEXT_RULES[words](sql, tokens, context)
    if tokens[0].text == "(":
        check_calls(tokens)
        return queries.select(sql, tokens, context)
    for known in ELSEWHERE:
        if reader.is_word(*known):
            raise unsupported(" ".join(known).upper())
    raise syntax_error(tokens[min(1, len(tokens) - 1)].text if tokens[0].value in KINDS else tokens[0].text)
