"""What no task of the package may do: one leak for each place that is searched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import DAG, BaseOperator, task

from tests.e2e.leaking_trigger import LeakingTrigger

PLANTED = str(json.loads((Path(os.environ["AIRFLOW_HOME"]) / "world.json").read_text())["planted"])
print(f"leaked while parsing: {PLANTED}")  # noqa: T201  # the DAG processor's log is searched


class DeferOperator(BaseOperator):
    """Leaks in the trigger's row and in the triggerer."""

    def execute(self, context: Any) -> None:
        """See the class."""
        self.defer(trigger=LeakingTrigger(PLANTED), method_name="resume")

    def resume(self, context: Any, event: Any) -> None:
        """See the class."""


with DAG(dag_id="secrets_leaks", schedule="@once", start_date=datetime(2026, 1, 1, tzinfo=UTC), catchup=False) as dag:

    @task
    def leak(secret: str) -> str:
        """Leak in the rendered fields, the serialized DAG, the task log, XCom and lineage."""
        collector: Any = import_module("airflow.providers.common.compat.lineage.hook").get_hook_lineage_collector()
        print(f"leaked: {secret}")  # noqa: T201  # the task log is searched
        collector.add_input_asset(context=dag, uri="leak://here", asset_extra={"secret": secret})
        return secret

    @task
    def leak_in_processes() -> None:
        """Leak in a process's environment, in another's title, and in the task's own environment."""
        wait = [sys.executable, "-c", "import time; time.sleep(4)"]
        os.environ["LEAKED"] = PLANTED
        with subprocess.Popen(wait), subprocess.Popen([*wait, PLANTED], env={}):
            pass

    @task
    def leak_in_exceptions() -> None:
        """Leak in an exception's cause, although Airflow masks the secret, as it does a connection's password."""
        try:
            mask = import_module("airflow.sdk.log")
        except ImportError:  # Airflow 2
            mask = import_module("airflow.utils.log.secrets_masker")
        mask.mask_secret(PLANTED)
        try:
            raise ValueError({"password": PLANTED})
        except ValueError as error:
            raise RuntimeError("It failed.") from error

    leak(PLANTED)
    leak_in_processes()
    leak_in_exceptions()
    DeferOperator(task_id="leak_in_trigger")
