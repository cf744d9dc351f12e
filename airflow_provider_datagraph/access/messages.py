"""Every sentence of a change and of a finding: with `findings.txt`, the one place to improve the English."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any

from airflow_provider_datagraph.access.plan import Change, Finding, Level, Reason
from airflow_provider_datagraph.redshift.names import join_path, one_line, quote
from airflow_provider_datagraph.redshift.statements import Statement
from airflow_provider_datagraph.redshift.values import Grant, Scope

FEW = 5
"""How many names a sentence lists."""
MOST = 100
"""How many, where it has to say what is missing."""
OBJECTS = {
    "tables": "the tables of {path}, including later ones,",
    "todays tables": "today's tables of {path}",
    "later tables": "later tables of {names} in {path}",
    "columns": "columns of {path}",
    "all tables": "all tables of database {path}",
    "all schemas": "all schemas of database {path}",
    "permission": "{path}",
    "password": "the password of user {path}, sent as a hash",
}
"""How an object is named; another kind's name is the word for it, with its path."""
OF_CLUSTER = ("role", "user", "database", "permission", "password")
"""Their names are one part, and stand as they are."""
DONE = {"create": "created", "grant": "granted", "revoke": "revoked", "give": "gave", "drop": "dropped", "set": "set"}
REASONS = {
    Reason.MISSING: ("it doesn't exist", "it didn't exist"),
    Reason.NO_MEMBER: ("it isn't a member", "it wasn't a member"),
    Reason.BLOCKS_TABLE: ("it blocks the table", "it blocked the table"),
    Reason.LOGIN_FAILS: ("the user connection's doesn't log in", "the user connection's didn't log in"),
    Reason.WRITER_LEAVES: ("user {of}, who creates them, leaves", "user {of}, who creates them, leaves"),
}
"""Why, of what is planned and of what is done. The others go without saying, and would be said in every line."""
PLACES = {
    Scope.TABLES: ("the tables of schema {}", "the tables of {} schemas"),
    Scope.DEFAULT: ("later tables of {}", "later tables, in {} cases"),
}
"""Where privileges are held: one place, and several. Another scope's name is the word for it."""


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding as people read it, and as it is reported. Its remedy is empty where there is nothing to do."""

    code: str
    object: str
    text: str
    remedy: str = ""
    blocking: bool = False

    def __str__(self) -> str:
        return f"{self.text} {self.remedy}".strip()


def _read(text: str) -> dict[str, tuple[str, str]]:
    """Read what is said of findings: a line by code and case, and perhaps one of what to do."""
    found: dict[str, tuple[str, str]] = {}
    for line in text.splitlines():
        if line.startswith("→ "):
            key, (told, _) = found.popitem()
            found[key] = (told, line[2:])
        elif not line.startswith("#"):
            key, _, told = line.partition(": ")
            found[key] = (told, "")
    return found


FINDINGS: Mapping[str, tuple[str, str]] = _read(Path(__file__).with_name("findings.txt").read_text("utf-8"))


class _Facts(Formatter):
    """Writes facts into a sentence: a list is cut short, or as it asks (``100``, ``all``); ``s`` makes a plural."""

    def format_field(self, value: Any, format_spec: str) -> str:
        match format_spec:
            case "s":
                return "" if len(value) == 1 else "s"
            case "all":
                return ", ".join(value)
            case "count":
                return counted(len(value), "table")
            case "statements":
                return "; ".join(value)
            case "quoted":
                return quote(value)
            case "capital":
                return f"{value[:1].upper()}{value[1:]}"
        match value:
            case Statement():
                return value.shown
            case frozenset():
                return describe_grants(value)
            case tuple():
                return few(value, int(format_spec or FEW))
        return str(value)


def said(finding: Finding) -> FindingRow:
    """Say what a finding tells, and what to do about it: no name and no server's text in it ends a line, or hides."""
    facts = dict(finding.facts)
    case = facts.get("case")
    told = FINDINGS[f"{finding.code} {case}" if case else finding.code]
    values = {"user": finding.object, **facts, "object": finding.object}
    text, remedy = (one_line(_Facts().vformat(one, (), values)) for one in told)
    return FindingRow(finding.code, finding.object, text, remedy, finding.blocking)


