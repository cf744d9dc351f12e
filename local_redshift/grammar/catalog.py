"""SELECT of a catalog view: one view, its documented columns, simple predicates, nothing else.

Real clusters take more, but what they take depends on the node that a function runs on. So the stand-in accepts
only the form that works everywhere: https://docs.aws.amazon.com/redshift/latest/dg/c_sql-functions-leader-node.html
"""

from __future__ import annotations

import re

from local_redshift.errors import Refused, unsupported
from local_redshift.grammar.names import EVERYWHERE
from local_redshift.grammar.render import name_of, render
from local_redshift.grammar.terms import SHAPE, Terms, Use, check_leaders
from local_redshift.grammar.views import ABSENT_COLUMNS, COLUMNS
from local_redshift.plan import Catalog, Collected, Context, Plan, Remembered
from local_redshift.reader import Reader
from local_redshift.tokens import Kind, Token

MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\Z")
# Whose rows the proxy has in its own memory.
REMEMBERED = frozenset({"sys_query_history", "stv_sessions"})
# Of PostgreSQL, not of Redshift.
ABSENT = frozenset("pg_roles pg_authid pg_auth_members pg_shdescription pg_stat_statements".split())


def select(sql: str, tokens: list[Token], context: Context) -> Plan:
    """Check such a SELECT, and read the stand-in's view in place of Redshift's."""
    statement = Statement(Reader(tokens, context.case_sensitive), context)
    statement.read()
    view = statement.view
    source = view if view in EVERYWHERE or view in REMEMBERED else f"pg_rs.{view}"
    first, last = statement.span
    edits = {at: "" for at in range(first, last)}
    edits[first] = source if statement.alias or source == view else f"{source} AS {view}"
    return _narrowed(render(sql, tokens, context, edits), view, statement.terms)


def _narrowed(sql: str, view: str, terms: Terms) -> Plan:
    """The plan, which notes what the proxy needn't collect, where nothing but one predicate decides it."""
    only_database, after_query, after_time = None, 0, ""
    for one in terms.certain:
        if (one.column, one.operator, one.value.kind) == ("database_name", "=", Kind.STRING):
            only_database = one.value.value
        elif (one.column, one.operator, one.value.kind) == ("query_id", ">", Kind.NUMBER):
            after_query = int(one.value.value) if one.value.value.isdigit() else 0
        elif (one.column, one.operator, one.value.kind) == ("start_time", ">", Kind.STRING):
            after_time = one.value.value if MOMENT.match(one.value.value) else ""
    if view in REMEMBERED:
        return Remembered(sql, view, after_query, after_time)
    return Collected(sql, view, only_database) if view in EVERYWHERE else Catalog(sql)


class Statement:
    def __init__(self, reader: Reader, context: Context) -> None:
        self.reader = reader
        self.context = context
        self.terms = Terms(reader, context)
        self.view = ""
        self.alias = ""
        self.columns: tuple[str, ...] = ()
        self.span = (0, 0)
        self._called: set[str] = set()
        """What SELECT calls its columns."""

    def read(self) -> None:
        reader = self.reader
        if not reader.accept("select"):
            raise unsupported(SHAPE)
        reader.accept("distinct")
        reader.listed(self._output)
        if reader.peek().text and not reader.is_word("from"):
            # An expression, or a clause before FROM: Redshift may well have it.
            raise unsupported(SHAPE)
        reader.expect("from")
        self._from()
        if reader.accept("where"):
            self.terms.any_of()
        if reader.accept("order", "by"):
            self.terms.orders = True
            reader.listed(self._order)
        if reader.accept("limit") and not reader.accept("all"):
            self._count()
        if reader.accept("offset"):
            self._count()
        if reader.peek().text:
            raise unsupported(SHAPE)
        for use in self.terms.uses:
            self._check(use)
        check_leaders(self.terms.leaders, self.view)

    def _output(self) -> None:
        reader = self.reader
        if reader.accept_symbol("*"):
            return
        self.terms.operand()
        if reader.accept("as"):
            self._called.add(reader.name())
        elif self.terms.is_name(reader.peek()):
            self._called.add(name_of(reader.next(), self.context))

    def _from(self) -> None:
        reader = self.reader
        first = reader.at
        if reader.peek().text == "(":
            raise unsupported(SHAPE)
        parts = reader.parts()
        self.span = (first, reader.at)
        if len(parts) > 1 and parts[-2] == "information_schema":
            raise unsupported("information_schema")
        if len(parts) > 2 and parts[0] != self.context.database:
            raise unsupported("the catalog of another database")
        if len(parts) > 1 and parts[-2] != "pg_catalog":
            raise unsupported(SHAPE)
        self.view = parts[-1]
        if self.view in ABSENT:
            raise Refused("42P01", f'relation "{self.view}" does not exist')
        if self.view not in COLUMNS:
            raise unsupported(f"the view {self.view}")
        self.columns = COLUMNS[self.view]
        if reader.accept("as") or self.terms.is_name(reader.peek()):
            self.alias = reader.name()
        self._alone()

    def _alone(self) -> None:
        reader = self.reader
        if reader.peek().text == "," or reader.peek().value in ("join", "inner", "left", "right", "full", "cross"):
            raise unsupported(SHAPE)

    def _order(self) -> None:
        self.terms.operand()
        self.reader.accept_any("asc", "desc")
        if self.reader.accept("nulls") and not self.reader.accept_any("first", "last"):
            raise self.reader.fail()

    def _check(self, use: Use) -> None:
        """Refuse what the view's page doesn't name."""
        if use.qualifier and use.qualifier != (self.alias or self.view):
            raise Refused("42P01", f'missing FROM-clause entry for table "{use.qualifier}"')
        if use.column == "*" or use.column in self.columns:
            return
        if use.alias_allowed and use.column in self._called:
            return
        if use.column in ABSENT_COLUMNS.get(self.view, ()):
            raise unsupported(f"the column {use.column} of {self.view}")
        raise Refused("42703", f'column "{use.column}" does not exist in {self.view}')

    def _count(self) -> None:
        if self.reader.next().kind not in (Kind.NUMBER, Kind.PARAMETER):
            raise self.reader.fail()
