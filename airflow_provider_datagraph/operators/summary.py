"""The end of a run: what was done, and what to type into Segment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from airflow_provider_datagraph.access.plan import Finding
from airflow_provider_datagraph.access.report import Report, columns
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.operators.base import (
    DEFAULT_CHECKPOINT_DATABASE,
    DEFAULT_USER,
    ConvergingOperator,
    Mode,
    database_name,
)
from airflow_provider_datagraph.redshift.names import InvalidInput
from airflow_provider_datagraph.xcom import LEFT_OUT, is_listed

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

FINDING = ("code", "object", "message")


def merge(reports: Iterable[Any], proofs: Iterable[Any] = ()) -> Report:
    """Make one report of several tasks'.

    :param reports: reports as XCom holds them; a mapped task's is a list, a skipped task's is None.
    :param proofs: reports of sensors: they count tables, not access, so their findings alone go in.
    :return: sums of the counts, all sentences and findings, each finding once; what the same run creates
        isn't missing.
    """
    changed = in_place = 0
    planned: list[str] = []
    findings: dict[Finding, None] = {}
    for report in _flat(reports):
        changed += report["changed"]
        in_place += report["in_place"]
        planned += report["planned"]
    for report in _flat([reports, proofs]):
        found = (Finding(f["code"], f["object"], f["message"]) for f in report["findings"])
        findings.update(dict.fromkeys(found))
    created = {sentence.split(":")[0].split(",")[0] for sentence in planned if sentence.startswith("create ")}
    kept = [finding for finding in findings if not _comes_true(finding, created)]
    return Report(changed, in_place, tuple(planned), tuple(kept))


def _comes_true(finding: Finding, created: set[str]) -> bool:
    """Tell whether a plan-only run found missing what the same run creates."""
    if finding.code == "not_ready":
        return any(what.startswith("create user ") for what in created)
    return finding.code == "role_missing" and f"create role {finding.object}" in created


def _flat(reports: Iterable[Any]) -> Iterable[Mapping[str, Any]]:
    for report in reports:
        if isinstance(report, Mapping):
            yield report
        elif report is not None:
            yield from _flat(report)


def parse_reports(value: Any, name: str) -> Iterable[Any]:
    """Parse reports.

    :param value: a report, a list of them, or JSON text of either; in a list, None stands for a skipped task.
    :param name: the argument's name.
    :return: the reports.
    :raises InvalidInput: if it, or anything in it, is none of these.
    """
    if isinstance(value, str):
        with suppress(ValueError, RecursionError):
            value = json.loads(value)
    reports = value if is_listed(value) else [value]
    if value is None or not all(_are_reports(report) for report in reports):
        raise InvalidInput(f"{name} holds something that isn't a report: give the outputs of the run's tasks.")
    return reports


def _are_reports(value: Any) -> bool:
    return all(report is None or _is_report(report) for report in (value if is_listed(value) else [value]))


def _is_report(value: Any) -> bool:
    counts = ("changed", "in_place")
    return (
        isinstance(value, Mapping)
        and all(isinstance(value.get(count), int) for count in counts)
        and _all_texts(value.get("planned"))
        and isinstance(value.get("findings"), list)
        and all(isinstance(f, Mapping) and _all_texts([f.get(k) for k in FINDING]) for f in value["findings"])
    )


def _all_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


class SegmentSummaryOperator(ConvergingOperator):
    """Log the whole run's changes and the settings that Segment's form asks for; never the password.

    :param reports: the reports of the run's operators: a list, or JSON text of one.
    :param proofs: the reports of its sensors, likewise; default none.
    :param database: the checkpoint database; default ``segment_linked_profiles_db``.
    :param user_conn_id: the user connection's id; default ``segment_linked_user``.
    :param redshift_conn_id: the admin connection's id; default ``redshift_default``.
    :param plan_only: whether the run changed nothing on purpose; default False.

    https://segment.com/docs/unify/data-graph/setup-guides/redshift-setup/
    """

    template_fields: Sequence[str] = (
        "reports",
        "proofs",
        "database",
        "user_conn_id",
        *ConvergingOperator.template_fields,
    )

    def __init__(
        self,
        *,
        reports: Any,
        proofs: Any = LEFT_OUT,
        database: str = DEFAULT_CHECKPOINT_DATABASE,
        user_conn_id: str = DEFAULT_USER,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.reports = reports
        self.proofs = self.kept("proofs", proofs)
        self.database = database
        self.user_conn_id = user_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Sum up.

        :param context: Airflow's context.
        :return: the merged report, and beside it ``segment``: ``host``, ``port``, ``database``, ``username``.
        """
        return {**super().execute(context), "segment": self._show(self._settings(self.database))}

    def _settings(self, database: str) -> dict[str, Any]:
        arguments = self.user_hook(database, self.user_conn_id).arguments
        return {
            "host": arguments["host"],
            "port": arguments["port"],
            "database": arguments["database"],
            "username": arguments["user"],
        }

    def _show(self, settings: dict[str, Any]) -> dict[str, Any]:
        rows = [(name.capitalize(), str(value)) for name, value in settings.items()]
        rows.append(("Password", f"as in the Airflow connection {self.user_conn_id}"))
        lines = "\n".join(columns(rows))
        self.log.info("%s", f"Unify > Data Graph > Connect warehouse > Redshift asks for:\n{lines}")
        return settings

    def converge(self, problems: Problems, mode: Mode) -> tuple[str, Report]:
        """See the base."""
        database = problems.check(database_name, self.database, "database", default="dev")
        problems.check(self._settings, database, default={})
        reports = problems.check(parse_reports, self.reports, "reports", default=())
        proofs = self.optional("proofs", parse_reports, problems) or ()
        problems.raise_all()
        return "The whole run", merge(reports, proofs)
