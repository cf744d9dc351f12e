"""The words of a statement.

https://docs.aws.amazon.com/redshift/latest/dg/r_names.html
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from enum import Enum

from local_redshift.errors import Refused, syntax_error, unsupported
from local_redshift.text import LONGEST, SCHEMA


class Kind(Enum):
    WORD = "word"
    QUOTED = "quoted"
    STRING = "string"
    NUMBER = "number"
    PARAMETER = "parameter"
    SYMBOL = "symbol"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    text: str
    value: str
    """A word in lower case, a quoted name or a string without its quotes, otherwise the text."""
    start: int
    end: int


_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\n\r\f\v]+|--[^\n\r]*)
  | (?P<comment>/\*)
  | (?P<string>[eE]?'(?:[^'\\]|''|\\.)*')
  | (?P<quoted>"(?:[^"]|"")*")
  | (?P<unicode>[uU]&["'])
  | (?P<dollar>\$[A-Za-z_]*\$)
  | (?P<parameter>\$\d+)
  | (?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)
  | (?P<word>[A-Za-z_\u0080-\U0010ffff][\w$\u0080-\U0010ffff]*)
  | (?P<symbol>::|<=|>=|<>|!=|\|\||!~\*?|~\*?|[-+*/%^<>=(),.;:\[\]&|!@\#?])
    """,
    # Spaces, digits and letters are PostgreSQL's: what it reads as one word must not be two words here.
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPE = re.compile(r"''|\\([0-7]{1,3}|x[0-9a-fA-F]{1,2}|.)", re.DOTALL)
_CONTROL = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_FOLDED = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def lower(name: str) -> str:
    """Redshift folds ASCII letters only."""
    return name.translate(_FOLDED)


def tokenize(sql: str) -> list[Token]:
    """Split a text into words, names, literals and signs; spaces and comments are left out."""
    found: list[Token] = []
    at = 0
    while at < len(sql):
        match = _TOKEN.match(sql, at)
        if match is None:
            raise syntax_error(sql[at : at + 20])
        group = match.lastgroup or ""
        if group == "comment":
            at = _after_comment(sql, at)
            continue
        if group in ("dollar", "unicode"):
            raise unsupported(f"quoting with {match.group()}")
        if group != "space":
            found.append(_token(group, match))
        at = match.end()
    return found


def statements(tokens: list[Token]) -> list[list[Token]]:
    """The tokens of each statement of a text; statements are separated by semicolons."""
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if token.text == ";":
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]


def separate(sql: str) -> list[str]:
    """The text of each statement; a single one stays as it is."""
    parts = statements(tokenize(sql))
    return [sql[part[0].start : part[-1].end] for part in parts] if len(parts) > 1 else [sql]


def _token(group: str, match: re.Match[str]) -> Token:
    text = match.group()
    value = text
    if group == "word":
        value = lower(text)
    elif group == "quoted":
        value = text[1:-1].replace('""', '"')
        if not value:
            raise Refused("42601", 'zero-length delimited identifier at or near """"')
    elif group == "string":
        value = _unescaped(text[text.index("'") + 1 : -1])
    if group in ("word", "quoted"):
        _check_name(value)
    return Token(Kind(group), text, value, match.start(), match.end())


def _check_name(name: str) -> None:
    if len(name.encode(errors="surrogateescape")) > LONGEST:
        raise unsupported(f"names longer than {LONGEST} bytes (Redshift allows 127)")
    if lower(name) == SCHEMA:
        # However it's written: names in double quotes may yet be folded.
        raise Refused("3F000", f'schema "{lower(name)}" does not exist')


def _unescaped(body: str) -> str:
    # Redshift has standard_conforming_strings off: a backslash escapes in every literal.
    def replace(match: re.Match[str]) -> str:
        escaped = match.group(1)
        if escaped is None:
            return "'"
        if escaped[0] in "01234567":
            return chr(int(escaped, 8) & 0xFF)
        if escaped[0] == "x" and len(escaped) > 1:
            return chr(int(escaped[1:], 16))
        return _CONTROL.get(escaped, escaped)

    value = _ESCAPE.sub(replace, body)
    if "\0" in value:
        raise Refused("22021", "invalid byte sequence for encoding: 0x00")
    return value


def _after_comment(sql: str, at: int) -> int:
    depth = 0
    for mark in re.compile(r"/\*|\*/").finditer(sql, at):
        depth += 1 if mark.group() == "/*" else -1
        if depth == 0:
            return mark.end()
    raise Refused("42601", "unterminated /* comment")
