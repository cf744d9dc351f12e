"""What every operator and sensor returns, and the table and the SQL script of it that go to the log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from airflow_provider_datagraph.access.messages import FindingRow, change_text, counted, object_name, said
from airflow_provider_datagraph.access.plan import Finding, Level, Plan, Step
from airflow_provider_datagraph.redshift.names import InvalidInput, one_line
from airflow_provider_datagraph.redshift.statements import EXACT_NAMES

MAX_ROWS = 100
"""How many rows of a kind a report holds; the rest is a count."""


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change, as it is reported.

    :param object: what it is about, such as ``schema analytics.crm``.
    :param statement: the SQL as it is sent, with ``<hash>`` for a password's; empty where the row before has it.
    :param text: a sentence without its full stop.
    """

    action: str
    object: str
    privileges: Sequence[str]
    database: str
    statement: str
    text: str
    applied: bool


def change_rows(steps: Iterable[Step], database: str, *, applied: bool) -> list[ChangeRow]:
    """Say what steps change, or have changed."""
    rows = []
    for step in steps:
        sql = step.statement.shown
        for change in step.changes:
            about, text = object_name(change), change_text(change, done=applied)
            rows.append(ChangeRow(change.action, about, list(change.privileges), database, sql, text, applied))
            sql = ""
    return rows


@dataclass(frozen=True)
class Report:
    """The outcome of one task: how many changes were made, how many desired things held already, and what is told.

    :param notes: what is worth knowing: how often, by code.
    :param noted: the first of each code of ``notes``, where it is known.
    :param more_changes: changes that a part of this report left out; ``more_findings``, likewise.
    """

    changed: int = 0
    in_place: int = 0
    changes: tuple[ChangeRow, ...] = ()
    findings: tuple[FindingRow, ...] = ()
    notes: Mapping[str, int] = field(default_factory=dict)
    noted: Mapping[str, FindingRow] = field(default_factory=dict)
    more_changes: int = 0
    more_findings: int = 0

    @classmethod
    def of(cls, findings: Iterable[Finding], changes: Iterable[ChangeRow] = (), in_place: int = 0) -> Report:
        rows, each = tuple(changes), list(dict.fromkeys(findings))
        notes: dict[str, int] = {}
        noted: dict[str, FindingRow] = {}
        for one in each:
            if one.level is Level.NOTE:
                notes[one.code] = notes.get(one.code, 0) + 1
                if notes[one.code] == 1:
                    noted[one.code] = said(one)
        told = tuple(said(one) for one in each if one.level is not Level.NOTE)
        return cls(sum(row.applied for row in rows), in_place, rows, told, notes, noted)

    @classmethod
    def planned(cls, plan: Plan, database: str) -> Report:
        return cls.of(plan.findings, change_rows(plan.steps, database, applied=False), plan.in_place)

    @property
    def blocking(self) -> tuple[FindingRow, ...]:
        return tuple(finding for finding in self.findings if finding.blocking)

    def as_dict(self) -> dict[str, Any]:
        """Give the report as JSON for XCom: ``omitted`` counts the changes and findings beyond 100 of each."""
        changes, findings = self.changes[:MAX_ROWS], self.findings[:MAX_ROWS]
        return {
            "changed": self.changed,
            "in_place": self.in_place,
            "changes": [asdict(row) for row in changes],
            "findings": [asdict(row) for row in findings],
            "notes": dict(self.notes),
            "noted": {code: first.text for code, first in self.noted.items()},
            "omitted": {
                "changes": self.more_changes + len(self.changes) - len(changes),
                "findings": self.more_findings + len(self.findings) - len(findings),
            },
        }

    @classmethod
    def parse(cls, value: Any, name: str) -> Report:
        """Read a report back from XCom; more keys may be in it. ``name`` says where it comes from."""
        try:
            changes = tuple(ChangeRow(**row) for row in value["changes"])
            findings = tuple(FindingRow(**row) for row in value["findings"])
            counts = [value["changed"], value["in_place"], *map(value["omitted"].get, ("changes", "findings"))]
            notes = dict(value["notes"])
            noted = {code: FindingRow(code, "", text) for code, text in dict(value.get("noted", {})).items()}
            fits = type(value["changes"]) is type(value["findings"]) is list
            fits &= all(type(n) is int for n in (*counts, *notes.values()))
            fits &= all(map(_fits, (*value["changes"], *value["findings"], *map(asdict, noted.values()))))
            fits &= noted.keys() <= notes.keys()
        except (TypeError, KeyError, AttributeError, ValueError):
            fits = False
        if not fits:
            raise InvalidInput(f"{name} holds something that isn't a report: give the outputs of the run's tasks.")
        changed, in_place, more_changes, more_findings = counts
        return cls(changed, in_place, changes, findings, notes, noted, more_changes, more_findings)


def _fits(row: Mapping[str, Any]) -> bool:
    """Whether every field is of its kind: one that isn't would break whatever shows it."""
    kinds: dict[str, type] = {"applied": bool, "blocking": bool, "privileges": list}
    fits = all(type(value) is kinds.get(name, str) for name, value in row.items())
    return fits and all(type(word) is str for word in row.get("privileges", ()))


