"""From a statement's first words to the rule for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

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
from local_redshift.reader import Reader
from local_redshift.tokens import Token, statements, tokenize

Rule = Callable[[Reader, Context], Plan]
TextRule = Callable[[str, list[Token], Context], Plan]

# Rules that read on after these words.
RULES: dict[tuple[str, ...], Rule] = {
    ("create", "role"): roles.create,
    ("alter", "role"): roles.alter,
    ("drop", "role"): roles.drop,
    ("create", "user"): users.create,
    ("alter", "user"): users.alter,
    ("drop", "user"): users.drop,
    ("create", "group"): groups.create,
    ("alter", "group"): groups.alter,
    ("drop", "group"): groups.drop,
    ("create", "database"): databases.create_database,
    ("alter", "database"): databases.alter_database,
    ("drop", "database"): databases.drop_database,
    ("create", "schema"): databases.create_schema,
    ("create", "external", "schema"): shared.create_schema,
    ("create", "external", "table"): shared.create_table,
    ("use",): settings.use,
    ("alter", "schema"): databases.alter_schema,
    ("drop", "schema"): databases.drop_schema,
    ("alter", "default", "privileges"): defaults.alter,
    ("grant",): grants.grant,
    ("revoke",): grants.revoke,
    ("show",): show.show,
    ("alter", "system"): settings.alter_system,
    ("set",): settings.set_parameter,
    ("reset",): settings.reset,
    ("select", "set_config"): settings.set_config,
    ("select", "pg_cancel_backend"): settings.cancel,
    ("begin",): settings.begin,
    ("start", "transaction"): settings.begin,
    ("commit",): settings.finish,
    ("end",): settings.finish,
    ("rollback",): settings.finish,
    ("abort",): settings.finish,
}

# Rules for statements on tables and data, which keep most of the text as it is.
TEXT_RULES: dict[tuple[str, ...], TextRule] = {
    ("select",): queries.select,
    ("with",): queries.select,
    ("explain",): queries.explain,
    ("declare",): queries.cursor,
    ("insert", "into"): queries.change,
    ("update",): queries.change,
    ("delete",): queries.change,
    ("truncate",): queries.change,
    ("fetch",): queries.plain,
    ("close",): queries.plain,
    ("deallocate",): queries.plain,
    ("analyze",): queries.maintain,
    ("vacuum",): queries.maintain,
    ("comment", "on"): queries.comment,
    ("create", "table"): tables.create,
    ("create", "temp"): tables.create,
    ("create", "temporary"): tables.create,
    ("create", "local"): tables.create,
    ("create", "masking", "policy"): masking.create,
    ("drop", "masking", "policy"): masking.drop,
    ("attach", "masking", "policy"): masking.attach,
    ("detach", "masking", "policy"): masking.detach,
    ("create", "view"): tables.create_view,
    ("create", "or", "replace", "view"): tables.create_view,
    ("create", "materialized", "view"): tables.create_view,
    ("refresh", "materialized", "view"): queries.change,
    ("alter", "table"): tables.alter,
    ("drop", "table"): tables.drop,
    ("drop", "view"): tables.drop,
    ("drop", "materialized", "view"): tables.drop,
}

# Statements that Redshift has and the stand-in hasn't: https://docs.aws.amazon.com/redshift/latest/dg/c_SQL_commands.html
ELSEWHERE = tuple(
    tuple(words.split())
    for words in """copy|unload|call|cancel|merge into|lock|prepare|execute|savepoint|release|attach rls|detach rls
    |associate|desc|describe|insert
    |create procedure|create or replace procedure|create function|create or replace function|create external
    |create library|create or replace library|create model|create datashare|create rls
    |create identity|create or replace external|create template
    |alter procedure|alter function|alter datashare|alter external|alter identity|alter masking|alter rls
    |alter materialized|alter template
    |drop procedure|drop function|drop datashare|drop external|drop library|drop model|drop identity
    |drop rls|drop template""".split("|")
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
