"""A statement -> its template: names, literals and lists become placeholders, keywords stay. It shares nothing with
the package but Redshift's grammar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

TOKEN = re.compile(
    r"""(?P<name>"(?:[^"]|"")*"(?:\."(?:[^"]|"")*")*)   # quoted, with its path
    |(?P<text>'(?:[^'\\]|''|\\.)*')
    |(?P<placeholder><[a-z]+>)
    |(?P<word>[A-Za-z_][A-Za-z_0-9]*)
    |(?P<number>[0-9]+)
    |(?P<space>\s+)
    |(?P<symbol>.)""",
    re.VERBOSE | re.DOTALL,
)
PRIVILEGES = frozenset(
    """ALL ALTER CREATE DELETE DROP INSERT REFERENCES SELECT TEMP TEMPORARY TRUNCATE UPDATE USAGE""".split()
)
CONSTANTS = frozenset("'role' 'group' 'public' 'create' 'statement_timeout'".split())
"""Literals that are part of a query and name nothing of the user's."""
OF_CONSTANTS = frozenset({"identity_type", "has_schema_privilege", "set_config"})
LISTS = (
    re.compile(r"(?P<item><name>)(?:, <name>)+"),
    re.compile(r"(?<=\()(?P<item><text>)(?:, <text>)+(?=\))"),
    re.compile(
        r"(?P<item>SELECT <text> FROM \(SELECT 1 FROM <name>(?: WHERE received_at >= <text>)? LIMIT 1\) x)"
        r"(?: UNION ALL (?P=item))+"
    ),
    re.compile(
        r"(?P<item>SELECT 1 FROM \(SELECT \* FROM <name> WHERE FALSE\) x)(?: UNION ALL SELECT [^()]*\([^()]*\) x)+"
    ),
    re.compile(r"(?P<item>has_table_privilege\(<text>, oid, <text>\))(?:, has_table_privilege\([^()]*\))+"),
    re.compile(r"(?P<item>has_schema_privilege\(<text>, <text>, 'create'\))(?:, has_schema_privilege\([^()]*\))+"),
)


def template(statement: str) -> str:
    """Reduce a statement.

    :param statement: as a server received it.
    :return: the template, such as ``GRANT <privileges> ON SCHEMA <name>, … TO ROLE <name>``.
    """
    reduced = "".join(_placeholders(statement.strip().rstrip(";"))).strip()
    reduced = re.sub(r"\s+", " ", reduced)
    reduced = _privileges(reduced)
    # One name or many: the grammar is the same, so the template is, too.
    for listed in LISTS:
        reduced = listed.sub(r"\g<item>", reduced)
    return reduced


def _placeholders(statement: str) -> Iterator[str]:
    column = ""
    for match in TOKEN.finditer(statement):
        kind = match.lastgroup
        if kind == "word" and match[0] != "IN":
            column = match[0]
        # A schema may be called public.
        kept = kind not in ("name", "text", "number") or (match[0] in CONSTANTS and column in OF_CONSTANTS)
        kept |= kind == "number" and column not in ("TO", "pg_cancel_backend")
        yield match[0] if kept else f"<{kind}>"


def _privileges(text: str) -> str:
    found = re.match(r"(.*?\b(?:GRANT|REVOKE)) ([A-Z]+(?:, [A-Z]+)*) (ON|FOR TABLES|FOR SCHEMAS)\b(.*)", text)
    if not found or not set(found[2].split(", ")) <= PRIVILEGES:
        return text
    return f"{found[1]} <privileges> {found[3]}{found[4]}"
