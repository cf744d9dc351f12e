"""How names and literals are written in PostgreSQL's SQL, and how identities are named inside it.

Redshift has users, roles and groups, each in a name space of its own (only a role may not be called as a
user is); PostgreSQL has one. So a role `r` is PostgreSQL's "role:r" and a group `g` is "group:g".
"""

from __future__ import annotations

OWNER = "rdsdb"
SCHEMA = "pg_rs"
INTERNAL_DATABASES = frozenset({"postgres", "template0", "template1"})
LONGEST = 63
PREFIXES = {"user": "", "role": "role:", "group": "group:"}


def ident(name: str) -> str:
    """A name in double quotes, so that PostgreSQL takes it as it is."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A literal that reads the same whatever standard_conforming_strings says."""
    quoted = value.replace("'", "''")
    if "\\" in quoted:
        return " E'" + quoted.replace("\\", "\\\\") + "'"
    return f"'{quoted}'"


def array(values: list[str]) -> str:
    """An array of texts; the type is named because an empty one hasn't any."""
    return "ARRAY[" + ", ".join(literal(value) for value in values) + "]::text[]"


def block(statements: list[str]) -> str:
    """Several PostgreSQL statements as one, so that they succeed or fail together."""
    body = "; ".join(statements)
    mark = "$rs$"
    while mark in body:
        mark = mark[:-1] + "s$"
    return f"DO {mark} BEGIN {body}; END {mark}"


def shown_role(name: str) -> tuple[str, str]:
    """What Redshift calls PostgreSQL's role: its kind and its name."""
    for kind in ("role", "group"):
        if name.startswith(PREFIXES[kind]):
            return kind, name[len(PREFIXES[kind]) :]
    return "user", name
