"""The databases of the cluster."""

from __future__ import annotations

from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.values import Database, Identities

# r_SVV_REDSHIFT_DATABASES
DATABASES = "SELECT database_name, database_owner, database_type FROM svv_redshift_databases"
# r_PG_DATABASE
DATABASE_OWNERS = "SELECT datname, datdba FROM pg_database"


def read_databases(rows: Rows, known: Identities) -> dict[str, Database]:
    """Read the databases that the session sees, by name."""
    owner = known.owner_names()
    return {
        str(name): Database(str(name), owner(user_id), str(kind).lower()) for name, user_id, kind in rows(DATABASES)
    }
