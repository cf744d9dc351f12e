"""The reference DAG, run by the services of docker-compose.yaml with the connections of that file."""

from __future__ import annotations

import re

from local_redshift.running import Server
from tests.e2e.services import Installation
from tests.support.profiles_sync import profiles_sync
from tests.support.redshift import sql

DAG_ID = "segment_data_graph"
ERROR = re.compile(rf"^[\w.]*Error: |(\[error|\"level\":\"error\").*{DAG_ID}")
FORM = {"schemas": ["shop"], "profiles_sync": "dev.profiles_prod"}


def prepare(port: int) -> None:
    """Build the customer's side on the local Redshift, as local_redshift/README.md says that one connects."""
    server = Server("127.0.0.1", port, "awsuser", "Testing1!", "dev", pid=0)
    schemas = (f"CREATE SCHEMA {schema}" for schema in ("shop", "profiles_prod"))
    sql(server, "dev", *schemas, "CREATE TABLE shop.orders (id int)", *profiles_sync("profiles_prod"))


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
