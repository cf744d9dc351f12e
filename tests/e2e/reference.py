"""The reference DAG, run by the services of docker-compose.yaml with the connections of that file."""

from __future__ import annotations

import re
from contextlib import closing

from local_redshift.running import Server
from tests.e2e.services import Installation
from tests.e2e.web import Web
from tests.support.profiles_sync import profiles_sync
from tests.support.redshift import connect, run

DAG_ID = "segment_data_graph"
ERROR = re.compile(rf"^[\w.]*Error: |(\[error|\"level\":\"error\").*{DAG_ID}")
FORM = {"schemas": ["shop"], "profiles_sync": "dev.profiles_prod"}


def prepare(port: int) -> None:
    """Build the customer's side on the local Redshift, as local_redshift/README.md says that one connects."""
    with closing(connect(Server("127.0.0.1", port, "awsuser", "Testing1!", "dev", pid=0))) as connection:
        run(connection, *(f"CREATE SCHEMA {schema}" for schema in ("shop", "profiles_prod")))
        run(connection, "CREATE TABLE shop.orders (id int)", *profiles_sync("profiles_prod"))


def trigger(airflow: Installation, web: Web) -> None:
    """Start a run as a person would, as soon as the DAG is there."""
    query = "SELECT 1 FROM dag WHERE dag_id = %s"
    airflow.wait(lambda: bool(airflow.metadata.run(query, DAG_ID)), f"the DAG {DAG_ID}", 90)
    assert web.ask(f"dags/{DAG_ID}/dagRuns", web.token, {"logical_date": None, "conf": FORM}) == 200


def check(airflow: Installation) -> None:
    """Look whether a task of the run has failed: it would be tried again for long.

    :raises AssertionError: with the errors in its log, and in the scheduler's.
    """
    stumbled = [task for task in airflow.states() if task.dag_id == DAG_ID and task.state in ("failed", "up_for_retry")]
    if stumbled:
        logs = [airflow.log.with_name("scheduler.log"), *airflow.home.glob(f"logs/dag_id={DAG_ID}/**/*.log")]
        lines = [line for log in logs for line in log.read_text(errors="replace").splitlines()]
        errors = dict.fromkeys(line[:1000] for line in lines if ERROR.search(line))
        raise AssertionError("\n".join([str(stumbled), *errors]))
