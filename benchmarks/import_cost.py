"""What the package adds to the parsing of a DAG file, above Airflow's own import.

usage: python benchmarks/import_cost.py [RUNS]. Each number is the median of so many processes (default 7).
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What any DAG file with an operator and a sensor imports; Airflow 2 has no airflow.sdk.
AIRFLOW = """
try:
    from airflow.sdk import DAG, BaseOperator, BaseSensorOperator, Param, task
except ImportError:
    from airflow import DAG
    from airflow.decorators import task
    from airflow.models import BaseOperator, Param
    from airflow.sensors.base import BaseSensorOperator
"""
CASES = {
    "operators and sensors": "from airflow_provider_datagraph.operators import check, database, reverse_etl, role, "
    "schema, summary\nfrom airflow_provider_datagraph.sensors import access, profiles_sync",
    "the trigger": "from airflow_provider_datagraph.triggers import poll",
    "the reference DAG": f"import runpy\nrunpy.run_path({str(ROOT / 'dags' / 'segment_data_graph.py')!r})",
    "the driver, for comparison": "import redshift_connector",
}
MEASURE = """
import time
{airflow}
begin = time.perf_counter()
{code}
print("took", time.perf_counter() - begin)
"""


def seconds(airflow: str, code: str, home: str) -> float:
    """Run code in a new process.

    :param airflow: what isn't measured.
    :param code: what is.
    :param home: Airflow's home.
    :return: how long it took.
    """
    env = {**os.environ, "AIRFLOW_HOME": home, "PYTHONPATH": str(ROOT)}
    text = MEASURE.format(airflow=airflow, code=code)
    done = subprocess.run([sys.executable, "-c", text], env=env, capture_output=True, text=True, check=True)
    return float(done.stdout.rsplit("took ", 1)[1])


def main() -> None:
    """Measure and print."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as home:
        seconds("", AIRFLOW, home)
        base = statistics.median(seconds("", AIRFLOW, home) for _ in range(runs))
        sys.stdout.write(f"{'import of Airflow':<28} {base:6.2f} s\n")
        for name, code in CASES.items():
            seconds(AIRFLOW, code, home)
            taken = statistics.median(seconds(AIRFLOW, code, home) for _ in range(runs))
            sys.stdout.write(f"{name:<28} {taken:+6.2f} s   {taken / base:.3f} of it\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
