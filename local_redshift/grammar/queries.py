"""SELECT and changes of data: names are checked, the rest is PostgreSQL's."""

from __future__ import annotations

import re
from itertools import pairwise

from local_redshift.errors import Refused, known_database, leader_only, unsupported
from local_redshift.grammar import catalog, late_binding
from local_redshift.grammar.names import check_names, is_catalog
from local_redshift.grammar.references import Reference, common_tables, references
from local_redshift.grammar.render import name_of, render
from local_redshift.grammar.views import LEADER_ONLY
from local_redshift.plan import Command, Context, Plan, Query
from local_redshift.reader import RESERVED
from local_redshift.tokens import Kind, Token

# What reads no row of a table t; the second form is for many tables in one statement.
EMPTY = r"select \* from t where false"
EACH = rf"select 1 from \( {EMPTY} \) (as )?x"
NO_ROW = re.compile(rf"{EMPTY}|{EACH}( union all {EACH})*")
NO_COLUMN = re.compile(r"select 1 from t( limit [1n])?")
KINDS = {"insert": "INSERT", "update": "UPDATE", "delete": "DELETE", "truncate": "DDL"}


def select(sql: str, tokens: list[Token], context: Context) -> Plan:
    """A SELECT of whatever it names: a catalog view, late-binding views' columns, or user tables."""
    if late_binding.is_asked(tokens):
        return late_binding.select(sql, tokens, context)
    found = references(tokens, context)
    if any(is_catalog(one.parts) for one in found):
        return catalog.select(sql, tokens, context)
    check_names(tokens, _spans(found), context)
    if any(one.written for one in found):
        return Query(local(sql, tokens, context, found), "CTAS", reads=reads(found))
    return query(sql, tokens, context, found)


def query(sql: str, tokens: list[Token], context: Context, found: list[Reference]) -> Plan:
    """A SELECT of user tables: here, or all in one other database by three-part names.

    https://docs.aws.amazon.com/redshift/latest/dg/cross-database-overview.html
    """
    common = common_tables(tokens, context)
    if any(len(one.parts) > 1 or one.parts[0] not in common for one in found):
        _check_leaders(tokens)
    databases = {database_of(one, context) for one in found if not (len(one.parts) == 1 and one.parts[0] in common)}
    if len(databases) > 1:
        raise unsupported("joins of tables of two databases")
    database = databases.pop() if databases else context.database
    text = render(sql, tokens, context, without_database(tokens, context, database, found))
    elsewhere = None if database == context.database else database
    return Query(text, reads=reads(found), takes=_taken(tokens, found), database=elsewhere)


def reads(found: list[Reference], target: bool = False) -> tuple[tuple[str, ...], ...]:
    """What is read, with the target of a change or without; a name that WITH gives may also be a table's."""
    return tuple(tuple(one.parts[-2:]) for one in found if target or not one.written)


def _taken(tokens: list[Token], found: list[Reference]) -> str:
    """What a query takes of its tables; where no value is, whoever may select sees the same, whatever is masked."""
    tables = {one.start: one.end for one in found}
    shape: list[str] = []
    at = 0
    while at < len(tokens):
        shape.append("t" if at in tables else _word(tokens[at]))
        at = tables.get(at, at + 1)
    text = " ".join(shape)
    return "nothing" if NO_ROW.fullmatch(text) else "rows" if NO_COLUMN.fullmatch(text) else "values"


def _word(token: Token) -> str:
    """A word or sign as it is, but all names as one, and all that isn't written here as another."""
    if token.kind is Kind.WORD and token.value not in RESERVED:
        return "x"
    kept = token.kind in (Kind.WORD, Kind.SYMBOL) or token.text == "1"
    return token.value if kept else {Kind.QUOTED: "x", Kind.STRING: "s"}.get(token.kind, "n")


# https://docs.aws.amazon.com/redshift/latest/dg/r_VACUUM_command.html and r_ANALYZE_COMPRESSION.html
MAINTENANCE = ("reindex", "sort", "delete", "recluster", "boost", "to", "compression", "predicate")


