"""What a SELECT of a catalog view may say about its columns: predicates, functions of a value, literals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from local_redshift.errors import Refused, leader_only, unsupported
from local_redshift.grammar.render import name_of
from local_redshift.grammar.views import CASTS, EVERYWHERE, LEADER_ONLY
from local_redshift.plan import Context
from local_redshift.reader import RESERVED, Reader
from local_redshift.tokens import Kind, Token

SHAPE = "a SELECT of a catalog view takes one view, simple predicates, ORDER BY and LIMIT"
COMPARISONS = ("=", "<>", "!=", "<", ">", "<=", ">=")
CLAUSES = ("where", "order", "limit", "offset", "join", "inner", "left", "right", "full", "cross", "natural", "group")


@dataclass(frozen=True, slots=True)
class Use:
    """A column that the statement names."""

    qualifier: str
    column: str
    alias_allowed: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """One that decides alone, whatever else the WHERE clause says."""

    column: str
    operator: str
    value: Token


class Terms:
    def __init__(self, reader: Reader, context: Context) -> None:
        self.reader = reader
        self.context = context
        self.uses: list[Use] = []
        self.leaders: list[str] = []
        self.certain: list[Comparison] = []
        self.orders = False
        """Whether the terms of ORDER BY are being read, which may name what SELECT calls its columns."""
        self._alternatives = 0

    def is_name(self, token: Token) -> bool:
        other = token.value in RESERVED or token.value in CLAUSES
        return token.kind is Kind.QUOTED or (token.kind is Kind.WORD and not other)

    def any_of(self) -> None:
        self._all_of()
        while self.reader.accept("or"):
            # With an alternative nothing is certain any more.
            self._alternatives += 1
            self.certain.clear()
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
            self._nested(self.any_of)
            reader.expect_symbol(")")
        elif reader.is_word("exists"):
            raise unsupported(SHAPE)
        else:
            self._predicate()

    def _nested(self, rule: Callable[[], None]) -> None:
        kept, self._alternatives = list(self.certain), self._alternatives + 1
        rule()
        self.certain, self._alternatives = kept, self._alternatives - 1

    def _predicate(self) -> None:
        reader = self.reader
        column = self.operand()
        if reader.peek().text in COMPARISONS:
            operator, value = reader.next().text, reader.peek()
            self.operand()
            if not self._alternatives:
                self.certain.append(Comparison(column, operator, value))
        elif reader.accept("is"):
            reader.accept("not")
            reader.expect_any("null", "true", "false")
        else:
            self._ranged()

    def _ranged(self) -> None:
        reader = self.reader
        negated = reader.accept("not")
        if reader.accept("in"):
            if reader.peek().text + reader.peek(1).text.lower() == "(select":
                raise unsupported(SHAPE)
            reader.within(self.operand)
        elif reader.accept_any("like", "ilike"):
            self.operand()
        elif reader.accept("between"):
            self.operand()
            reader.expect("and")
            self.operand()
        elif negated:
            raise reader.fail()

    def operand(self) -> str:
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
        elif self.is_name(token):
            name = self._column(name_of(token, self.context))
        else:
            raise unsupported(SHAPE)
        if reader.accept_symbol("::"):
            self._cast()
            name = ""
        return name

    def _column(self, first: str) -> str:
        reader = self.reader
        reader.next()
        if not reader.accept_symbol("."):
            self.uses.append(Use("", first, self.orders))
            return first
        if reader.accept_symbol("*"):
            self.uses.append(Use(first, "*", alias_allowed=False))
            return ""
        column = reader.name()
        self.uses.append(Use(first, column, alias_allowed=False))
        return column

    def _cast(self) -> None:
        token = self.reader.peek()
        if token.value not in CASTS:
            raise unsupported(f"a cast to {token.text} in a SELECT of a catalog view")
        self.reader.next()

    def _call(self) -> None:
        """https://docs.aws.amazon.com/redshift/latest/dg/c_sql-functions-leader-node.html"""
        reader = self.reader
        name = reader.next().value
        allowed = EVERYWHERE.get(name) or LEADER_ONLY.get(name)
        if allowed is None:
            raise unsupported(f"the function {name} in a SELECT of a catalog view")
        if name in LEADER_ONLY:
            self.leaders.append(name)
        reader.expect_symbol("(")
        arguments = [] if reader.peek().text == ")" else reader.listed(self.operand)
        reader.expect_symbol(")")
        if not allowed[0] <= len(arguments) <= allowed[1]:
            raise Refused("42883", f"function {name} takes {allowed[0]} to {allowed[1]} arguments")


def check_leaders(leaders: list[str], view: str) -> None:
    """Only PG_ tables are on the leader node: https://docs.aws.amazon.com/redshift/latest/dg/c_SQL_functions_leader_node_only.html"""
    if leaders and not view.startswith("pg_"):
        raise leader_only()
