"""A task's ``execution_timeout``, as Airflow's task runner keeps it."""

from __future__ import annotations

from contextlib import closing

from tests.dags.airflow_process import Airflow
from tests.dags.warehouse import Warehouse
from tests.support.redshift import connect, run
from tests.support.waiting import reached


def test_nothing_is_left_running_at_the_server(airflow: Airflow, warehouse: Warehouse) -> None:
    names, server = warehouse.names, warehouse.server
    warehouse.make_identities()
    conf = {"role": names.role, "schema": names.own_schema}
    with closing(connect(server, server.database, autocommit=False)) as other, closing(connect(server)) as admin:
        run(other, f"GRANT USAGE ON SCHEMA {names.own_schema} TO ROLE {names.role}")
        given = {"dag_id": "time_is_over", "conf": conf, "connections": warehouse.connections()}
        reply = airflow.ask("run", **given)
        # Airflow 2 hands the error on.
        assert reply.get("state") == "failed" or reply["raised"] == "AirflowTaskTimeout", reply
        # The other still holds the lock.
        query = "SELECT query_text FROM sys_query_history WHERE status = 'canceled'"
        assert reached(lambda: [text for (text,) in run(admin, query) if names.own_schema in text])
