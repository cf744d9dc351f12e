"""The Makefile and the scripts: listed, and fit for make 3.81 and bash 3.2."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.tooling.support import ROOT, Checkout, Marked

MAKEFILE = (ROOT / "Makefile").read_text()
SHELL_SCRIPTS = [
    path
    for path in [*sorted((ROOT / "scripts").iterdir()), ROOT / ".ci" / "run"]
    if path.is_file() and (path.suffix == ".sh" or path.read_bytes().startswith(b"#!/bin/bash"))
]
# Newer than make 3.81.
NEW_MAKE = re.compile(r"\.ONESHELL|\.SHELLSTATUS|^\w+ *!=|::=|\$\(file |\$\(let |&:|^undefine", re.MULTILINE)
# Newer than bash 3.2.
NEW_BASH = re.compile(
    r"\b(mapfile|readarray|coproc|wait -n)\b|declare -[Agn]|local -[Agn]|\$\{\w+(\[@\])?(\^|,)|&>>|\|&"
    r"|\$\{\w+@|printf '?%\(|BASHPID|EPOCH|;;&|;&|globstar|lastpipe|\[\[ -v|\$\{\w+: -"
)


def test_help_lists_every_target() -> None:
    said = Checkout(ROOT).run("make").stdout
    assert said == Checkout(ROOT).run("make", "help").stdout
    listed = re.findall(r"^make ([a-z0-9-]+) +\S", said, re.MULTILINE)
    targets = {t for names in re.findall(r"^([a-z][a-z0-9 -]*):(?!=)", MAKEFILE, re.MULTILINE) for t in names.split()}
    phony = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[0].split()
    assert sorted(listed) == sorted(phony) == sorted(targets)


def test_makefile_keeps_to_make_3_81() -> None:
    assert NEW_MAKE.findall(MAKEFILE) == []


@pytest.mark.parametrize("script", SHELL_SCRIPTS, ids=lambda path: path.name)
def test_scripts_keep_to_bash_3_2(script: Path) -> None:
    text = script.read_text()
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    assert NEW_BASH.findall(code) == []
    # Commands that macOS lacks, or that take other options there.
    assert re.findall(r"\b(timeout|setsid|realpath|readlink -f|sed -i|mktemp --|date -d|stat -c|nproc) ", code) == []
    assert subprocess.run(["/bin/bash", "-n", str(script)], check=False).returncode == 0
    assert script.suffix == ".sh" or script.stat().st_mode & 0o111 == 0o111


def test_clean_removes_only_what_was_made(checkout: Checkout) -> None:
    path = checkout.path
    for made in (".venv-2.11/.made-by-make", ".run/x", "dags/__pycache__/x.pyc", ".mypy_cache/x", "dist/x.whl"):
        (path / made).parent.mkdir(parents=True, exist_ok=True)
        (path / made).touch()
    for kept in (".venv/bin/python", "dags/x.py", "env/lib.py"):
        (path / kept).parent.mkdir(parents=True, exist_ok=True)
        (path / kept).touch()
    assert checkout.run("make", "clean").returncode == 0
    left = {entry.name for entry in path.iterdir()}
    assert left == {"Makefile", "scripts", ".venv", "dags", "env"}
    assert [entry.name for entry in (path / "dags").iterdir()] == ["x.py"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_outlives_the_local_redshift(marked: Marked, number: signal.Signals) -> None:
    line = os.environ.get("DATAGRAPH_LINE", "3.3")
    with Checkout(ROOT).start("make", "redshift", f"AIRFLOW={line}", "ARGS=--port 0", env=marked.env) as process:
        assert process.stdout
        said = process.stdout.readline()
        running = marked.processes()
        os.killpg(process.pid, number)
        process.communicate(timeout=15)
    assert said.startswith("ready on 127.0.0.1:")
    assert running != []
    assert marked.gone()
