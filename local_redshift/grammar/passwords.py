"""The PASSWORD clause of CREATE USER and ALTER USER.

https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from local_redshift.errors import Refused
from local_redshift.reader import Reader
from local_redshift.text import literal

_MD5 = re.compile(r"md5[0-9a-fA-F]{32}\Z")
_SHA256 = re.compile(r"sha256\|([0-9a-fA-F]{64})\|([0-9a-fA-F]{64})\Z")
_FORBIDDEN = set("'\"\\/@")


@dataclass(frozen=True, slots=True)
class Password:
    clause: str
    """PostgreSQL's, or nothing where the digest is the stand-in's own to keep."""
    digest: str = "NULL"
    """SQL for what is kept instead: the digest and its salt, or nothing."""

    @property
    def disabled(self) -> bool:
        return self.clause == "PASSWORD NULL"


def password(reader: Reader) -> Password:
    """What follows the word PASSWORD."""
    if reader.accept("disable"):
        return Password("PASSWORD NULL")
    value = reader.string()
    hashed = _SHA256.match(value)
    if hashed:
        return Password("", literal("|".join(hashed.groups()).lower()))
    if value.startswith("sha256|"):
        clear = value.removeprefix("sha256|")
        _check_policy(clear)
        # The server salts and hashes it.
        return Password("", f"pg_rs.digest({literal(clear)})")
    if _MD5.match(value):
        # PostgreSQL knows the digest by its small letters.
        return Password(f"PASSWORD {literal(value.lower())}")
    _check_policy(value)
    return Password(f"PASSWORD {literal(value)}")


def _check_policy(value: str) -> None:
    """8 to 64 printable ASCII characters, a capital, a small letter, a digit, and none of ' " \\ / @."""
    if not 8 <= len(value) <= 64:
        raise Refused("22023", "password must be between 8 and 64 characters long")
    if any(not 33 <= ord(c) <= 126 or c in _FORBIDDEN for c in value):
        raise Refused("22023", "password contains a character that is not allowed")
    for needed, what in (("A-Z", "uppercase letter"), ("a-z", "lowercase letter"), ("0-9", "number")):
        if not re.search(f"[{needed}]", value):
            raise Refused("22023", f"password must contain at least one {what}")
