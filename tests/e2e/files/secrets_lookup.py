"""A DAG without this package: it looks a connection up, and that is all."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import DAG, BaseHook, task

with DAG(dag_id="secrets_lookup", schedule=None) as dag:

    @task
    def look_up() -> None:
        """Look the admin connection up as any hook does."""
        BaseHook.get_connection("secrets_admin")

    look_up()
