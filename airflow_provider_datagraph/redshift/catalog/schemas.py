"""The databases of the cluster, their schemas, and who may create in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.names import SYSTEM_DATABASES, literal
from airflow_provider_datagraph.redshift.values import Database, Identities, Schema

# r_SVV_REDSHIFT_DATABASES
DATABASES = "SELECT database_name, database_owner, database_type FROM svv_redshift_databases"
# r_PG_DATABASE
DATABASE_OWNERS = "SELECT datname, datdba FROM pg_database"
# r_SVV_ALL_SCHEMAS: external and shared ones are in it
ALL_SCHEMAS = "SELECT database_name, schema_name, schema_owner, schema_type FROM svv_all_schemas"
# r_PG_NAMESPACE, as in PostgreSQL 8.0's manual: c_intro_catalog_views. It hides nothing from anybody.
NAMESPACES = "SELECT oid, nspname, nspowner FROM pg_namespace"
PAIRS_A_QUERY = 500
"""Values in one row of an answer; Redshift's limit is 1,600 columns."""


def read_databases(rows: Rows, known: Identities) -> dict[str, Database]:
    """Read the databases that the session sees, by name."""
    owner = known.owner_names()
    return {str(name): Database(str(name), owner(user), str(kind).lower()) for name, user, kind in rows(DATABASES)}


def local_databases(databases: Mapping[str, Database]) -> list[str]:
    """Name the local ones, those of Redshift itself left out."""
    return sorted(name for name in databases.keys() - SYSTEM_DATABASES if databases[name].kind == "local")


def read_schemas(rows: Rows, known: Identities, database: str = "") -> dict[str, dict[str, Schema]]:
    """Read the schemas of a database, or of all, by database and name: any database tells of every one."""
    owner = known.owner_names()
    found: dict[str, dict[str, Schema]] = {}
    query = f"{ALL_SCHEMAS} WHERE database_name = {literal(database)}" if database else ALL_SCHEMAS
    for holder, name, user_id, kind in rows(query):
        found.setdefault(str(holder), {})[str(name)] = Schema(str(name), owner(user_id), str(kind).lower())
    return found


def read_namespaces(rows: Rows) -> dict[int, tuple[str, int]]:
    """Read all schemas here by id, hidden from nobody: their names, and their owners' ids."""
    return {int(oid): (str(name), int(owner)) for oid, name, owner in rows(NAMESPACES)}


def creators(rows: Rows, pairs: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Read which users may create in which schemas, in whatever way; no pairs cost no query. r_HAS_SCHEMA_PRIVILEGE"""
    listed, found = sorted(pairs), set()
    for start in range(0, len(listed), PAIRS_A_QUERY):
        chunk = listed[start : start + PAIRS_A_QUERY]
        asked = (f"has_schema_privilege({literal(user)}, {literal(schema)}, 'create')" for user, schema in chunk)
        answers = rows(f"SELECT {', '.join(asked)}")[0]
        found |= {pair for pair, may in zip(chunk, answers, strict=True) if may}
    return frozenset(found)
