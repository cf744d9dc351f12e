"""What every operator and sensor returns, and the table of it that goes to the log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_datagraph.access.messages import change_texts
from airflow_provider_datagraph.access.plan import Finding, Plan

MAX_ROWS = 100
"""How many rows of a kind a report holds; the rest is a count."""


@dataclass(frozen=True)
class Report:
    """The outcome of one task.

    :param changed: how many of the planned changes were made.
    :param in_place: how many desired things held already.
    :param planned: every change, made or only planned, a sentence each.
    :param findings: what can't be fixed by granting.
    """

    changed: int = 0
    in_place: int = 0
    planned: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @classmethod
    def of(cls, plan: Plan, changed: int) -> Report:
        """Make a report of a plan.

        :param plan: the plan.
        :param changed: how many changes were made.
        :return: the report.
        """
        return cls(changed, plan.in_place, change_texts(plan), plan.findings)

    def as_dict(self) -> dict[str, Any]:
        """Give the report as JSON for XCom.

        :return: ``changed`` (int), ``in_place`` (int), ``planned`` (sentences), ``findings`` (dicts with ``code``,
            ``object``, ``message``); at most 100 rows of each, then one that counts the rest.
        """
        findings = [{"code": f.code, "object": f.object, "message": f.message} for f in self.findings[:MAX_ROWS]]
        more = len(self.findings) - MAX_ROWS
        if more > 0:
            findings.append({"code": "more", "object": "", "message": f"{more} more findings."})
        planned = list(self.planned[:MAX_ROWS])
        if len(self.planned) > MAX_ROWS:
            planned.append(f"{len(self.planned) - MAX_ROWS} more changes")
        return {"changed": self.changed, "in_place": self.in_place, "planned": planned, "findings": findings}


def table(title: str, report: Report, changes: bool = True) -> str:
    """Show a whole report as a table for people.

    :param title: what was done where.
    :param report: the report.
    :param changes: whether it is about changes; a sensor's isn't. Default True.
    :return: lines of text: ``+`` and ``-`` changes, ``=`` what is in place, ``!`` findings,
        ``x`` those that stop it.
    """
    done = "done" if report.changed else "planned"
    rows = [("-" if sentence.startswith(("revoke", "drop")) else "+", done, sentence) for sentence in report.planned]
    # A sensor's title says how much there is, unless something is missing.
    if changes or (report.in_place and report.findings):
        rows.append(("=", "in place", f"{report.in_place} already as desired"))
    rows += [("x" if f.blocking else "!", f.code, f.message) for f in report.findings]
    if changes and not report.planned:
        rows.insert(0, (" ", "nothing", "to change"))
    return "\n".join([title, *columns(rows)])


def columns(rows: Iterable[Sequence[str]], indent: str = "  ") -> list[str]:
    """Align rows of text in columns.

    :param rows: rows of equal length.
    :param indent: what stands before each line.
    :return: a line each, without white space at its end.
    """
    listed = [tuple(row) for row in rows]
    widths = [max(len(row[i]) for row in listed) for i in range(len(listed[0]))] if listed else []
    return [(indent + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True))).rstrip() for row in listed]
