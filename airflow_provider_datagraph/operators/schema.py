"""Read access to schemas: Segment's guide, step 3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_datagraph.access import arguments, catalog
from airflow_provider_datagraph.access.arguments import Problems
from airflow_provider_datagraph.access.names import InvalidInput, check_identifier, check_identity, split_path
from airflow_provider_datagraph.access.privileges import DesiredSchema, FutureTables
from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.access.schema_planner import plan_schemas
from airflow_provider_datagraph.operators.base import DEFAULT_ROLE, ConvergingOperator, optional_database, schema_names


def future_tables(value: Any) -> FutureTables:
    """Parse how tables that don't exist yet are reached.

    :param value: ``scoped``, ``default_privileges`` or ``none``.
    :return: the choice.
    :raises InvalidInput: for anything else, and for ``default_privileges``, which isn't built yet.
    """
    chosen = FutureTables(arguments.choice(value, "future_tables", list(FutureTables)))
    if chosen is FutureTables.DEFAULT_PRIVILEGES:
        raise InvalidInput(
            "future_tables='default_privileges' isn't supported yet: use 'scoped', or 'none' for today's tables only."
        )
    return chosen


def table_name(text: str, schema: str) -> str:
    """Parse a table of a schema.

    :param text: ``table`` or ``schema.table``; double quotes go around a name that holds a dot.
    :param schema: the schema.
    :return: the table's name.
    :raises InvalidInput: if it can't be a name, or is another schema's.
    """
    parts = split_path(text)
    if len(parts) > 2 or (len(parts) == 2 and parts[0] != schema):
        raise InvalidInput(
            f"tables names {text!r}, which isn't a table of schema {schema}: name its tables, with double quotes "
            "around a name that holds a dot."
        )
    return check_identifier(parts[-1], "table")


class GrantSchemaOperator(ConvergingOperator):
    """Let the role read schemas of one database: USAGE on each, SELECT on its tables.

    :param schema: a schema, or a list of one database's schemas (also as JSON text, or one a line).
    :param database: their database; default the admin connection's.
    :param tables: None (default) for all tables; a list of tables of a single schema; or a mapping from a schema
        to its tables, where schemas that it leaves out are opened whole.
    :param role: the role's name; default ``segment_linked_role``. It has to exist.
    :param future_tables: for whole schemas: ``scoped`` (default) reaches later tables, whoever creates them;
        ``none`` grants today's tables alone.
    :param prune: whether to revoke what the role holds in these schemas beyond this; default False.
    :param redshift_conn_id: the admin connection's id; default ``redshift_default``.
    :param plan_only: whether to show the plan and change nothing; default False.

    https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html,
    https://docs.aws.amazon.com/redshift/latest/dg/t_scoped-permissions.html
    """

    template_fields: Sequence[str] = (
        "schema",
        "database",
        "tables",
        "role",
        "future_tables",
        "prune",
        *ConvergingOperator.template_fields,
    )

    def __init__(
        self,
        *,
        schema: str | Sequence[str],
        database: str | None = None,
        tables: str | Sequence[str] | Mapping[str, Sequence[str]] | None = None,
        role: str = DEFAULT_ROLE,
        future_tables: str = "scoped",
        prune: bool | str = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.schema = schema
        self.database = database
        self.tables = tables
        self.role = role
        self.future_tables = future_tables
        self.prune = prune

    def converge(self, problems: Problems, plan_only: bool) -> tuple[str, Report]:
        """See the base."""
        database = problems.check(optional_database, self.database, "database", default=None)
        schemas = problems.check(schema_names, self.schema, database, default=())
        role = problems.check(check_identity, self.role, "role", default="")
        prune = problems.check(arguments.boolean, self.prune, "prune", default=False)
        desired = self._desired(schemas, problems)
        problems.raise_all()
        hook = self.hook(database)
        report = hook.converge(
            lambda rows, session: catalog.read_schemas(rows, session, role, desired, prune),
            lambda current: plan_schemas(desired, role, current, prune=prune, plan_only=plan_only),
            plan_only=plan_only,
        )
        return f"Schemas {', '.join(schemas)} of database {hook.arguments['database']}", report

    def _desired(self, schemas: tuple[str, ...], problems: Problems) -> list[DesiredSchema]:
        future = problems.check(future_tables, self.future_tables, default=FutureTables.SCOPED)
        none: dict[str, tuple[str, ...]] = {}
        tables = problems.check(arguments.tables, self.tables, "tables", schemas, default=none) if schemas else none
        parsed = {
            schema: tuple(problems.check(table_name, text, schema, default="") for text in listed)
            for schema, listed in tables.items()
        }
        return [DesiredSchema(name, parsed.get(name), future=future) for name in schemas]