def change_text(change: Change, *, done: bool = False) -> str:
    """Say what is changed, and why, in a sentence without its full stop; by default it is planned."""
    path = _path(change)
    if change.kind == "later tables" and len(change.path) == 1:
        path = f"database {path}"
    what = OBJECTS.get(change.kind, f"{change.kind} {{path}}").format(path=path, names=", ".join(change.names))
    if change.privileges:
        what = f"{', '.join(change.privileges)} on {what}"
    whom = f" {'from' if change.action == 'revoke' else 'to'} {change.identity}" if change.identity else ""
    verb = DONE[change.action] if done else change.action
    reason = REASONS.get(change.reason, ("", ""))[done].format(of=change.of)
    return one_line(f"{verb} {what}{_beside(change)}{whom}{reason and ': ' + reason}")


def object_name(change: Change) -> str:
    """Name what a change is about, such as ``role r`` or ``tables d.s``: for programs, and the same in every report."""
    return f"{change.kind} {_path(change)}"


def _path(change: Change) -> str:
    return change.path[0] if change.kind in OF_CLUSTER else join_path(*change.path)


def _beside(change: Change) -> str:
    if change.action == "create" and change.kind == "user":
        return ", its password sent as a hash"
    if change.action == "drop" and change.kind == "database" and change.count:
        return f" with {counted(change.count, 'table or view', 'tables and views')} in it"
    if change.kind == "todays tables" and change.names:
        return f" ({few(change.names)})"
    if change.action == "drop" and change.names:
        return f", with its membership of {', '.join(change.names)}"
    return ""


def describe_grants(grants: Iterable[Grant]) -> str:
    """Describe privileges in a phrase, such as ``CREATE on database d, USAGE on 3 schemas, SELECT on 12 tables``."""
    places: dict[tuple[Scope, str], list[Grant]] = {}
    for grant in set(grants):
        places.setdefault((grant.scope, grant.privilege), []).append(grant)
    phrases = []
    for (scope, privilege), held in sorted(places.items()):
        one, several = PLACES.get(scope, (f"{scope} {{}}", f"{{}} {scope}s"))
        where = one.format(_place(held[0])) if len(held) == 1 else several.format(len(held))
        phrases.append(f"{privilege} on {where}")
    return ", ".join(phrases)


def _place(grant: Grant) -> str:
    if grant.scope is Scope.DEFAULT:
        return f"{grant.writer} in {join_path(grant.schema) if grant.schema else 'all schemas'}"
    return join_path(*grant.path)


def few(names: Sequence[str], count: int = FEW) -> str:
    """Name the first few, and say how many more there are."""
    rest = len(names) - count
    return ", ".join(names[:count]) + (f" and {rest} more" if rest > 0 else "")


def by_cause(findings: Iterable[Finding]) -> str:
    """Say findings once for each cause, and of what else that goes; notes are left out."""
    causes: dict[object, list[Finding]] = {}
    for one in dict.fromkeys(one for one in findings if one.level is not Level.NOTE):
        facts = dict(one.facts)
        # What tells of several tables already, or gives a statement, stands for itself.
        own = one.object if facts.keys() & {"tables", "statement"} else ""
        causes.setdefault((one.code, one.level, facts.get("state"), facts.get("case"), own), []).append(one)
    told: list[str] = []
    for first, *rest in causes.values():
        told.append(str(said(first)))
        told += [f"The same goes for {few([one.object for one in rest], MOST)}."] * bool(rest)
    return " ".join(map(one_line, told))


def counted(count: int, one: str, many: str = "") -> str:
    """Count something, in the singular where it is one, such as ``1 change`` or ``3 changes``."""
    return f"{count} {one if count == 1 else many or one + 's'}"
