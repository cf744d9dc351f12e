"""Waiting for Segment's Profiles Sync."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from airflow_provider_datagraph.access.profiles_sync import REQUIRED_TABLES, event_table
from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.form.names import database_name, one_place
from airflow_provider_datagraph.redshift.names import check_identifier
from airflow_provider_datagraph.sensors.assets import PROFILES_SYNC_READY
from airflow_provider_datagraph.sensors.base import DataGraphSensor
from airflow_provider_datagraph.xcom import LEFT_OUT, Missing


class ProfilesSyncTablesSensor(DataGraphSensor):
    """Wait until Profiles Sync has created its raw and materialized tables, with the columns that they always have.

    When they are there, it adds an event for the schema to the asset alias ``segment-profiles-sync-ready``.
    Whether they hold rows, and how new these are, is told and holds nothing up, unless it is asked for.

    :param schema: the schema that Profiles Sync writes to, ``schema`` or ``database.schema``.
    :param database: its database; default the one that ``schema`` names, else the admin connection's.
    :param tables: the tables to wait for; default the three raw and the three materialized ones.
    :param event_tables: Track events whose tables are waited for as well, by the event's name
        (``Order Completed``) or the table's (``order_completed``); default none. They may be empty.
    :param require_rows: whether to wait for a row in each raw and materialized table, too; default False.
    :param max_staleness: how old the newest row of the raw tables, and that of the materialized ones, may be by its
        ``received_at``: seconds, or a timedelta; default None: any age will do.
    :param user_conn_id: the user connection's id, to look at what the linked user may read, too, and to read rows as
        that user; default None.
    :param kwargs: those of :class:`.DataGraphSensor`: ``redshift_conn_id``, ``wait``, ``deferrable``, and Airflow's.

    https://segment.com/docs/unify/profiles-sync/tables/
    """

    probe = "profiles_sync"
    alias = PROFILES_SYNC_READY

    def __init__(
        self,
        *,
        schema: str,
        database: str | Missing | None = LEFT_OUT,
        tables: str | Sequence[str] = REQUIRED_TABLES,
        event_tables: str | Sequence[str] | Missing | None = LEFT_OUT,
        require_rows: bool | str = False,
        max_staleness: float | str | timedelta | Missing | None = LEFT_OUT,
        user_conn_id: str | Missing | None = LEFT_OUT,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.schema = schema
        self.database = self.kept("database", database)
        self.user_conn_id = self.kept("user_conn_id", user_conn_id)
        self.tables = tables
        self.event_tables = self.kept("event_tables", event_tables)
        self.require_rows = require_rows
        self.max_staleness = self.kept("max_staleness", max_staleness)

    def schemas_of(self, returned: dict[str, Any]) -> Iterable[str]:
        return [returned["schema"]]

    def probe_arguments(self, problems: Problems) -> dict[str, Any]:
        named = self.optional("database", database_name, problems)
        database, schema = problems.check(one_place, self.schema, named or "", default=("", ""))
        tables = problems.check(arguments.names, self.tables, "tables", default=())
        events = self.optional("event_tables", arguments.names, problems) or ()
        if not tables and not problems.sentences:
            problems.add("tables is empty: name at least one table to wait for.")
        tables += tuple(problems.check(event_table, event, default="") for event in events)
        for table in filter(None, tables):
            problems.check(check_identifier, table, "table", default="")
        return {
            "schema": schema,
            "database": database or None,
            "tables": list(dict.fromkeys(tables)),
            "user_conn_id": self.optional("user_conn_id", arguments.text, problems),
            "require_rows": problems.check(arguments.boolean, self.require_rows, "require_rows", default=False),
            "max_staleness": self.optional("max_staleness", arguments.seconds, problems),
        }
