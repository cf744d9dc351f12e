"""Waiting for Segment's Profiles Sync."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_datagraph.access.profiles_sync import REQUIRED_TABLES
from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.form.names import database_name, one_schema
from airflow_provider_datagraph.redshift.names import check_identifier
from airflow_provider_datagraph.sensors.base import DataGraphSensor
from airflow_provider_datagraph.xcom import LEFT_OUT, Missing


class ProfilesSyncTablesSensor(DataGraphSensor):
    """Wait until Profiles Sync has created its raw and materialized tables.

    :param schema: the schema that Profiles Sync writes to.
    :param database: its database; default the admin connection's.
    :param tables: the tables to wait for; default the three raw and the three materialized ones.
    :param user_conn_id: the user connection's id, to look as the linked user too; default None.
    :param kwargs: those of :class:`.DataGraphSensor`: ``redshift_conn_id``, ``wait``, ``deferrable``, and Airflow's.

    https://segment.com/docs/unify/profiles-sync/tables/
    """

    template_fields: Sequence[str] = (
        "schema",
        "database",
        "tables",
        "user_conn_id",
        *DataGraphSensor.template_fields,
    )
    probe = "profiles_sync"

    def __init__(
        self,
        *,
        schema: str,
        database: str | Missing | None = LEFT_OUT,
        tables: str | Sequence[str] = REQUIRED_TABLES,
        user_conn_id: str | Missing | None = LEFT_OUT,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.schema = schema
        self.database = self.kept("database", database)
        self.user_conn_id = self.kept("user_conn_id", user_conn_id)
        self.tables = tables

    def probe_arguments(self, problems: Problems) -> dict[str, Any]:
        database = self.optional("database", database_name, problems)
        tables = problems.check(arguments.names, self.tables, "tables", default=())
        for table in tables:
            problems.check(check_identifier, table, "table", default="")
        if not tables and not problems.sentences:
            problems.add("tables is empty: name at least one table to wait for.")
        return {
            "redshift_conn_id": self.redshift_conn_id,
            "schema": problems.check(one_schema, self.schema, database, default=""),
            "database": database,
            "tables": list(tables),
            "user_conn_id": self.optional("user_conn_id", arguments.text, problems),
        }
