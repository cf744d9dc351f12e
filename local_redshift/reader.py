"""A cursor over the words of one statement, with the moves a recursive-descent grammar needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from local_redshift.errors import Refused, syntax_error, unsupported
from local_redshift.text import LONGEST, PREFIXES
from local_redshift.tokens import Kind, Token, lower

T = TypeVar("T")

# Words that can't be a bare name; a part of https://docs.aws.amazon.com/redshift/latest/dg/r_pg_keywords.html
RESERVED = frozenset(
    """all and any as asc between both case cast check collate column constraint create cross current_date
    current_time current_timestamp current_user default desc distinct do else end except false for foreign from
    full grant group having ilike in initially inner intersect into is isnull join leading left like limit not
    notnull null off offset on only or order outer overlaps primary references right select session_user
    similar some table then to top trailing true union unique user using when where with""".split()
)
# The rest of that page. Columns have such names in catalog views (oid), so these are for identities and databases.
KEPT_WORDS = RESERVED | frozenset(
    """aes128 aes256 allowoverwrite analyse analyze array authorization az64 backup binary blanksasnull bytedict bzip2
    credentials current_user_id deferrable deflate defrag delta delta32k disable emptyasnull enable encode encrypt
    encryption explicit freeze globaldict256 globaldict64k gzip identity ignore interval language localtime
    localtimestamp lun luns lzo lzop minus mostly16 mostly32 mostly8 natural new nulls off offline oid old open
    parallel partition percent permissions pivot placing raw readratio recover rejectlog resort respect restore
    snapshot sysdate system tag tdes text255 text32k timestamp truncatecolumns unnest unpivot verbose wallet
    without""".split()
)

# How PostgreSQL's roles are called that are no users here: its own, and those that the stand-in makes.
NO_USERS = ("pg_", "role:", "group:", "scope:", "may:")


def phrases(text: str) -> tuple[tuple[str, ...], ...]:
    """The words of each phrase; bars separate phrases."""
    return tuple(tuple(words.split()) for words in text.split("|"))


def turn(token: Token) -> int:
    """By how much a token changes the number of open parentheses."""
    return {"(": 1, ")": -1}.get(token.text, 0)


class Reader:
    def __init__(self, tokens: list[Token], case_sensitive: bool = False) -> None:
        self.tokens = tokens
        self.case_sensitive = case_sensitive
        self.at = 0
        self._missing = ""

    def peek(self, ahead: int = 0) -> Token:
        index = self.at + ahead
        if index < len(self.tokens):
            return self.tokens[index]
        return Token(Kind.END, "", "", 0, 0)

    def next(self) -> Token:
        token = self.peek()
        self.at += 1
        return token

    def fail(self) -> Refused:
        return syntax_error(self.peek().text)

    def is_word(self, *words: str) -> bool:
        """Whether the next words are these."""
        for ahead, word in enumerate(words):
            token = self.peek(ahead)
            if token.kind is not Kind.WORD or token.value != word:
                return False
        return True

    def accept(self, *words: str) -> bool:
        if self.is_word(*words):
            self.at += len(words)
            return True
        return False

    def accept_any(self, *words: str) -> str:
        """The next word if it's one of these, else nothing."""
        return self.next().value if self.is_any(*words) else ""

    def is_any(self, *words: str) -> bool:
        return self.peek().kind is Kind.WORD and self.peek().value in words

    def expect_any(self, *words: str) -> str:
        """The next word, which must be one of these."""
        if not self.is_any(*words):
            raise self.fail()
        return self.next().value

    def expect(self, *words: str) -> None:
        for word in words:
            if not self.accept(word):
                raise self.fail()

    def accept_symbol(self, symbol: str) -> bool:
        if self.peek().kind is Kind.SYMBOL and self.peek().text == symbol:
            self.at += 1
            return True
        return False

    def expect_symbol(self, symbol: str) -> None:
        if not self.accept_symbol(symbol):
            raise self.fail()

    def later(self, what: str) -> None:
        """Note what can't be honoured here, to be said once the whole statement has proved to be Redshift's."""
        self._missing = self._missing or what

    def end(self) -> None:
        if self.peek().kind is not Kind.END:
            raise self.fail()
        if self._missing:
            raise unsupported(self._missing)

    def name(self) -> str:
        """A name of anything but a user: folded, also within double quotes, unless told otherwise."""
        token = self.peek()
        if token.kind is Kind.QUOTED:
            self.at += 1
            return token.value if self.case_sensitive else lower(token.value)
        if token.kind is Kind.WORD and token.value not in RESERVED:
            self.at += 1
            return token.value
        raise self.fail()

    def kept_name(self) -> str:
        """A name that is no reserved word, unless it's in double quotes."""
        if self.peek().kind is Kind.WORD and self.peek().value in KEPT_WORDS:
            raise self.fail()
        return self.name()

    def user_name(self, new: bool = False) -> str:
        """A user's name keeps its case within double quotes.

        https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html
        """
        token = self.peek()
        if token.kind is Kind.QUOTED:
            self.at += 1
        name = token.value if token.kind is Kind.QUOTED else self.kept_name()
        if not new and name.startswith(NO_USERS):
            raise Refused("42704", f'user "{name}" does not exist')
        return name

    def role_name(self) -> str:
        """A role's or a group's name: PostgreSQL holds it with a prefix, which costs length."""
        name = self.kept_name()
        if self.accept_symbol(":"):
            # sys: and ds: are Redshift's own, any other prefix is an identity provider's.
            self.later("roles of the system or of an identity provider")
            return self.name()
        if name.startswith(("sys:", "ds:")):
            self.later("roles of the system or of an identity provider")
        longest = LONGEST - max(len(prefix) for prefix in PREFIXES.values())
        if len(name.encode(errors="surrogateescape")) > longest:
            raise unsupported(f"role and group names longer than {longest} bytes (Redshift allows 127)")
        return name

    def parts(self) -> list[str]:
        """A name of one to four parts."""
        parts = [self.name()]
        while len(parts) < 4 and self.accept_symbol("."):
            parts.append(self.name())
        return parts

    def columns(self) -> list[str]:
        """Names within parentheses."""
        return self.within(self.name)

    def within(self, item: Callable[[], T]) -> list[T]:
        """Items within parentheses, separated by commas."""
        self.expect_symbol("(")
        found = self.listed(item)
        self.expect_symbol(")")
        return found

    def enclosed(self) -> list[Token]:
        """Whatever stands within parentheses."""
        self.expect_symbol("(")
        start, depth = self.at, 1
        while depth:
            if self.peek().kind is Kind.END:
                raise self.fail()
            depth += turn(self.next())
        return self.tokens[start : self.at - 1]

    def string(self) -> str:
        token = self.peek()
        if token.kind is not Kind.STRING:
            raise self.fail()
        self.at += 1
        return token.value

    def integer(self) -> int:
        token = self.peek()
        if token.kind is not Kind.NUMBER or not token.text.isdigit():
            raise self.fail()
        self.at += 1
        return int(token.text)

    def connections(self) -> int:
        """A number of connections, or UNLIMITED."""
        return -1 if self.accept("unlimited") else self.integer()

    def listed(self, item: Callable[[], T]) -> list[T]:
        """Items separated by commas."""
        found = [item()]
        while self.accept_symbol(","):
            found.append(item())
        return found
