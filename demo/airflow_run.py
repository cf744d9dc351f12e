"""Airflow's side of the demo: its settings, its database, and runs of the reference DAG in this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from demo.warehouse import LINKED_PASSWORD
from local_redshift.running import Server

ROOT = Path(__file__).resolve().parent.parent
DAG_ID = "segment_data_graph"


def settings(home: Path, server: Server) -> dict[str, str]:
    """Make Airflow's settings.

    :param home: Airflow's home.
    :param server: the local Redshift.
    :return: environment variables, the two connections among them.
    """
    admin = {
        "conn_type": "redshift",
        "host": server.host,
        "port": server.port,
        "login": server.user,
        "password": server.password,
        "schema": server.database,
        "extra": {"ssl": False},
    }
    user = {"conn_type": "redshift", "login": "segment_linked_user", "password": LINKED_PASSWORD}
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW_CONN_REDSHIFT_DEFAULT": json.dumps(admin),
        "AIRFLOW_CONN_SEGMENT_LINKED_USER": json.dumps(user),
    }


def prepare_database(home: Path, log: Path) -> bool:
    """Create Airflow's database once; a finished one is kept for the next time.

    :param home: Airflow's home.
    :param log: where Airflow's output goes.
    :return: whether it had to be created.
    :raises subprocess.CalledProcessError: if Airflow can't.
    """
    stamp = home / "database-is-ready"
    if stamp.exists():
        return False
    (home / "airflow.db").unlink(missing_ok=True)
    command = [sys.executable, "-m", "airflow", "db", "migrate"]
    with log.open("ab") as output:
        subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=True, env=dict(os.environ))
    stamp.touch()
    return True


def load_dag() -> Any:
    """Load the reference DAG from its file, as Airflow does.

    :return: the DAG, its sensors looking every half second instead of every minute.
    """
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=str(ROOT / "dags" / "segment_data_graph.py"))
    if bag.import_errors:
        raise RuntimeError(f"The DAG doesn't parse: {bag.import_errors}")
    dag = bag.dags[DAG_ID]
    for task in dag.tasks:
        if hasattr(task, "poke_interval"):
            task.poke_interval = 0.5
    return dag


def run_dag(dag: Any, conf: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Run the DAG once in this process.

    :param dag: the DAG.
    :param conf: the form's values.
    :return: the run's state, and the summary's result.
    """
    run = dag.test(run_conf=conf)
    summary = run.get_task_instance("summary")
    return str(run.state), summary.xcom_pull(task_ids="summary") or {}
