"""All of Segment's guide in one task: to plan it for a person who approves it, and to apply exactly that."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import unified_diff
from functools import partial
from typing import Any

from airflow_provider_datagraph.access.plan import Plan, note
from airflow_provider_datagraph.access.report import MAX_ROWS, Report, join, markdown
from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.operators.base import DEFAULT_USER, AdoptingOperator, ConvergingOperator, Mode
from airflow_provider_datagraph.operators.database import CreateCheckpointDatabaseOperator
from airflow_provider_datagraph.operators.reverse_etl import GrantReverseEtlOperator
from airflow_provider_datagraph.operators.role import CreateSegmentRoleOperator
from airflow_provider_datagraph.operators.schema import GrantSchemaOperator
from airflow_provider_datagraph.operators.summary import merge
from airflow_provider_datagraph.redshift.names import InvalidInput, one_line
from airflow_provider_datagraph.xcom import LEFT_OUT

SHOWN = 10
"""How many lines of a difference an error shows."""


@dataclass
class _Plans:
    """The plan of each part and database, as its statements, and what a person ``approved``; None: anything is."""

    approved: Mapping[str, Mapping[str, Any]] | None = None
    made: dict[str, dict[str, Any]] = field(default_factory=dict)

    def take(self, part: str, database: str, plan: Plan) -> None:
        """Take a part's plan, and refuse one that isn't what was approved.

        What is done already is no part of a plan any more, so one without statements always is.
        """
        statements = [step.statement.shown for step in plan.steps]
        digest = hashlib.sha256(json.dumps(statements).encode()).hexdigest()
        place = f"{part} in {database}"
        self.made[place] = {"digest": digest, "statements": statements[:MAX_ROWS]}
        if self.approved is None or not statements:
            return
        before = self.approved.get(place, {"digest": "", "statements": []})
        if digest != before["digest"]:
            lines = unified_diff(before["statements"], statements[:MAX_ROWS], n=0, lineterm="")
            told = [one_line(line) for line in lines if not line.startswith(("---", "+++", "@@"))][:SHOWN]
            raise MisconfigurationError(
                f"{one_line(place)}: the plan isn't what was approved any more ({'; '.join(told)}). Nothing of it was "
                "made: start a new run, which asks again."
            )


class OpenWarehouseOperator(AdoptingOperator):
    """Do all that the check's form asks for, in one task: role and user, checkpoint database, schemas, Reverse ETL.

    With ``plan_only`` it plans; given that plan as ``approved`` it applies it, and nothing else: where the plan isn't
    the same any more, the task fails and nothing is changed. Beside the report it returns ``plan`` (of each part and
    database: ``digest``, and its first 100 ``statements``), ``markdown``, the whole plan for a person, and ``approval``
    (``by``, ``at``).

    :param checked: what a :class:`.CheckWarehouseOperator` returned.
    :param approved: what such a task returned with ``plan_only``; default: nothing is held against it.
    :param approval: what Airflow's ``ApprovalOperator`` returned: who approved it, and when; default: nothing.
    :param user_conn_id: the user connection's id; default ``segment_linked_user``.
    :param kwargs: those of :class:`.AdoptingOperator`, such as ``redshift_conn_id``, ``plan_only``, ``trusted_owners``.

    https://segment.com/docs/unify/data-graph/setup-guides/redshift-setup/
    """

    def __init__(
        self,
        *,
        checked: Any,
        approved: Any = LEFT_OUT,
        approval: Any = LEFT_OUT,
        user_conn_id: str = DEFAULT_USER,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.checked = checked
        self.approved = self.kept("approved", approved)
        self.approval = self.kept("approval", approval)
        self.user_conn_id = user_conn_id

    def converge(self, problems: Problems, mode: Mode) -> tuple[str, Report]:
        approved = self.optional("approved", _plan, problems)
        approval = self.optional("approval", _approval, problems)
        trusted = self.trusted(problems)
        parts = problems.check(lambda: list(self._parts(trusted)), default=[])
        problems.raise_all()
        plans = _Plans(approved)
        # All of it is planned first: nothing is made where a later part isn't what was approved.
        planning = replace(mode, plan_only=True)
        planned = merge([problems.check(self._run, one, planning, plans, default=Report()) for one in parts])
        problems.raise_all()
        title = "Everything that the form asks for"
        self.beside = {"plan": plans.made, "markdown": markdown(title, planned), "approval": approval}
        if mode.plan_only:
            return title, planned
        if planned.blocking:
            raise MisconfigurationError.of(map(str, planned.blocking))
        for part in parts:
            try:
                self.done.append(self._run(part, mode, plans))
            except Exception:
                self.done += part.done
                raise
        who = Report.of([note("approved", approval["by"], at=approval["at"])] if approval else [])
        return title, join([merge(self.done), who])

    def _run(self, part: ConvergingOperator, mode: Mode, plans: _Plans) -> Report:
        part.within, part.tries, part.longest_wait, part.done = self, self.tries, self.longest_wait, []
        return part.converge(Problems(), replace(mode, approve=partial(plans.take, part.task_id)))[1]

    def _parts(self, trusted: Sequence[str]) -> Iterator[ConvergingOperator]:
        try:
            form, grants, profiles, reverse_etl = map(
                self.checked.__getitem__, ("form", "grants", "profiles_sync", "reverse_etl_database")
            )
            database, owner = form["checkpoint_database"], form["reverse_etl_owner"]
            to_role: dict[str, Any] = {"role": form["role"], "trusted_owners": list(trusted)}
            granting: dict[str, Any] = {**to_role, "future_tables": form["future_tables"]}
        except (AttributeError, KeyError, TypeError):
            raise InvalidInput(
                "checked isn't what a CheckWarehouseOperator returned: give that task's output."
            ) from None
        yield CreateSegmentRoleOperator(task_id="role", user_conn_id=self.user_conn_id, **to_role)
        yield CreateCheckpointDatabaseOperator(
            task_id="checkpoint_database", checkpoint_database=database, reverse_etl_owner=owner, **to_role
        )
        for name, given in (("grants", grants), ("profiles_sync", profiles)):
            if given:
                yield GrantSchemaOperator(task_id=name, **given, **granting)
        if reverse_etl:
            yield GrantReverseEtlOperator(task_id="reverse_etl", database=reverse_etl, schema_owner=owner, **granting)


def _plan(value: Any, name: str) -> Mapping[str, Mapping[str, Any]]:
    plan = value.get("plan") if isinstance(value, Mapping) else None
    if not isinstance(plan, Mapping):
        raise InvalidInput(f"{name} isn't a plan: give the output of a task with plan_only.")
    return plan


def _approval(value: Any, name: str) -> dict[str, str]:
    """https://airflow.apache.org/docs/apache-airflow-providers-standard/stable/operators/hitl.html"""
    if not isinstance(value, Mapping) or "Approve" not in value.get("chosen_options", ()):
        raise InvalidInput(f"{name} isn't an approval: give the output of an ApprovalOperator.")
    who = value.get("responded_by_user") or {}
    return {"by": str(who.get("name") or "nobody: its time was over"), "at": str(value.get("responded_at"))}
