"""The proof of access: Segment's guide, step 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.operators.base import DEFAULT_USER, database_name
from airflow_provider_datagraph.redshift.names import check_database, check_identifier, check_schema, split_path
from airflow_provider_datagraph.sensors.base import DataGraphSensor
from airflow_provider_datagraph.xcom import LEFT_OUT, Missing


def read_paths(value: Any, name: str, to_tables: bool) -> list[str]:
    """Parse dotted names.

    :param value: see :func:`.names`.
    :param name: the argument's name.
    :param to_tables: whether the last part is a table, not a schema.
    :return: the entries as typed.
    :raises InvalidInput: with everything that is wrong with them.
    """
    problems = Problems()
    listed = arguments.usable_names(value, name, problems)
    least = 2 if to_tables else 1
    for text in listed:
        parts = problems.check(split_path, text, default=None)
        if parts is None:
            continue
        if not least <= len(parts) <= least + 1:
            form = "schema.table or database.schema.table" if to_tables else "schema or database.schema"
            problems.add(f"{name} has the entry {text!r}: write {form}.")
            continue
        if len(parts) > least:
            problems.check(check_database, parts[0], default="")
        problems.check(check_schema, parts[-least], default="")
        if to_tables:
            problems.check(check_identifier, parts[-1], "table", default="")
    problems.raise_all()
    return list(listed)


class ValidateAccessSensor(DataGraphSensor):
    """Wait until the linked user reads every table, connected to the checkpoint database as Segment is.

    It sends ``SELECT 1 FROM "database"."schema"."table" LIMIT 1``: no data is fetched.

    :param user_conn_id: the user connection's id; default ``segment_linked_user``.
    :param database: the database to connect to; default the user connection's, which is the checkpoint database.
    :param schemas: schemas whose tables are all read, ``schema`` (of the admin connection's database) or
        ``database.schema``; the admin lists their tables, since those that the user can't read are hidden from it.
    :param tables: single tables, ``schema.table`` or ``database.schema.table``.
    :param redshift_conn_id: the admin connection's id; default ``redshift_default``.
    :param timeout: how long to wait, in seconds; default 600.
    :param wait: with False it looks once, reports and succeeds; default True.
    :param deferrable: whether to free the worker after the first poke; default True.

    https://docs.aws.amazon.com/redshift/latest/dg/cross-database_usage.html
    """

    template_fields: Sequence[str] = (
        "user_conn_id",
        "database",
        "schemas",
        "tables",
        *DataGraphSensor.template_fields,
    )
    probe = "access"

    def __init__(
        self,
        *,
        user_conn_id: str = DEFAULT_USER,
        database: str | Missing | None = LEFT_OUT,
        schemas: str | Sequence[str] | Missing | None = LEFT_OUT,
        tables: str | Sequence[str] | Missing | None = LEFT_OUT,
        timeout: float = 600.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(timeout=timeout, **kwargs)
        self.user_conn_id = user_conn_id
        self.database = self.kept("database", database)
        self.schemas = self.kept("schemas", schemas)
        self.tables = self.kept("tables", tables)

    def probe_arguments(self, problems: Problems) -> dict[str, Any]:
        """See the base."""
        schemas = self.optional("schemas", lambda value, name: read_paths(value, name, False), problems) or []
        tables = self.optional("tables", lambda value, name: read_paths(value, name, True), problems) or []
        if not (schemas or tables or problems.sentences):
            problems.add("Neither schemas nor tables is given: name what the linked user has to read.")
        return {
            "redshift_conn_id": self.redshift_conn_id,
            "user_conn_id": problems.check(arguments.text, self.user_conn_id, "user_conn_id", default=None),
            "database": self.optional("database", database_name, problems),
            "schemas": schemas,
            "tables": tables,
        }
