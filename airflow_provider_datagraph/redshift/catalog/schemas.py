"""The schemas of a database, and who may create in them.

Each page is ``https://docs.aws.amazon.com/redshift/latest/dg/<page>.html``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.names import literal

# r_SVV_ALL_SCHEMAS
ALL_SCHEMAS = "SELECT database_name, schema_name, schema_owner, schema_type FROM svv_all_schemas"
# r_PG_NAMESPACE, as in PostgreSQL 8.0's manual: c_intro_catalog_views. It hides nothing from anybody.
NAMESPACES = "SELECT oid, nspname, nspowner FROM pg_namespace"
PAIRS_A_QUERY = 500
"""Values in one row of an answer; Redshift's limit is 1,600 columns."""


def schemas_query(database: str) -> str:
    """Build the query for the schemas of a database, external and shared ones included. r_SVV_ALL_SCHEMAS"""
    return f"{ALL_SCHEMAS} WHERE database_name = {literal(database)}"


def creators_query(pairs: Sequence[tuple[str, str]]) -> str:
    """Build the query for whether users may create in schemas, by whatever way. r_HAS_SCHEMA_PRIVILEGE"""
    asked = (f"has_schema_privilege({literal(user)}, {literal(schema)}, 'create')" for user, schema in pairs)
    return f"SELECT {', '.join(asked)}"


def external_schemas_query(database: str) -> str:
    """Build the query for the external schemas of a database. r_SVV_ALL_SCHEMAS"""
    return (
        "SELECT schema_name FROM svv_all_schemas "
        f"WHERE database_name = {literal(database)} AND schema_type = 'external'"
    )


def stuck_writers(rows: Rows, writers: Sequence[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """Find default privileges that can't be taken back: Redshift wants their writer to be able to create.

    :param rows: runs a query.
    :param writers: writers and the schemas in which they have default privileges.
    :return: those that can't create there any more.
    """
    for start in range(0, len(writers), PAIRS_A_QUERY):
        chunk = list(writers[start : start + PAIRS_A_QUERY])
        for pair, may in zip(chunk, rows(creators_query(chunk))[0], strict=True):
            if not may:
                yield pair
