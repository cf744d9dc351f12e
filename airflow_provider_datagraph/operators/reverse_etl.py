"""An existing Reverse ETL schema: the last section of Segment's guide, corrected."""

from __future__ import annotations

from typing import Any

from airflow_provider_datagraph.access import reverse_etl
from airflow_provider_datagraph.access.database import read_database_access
from airflow_provider_datagraph.access.plan import note
from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.access.schemas.read import read_privileges
from airflow_provider_datagraph.access.schemas.values import FutureTables
from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.form.names import database_name, one_place
from airflow_provider_datagraph.operators.base import DEFAULT_ROLE, GrantingOperator, Mode
from airflow_provider_datagraph.redshift.names import check_identity, fold


class GrantReverseEtlOperator(GrantingOperator):
    """Let the role work in a Reverse ETL schema that another user of Segment's owns.

    The guide qualifies the schema with a database, and reaches today's tables only; this connects to the
    database, and grants a scoped permission that reaches later tables too, unless ``future_tables`` says otherwise.

    :param database: the database that holds the schema.
    :param schema: the schema's name; default ``__segment_reverse_etl``. Where it doesn't exist, nothing is done.
    :param schema_owner: the user that owns the schema, that of Segment's other connection; default None: then its owner
        has to be the admin, a superuser or one of ``trusted_owners``.
    :param drop: where DROP is granted: on ``tables`` (default), on ``all``, the schema itself too, as in the guide,
        or on ``none``.
    :param role: the role's name; default ``segment_linked_role``. It has to exist.
    :param kwargs: those of :class:`.GrantingOperator` (``future_tables``; ``writers``: default ``schema_owner``) and
        :class:`.AdoptingOperator`, such as ``redshift_conn_id``, ``plan_only``, ``trusted_owners``.

    https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html
    """

    def __init__(
        self,
        *,
        database: str,
        schema: str = reverse_etl.SCHEMA,
        schema_owner: str | None = None,
        drop: str = "tables",
        role: str = DEFAULT_ROLE,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.database = database
        self.schema = schema
        self.schema_owner = schema_owner
        self.drop = drop
        self.role = role

    def converge(self, problems: Problems, mode: Mode) -> tuple[str, Report]:
        database = problems.check(database_name, self.database, "database", default="")
        _, schema = problems.check(one_place, self.schema, database, default=("", ""))
        owner = problems.check(arguments.optional_text, self.schema_owner, "schema_owner", default=None)
        drop = problems.check(arguments.choice, self.drop, "drop", reverse_etl.DROP_CHOICES, default="tables")
        role = problems.check(check_identity, self.role, "role", default="")
        future, writers = self.later(problems)
        if future is FutureTables.DEFAULT_PRIVILEGES and writers is None and owner:
            writers = (owner,)
        hook = self.usable_hook(problems, database)
        trusted = self.trusted(problems)
        problems.raise_all()
        title = f"Reverse ETL schema {schema} of database {database}"
        if mode.lenient and self._database_missing(database, role):
            return title, Report.of([note("database_missing", database, case="reverse_etl")])
        desired = reverse_etl.desired_schema(schema, drop, future, writers)
        report = self.engine(hook).converge(
            lambda rows, session: reverse_etl.read_reverse_etl(rows, session, role, desired, thorough=mode.plan_only),
            lambda current: reverse_etl.plan_reverse_etl(
                database, desired, role, current, plan_only=mode.lenient, owner=owner, trusted=trusted
            ),
            plan_only=mode.plan_only,
            reread=lambda rows, current: read_privileges(rows, current, role, [desired]),
            compares=fold(schema) != schema,
            judge=mode.judge,
        )
        return title, report

    def _database_missing(self, database: str, role: str) -> bool:
        """Tell whether an earlier task of a plan-only run would have created the database."""
        current = self.engine(self.hook()).read(lambda rows, session: read_database_access(rows, session, role))
        return current.resolve(database) is None
