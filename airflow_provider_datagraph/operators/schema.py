"""Read access to schemas: Segment's guide, step 3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow_provider_datagraph.access.plan import Finding, Plan
from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.access.schemas.findings import lost_when_rebuilt
from airflow_provider_datagraph.access.schemas.plan import plan_schemas
from airflow_provider_datagraph.access.schemas.read import look_at_schemas, read_privileges, read_schema_access
from airflow_provider_datagraph.access.schemas.values import DesiredSchema, SchemaAccess
from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.form.choosing import Limits, Wanted, choose
from airflow_provider_datagraph.form.names import database_name, listed_tables, schemas_title
from airflow_provider_datagraph.operators import base
from airflow_provider_datagraph.redshift.names import check_identity, fold
from airflow_provider_datagraph.xcom import LEFT_OUT, Missing

if TYPE_CHECKING:
    from airflow_provider_datagraph.hooks.redshift import DataGraphHook


class GrantSchemaOperator(base.OfSchemas, base.GrantingOperator):
    """Let the role read schemas: USAGE on each, SELECT on its tables. Each database is a transaction, in order.

    :param schema: a schema, or a list of them (also as JSON text, or one a line): ``schema`` or ``database.schema``.
        ``*`` in a schema stands for any characters, and ``!`` before an entry leaves out what such patterns mean; both
        are part of a name in double quotes. What a pattern means is looked up in each run. It never opens a schema of
        Redshift's or Reverse ETL's own, one that isn't local, or one whose owner is neither the admin nor a superuser
        nor one of ``trusted_owners``.
    :param database: the database of all of them; default the admin connection's, for those that name none.
    :param tables: True, or left out (default), for all tables; or a list of them, ``schema.table`` or
        ``database.schema.table``, of schemas that are named, too: these are opened by such tables alone, and the others
        whole. A single schema's may be written ``table``. A table that is rebuilt is closed until the next run.
    :param role: the role's name; default ``segment_linked_role``. It has to exist.
    :param checkpoint_database: the checkpoint database, where no pattern opens anything; default
        ``segment_linked_profiles_db``.
    :param prune: whether to revoke what the role holds in these schemas beyond this; default False.
    :param kwargs: those of :class:`.GrantingOperator` (``future_tables``, ``writers``) and :class:`.AdoptingOperator`,
        such as ``redshift_conn_id``, ``plan_only``, ``trusted_owners``.

    https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html,
    https://docs.aws.amazon.com/redshift/latest/dg/t_scoped-permissions.html
    """

    def __init__(
        self,
        *,
        schema: str | Sequence[str],
        database: str | Missing | None = LEFT_OUT,
        tables: str | Sequence[str] | bool | Missing | None = LEFT_OUT,
        role: str = base.DEFAULT_ROLE,
        checkpoint_database: str = base.DEFAULT_CHECKPOINT_DATABASE,
        prune: bool | str = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.schema = schema
        self.database = self.kept("database", database)
        self.tables = self.kept("tables", tables)
        self.role = role
        self.checkpoint_database = checkpoint_database
        self.prune = prune

    def converge(self, problems: Problems, mode: base.Mode) -> tuple[str, Report]:
        role = problems.check(check_identity, self.role, "role", default="")
        prune = problems.check(arguments.boolean, self.prune, "prune", default=False)
        trusted = self.trusted(problems)
        future, writers = self.later(problems)
        checkpoint = problems.check(database_name, self.checkpoint_database, "checkpoint_database", default="")
        limits = Limits(trusted, checkpoint)
        wanted, hooks = self.wanted(problems)

        tables = self.optional("tables", partial(listed_tables, wanted=wanted), problems) or {}
        problems.raise_all()

        def one(hook: DataGraphHook, mine: Wanted) -> Report:
            named = [DesiredSchema(path[1], tables.get(path), future=future, writers=writers) for path in mine.named]

            def chosen(known: SchemaAccess) -> tuple[list[DesiredSchema], list[Finding]]:
                """Patterns mean what is there now, so a rerun opens what is new."""
                found, told = choose(mine, known.session.database, known.schemas, known, limits)
                return [*named, *(DesiredSchema(name, future=future, writers=writers) for name in found)], told

            def opened(known: SchemaAccess) -> list[DesiredSchema]:
                return chosen(known)[0]

            def plan(known: SchemaAccess) -> Plan:
                desired, told = chosen(known)
                made = plan_schemas(desired, role, known, prune=prune, plan_only=mode.lenient, trusted=trusted)
                rebuilt = lost_when_rebuilt(desired, known.session.database)
                return replace(made, findings=(*made.findings, *told, *rebuilt))

            typed = [name for desired in named for name in (desired.name, *(desired.tables or ()))]
            return self.engine(hook).converge(
                partial(read_schema_access, role=role, desired=opened, prune=prune, thorough=mode.plan_only),
                plan,
                plan_only=mode.plan_only,
                look=partial(look_at_schemas, role=role, desired=opened, prune=prune),
                reread=lambda rows, known: read_privileges(rows, known, role, opened(known), prune=prune),
                compares=bool(mine.globs) or any(fold(name) != name for name in typed),
                judge=mode.judge,
            )

        return schemas_title(wanted), self.in_each(wanted, hooks, one)
