"""Redshift's identifiers and literals: read, check, quote: https://docs.aws.amazon.com/redshift/latest/dg/r_names.html

A check returns the name unchanged, or raises :class:`InvalidInput`; ``what`` the name is of is for the message.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from difflib import get_close_matches
from typing import Any

MAX_BYTES = 127
"""Redshift's limit for an identifier, in bytes of UTF-8."""
SHOWN = 300
"""How many characters of a statement, or of another's error, an error shows."""
# https://docs.aws.amazon.com/redshift/latest/dg/r_pg_keywords.html
RESERVED_WORDS = frozenset(
    """aes128 aes256 all allowoverwrite analyse analyze and any array as asc authorization az64 backup between
    binary blanksasnull both bytedict bzip2 case cast check collate column constraint create credentials cross
    current_date current_time current_timestamp current_user current_user_id default deferrable deflate defrag
    delta delta32k desc disable distinct do else emptyasnull enable encode encrypt encryption end except explicit
    false for foreign freeze from full globaldict256 globaldict64k grant group gzip having identity ignore ilike in
    initially inner intersect interval into is isnull join language leading left like limit localtime
    localtimestamp lun luns lzo lzop minus mostly16 mostly32 mostly8 natural new not notnull null nulls off offline
    offset oid old on only open or order outer overlaps parallel partition percent permissions pivot placing
    primary public raw readratio recover references respect rejectlog resort restore right select session_user
    similar snapshot some sysdate system table tag tdes text255 text32k then timestamp to top trailing true
    truncatecolumns union unique unnest unpivot user using verbose wallet when where with without""".split()
)
TEMPLATE_MARKS = ("{{", "{%", "{#")
SYSTEM_SCHEMAS = frozenset({"information_schema", "catalog_history"})
SYSTEM_DATABASES = frozenset({"template0", "template1", "padb_harvest", "sys:internal", "awsdatacatalog"})
# Fillers, joiners and variation selectors: https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""What shows as nothing, and counts as printable."""
_SPECIAL = re.compile("[^ -~]")
_QUOTED = re.compile('"((?:[^"]|"")*+)"')


class InvalidInput(ValueError):
    """Input that can't be used. Each problem is a sentence: the thing, what is wrong with it, what to do."""

    def __init__(self, *problems: str) -> None:
        self.problems = tuple(map(one_line, problems))
        super().__init__(" ".join(self.problems))


def fold(name: str) -> str:
    """Fold a name, quoted or not, as Redshift stores it while ``enable_case_sensitive_identifier`` is off: only ASCII.

    https://docs.aws.amazon.com/redshift/latest/dg/r_enable_case_sensitive_identifier.html
    """
    return "".join(c.lower() if "A" <= c <= "Z" else c for c in name)


def quote(name: str) -> str:
    """Quote an identifier for SQL, inner quotes doubled."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a string literal for SQL; a backslash is an escape in Redshift's literals."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def template(sql: str) -> str:
    """Reduce a statement to what may be shown: no literal, since a hash is one, and not the end of a long one."""
    reduced = re.sub(r"'(?:[^'\\]|''|\\.)*'", "'…'", sql, flags=re.DOTALL)
    return reduced if len(reduced) <= SHOWN else f"{reduced[:SHOWN]}…"


def one_line(text: str) -> str:
    """Write a text so that it stays on its line and shows all that is in it, whatever names it holds.

    What can't be printed, or prints as nothing, becomes an escape such as ``\\n``. Doing it again changes nothing.
    """
    return _SPECIAL.sub(_shown, text)


def _shown(found: re.Match[str]) -> str:
    character = found[0]
    if character.isprintable() and not _BLANK.match(character):
        return character
    return character.encode("unicode_escape").decode()


def check_identifier(name: Any, what: str) -> str:
    """Check that a name can be a Redshift identifier: text, not empty, printable, of at most 127 bytes."""
    if not name:
        raise InvalidInput(f"The {what} name is empty: give the name of a {what}.")
    if not isinstance(name, str):
        raise InvalidInput(f"The {what} name is {name!r}: give one name, as text.")
    if not all(c.isprintable() for c in name):
        raise InvalidInput(f"The {what} name {name!r} holds a character that can't be printed: remove it.")
    size = len(name.encode())
    if size > MAX_BYTES:
        raise InvalidInput(
            f"The {what} name {name[:40]!r}… is {size} bytes long, and Redshift takes at most {MAX_BYTES}: shorten it."
        )
    return name


def _not_blank(name: Any) -> Any:
    """White space alone is what a template comes to, not what somebody calls something."""
    return "" if isinstance(name, str) and not name.strip() else name


def refuse_template(name: str, what: str) -> str:
    """Refuse a name that would run as a template, should it ever get to where Airflow renders one.

    https://jinja.palletsprojects.com/en/stable/templates/
    """
    for mark in TEMPLATE_MARKS:
        if mark in name:
            raise InvalidInput(
                f"The {what} name {name!r} holds {mark!r}, which starts a template in Airflow, so it isn't accepted: "
                f"rename the {what}."
            )
    return name


def check_identity(name: str, what: str) -> str:
    """Check the name of a role or user that we may create: in lower case, so that it makes no difference what folds it.

    https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_ROLE.html,
    https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html
    """
    refuse_template(check_identifier(_not_blank(name), what), what)
    if name != name.lower():
        raise InvalidInput(f"The {what} name {name!r} has upper-case letters: write it in lower case.")
    if name in RESERVED_WORDS:
        raise InvalidInput(f"The {what} name {name!r} is a reserved word of Redshift: choose another.")
    if any(c in ":/" for c in name):
        raise InvalidInput(
            f"The {what} name {name!r} holds ':' or '/', which Redshift keeps for system and federated "
            "identities: choose another."
        )
    if what == "role" and "." in name:
        raise InvalidInput(f"The role name {name!r} holds a '.', which CREATE ROLE doesn't allow: choose another.")
    return name


def check_database(name: str) -> str:
    """Check the name of a database: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_DATABASE.html"""
    refuse_template(check_identifier(name, "database"), "database")
    if fold(name) in SYSTEM_DATABASES:
        raise InvalidInput(f"The database {name!r} belongs to Redshift itself: name a database of your own.")
    return name


def check_new_database(name: str, argument: str = "") -> str:
    """Check the name of a database that we may create: neither reserved nor mixed-case. ``argument`` holds it."""
    if argument and not _not_blank(name):
        raise InvalidInput(f"{argument} is {name!r}: give the name of a database.")
    check_database(_not_blank(name))
    if name != fold(name):
        raise InvalidInput(f"The database name {name!r} has upper-case letters: write it in lower case.")
    if name in RESERVED_WORDS:
        raise InvalidInput(f"The database name {name!r} is a reserved word of Redshift: choose another.")
    return name


def is_system_schema(name: str) -> bool:
    """Tell whether a schema belongs to Redshift itself."""
    folded = fold(name)
    return folded in SYSTEM_SCHEMAS or folded.startswith("pg_")


def is_stored_system_schema(name: str) -> bool:
    """Tell the same of a stored name: with capitals it is no name of the system's, whatever it begins with."""
    return is_system_schema(name) and name.islower()


