"""Which tables a statement on data names.

It isn't parsed whole: what comes after FROM, JOIN, INTO, UPDATE and USING is enough.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from local_redshift.grammar.render import name_of
from local_redshift.plan import Context
from local_redshift.reader import RESERVED
from local_redshift.tokens import Kind, Token

# FROM within the parentheses of these isn't a FROM clause.
FROM_WITHIN = frozenset("extract trim substring overlay btrim".split())
# All of them are reserved, so none can be an alias in a FROM clause.
ENDS_FROM = frozenset("where group order having limit union intersect except select returning".split())
INTRODUCES = frozenset("from join into update using table".split())


@dataclass(frozen=True, slots=True)
class Reference:
    start: int
    """Index of its first token."""
    end: int
    parts: list[str]
    written: bool


@dataclass
class _Level:
    function: str = ""
    in_from: bool = False


@dataclass
class _Scan:
    tokens: list[Token]
    context: Context
    found: list[Reference] = field(default_factory=list)
    levels: list[_Level] = field(default_factory=lambda: [_Level()])

    def run(self) -> list[Reference]:
        at = 0
        while at < len(self.tokens):
            at = self._step(at)
        return self.found

    def _step(self, at: int) -> int:
        token = self.tokens[at]
        level = self.levels[-1]
        if token.text == "(":
            before = self.tokens[at - 1] if at else None
            self.levels.append(_Level(before.value if before and before.kind is Kind.WORD else ""))
        elif token.text == ")":
            if len(self.levels) > 1:
                self.levels.pop()
        elif token.text == "," and level.in_from:
            return self._table(at + 1, written=False)
        elif token.kind is Kind.WORD and token.value in INTRODUCES and self._introduces(at):
            level.in_from = token.value in ("from", "join", "using")
            return self._table(at + 1, written=token.value in ("into", "update"))
        elif token.kind is Kind.WORD and token.value in ENDS_FROM and not self._is(at - 1, "."):
            level.in_from = False
            if token.value == "select":
                # INSERT INTO trim (SELECT ...) is no call of a function.
                level.function = ""
        return at + 1

    def _is(self, at: int, *texts: str) -> bool:
        """Whether the token is one of these words or symbols, as written: not a name or literal that reads like it."""
        return at >= 0 and self.tokens[at].text.lower() in texts

    def _introduces(self, at: int) -> bool:
        word = self.tokens[at].value
        if self._is(at - 1, "."):
            return False
        if word == "from":
            # IS [NOT] DISTINCT FROM compares.
            compares = self._is(at - 1, "distinct") and self._is(at - 2, "is", "not")
            return not compares and self.levels[-1].function not in FROM_WITHIN
        if word == "update":
            return at == 0 or self._is(at - 1, "explain", "verbose")
        return True

    def _table(self, at: int, written: bool) -> int:
        while at < len(self.tokens) and self.tokens[at].value in ("(", "only", "lateral", "temp", "temporary", "table"):
            if self.tokens[at].text == "(":
                # A parenthesis around a join; around a query, SELECT ends it.
                self.levels.append(_Level(in_from=True))
            at += 1
        parts: list[str] = []
        start = at
        while at < len(self.tokens) and self._is_name(self.tokens[at]):
            parts.append(name_of(self.tokens[at], self.context))
            at += 1
            if at >= len(self.tokens) or self.tokens[at].text != ".":
                break
            at += 1
        is_call = at < len(self.tokens) and self.tokens[at].text == "(" and not written
        if parts and not is_call:
            self.found.append(Reference(start, at, parts, written))
        return at

    @staticmethod
    def _is_name(token: Token) -> bool:
        return token.kind is Kind.QUOTED or (token.kind is Kind.WORD and token.value not in RESERVED)


def references(tokens: list[Token], context: Context) -> list[Reference]:
    """The tables in the order in which they are named, each as often as it is."""
    return _Scan(tokens, context).run()


def common_tables(tokens: list[Token], context: Context) -> set[str]:
    """Names given by WITH."""
    names: set[str] = set()
    for at, token in enumerate(tokens[:-2]):
        if token.kind in (Kind.WORD, Kind.QUOTED) and tokens[at + 1].value == "as" and tokens[at + 2].text == "(":
            names.add(name_of(token, context))
    return names