def join(reports: Sequence[Report]) -> Report:
    """Make one report of several, each finding told once, and notes once that begin with the same text."""
    counts: dict[str, dict[str | int, int]] = {}
    for at, report in enumerate(reports):
        for code, count in report.notes.items():
            seen, text = counts.setdefault(code, {}), report.noted[code].text if code in report.noted else at
            seen[text] = max(count, seen.get(text, count))
    return Report(
        sum(report.changed for report in reports),
        sum(report.in_place for report in reports),
        tuple(row for report in reports for row in report.changes),
        tuple(dict.fromkeys(row for report in reports for row in report.findings)),
        {code: sum(seen.values()) for code, seen in counts.items()},
        {code: row for report in reversed(reports) for code, row in report.noted.items()},
        sum(report.more_changes for report in reports),
        sum(report.more_findings for report in reports),
    )


def table(title: str, report: Report, *, changes: bool = True) -> str:
    """Show a whole report as a table for people; a sensor's isn't about changes.

    :return: lines of text: ``+`` and ``-`` changes, ``=`` what is in place, ``!`` findings, ``x`` those that stop it,
        ``i`` notes; what to do about a finding stands on a line of its own.
    """
    rows = [
        ("-" if row.action in ("revoke", "drop") else "+", "done" if row.applied else "planned", row.text)
        for row in report.changes
    ]
    if changes and not rows:
        rows = [(" ", "nothing", "to change")]
    if report.more_changes:
        rows.append((" ", "omitted", f"{counted(report.more_changes, 'more change')}, in the logs of the tasks"))
    # A sensor's title says how much there is, unless something is missing.
    if changes or (report.in_place and report.findings):
        rows.append(("=", "in place", f"{report.in_place} already as desired"))
    for finding in report.findings:
        rows += _told("x" if finding.blocking else "!", finding)
    if report.more_findings:
        rows.append((" ", "omitted", f"{counted(report.more_findings, 'more finding')}, in the logs of the tasks"))
    for code, first in report.noted.items():
        rows += _told("i", first, f" ({report.notes[code] - 1} more)" if report.notes[code] > 1 else "")
    if rest := [f"{code} ({count})" for code, count in report.notes.items() if code not in report.noted]:
        rows.append(("i", "notes", f"{', '.join(rest)}: in the logs of the tasks"))
    return "\n".join([one_line(title), *columns(rows)])


def _told(sign: str, row: FindingRow, more: str = "") -> list[tuple[str, str, str]]:
    """Airflow's log view cuts long lines, so what to do stands on one of its own."""
    remedy = [("", "", f"→ {row.remedy}")] if row.remedy else []
    return [(sign, row.code, row.text + more), *remedy]


def columns(rows: Iterable[Sequence[str]]) -> list[str]:
    """Align rows of text, of equal length, in columns: a line each. What can't be printed is escaped."""
    listed = [tuple(map(one_line, row)) for row in rows]
    # The last isn't padded: one long name would make every line as long.
    widths = [*(max(map(len, column)) for column in list(zip(*listed, strict=True))[:-1]), 0]
    return [("  " + "  ".join(map(str.ljust, row, widths))).rstrip() for row in listed]


HASH = (
    "<hash> stands for the password's: 'md5' followed by the MD5, in hexadecimal, of the password and the user's name "
    "written together."
)
UNPRINTABLE = (
    "The next statement names something that can't be printed, so it is shown escaped here, and mustn't be run as it "
    "stands: XCom's `statement` has it as it is sent."
)


def script(report: Report) -> str:
    """Write what is planned as SQL, for an administrator to review and run by hand, database after database.

    Findings are comments, and so is a statement with a name that can't be printed. Where changes are left out, there is
    no statement: a part isn't the whole.
    """
    if report.more_changes:
        return _comment(
            f"This plan has {counted(report.more_changes, 'more change')} than XCom holds, so no part of it is shown "
            "here. Each task's log has its own section whole."
        )
    lines = [_comment(f"{'This stops it: ' * row.blocking}{row}") for row in report.findings]
    database = None
    for row in report.changes:
        if not row.statement:
            continue
        if row.database != database:
            database = row.database
            lines += ["", _comment(f"Connect to database {database}"), f"{EXACT_NAMES};"]
        shown = one_line(row.statement) == row.statement
        lines += [f"{row.statement};"] if shown else [_comment(UNPRINTABLE), _comment(row.statement)]
        lines += [_comment(HASH)] * ("<hash>" in row.statement)
    return "\n".join(lines).strip()


def markdown(title: str, report: Report) -> str:
    """Show a whole plan in Markdown, for whoever approves it.

    :return: the table and the SQL, as blocks of code: a name in them means itself alone, since it begins no line.
    """
    sql = "\n".join(f"  {line}" for line in script(report).splitlines())
    return f"```text\n  {table(title, report)}\n```\n\nAs SQL:\n\n```sql\n{sql}\n```\n"


def _comment(text: str) -> str:
    """A name may hold a line's end, and mustn't end the comment."""
    return f"-- {one_line(text)}"
