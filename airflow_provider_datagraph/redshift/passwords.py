"""Redshift's password policy, and the hashes that are sent in a password's place. r_CREATE_USER"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from types import MappingProxyType

FORBIDDEN = "'\"\\/@"


def policy_problems(password: str) -> list[str]:
    """Name what a clear password lacks, quoting none of it; the server can't check its policy behind a hash."""
    wanted = {
        "be 8 to 64 characters long": 8 <= len(password) <= 64,
        "hold an upper-case letter": any("A" <= c <= "Z" for c in password),
        "hold a lower-case letter": any("a" <= c <= "z" for c in password),
        "hold a digit": any("0" <= c <= "9" for c in password),
        "hold only printable ASCII characters without spaces": all(33 <= ord(c) <= 126 for c in password),
        "hold none of ' \" \\ / @": not set(password) & set(FORBIDDEN),
    }
    return [phrase for phrase, holds in wanted.items() if not holds]


def md5_hash(password: str, user: str) -> str:
    """Hash a password as Redshift stores it: ``md5``, and the digest of it and the stored user name, in hexadecimal."""
    # MD5 is Redshift's format, not our choice of a digest.
    return "md5" + hashlib.md5((password + user).encode(), usedforsecurity=False).hexdigest()


def sha256_hash(password: str, salt: bytes | None = None) -> str:
    """Hash a password in Redshift's form ``sha256|digest|salt``. The salt has 32 bytes: random ones by default."""
    salt = secrets.token_bytes(32) if salt is None else salt
    return f"sha256|{hashlib.sha256(password.encode() + salt).hexdigest()}|{salt.hex()}"


HASHES: Mapping[str, Callable[[str, str], str]] = MappingProxyType(
    {"md5": md5_hash, "sha256": lambda password, _: sha256_hash(password)}
)
"""What stands for a password and its user in CREATE USER and ALTER USER, by kind."""
