"""Read access to schemas: Segment's guide, step 3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.access.schemas.plan import plan_schemas
from airflow_provider_datagraph.access.schemas.read import read_privileges, read_schema_access
from airflow_provider_datagraph.access.schemas.values import DesiredSchema
from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.form.names import database_name, schema_names, schemas_title, table_name
from airflow_provider_datagraph.operators.base import DEFAULT_ROLE, GrantingOperator, Mode
from airflow_provider_datagraph.operators.labels import schemas_label
from airflow_provider_datagraph.redshift.names import check_identity, fold
from airflow_provider_datagraph.xcom import LEFT_OUT, Missing


class GrantSchemaOperator(GrantingOperator):
    """Let the role read schemas of one database: USAGE on each, SELECT on its tables.

    :param schema: a schema, or a list of one database's schemas (also as JSON text, or one a line).
    :param database: their database; default the admin connection's.
    :param tables: True, or left out (default), for all tables; a list of tables of a single schema; or a mapping from
        a schema to its tables, where schemas that it leaves out are opened whole.
    :param role: the role's name; default ``segment_linked_role``. It has to exist.
    :param prune: whether to revoke what the role holds in these schemas beyond this; default False.
    :param kwargs: those of :class:`.GrantingOperator` (``future_tables``, ``writers``) and :class:`.AdoptingOperator`,
        such as ``redshift_conn_id``, ``plan_only``, ``trusted_owners``.

    https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html,
    https://docs.aws.amazon.com/redshift/latest/dg/t_scoped-permissions.html
    """

    template_fields: Sequence[str] = (
        "schema",
        "database",
        "tables",
        "role",
        "prune",
        *GrantingOperator.template_fields,
    )

    def __init__(
        self,
        *,
        schema: str | Sequence[str],
        database: str | Missing | None = LEFT_OUT,
        tables: str | Sequence[str] | Mapping[str, Sequence[str]] | bool | Missing | None = LEFT_OUT,
        role: str = DEFAULT_ROLE,
        prune: bool | str = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.schema = schema
        self.database = self.kept("database", database)
        self.tables = self.kept("tables", tables)
        self.role = role
        self.prune = prune

    def converge(self, problems: Problems, mode: Mode) -> tuple[str, Report]:
        database = self.optional("database", database_name, problems)
        schemas = problems.check(schema_names, self.schema, database, default=())
        role = problems.check(check_identity, self.role, "role", default="")
        prune = problems.check(arguments.boolean, self.prune, "prune", default=False)
        desired = self._desired(schemas, database, problems)
        hook = self.usable_hook(problems, database)
        trusted = self.trusted(problems)
        problems.raise_all()
        self.instance_label = schemas_label(schemas, hook.arguments["database"])

        report = self.engine(hook).converge(
            lambda rows, session: read_schema_access(
                rows, session, role, desired, prune=prune, thorough=mode.plan_only
            ),
            lambda current: plan_schemas(desired, role, current, prune=prune, plan_only=mode.lenient, trusted=trusted),
            plan_only=mode.plan_only,
            reread=lambda rows, current: read_privileges(rows, current, role, desired, prune=prune),
            compares=any(fold(name) != name for one in desired for name in (one.name, *(one.tables or ()))),
            judge=mode.judge,
        )
        return schemas_title(schemas, hook.arguments["database"]), report

    def _desired(self, schemas: tuple[str, ...], database: str | None, problems: Problems) -> list[DesiredSchema]:
        future, writers = self.later(problems)

        def parse(value: Any, name: str) -> Mapping[str, tuple[str, ...]]:
            return arguments.tables(value, name, schemas, database) if schemas else {}

        tables = self.optional("tables", parse, problems) or {}
        parsed = {
            schema: tuple(problems.check(table_name, text, schema, default="") for text in listed)
            for schema, listed in tables.items()
        }
        return [DesiredSchema(name, parsed.get(name), future=future, writers=writers) for name in schemas]
