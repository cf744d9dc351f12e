"""Tasks that open many schemas each: all their names together are longer than Airflow's column for a task's label."""

from __future__ import annotations

# Each DAG, and whether it renders native objects. It has a database, a role and a user of its own, called like it.
DAGS = {"wide": False, "wide_native": True}
# As long as the local Redshift takes them: 63 bytes.
SCHEMAS = tuple(f'{n:03} it\'s "100 %" of 名前 – äöü, %s and %(name)s; \\'.ljust(51, "x") for n in range(200))
