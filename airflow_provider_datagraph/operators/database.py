"""The checkpoint database: Segment's guide, step 2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_datagraph.access.database import plan_database, read_database_access
from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.engine.retrying import LONGEST_WAIT, TRIES
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.operators.base import (
    DEFAULT_ADMIN,
    DEFAULT_CHECKPOINT_DATABASE,
    DEFAULT_ROLE,
    AdoptingOperator,
    Mode,
)
from airflow_provider_datagraph.redshift.names import check_identity, check_new_database
from airflow_provider_datagraph.xcom import LEFT_OUT, Missing


class CreateCheckpointDatabaseOperator(AdoptingOperator):
    """Create the database for Segment's checkpoint tables, and give the role CREATE on it.

    :param database: the database's name; default ``segment_linked_profiles_db``. An existing one is adopted.
    :param role: the role's name; default ``segment_linked_role``. It has to exist.
    :param trusted_owners: as in :class:`.AdoptingOperator`.
    :param redshift_conn_id: the admin connection's id; default ``redshift_default``.
    :param plan_only: whether to show the plan and change nothing; default False.
    :param fail_on_drift: as in :class:`.ConvergingOperator`, and so are ``tries``, ``longest_wait`` and ``index``.

    https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_DATABASE.html
    """

    template_fields: Sequence[str] = ("database", "role", *AdoptingOperator.template_fields)

    def __init__(
        self,
        *,
        database: str = DEFAULT_CHECKPOINT_DATABASE,
        role: str = DEFAULT_ROLE,
        trusted_owners: str | Sequence[str] | Missing | None = LEFT_OUT,
        redshift_conn_id: str = DEFAULT_ADMIN,
        plan_only: bool | str = False,
        fail_on_drift: bool | str = False,
        tries: int | str = TRIES,
        longest_wait: float | str = LONGEST_WAIT,
        index: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            trusted_owners=trusted_owners,
            redshift_conn_id=redshift_conn_id,
            plan_only=plan_only,
            fail_on_drift=fail_on_drift,
            tries=tries,
            longest_wait=longest_wait,
            index=index,
            **kwargs,
        )
        self.database = database
        self.role = role

    def converge(self, problems: Problems, mode: Mode) -> tuple[str, Report]:
        database = problems.check(check_new_database, self.database, default="")
        role = problems.check(check_identity, self.role, "role", default="")
        hook = self.usable_hook(problems)
        trusted = self.trusted(problems)
        problems.raise_all()
        report = self.engine(hook).converge(
            lambda rows, session: read_database_access(rows, session, role),
            lambda current: plan_database(database, role, current, mode.lenient, trusted),
            plan_only=mode.plan_only,
            compares=False,
        )
        return f"Checkpoint database {database}", report
