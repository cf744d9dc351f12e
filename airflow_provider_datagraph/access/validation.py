"""Step 4 of Segment's guide: what a login as the linked user must be able to read, and what a refusal means. Pure."""

from __future__ import annotations

from airflow_provider_datagraph.access.plan import Finding, finding
from airflow_provider_datagraph.redshift.names import join_path
from airflow_provider_datagraph.redshift.statements import Path

CODES = {"42P01": "table_missing", "3F000": "schema_missing", "3D000": "database_missing"}
"""What PostgreSQL's codes say of a table that can't be read."""


def unreadable(path: Path, state: str, text: str) -> Finding:
    """Tell that a table can't be read.

    :param path: database, schema and table.
    :param text: what the server says.
    """
    return finding(CODES.get(state, "not_readable"), join_path(*path), case="reading", reason=text, state=state)


def unreachable(path: Path, login: str) -> Finding:
    """Tell that a table can't be named, as the user's session folds names; what it would name instead proves nothing.

    :param path: database, schema and table, as stored.
    :param login: the linked user.
    """
    return finding("unreachable_name", join_path(*path), login=login)


def nothing_to_read(database: str, schema: str, *, exists: bool) -> Finding:
    """Tell that a schema holds no table that could be read.

    :param exists: whether there is such a schema.
    """
    path = join_path(database, schema)
    return finding("schema_empty", path) if exists else finding("schema_missing", path, case="reading it")
