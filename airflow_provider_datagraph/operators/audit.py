"""Who can read what: everything that the linked user can reach, against what was asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from airflow.providers.common.compat.sdk import Context

from airflow_provider_datagraph.access.messages import FEW
from airflow_provider_datagraph.access.plan import Finding, finding, note
from airflow_provider_datagraph.access.reach.excess import beyond, excess
from airflow_provider_datagraph.access.reach.matrix import IdentityReach, matrix
from airflow_provider_datagraph.access.report import MAX_ROWS, Report, columns, table
from airflow_provider_datagraph.engine.audit import read_reach
from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.form.names import database_name
from airflow_provider_datagraph.form.patterns import meant_by, patterns
from airflow_provider_datagraph.operators import base
from airflow_provider_datagraph.redshift.names import check_identity, join_path
from airflow_provider_datagraph.xcom import LEFT_OUT, Missing, telling_errors


class AuditAccessOperator(base.DataGraphOperator):
    """Tell what the linked user can reach in every local database of the cluster, and by which way. It changes nothing.

    :param user_conn_id: the user connection's id, whose login is the linked user; default ``segment_linked_user``.
    :param role: the linked role; default ``segment_linked_role``.
    :param checkpoint_database: the checkpoint database, where Segment may create, and own what it created; default
        ``segment_linked_profiles_db``.
    :param allowed: patterns of what may be read: ``schema`` (of the admin connection's database), ``database.schema``
        or ``database.schema.table``, where ``*`` stands for any characters. What is reached beyond them is a note.
        Default None: everything may, and is only shown.
    :param exact: whether to fail, without retries, where anything more is possible than to read what is ``allowed``;
        default False.
    :param kwargs: those of :class:`.DataGraphOperator`: ``redshift_conn_id``, ``index``.

    https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html
    """

    def __init__(
        self,
        *,
        user_conn_id: str = base.DEFAULT_USER,
        role: str = base.DEFAULT_ROLE,
        checkpoint_database: str = base.DEFAULT_CHECKPOINT_DATABASE,
        allowed: str | Sequence[str] | Missing | None = LEFT_OUT,
        exact: bool | str = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.user_conn_id = user_conn_id
        self.role = role
        self.checkpoint_database = checkpoint_database
        self.allowed = self.kept("allowed", allowed)
        self.exact = exact

    @telling_errors
    def execute(self, context: Context) -> dict[str, Any]:
        """Read it, and log the matrix as a table.

        :return: the report, and beside it ``matrix``: at most 100 rows, each with ``database``, ``schema``, ``tables``
            (at most 20 names), ``count`` (of tables), ``privileges`` and ``way``; ``omitted`` counts the others.
        :raises MisconfigurationError: with every problem of the arguments, or of what can't be looked at.
        :raises DriftError: with ``exact``, if anything more is possible; the report is in XCom all the same.
        """
        problems = Problems()
        self.take_arguments(context)
        hook, linked = self.hook(), self.user_hook(base.ANY_DATABASE, self.user_conn_id)
        allowed = self.optional("allowed", partial(patterns, tables=True), problems)
        exact = problems.check(arguments.boolean, self.exact, "exact", default=False)
        if exact and allowed is None:
            problems.add("exact is true, and allowed isn't given: name what may be read.")
        role = problems.check(check_identity, self.role, "role", default="")
        checkpoint = problems.check(database_name, self.checkpoint_database, "checkpoint_database", default="")
        problems.check(lambda: hook.arguments, default={})
        user = problems.check(lambda: linked.login, default="")
        problems.raise_all()
        known, found, closed = read_reach(
            lambda database: self.engine(self.hook(database)),
            lambda database: self.engine(self.user_hook(database, self.user_conn_id)),
            user,
        )
        asked = meant_by(allowed, known.session)
        findings = [
            *excess(known, found, role, asked, lambda *_: False, checkpoint=checkpoint, least_privilege=exact),
            *beyond(found, asked, checkpoint, exact=exact),
            *_unknown(known, closed),
        ]
        if exact and closed:
            # What isn't known may be anything.
            raise MisconfigurationError.of(closed.values())
        report, rows, title = Report.of(findings), matrix(found), f"What user {user} can reach"
        self.log.info("%s", "\n".join([table(title, report, changes=False), *columns(_shown(rows))]))
        told = report.as_dict()
        told["matrix"], told["omitted"]["matrix"] = rows[:MAX_ROWS], max(0, len(rows) - MAX_ROWS)
        advice = "Revoke what isn't meant to be, or name it in allowed."
        base.refuse_drift(context, told, [row.text for row in report.blocking], title, advice)
        return told


def _unknown(known: IdentityReach, closed: Mapping[str, str]) -> Iterator[Finding]:
    """Tell what wasn't looked at, and whose view it is."""
    admin = known.session
    if not known.ways:
        yield finding("user_missing", known.user)
    elif not admin.superuser:
        yield note("partial_view", admin.user, case="reach", user=known.user)
    for name, reason in closed.items():
        yield finding("not_audited", name, case="closed", reason=reason)
    for name, one in sorted(known.databases.items()):
        if one.kind != "local":
            yield note("not_audited", name, kind=one.kind)
    for name in sorted(known.unseen):
        yield note("not_audited", name, case="unseen", user=admin.user)


def _shown(rows: Sequence[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    for row in rows:
        first, rest = ", ".join(row["tables"][:FEW]), row["count"] - FEW
        place = join_path(*filter(None, (row["database"], row["schema"])))
        yield place, ", ".join(row["privileges"]), row["way"], first + (f" and {rest} more" if rest > 0 else "")
