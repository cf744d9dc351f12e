"""What a user may do, in whatever way it comes by it: what explains a refusal, and never replaces a try.

Two statements answer for any number of tables. That a table may be named by its id is PostgreSQL 8.0's, not AWS's.
"""

from __future__ import annotations

from collections.abc import Iterable

from airflow_provider_datagraph.redshift.catalog.relations import KINDS
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.names import literal


def usable_schemas(rows: Rows, user: str, privilege: str = "usage") -> frozenset[str]:
    """Read in which schemas here a user holds a privilege: ``usage`` or ``create``. r_HAS_SCHEMA_PRIVILEGE"""
    held = f"has_schema_privilege({literal(user)}, nspname, {literal(privilege)})"
    return frozenset(str(name) for (name,) in rows(f"SELECT nspname FROM pg_namespace WHERE {held}"))


def granted_relations(rows: Rows, user: str, privilege: str = "select") -> frozenset[int]:
    """Read on which tables and views here, by id, a user holds a privilege, USAGE aside. r_HAS_TABLE_PRIVILEGE"""
    held = f"has_table_privilege({literal(user)}, oid, {literal(privilege)})"
    return frozenset(int(oid) for (oid,) in rows(f"SELECT oid FROM pg_class WHERE {KINDS} AND {held}"))


def may_create(rows: Rows, user: str, database: str) -> bool:
    """Read whether a user may create schemas in a database. r_HAS_DATABASE_PRIVILEGE"""
    return bool(rows(f"SELECT has_database_privilege({literal(user)}, {literal(database)}, 'create')")[0][0])


def held_on_tables(rows: Rows, user: str, schema: int, privileges: Iterable[str]) -> dict[str, frozenset[str]]:
    """Read which of some privileges, in upper case, a user holds on each table of a schema. r_HAS_TABLE_PRIVILEGE"""
    words = sorted(privileges)
    asked = ", ".join(f"has_table_privilege({literal(user)}, oid, {literal(word.lower())})" for word in words)
    query = f"SELECT relname, {asked} FROM pg_class WHERE relkind = 'r' AND relnamespace = {literal(str(schema))}"
    return {
        str(name): frozenset(word for word, held in zip(words, answers, strict=True) if held)
        for name, *answers in rows(query)
    }
