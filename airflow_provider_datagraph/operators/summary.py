"""The end of a run: what was done, and what to type into Segment."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from airflow.providers.common.compat.sdk import Context

from airflow_provider_datagraph.access.messages import FindingRow, counted
from airflow_provider_datagraph.access.report import MAX_ROWS, Report, columns, join
from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.form.names import database_name
from airflow_provider_datagraph.operators import base
from airflow_provider_datagraph.redshift.names import InvalidInput
from airflow_provider_datagraph.xcom import LEFT_OUT, is_listed, telling_errors

BEYOND = "readable_beyond"
"""The code of what an audit finds to be readable, and nobody asked for."""
PROOF: Mapping[str, type] = {
    **dict.fromkeys(("login", "database", "first", "last"), str),
    **dict.fromkeys(("read", "refused", "unproved"), int),
    "tables": list,
    "schemas": dict,
}
"""What a sensor returns as its ``proof``: as whom, where and when it read which tables, how many, and how many not."""


def merge(reports: Iterable[Report], proofs: Iterable[Report] = ()) -> Report:
    """Make one report of several tasks', in which nothing is missing that the same run creates; proofs add findings."""
    told = [Report(findings=proof.findings, more_findings=proof.more_findings) for proof in proofs]
    whole = join([*reports, *told])
    planned = {row.object for row in whole.changes if row.action in ("create", "grant") and not row.applied}
    created = {row.object for row in whole.changes if row.action == "create"}
    kept = (row for row in whole.findings if not _comes_true(row, created, planned))
    return replace(whole, findings=tuple(kept))


def _comes_true(finding: FindingRow, created: Container[str], planned: Iterable[str]) -> bool:
    """Tell whether a plan-only run found missing what the same run creates or grants."""
    places = {"schema_closed": "schema", "not_granted": "tables", "checkpoint_closed": "database"}
    if finding.code in places:
        kinds = (places[finding.code], f"todays {places[finding.code]}")
        whole, each = {f"{kind} {finding.object}" for kind in kinds}, f"table {finding.object}."
        return any(about in whole or about.startswith(each) for about in planned)
    kind = {"role_missing": "role ", "user_missing": "user ", "not_ready": ""}.get(finding.code)
    return kind is not None and f"{kind}{finding.object}" in created


def _parse_proof(value: Any, name: str) -> dict[str, Any]:
    proof: dict[str, Any] = {key: value.get(key) for key in PROOF} if isinstance(value, dict) else {}
    if not proof or any(type(proof[key]) is not kind for key, kind in PROOF.items()):
        raise InvalidInput(f"{name} holds a proof that isn't one: give the outputs of the run's sensors.")
    if {*map(type, (*proof["tables"], *proof["schemas"]))} - {str} or {*map(type, proof["schemas"].values())} - {int}:
        raise InvalidInput(f"{name} holds a proof whose tables or schemas aren't names and counts.")
    return proof


def _proof_rows(proof: Mapping[str, Any]) -> list[tuple[str, str]]:
    schemas = list(proof["schemas"].items())[:MAX_ROWS]
    more = proof["read"] - sum(count for _, count in schemas)
    told = ((key, proof[key]) for key in ("refused", "unproved"))
    return [
        ("As", f"{proof['login']}, connected to {proof['database']}"),
        ("When", f"{proof['first']} to {proof['last']}"),
        ("Read", f"{counted(proof['read'], 'table or view', 'tables and views')}, every column and no row"),
        *(("", f"{schema}: {count}") for schema, count in schemas),
        *[("", f"in further schemas: {more}")] * (more > 0),
        *((key.capitalize(), f"{count}, as the findings tell") for key, count in told if count),
    ]


def _each(value: Any) -> list[Any]:
    """List what a value holds: see :func:`parse_reports`."""
    if isinstance(value, str):
        with suppress(ValueError, RecursionError):
            value = json.loads(value)
    if not is_listed(value):
        return [value]
    each = [one for entry in value for one in (entry if is_listed(entry) else [entry])]
    return [one for one in each if one is not None]


def parse_reports(value: Any, name: str) -> tuple[Report, ...]:
    """Parse a report, a list of them, or JSON text. In a list, None is a skipped task, and a list a mapped one."""
    return tuple(Report.parse(one, name) for one in _each(value))


