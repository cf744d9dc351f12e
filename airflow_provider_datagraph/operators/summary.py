"""The end of a run: what was done, and what to type into Segment."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_provider_datagraph.access.report import FindingRow, Report, columns, join
from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.form.names import database_name
from airflow_provider_datagraph.operators.base import (
    ANY_DATABASE,
    DEFAULT_CHECKPOINT_DATABASE,
    DEFAULT_USER,
    DataGraphOperator,
    refusing_bad_input,
)
from airflow_provider_datagraph.xcom import LEFT_OUT, is_listed

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


def merge(reports: Iterable[Report], proofs: Iterable[Report] = ()) -> Report:
    """Make one report of several tasks'.

    :param proofs: those of sensors: they count tables, not access, so their findings alone go in.
    :return: sums of the counts, all changes and findings, each finding once; what the same run creates isn't missing.
    """
    told = [Report(findings=proof.findings, more_findings=proof.more_findings) for proof in proofs]
    whole = join([*reports, *told])
    created = {row.object for row in whole.changes if row.action == "create"}
    kept = (row for row in whole.findings if not _comes_true(row, created))
    return replace(whole, findings=tuple(kept))


def _comes_true(finding: FindingRow, created: Container[str]) -> bool:
    """Tell whether a plan-only run found missing what the same run creates."""
    role = finding.code == "role_missing" and f"role {finding.object}" in created
    return role or (finding.code == "not_ready" and finding.object in created)


def parse_reports(value: Any, name: str) -> tuple[Report, ...]:
    """Parse reports.

    :param value: a report, a list of them, or JSON text of either; in a list, None stands for a skipped task, and a
        list for a mapped one.
    :raises InvalidInput: if it, or anything in it, is none of these.
    """
    if isinstance(value, str):
        with suppress(ValueError, RecursionError):
            value = json.loads(value)
    if not is_listed(value):
        return (Report.parse(value, name),)
    each = [one for entry in value for one in (entry if is_listed(entry) else [entry])]
    return tuple(Report.parse(one, name) for one in each if one is not None)


class SegmentSummaryOperator(DataGraphOperator):
    """Log the whole run's changes and the settings that Segment's form asks for; never the password.

    :param reports: the reports of the run's operators: a list, or JSON text of one.
    :param proofs: the reports of its sensors, likewise; default none.
    :param database: the checkpoint database; default ``segment_linked_profiles_db``.
    :param user_conn_id: the user connection's id; default ``segment_linked_user``.
    :param plan_only: whether the run changed nothing on purpose; default False.
    :param kwargs: those of :class:`.DataGraphOperator`: ``redshift_conn_id``, ``index``.

    https://segment.com/docs/unify/data-graph/setup-guides/redshift-setup/
    """

    template_fields: Sequence[str] = (
        "reports",
        "proofs",
        "database",
        "user_conn_id",
        "plan_only",
        *DataGraphOperator.template_fields,
    )

    def __init__(
        self,
        *,
        reports: Any,
        proofs: Any = LEFT_OUT,
        database: str = DEFAULT_CHECKPOINT_DATABASE,
        user_conn_id: str = DEFAULT_USER,
        plan_only: bool | str = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.reports = reports
        self.proofs = self.kept("proofs", proofs)
        self.database = database
        self.user_conn_id = user_conn_id
        self.plan_only = plan_only

    def execute(self, context: Context) -> dict[str, Any]:
        """Sum up.

        :return: the merged report, and beside it ``segment``: ``host``, ``port``, ``database``, ``username``.
        :raises MisconfigurationError: if an argument isn't what it should be.
        """
        problems = Problems()
        with refusing_bad_input():
            self.take_arguments(context)
            plan_only = problems.check(arguments.boolean, self.plan_only, "plan_only", default=True)
            database = problems.check(database_name, self.database, "database", default=ANY_DATABASE)
            settings = problems.check(self._settings, database, default={})
            reports = problems.check(parse_reports, self.reports, "reports", default=())
            proofs = self.optional("proofs", parse_reports, problems) or ()
            problems.raise_all()
        report = merge(reports, proofs)
        self.tell("The whole run", report, plan_only=plan_only)
        rows = [(name.capitalize(), str(value)) for name, value in settings.items()]
        rows.append(("Password", f"as in the Airflow connection {self.user_conn_id}"))
        lines = "\n".join(columns(rows))
        self.log.info("%s", f"Unify > Data Graph > Connect warehouse > Redshift asks for:\n{lines}")
        return {**report.as_dict(), "segment": settings}

    def _settings(self, database: str) -> dict[str, Any]:
        known = self.user_hook(database, self.user_conn_id).arguments
        return {
            "host": known["host"],
            "port": known["port"],
            "database": known["database"],
            "username": known["user"],
        }
