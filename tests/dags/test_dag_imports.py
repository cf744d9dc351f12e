"""A DAG file is parsed every few seconds: neither it nor what it imports loads the driver or the AWS SDK."""

from __future__ import annotations

import json
import os
import pkgutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS

import airflow_provider_datagraph
from tests.dags.airflow_process import ROOT

Ask = Callable[[str], dict[str, list[str]]]
# These are imported when a task runs.
LOOKS = (
    "engine.looks",
    *(f"engine.looks.{name}" for name in ("access", "base", "listing", "profiles_sync", "reading")),
)
DRIVERS = {f"airflow_provider_datagraph.{name}" for name in (*LOOKS, "hooks.redshift")}
MODULES = [
    module.name
    for module in pkgutil.walk_packages(airflow_provider_datagraph.__path__, "airflow_provider_datagraph.")
    if module.name not in DRIVERS
]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    home = tmp_path_factory.mktemp("imports")
    env = {**os.environ, "AIRFLOW_HOME": str(home), "PYTHONPATH": str(ROOT)}
    words = [sys.executable, str(Path(__file__).with_name("importer.py"))]
    process = subprocess.Popen(words, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None

    def asked(name: str) -> dict[str, list[str]]:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(name + "\n")
        process.stdin.flush()
        reply: dict[str, list[str]] = json.loads(process.stdout.readline())
        assert "raised" not in reply, reply
        return reply

    yield asked
    process.stdin.close()
    process.wait(20)
    process.stdout.close()


def test_all_modules_are_asked_for() -> None:
    package = ROOT / "airflow_provider_datagraph"
    files = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in package.rglob("*.py")}
    modules = {name for name in files if not name.endswith(".__init__")}
    assert modules - set(MODULES) == DRIVERS - {"airflow_provider_datagraph.engine.looks"}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_loads_nothing_slow(ask: Ask, module: str) -> None:
    assert ask(module) == {"loaded": [], "warnings": []}


@pytest.mark.parametrize("path", sorted((ROOT / "dags").glob("*.py")), ids=lambda path: path.stem)
def test_a_dag_file_loads_nothing_slow(ask: Ask, path: Path) -> None:
    if path.stem == "segment_ready" and not AIRFLOW_V_3_0_PLUS:
        pytest.skip("Airflow 2 asks its database what an alias means, and there is none here.")
    assert ask(str(path)) == {"loaded": [], "warnings": []}


def test_the_hook_does(ask: Ask) -> None:
    # So the question can be answered with yes.
    loaded = ask("airflow_provider_datagraph.hooks.redshift")["loaded"]
    assert {"redshift_connector", "airflow.providers.amazon.aws.hooks.redshift_sql"} <= set(loaded)


def test_warnings_are_seen(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("import warnings\nwarnings.warn('old', DeprecationWarning, stacklevel=1)\n")
    (said,) = ask(str(tmp_path / "one.py"))["warnings"]
    assert said.endswith("one.py: old")
