"""The databases of the cluster.

Each page is ``https://docs.aws.amazon.com/redshift/latest/dg/<page>.html``.
"""

from __future__ import annotations

# r_SVV_REDSHIFT_DATABASES
DATABASES = "SELECT database_name, database_owner, database_type FROM svv_redshift_databases"
# r_PG_DATABASE
DATABASE_OWNERS = "SELECT datname, datdba FROM pg_database"
