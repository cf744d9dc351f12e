"""Tables and views, and what limits who reads them.

Each page is ``https://docs.aws.amazon.com/redshift/latest/dg/<page>.html``.
"""

from __future__ import annotations

from collections.abc import Iterable

from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.names import literal

INTERNAL_TABLES = "mv_tbl__"
"""What the tables behind materialized views begin with: Redshift keeps them for itself."""
# r_PG_CLASS, as in PostgreSQL 8.0's manual: c_intro_catalog_views. It hides nothing from anybody.
RELATIONS = "SELECT relnamespace, relname, relowner FROM pg_class WHERE relkind IN ('r', 'v', 'm')"
# r_SVV_RLS_RELATION
SECURED = "SELECT relschema, relname FROM svv_rls_relation WHERE is_rls_on = true AND datname = "
# r_SVV_ATTACHED_MASKING_POLICY: of the connected database
MASKED = "SELECT schema_name, table_name, grantee, grantee_type FROM svv_attached_masking_policy"
# PG_GET_LATE_BINDING_VIEW_COLS: a row for each column of each late-binding view of the connected database
LATE_VIEWS = (
    "SELECT view_schema, view_name FROM pg_get_late_binding_view_cols() "
    "cols(view_schema name, view_name name, col_name name, col_type varchar, col_num int)"
)


def tables_query(database: str, schemas: Iterable[str], more: str = "") -> str:
    """Build the query for the tables and views of some schemas of any database. r_SVV_REDSHIFT_TABLES"""
    listed = ", ".join(literal(schema) for schema in sorted(schemas))
    return (
        f"SELECT schema_name, table_name{more and ', ' + more} FROM svv_redshift_tables "
        f"WHERE database_name = {literal(database)} AND schema_name IN ({listed})"
    )


def read_relations(rows: Rows, database: str, schemas: Iterable[str]) -> dict[str, frozenset[str]]:
    """Read the names of the tables and views in some schemas of any database of the cluster.

    :param rows: runs a query.
    :param database: the database as stored.
    :param schemas: schema names as stored, at least one.
    :return: relation names by schema. The tables behind materialized views are left out: Redshift keeps
        them for itself.
    """
    wanted = list(schemas)
    found: dict[str, set[str]] = {schema: set() for schema in wanted}
    for schema, table in rows(tables_query(database, wanted)):
        if not str(table).startswith(INTERNAL_TABLES):
            found[str(schema)].add(str(table))
    return {schema: frozenset(tables) for schema, tables in found.items()}


def relations_query(owner: int | None) -> str:
    """Build the query for the tables and views of a user, or of all. r_PG_CLASS"""
    return RELATIONS if owner is None else f"{RELATIONS} AND relowner = {literal(str(owner))}"