def parse_proofs(value: Any, name: str) -> tuple[tuple[Report, ...], list[dict[str, Any]]]:
    """Parse sensors' reports, likewise, and what they proved."""
    reports = parse_reports(value, name)
    proofs = (one.get("proof") for one in _each(value))
    return reports, [_parse_proof(proof, name) for proof in proofs if proof is not None]


def _beyond(audit: Report) -> tuple[str, list[tuple[str, str]]]:
    """Tell what more can be read than was asked: the first of it, and how much."""
    told = [row.text for row in (*audit.findings, *audit.noted.values()) if row.code == BEYOND]
    if not told and BEYOND not in audit.notes:
        return "Nothing more can be read than was asked.", []
    if (more := audit.notes.get(BEYOND, 0) - len(told)) > 0:
        told.append(f"and {more} more, in the log of the audit")
    return "More can be read than was asked:", [("", text) for text in told]


class SegmentSummaryOperator(base.DataGraphOperator):
    """Log the whole run's changes, what logins proved, and the settings that Segment's form asks for, but no password.

    :param reports: the reports of the run's operators: a list, or JSON text of one.
    :param proofs: the reports of its sensors, likewise; default none.
    :param audit: the report of an :class:`.AuditAccessOperator`: what more can be read than was asked, or a list
        of it, where None stands for a skipped task; default none.
    :param checkpoint_database: the checkpoint database; default ``segment_linked_profiles_db``.
    :param user_conn_id: the user connection's id; default ``segment_linked_user``.
    :param plan_only: whether the run changed nothing on purpose; default False.
    :param kwargs: those of :class:`.DataGraphOperator`: ``redshift_conn_id``, ``index``.

    https://segment.com/docs/unify/data-graph/setup-guides/redshift-setup/
    """

    def __init__(
        self,
        *,
        reports: Any,
        proofs: Any = LEFT_OUT,
        audit: Any = LEFT_OUT,
        checkpoint_database: str = base.DEFAULT_CHECKPOINT_DATABASE,
        user_conn_id: str = base.DEFAULT_USER,
        plan_only: bool | str = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.reports = reports
        self.proofs = self.kept("proofs", proofs)
        self.audit = self.kept("audit", audit)
        self.checkpoint_database = checkpoint_database
        self.user_conn_id = user_conn_id
        self.plan_only = plan_only

    @telling_errors
    def execute(self, context: Context) -> dict[str, Any]:
        """Sum up.

        :return: the merged report, and beside it ``segment`` (``host``, ``port``, ``database``, ``username``) and
            ``proofs``, those of its sensors.
        :raises MisconfigurationError: if an argument isn't what it should be.
        """
        problems = Problems()
        self.take_arguments(context)
        plan_only = problems.check(arguments.boolean, self.plan_only, "plan_only", default=True)
        database = problems.check(
            database_name, self.checkpoint_database, "checkpoint_database", default=base.ANY_DATABASE
        )
        settings = problems.check(self._settings, database, default={})
        reports = problems.check(parse_reports, self.reports, "reports", default=())
        looks, proofs = self.optional("proofs", parse_proofs, problems) or ((), [])
        audit = self.optional("audit", parse_reports, problems)
        problems.raise_all()
        report = merge(reports, (*looks, *(audit or ())))
        self.tell("A plan of the whole run" if plan_only else "The whole run", report, plan_only=plan_only)
        for proof in proofs or [{"read": 0}]:
            proved = "Proved by login:" if proof["read"] else "Nothing was proved by login."
            self._block(proved, _proof_rows(proof) if proofs else ())
        if audit:
            self._block(*_beyond(join(audit)))
        rows = [(name.capitalize(), str(value)) for name, value in settings.items()]
        rows.append(("Password", f"as in the Airflow connection {self.user_conn_id}"))
        later = "Nothing was changed. After a real run, " if plan_only else ""
        self._block(f"{later}Unify > Data Graph > Connect warehouse > Redshift asks for:", rows)
        return {**report.as_dict(), "segment": settings, "proofs": proofs}

    def _block(self, title: str, rows: Iterable[Sequence[str]]) -> None:
        self.log.info("%s", "\n".join([title, *columns(rows)]))

    def _settings(self, database: str) -> dict[str, Any]:
        known = self.user_hook(database, self.user_conn_id).arguments
        return {"host": known["host"], "port": known["port"], "database": known["database"], "username": known["user"]}
