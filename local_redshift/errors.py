"""Errors as Redshift words them: refusals of our own, and PostgreSQL's, re-worded."""

from __future__ import annotations

import re

from local_redshift.text import INTERNAL_DATABASES, shown_role

Fields = dict[str, str]

LOCAL = "local stand-in: "
SHARED = f"{LOCAL}databases made from a datashare or an integration"
CONFLICT = "could not complete because of conflict with concurrent transaction"


class Refused(Exception):
    """A statement (or a login) that the stand-in itself turns down."""

    def __init__(self, sqlstate: str, message: str) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate
        self.message = message

    @property
    def ours(self) -> bool:
        """Whether it's only the stand-in that can't."""
        return self.message.startswith(LOCAL)

    def fields(self, severity: str = "ERROR") -> Fields:
        return {"S": severity, "C": self.sqlstate, "M": self.message}


def unsupported(what: str) -> Refused:
    """A real Redshift statement, or a form whose fate on Redshift is unknown, that can't be honoured here."""
    return Refused("0A000", LOCAL + what)


def leader_only() -> Refused:
    """As a cluster says it. https://docs.aws.amazon.com/redshift/latest/dg/c_SQL_functions_leader_node_only.html"""
    return Refused("0A000", "Specified types or functions (one per INFO message) not supported on Redshift tables.")


def syntax_error(near: str) -> Refused:
    """What is raised where a statement stops making sense: at this word, or at its end if it's empty."""
    where = f'at or near "{near}"' if near else "at end of input"
    return Refused("42601", f"syntax error {where}")


def known_database(name: str) -> str:
    """The name; PostgreSQL's own databases are refused, as if they weren't there."""
    if name in INTERNAL_DATABASES:
        raise Refused("3D000", f'database "{name}" does not exist')
    return name


# PostgreSQL's wording -> Redshift's. The right-hand sides were seen in users' reports of real clusters.
_WORDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"^permission denied for (?:table|view|materialized view|sequence) "),
        "permission denied for relation ",
    ),
    (re.compile(r"^must be owner of (?:table|view|materialized view|sequence) "), "must be owner of relation "),
    (re.compile(r"^tuple (?:concurrently|already) (?:updated|deleted).*"), CONFLICT),
    (re.compile(r"^permission denied to (create|alter|drop|rename) role$"), r"permission denied to \1 user"),
    (
        re.compile(r'^duplicate key value violates unique constraint "pg_default_acl_role_nsp_obj_index"$'),
        "duplicate key violates unique constraint pg_defacl_name_index",
    ),
    (re.compile(r"^schema (\".*\") already exists$"), r"Schema \1 already exists"),
)
_ROLE = re.compile(r'\brole "((?:[^"]|"")*)"')
_HELD = re.compile(r'^role "((?:[^"]|"")*)" cannot be dropped because some objects depend on it$')


def reworded(fields: Fields) -> Fields:
    """PostgreSQL's error or notice with Redshift's code, wording and names."""
    kept = {key: value for key, value in fields.items() if key not in "VWqstdcnpHP"}
    kept["M"] = _message(kept)
    if "D" in kept:
        kept["D"] = _named(kept["D"])
    if kept.get("C") == "28P01":
        kept["C"] = "28000"
    if kept.get("C") == "2BP01" and kept["M"].endswith(" some object"):
        kept["C"] = "55006"
        kept.pop("D", None)
    if kept.get("C") == "55000" and kept["M"].endswith(" is not currently accepting connections"):
        kept["M"] = SHARED
    if kept.get("C") == "2D000":
        kept |= {"C": "25001", "M": "permissions on an external schema cannot be changed inside a transaction block"}
    if kept["M"].startswith(LOCAL):
        kept["C"] = "0A000"
    return kept


def _message(fields: Fields) -> str:
    message = fields.get("M", "")
    held = _HELD.match(message)
    if held:
        return _held(held.group(1), fields.get("D", ""))
    if message == 'unrecognized privilege type "maintain"':
        return "local stand-in: the ALTER permission needs PostgreSQL 17 or later"
    for pattern, words in _WORDS:
        message = pattern.sub(words, message)
    return _named(message)


def _held(role: str, detail: str) -> str:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_USER.html; servers print "cannot" where it has "can't".
    kind, name = shown_role(role)
    if detail.startswith("owner of"):
        return f'{kind} "{name}" cannot be dropped because the {kind} owns some object'
    return f'{kind} "{name}" cannot be dropped because the {kind} has a privilege on some object'


def _named(text: str) -> str:
    def replace(match: re.Match[str]) -> str:
        kind, name = shown_role(match.group(1))
        return f'{kind} "{name}"'

    return _ROLE.sub(replace, text)