def maintain(sql: str, tokens: list[Token], context: Context) -> Plan:
    """VACUUM and ANALYZE of a table, without what only a cluster has."""
    for token in tokens[1:]:
        if token.kind is Kind.WORD and token.value in MAINTENANCE:
            raise unsupported(f"{tokens[0].text.upper()} ... {token.text.upper()}")
        if token.text == "(" and tokens[0].value == "vacuum":
            raise Refused("42601", 'syntax error at or near "("')
    return change(sql, tokens, context)


def change(sql: str, tokens: list[Token], context: Context) -> Plan:
    """INSERT, UPDATE, DELETE and the like, in the connected database."""
    found = references(tokens, context)
    word = tokens[0].value
    # INSERT reads its own target only for what PostgreSQL adds to it.
    target = word != "insert" or any(token.value in ("returning", "conflict") for token in tokens)
    named = () if word in ("truncate", "vacuum", "analyze") else reads(found, target)
    return Query(local(sql, tokens, context, found), KINDS.get(word, "UTILITY"), reads=named)


def local(sql: str, tokens: list[Token], context: Context, found: list[Reference]) -> str:
    """The text for PostgreSQL of a statement that may name only user tables of the connected database."""
    if late_binding.is_asked(tokens):
        raise unsupported(late_binding.SHAPE)
    for one in found:
        if is_catalog(one.parts):
            raise unsupported("system tables and views in a statement that isn't a plain SELECT of one")
        if database_of(one, context) != context.database:
            raise unsupported("statements that write and name a table of another database")
    check_names(tokens, _spans(found), context)
    return render(sql, tokens, context, without_database(tokens, context, context.database, found))


def deallocate(sql: str, tokens: list[Token], context: Context) -> Plan:
    """DEALLOCATE, as psycopg sends it."""
    return Query(render(sql, tokens, context), "UTILITY")


def comment(sql: str, tokens: list[Token], context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_COMMENT.html"""
    if len(tokens) < 4:
        raise Refused("42601", "syntax error at end of input")
    if tokens[2].value not in ("table", "column", "view", "constraint"):
        # In particular not on roles: their comments hold what the stand-in knows about them.
        raise unsupported("COMMENT ON " + tokens[2].text.upper())
    check_names(tokens, [], context)
    return Command(render(sql, tokens, context), "DDL")


def _spans(found: list[Reference]) -> list[tuple[int, int]]:
    return [(one.start, one.end) for one in found]


def _check_leaders(tokens: list[Token]) -> None:
    """Refuse leader node-only functions, which can't run where user tables are."""
    for token, follower in pairwise(tokens):
        if token.kind is Kind.WORD and token.value in LEADER_ONLY and follower.text == "(":
            raise leader_only()


def database_of(reference: Reference, context: Context) -> str:
    """The database that a table is named in."""
    if len(reference.parts) < 3:
        return context.database
    if len(reference.parts) > 3:
        raise Refused("42601", "improper qualified name (too many dotted names): " + ".".join(reference.parts))
    return known_database(reference.parts[0])


def without_database(tokens: list[Token], context: Context, database: str, found: list[Reference]) -> dict[int, str]:
    """Edits that strip the database from db.schema.table and from db.schema.table.column."""
    tables = {(one.start, len(one.parts)) for one in found}
    edits: dict[int, str] = {}
    at = 0
    while at < len(tokens):
        names = _dotted(tokens, at)
        is_table = (at, 3) in tables and names == 3
        if (is_table or names == 4) and name_of(tokens[at], context) == database:
            edits[at] = edits[at + 1] = ""
        at += max(1, 2 * names - 1)
    return edits


def _dotted(tokens: list[Token], at: int) -> int:
    """How many names, joined by dots, begin here."""
    count = 0
    while at < len(tokens) and tokens[at].kind in (Kind.WORD, Kind.QUOTED):
        count += 1
        if at + 1 >= len(tokens) or tokens[at + 1].text != ".":
            break
        at += 2
    return count
