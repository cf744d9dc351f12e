"""The checkpoint database: Segment's guide, step 2."""

from __future__ import annotations

from typing import Any

from airflow_provider_datagraph.access.database import plan_database, read_checkpoint, reread_checkpoint
from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.operators.base import DEFAULT_CHECKPOINT_DATABASE, DEFAULT_ROLE, AdoptingOperator, Mode
from airflow_provider_datagraph.redshift.names import check_identity, check_new_database


class CreateCheckpointDatabaseOperator(AdoptingOperator):
    """Create the database for Segment's checkpoint tables, and give the role CREATE on it.

    :param checkpoint_database: the database's name; default ``segment_linked_profiles_db``. An existing one is adopted.
    :param role: the role's name; default ``segment_linked_role``. It has to exist.
    :param reverse_etl_owner: the user that owns a Reverse ETL schema in it; default None: anybody's but the role's
        members' is a finding, unless it is trusted.
    :param kwargs: those of :class:`.AdoptingOperator`, such as ``redshift_conn_id``, ``plan_only``, ``trusted_owners``.

    https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_DATABASE.html
    """

    def __init__(
        self,
        *,
        checkpoint_database: str = DEFAULT_CHECKPOINT_DATABASE,
        role: str = DEFAULT_ROLE,
        reverse_etl_owner: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.checkpoint_database = checkpoint_database
        self.role = role
        self.reverse_etl_owner = reverse_etl_owner

    def converge(self, problems: Problems, mode: Mode) -> tuple[str, Report]:
        database = problems.check(check_new_database, self.checkpoint_database, "checkpoint_database", default="")
        role = problems.check(check_identity, self.role, "role", default="")
        owner = problems.check(arguments.optional_text, self.reverse_etl_owner, "reverse_etl_owner", default=None)
        hook = self.usable_hook(problems)
        trusted = self.trusted(problems)
        problems.raise_all()
        report = self.engine(hook).converge(
            lambda rows, session: read_checkpoint(rows, session, role, database, thorough=mode.plan_only),
            lambda current: plan_database(database, role, current, mode.lenient, trusted, owner),
            plan_only=mode.plan_only,
            reread=lambda rows, current: reread_checkpoint(rows, current, role, database),
            compares=False,
            judge=mode.judge,
        )
        return f"Checkpoint database {database}", report