def check_schema(name: str) -> str:
    """Check the name of a schema to be opened: none of the system's."""
    check_identifier(name, "schema")
    if is_system_schema(name):
        raise InvalidInput(f"The schema {name!r} belongs to Redshift itself: name a schema of your own.")
    return name


def split_path(text: str) -> tuple[str, ...]:
    """Split a dotted name into its parts; one that holds a dot stands in double quotes, inner quotes doubled."""
    return tuple(part for part, _ in split_quoted(text))


def split_quoted(text: str) -> tuple[tuple[str, bool], ...]:
    """Split a dotted name as :func:`split_path` does, and tell of each part whether it stood in double quotes."""
    parts: list[tuple[str, bool]] = []
    rest = text.strip()
    while True:
        quoted = rest.startswith('"')
        bare = rest.partition(".")[0]
        part, rest = _quoted_part(rest, text) if quoted else (bare, rest[len(bare) :])
        if not quoted and "," in part:
            raise InvalidInput(
                f"{text!r} holds a comma: give a list, or one name a line; double quotes go around a name with a comma."
            )
        if not part:
            raise InvalidInput(f"{text!r} has an empty part: write schema, database.schema or database.schema.table.")
        parts.append((part, quoted))
        if not rest:
            return tuple(parts)
        rest = rest[1:]


def _quoted_part(rest: str, text: str) -> tuple[str, str]:
    found = _QUOTED.match(rest)
    if found is None:
        raise InvalidInput(f"{text!r} has a double quote that isn't closed: close it, or remove it.")
    after = rest[found.end() :]
    if after and not after.startswith("."):
        raise InvalidInput(f"{text!r} goes on after a closing quote: put a dot between the parts.")
    return found[1].replace('""', '"'), after


def join_path(*parts: str) -> str:
    """Write a dotted name so that :func:`split_path` reads it back; what can't stand bare is quoted."""
    return ".".join(quote(p) if set(p) & set('.,"[{*') or p != p.strip() or p[0] == "!" else p for p in parts)


MOST_ALIKE = 500
"""How many names are looked through for a similar one: it takes its time."""


def alike(name: str, stored: Collection[str]) -> str:
    """Find what somebody may have meant who got capitals wrong, or a letter or two; empty where nothing is alike."""
    capitals = sorted(one for one in stored if one.lower() == name.lower())
    if capitals or len(stored) > MOST_ALIKE:
        return next(iter(capitals), "")
    return next(iter(get_close_matches(fold(name), sorted(stored), cutoff=0.75)), "")


def resolve_database(name: str, stored: Collection[str], case_sensitive: bool) -> str | None:
    """Find a database as a login does: one that is stored as typed, with capitals, comes first."""
    return name if name in stored else resolve(name, stored, case_sensitive)


def resolve(name: str, stored: Collection[str], case_sensitive: bool) -> str | None:
    """Find a name in the catalog as a statement of this session would: as stored, or None."""
    wanted = name if case_sensitive else fold(name)
    return wanted if wanted in stored else None
