"""scripts/clean-env: nothing of the caller's settings reaches a command."""

from __future__ import annotations

import json
import os

import pytest

from tests.tooling.support import ROOT, Checkout

LINE = os.environ.get("DATAGRAPH_LINE", "3.3")
HOSTILE = {
    "AIRFLOW_HOME": "/nonexistent/airflow",
    "AIRFLOW__CORE__DAGS_FOLDER": "/nonexistent/dags",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "nosuch://",
    "AIRFLOW_CONN_REDSHIFT_DEFAULT": "redshift://production/",
    "AWS_PROFILE": "production",
    "PYTHONPATH": "/nonexistent/path",
    "PYTHONHOME": "/nonexistent/home",
    "PYTHONWARNINGS": "error",
    "PYTEST_ADDOPTS": "--no-such-option",
    "PGPASSWORD": "hostile",
    "REDSHIFT_HOST": "production",
    "LD_PRELOAD": "",
    "BASH_ENV": "/nonexistent/bash_env",
    "PIP_TARGET": "/nonexistent/target",
    "UV_RESOLUTION": "lowest",
    "VIRTUAL_ENV": "/nonexistent/venv",
    "AIRFLOW": "1.10",
    "ARGS": "--no-such-option",
}
# Ours, with values of ours.
OURS = {"AIRFLOW_HOME", "AIRFLOW__CORE__DAGS_FOLDER", "VIRTUAL_ENV"}

SHOW = "import json, os; print(json.dumps(dict(os.environ)))"


def environment(*command: str, **kept: str) -> dict[str, str]:
    done = Checkout(ROOT).run(*command, env={**HOSTILE, **kept})
    assert done.returncode == 0, done.stdout
    seen: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return seen


@pytest.mark.parametrize("mode", [LINE, "pip"])
def test_hostile_settings_do_not_reach_a_command(mode: str) -> None:
    seen = environment("scripts/clean-env", mode, "/usr/bin/env", "python3", "-c", SHOW)
    assert [name for name in HOSTILE if name in seen and name not in OURS] == []
    assert [name for name, value in seen.items() if "nonexistent" in value] == []
    if mode == LINE:
        # Airflow writes inside the checkout.
        inside = str(ROOT / ".run") + "/"
        assert seen["AIRFLOW_HOME"].startswith(inside)
        assert seen["HOME"].startswith(inside)
        assert seen["AIRFLOW__CORE__DAGS_FOLDER"] == str(ROOT / "dags")
        assert seen["PATH"].split(":")[0] == os.path.join(seen["VIRTUAL_ENV"], "bin")


@pytest.mark.parametrize("command", ["clean-env 3.3", "clean-env pip", "setup demo", "demo", "pins"])
@pytest.mark.parametrize("before", [None, 0o777])
def test_what_is_written_is_private(checkout: Checkout, command: str, before: int | None) -> None:
    run = checkout.path / ".run"
    if before is not None:
        run.mkdir()
        run.chmod(before)
    # None of these gets any further in this checkout: it has neither pins nor an environment.
    checkout.run("sh", "-c", f"umask 0; scripts/{command} false", env={"PYTHON": "/nonexistent"})
    assert (run.stat().st_mode & 0o777, run.stat().st_uid) == (0o700, os.getuid())


def test_pip_keeps_where_to_fetch_from_and_the_home() -> None:
    kept = {"PIP_FIND_LINKS": "/x", "UV_FIND_LINKS": "/x", "https_proxy": "http://proxy:1", "HOME": "/a home"}
    seen = environment("scripts/clean-env", "pip", "/usr/bin/env", "python3", "-c", SHOW, **kept)
    assert {name: seen.get(name) for name in kept} == kept
    assert "PIP_TARGET" not in seen


def test_make_hands_nothing_on(checkout: Checkout) -> None:
    checkout.command("scripts/setup", "#!/bin/sh\n")
    checkout.command(".venv/bin/pytest", f"#!/bin/sh\nexec /usr/bin/env python3 -c '{SHOW}'\n")
    done = checkout.run("make", "unit", env={**HOSTILE, "MAKEFLAGS": "-k"})
    assert done.returncode == 0, done.stdout
    seen = json.loads(done.stdout.splitlines()[-1])
    assert [name for name in HOSTILE if name in seen and name not in OURS] == []
    assert [name for name in ("MAKEFLAGS", "MAKELEVEL", "PYTHON") if name in seen] == []
    assert seen["DATAGRAPH_LINE"] == "3.3", "AIRFLOW in the caller's environment doesn't choose"


def test_unknown_line_is_a_sentence() -> None:
    done = Checkout(ROOT).run("scripts/clean-env", "9.9", "true")
    assert done.returncode == 2
    assert done.stdout == "AIRFLOW=9.9 isn't known here: it can be 3.3, 3.2, 3.1, 3.0, 2.11 or lowest.\n"
