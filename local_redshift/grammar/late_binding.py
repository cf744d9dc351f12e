"""Late-binding views: the clause that makes one, and the function that lists their columns.

https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_VIEW.html
https://docs.aws.amazon.com/redshift/latest/dg/PG_GET_LATE_BINDING_VIEW_COLS.html
"""

from __future__ import annotations

from itertools import pairwise

from local_redshift.errors import Refused, unsupported
from local_redshift.grammar.catalog import Statement
from local_redshift.grammar.references import Reference, common_tables
from local_redshift.grammar.render import name_of, render
from local_redshift.plan import Context, Plan, Query
from local_redshift.reader import Reader
from local_redshift.text import ident
from local_redshift.tokens import Kind, Token

CLAUSE = ["with", "no", "schema", "binding"]
# An option without effect, by which the view is known again.
MARK = "WITH (security_barrier = false)"
FUNCTION = "pg_get_late_binding_view_cols"
SHAPE = f"{FUNCTION}() is for a SELECT of nothing else, with its five columns named and typed as AWS shows it"
TYPES = ("name", "name", "name", "varchar", "int")


def has_clause(tokens: list[Token]) -> bool:
    """Whether a statement ends with WITH NO SCHEMA BINDING."""
    last = tokens[-4:]
    return [token.value for token in last] == CLAUSE and all(token.kind is Kind.WORD for token in last)


def check_qualified(tokens: list[Token], context: Context, found: list[Reference]) -> None:
    """Relations in it must be qualified with a schema. The words are those of users' reports."""
    if len(tokens) > 1 and tokens[1].value == "recursive":
        # Refused by a cluster, with words that nobody has reported.
        raise unsupported("WITH RECURSIVE in a late-binding view")
    begun = _common_tables(tokens, context)
    joined = _using(tokens)
    for one in found:
        if len(one.parts) > 1 or one.start in joined or begun.get(one.parts[0], len(tokens)) < one.start:
            continue
        if one.parts[0] in common_tables(tokens, context):
            raise unsupported("this use of WITH in a late-binding view")
        raise Refused(
            "42601", "All the relation names inside should be qualified when creating VIEW WITH NO SCHEMA BINDING."
        )


def _common_tables(tokens: list[Token], context: Context) -> dict[str, int]:
    """The names that the query's own WITH gives, and where each one's query ends: only after it the name is it."""
    ends: dict[str, int] = {}
    if tokens[0].value != "with":
        return ends
    depth, name = 0, ""
    for at, token in enumerate(tokens):
        if token.text == "(":
            if not depth and tokens[at - 1].value == "as":
                name = name_of(tokens[at - 2], context)
            depth += 1
        elif token.text == ")":
            depth -= 1
            if not depth and name:
                ends.setdefault(name, at)
                name = ""
    return ends


def _using(tokens: list[Token]) -> set[int]:
    """Where the columns of JOIN ... USING (...) are, which look like tables."""
    inside: set[int] = set()
    for at, token in enumerate(tokens[:-1]):
        if token.kind is Kind.WORD and token.value == "using" and tokens[at + 1].text == "(":
            end = next((end for end in range(at, len(tokens)) if tokens[end].text == ")"), len(tokens))
            inside.update(range(at, end))
    return inside


def is_asked(tokens: list[Token]) -> bool:
    """Whether a statement calls the function that lists such views' columns."""
    return any(
        token.kind is Kind.WORD and token.value == FUNCTION and after.text == "(" for token, after in pairwise(tokens)
    )


def select(sql: str, tokens: list[Token], context: Context) -> Plan:
    """Its page's form with the rows as a table."""
    statement = _Columns(Reader(tokens, context.case_sensitive), context)
    statement.read()
    first, last = statement.span
    edits = {at: "" for at in range(first, last)}
    names = ", ".join(map(ident, statement.columns))
    edits[first] = f"pg_rs.{FUNCTION}() AS {ident(statement.alias)} ({names})"
    return Query(render(sql, tokens, context, edits))


class _Columns(Statement):
    """A SELECT like that of a catalog view, whose columns it names itself."""

    def _from(self) -> None:
        reader = self.reader
        first = reader.at
        if not (reader.accept(FUNCTION) and reader.accept_symbol("(") and reader.accept_symbol(")")):
            raise unsupported(SHAPE)
        self.view = FUNCTION
        reader.accept("as")
        if not self.terms.is_name(reader.peek()):
            raise unsupported(SHAPE)
        self.alias = reader.name()
        if reader.peek().text != "(":
            raise unsupported(SHAPE)
        defined = reader.within(lambda: (reader.name(), reader.name()))
        if tuple(kind for _, kind in defined) != TYPES:
            raise unsupported(SHAPE)
        self.columns = tuple(name for name, _ in defined)
        self.span = (first, reader.at)
        self._alone()
