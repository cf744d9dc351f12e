"""The proof of access: Segment's guide, step 4."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.form.names import database_name, read_paths
from airflow_provider_datagraph.operators.base import DEFAULT_USER
from airflow_provider_datagraph.sensors.base import DataGraphSensor
from airflow_provider_datagraph.xcom import LEFT_OUT, Missing


class ValidateAccessSensor(DataGraphSensor):
    """Wait until the linked user reads every table, connected to the checkpoint database as Segment is.

    It sends ``SELECT * FROM "database"."schema"."table" WHERE FALSE``: every column is named, no row is fetched, and no
    view is computed.

    :param user_conn_id: the user connection's id; default ``segment_linked_user``.
    :param database: the database to connect to; default the user connection's, which is the checkpoint database.
    :param schemas: schemas whose tables are all read, ``schema`` (of the admin connection's database) or
        ``database.schema``; the admin lists their tables, since those that the user can't read are hidden from it.
    :param tables: single tables, ``schema.table`` or ``database.schema.table``.
    :param timeout: how long to wait, in seconds; default 600.
    :param kwargs: those of :class:`.DataGraphSensor`: ``redshift_conn_id``, ``wait``, ``deferrable``, and Airflow's.

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
        schemas = self.optional("schemas", partial(read_paths, to_tables=False), problems) or []
        tables = self.optional("tables", partial(read_paths, to_tables=True), problems) or []
        if not (schemas or tables or problems.sentences):
            problems.add("Neither schemas nor tables is given: name what the linked user has to read.")
        return {
            "redshift_conn_id": self.redshift_conn_id,
            "user_conn_id": problems.check(arguments.text, self.user_conn_id, "user_conn_id", default=None),
            "database": self.optional("database", database_name, problems),
            "schemas": schemas,
            "tables": tables,
        }
