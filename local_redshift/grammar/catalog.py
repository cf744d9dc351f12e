"""SELECT of a catalog view: one view, simple predicates, nothing else.

Real clusters take more, but what they take depends on the node that a function runs on. So the stand-in accepts
only the form that works everywhere: https://docs.aws.amazon.com/redshift/latest/dg/c_sql-functions-leader-node.html
"""

from __future__ import annotations

import re

from local_redshift.errors import Refused, unsupported
from local_redshift.grammar.names import EVERYWHERE, VIEWS
from local_redshift.grammar.render import name_of, render
from local_redshift.plan import Context, Plan
from local_redshift.reader import RESERVED, Reader
from local_redshift.tokens import Kind, Token

SHAPE = "a SELECT of a catalog view takes one view, simple predicates, ORDER BY and LIMIT"
FUNCTIONS = ("lower", "upper", "trim", "btrim", "rtrim", "ltrim", "length", "len")
COMPARISONS = ("=", "<>", "!=", "<", ">", "<=", ">=")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\Z")
# Of PostgreSQL, not of Redshift.
ABSENT = frozenset("pg_roles pg_authid pg_auth_members pg_shdescription pg_stat_statements".split())


def select(sql: str, tokens: list[Token], context: Context) -> Plan:
    statement = _Statement(Reader(tokens, context.case_sensitive), context)
    statement.read()
    view = statement.view
    source = view if view in EVERYWHERE or view == "sys_query_history" else f"pg_rs.{view}"
    first, last = statement.span
    edits = {at: "" for at in range(first, last)}
    edits[first] = source if statement.has_alias or source == view else f"{source} AS {view}"
    collected = view if source == view else ""
    return Plan(
        render(sql, tokens, context, edits),
        "SELECT",
        view=collected,
        only_database=statement.only_database,
        after_query=statement.after_query,
        after_time=statement.after_time,
    )


class _Statement:
    def __init__(self, reader: Reader, context: Context) -> None:
        self.reader = reader
        self.context = context
        self.view = ""
        self.span = (0, 0)
        self.has_alias = False
        self.only_database: str | None = None
        self.after_query = 0
        self.after_time = ""
        self._alternatives = 0

    def read(self) -> None:
        reader = self.reader
        reader.accept("select")
        if reader.at == 0:
            raise unsupported(SHAPE)
        reader.accept("distinct")
        reader.listed(self._column)
        reader.expect("from")
        self._from()
        if reader.accept("where"):
            self._any_of()
        if reader.accept("order", "by"):
            reader.listed(self._order)
        if reader.accept("limit") and not reader.accept("all"):
            self._literal()
        if reader.accept("offset"):
            self._literal()
        if reader.peek().text:
            raise unsupported(SHAPE)

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
        if self.view not in VIEWS:
            raise unsupported(f"the view {self.view}")
        if reader.accept("as") or self._is_name(reader.peek()):
            reader.name()
            self.has_alias = True
        if reader.peek().text == "," or reader.peek().value in ("join", "inner", "left", "right", "full", "cross"):
            raise unsupported(SHAPE)

    @staticmethod
    def _is_name(token: Token) -> bool:
        joins = ("where", "order", "limit", "offset", "join", "inner", "left", "right", "full", "cross", "natural")
        other = token.value in RESERVED or token.value in joins
        return token.kind is Kind.QUOTED or (token.kind is Kind.WORD and not other)

    def _column(self) -> None:
        reader = self.reader
        if reader.accept_symbol("*"):
            return
        self._operand()
        if reader.accept("as") or self._is_name(reader.peek()):
            reader.next()

    def _order(self) -> None:
        self._operand()
        self.reader.accept_any("asc", "desc")
        if self.reader.accept("nulls") and not self.reader.accept_any("first", "last"):
            raise self.reader.fail()

    def _any_of(self) -> None:
        self._all_of()
        while self.reader.accept("or"):
            # One database can be looked up alone only where no alternative asks for others.
            self._alternatives += 1
            self._narrowed = None, 0, ""
            self._all_of()

    def _all_of(self) -> None:
        self._condition()
        while self.reader.accept("and"):
            self._condition()

    def _condition(self) -> None:
        reader = self.reader
        if reader.accept("not"):
            self._nested(self._condition)
        elif reader.accept_symbol("("):
            if reader.is_word("select"):
                raise unsupported(SHAPE)
            self._nested(self._any_of)
            reader.expect_symbol(")")
        elif reader.is_word("exists"):
            raise unsupported(SHAPE)
        else:
            self._predicate()

    def _nested(self, rule: object) -> None:
        kept, self._alternatives = self._narrowed, self._alternatives + 1
        assert callable(rule)
        rule()
        self._narrowed, self._alternatives = kept, self._alternatives - 1

    def _predicate(self) -> None:
        reader = self.reader
        column = self._operand()
        if reader.peek().text in COMPARISONS:
            operator = reader.next().text
            value = reader.peek()
            self._operand()
            self._narrow(column, operator, value)
            return
        if reader.accept("is"):
            reader.accept("not")
            if not reader.accept_any("null", "true", "false"):
                raise reader.fail()
            return
        reader.accept("not")
        if reader.accept("in"):
            reader.expect_symbol("(")
            if reader.is_word("select"):
                raise unsupported(SHAPE)
            reader.listed(self._operand)
            reader.expect_symbol(")")
        elif reader.accept_any("like", "ilike"):
            self._operand()
        elif reader.accept("between"):
            self._operand()
            reader.expect("and")
            self._operand()

    @property
    def _narrowed(self) -> tuple[str | None, int, str]:
        return self.only_database, self.after_query, self.after_time

    @_narrowed.setter
    def _narrowed(self, values: tuple[str | None, int, str]) -> None:
        self.only_database, self.after_query, self.after_time = values

    def _narrow(self, column: str, operator: str, value: Token) -> None:
        """Note what the proxy needn't collect, where nothing but this predicate decides it."""
        if self._alternatives:
            return
        if (column, operator, value.kind) == ("database_name", "=", Kind.STRING):
            self.only_database = value.value
        elif (column, operator, value.kind) == ("query_id", ">", Kind.NUMBER) and value.value.isdigit():
            self.after_query = int(value.value)
        elif (column, operator, value.kind) == ("start_time", ">", Kind.STRING) and MOMENT.match(value.value):
            self.after_time = value.value

    def _operand(self) -> str:
        """A column, a literal, or a plain function of one; the column's name if it's just that."""
        reader = self.reader
        token = reader.peek()
        name = ""
        if token.kind in (Kind.STRING, Kind.NUMBER, Kind.PARAMETER):
            reader.next()
        elif reader.accept_any("true", "false", "null", "current_user", "session_user"):
            pass
        elif token.value == "timestamp" and reader.peek(1).kind is Kind.STRING:
            reader.at += 2
        elif reader.peek(1).text == "(":
            self._call()
        elif token.kind in (Kind.WORD, Kind.QUOTED):
            name = name_of(token, self.context)
            reader.name()
            if reader.accept_symbol("."):
                name = reader.name() if not reader.accept_symbol("*") else ""
        else:
            raise unsupported(SHAPE)
        if reader.accept_symbol("::"):
            reader.name()
        return name

    def _call(self) -> None:
        if self.reader.next().value not in FUNCTIONS:
            raise unsupported(SHAPE)
        self.reader.expect_symbol("(")
        self._operand()
        self.reader.expect_symbol(")")

    def _literal(self) -> None:
        if self.reader.next().kind not in (Kind.NUMBER, Kind.PARAMETER):
            raise self.reader.fail()
