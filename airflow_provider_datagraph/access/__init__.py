"""Access as data: names, privileges, catalog, planner, passwords. Pure: no Airflow, no driver."""
