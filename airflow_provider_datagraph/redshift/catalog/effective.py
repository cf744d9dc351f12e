"""What a user may do, in whatever way it comes by it: what explains a refusal, and never replaces a try.

Each page is ``https://docs.aws.amazon.com/redshift/latest/dg/<page>.html``. Two statements answer for any number of
tables of a database. That a table may be named by its id is PostgreSQL 8.0's, and not in AWS's pages.
"""

from __future__ import annotations

from airflow_provider_datagraph.redshift.catalog.relations import KINDS
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.names import literal


def usable_schemas(rows: Rows, user: str, privilege: str = "usage") -> frozenset[str]:
    """Read in which schemas of the connected database a user holds a privilege. r_HAS_SCHEMA_PRIVILEGE

    :param privilege: ``usage`` (default) or ``create``.
    """
    held = f"has_schema_privilege({literal(user)}, nspname, {literal(privilege)})"
    return frozenset(str(name) for (name,) in rows(f"SELECT nspname FROM pg_namespace WHERE {held}"))


def granted_relations(rows: Rows, user: str, privilege: str = "select") -> frozenset[int]:
    """Read on which tables and views of the connected database a user holds a privilege. r_HAS_TABLE_PRIVILEGE

    :param privilege: ``select`` (default), ``insert``, ``update``, ``delete`` or ``drop``.
    :return: their ids in PG_CLASS; USAGE on the schema is another matter.
    """
    held = f"has_table_privilege({literal(user)}, oid, {literal(privilege)})"
    return frozenset(int(oid) for (oid,) in rows(f"SELECT oid FROM pg_class WHERE {KINDS} AND {held}"))
