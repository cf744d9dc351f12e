"""scripts/setup: complete or not there; interrupted set-ups are made again. With a Python that only writes down."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from tests.tooling.support import Checkout, Marked, wait_for_sleep

# Answers the probe of find-python, "makes" a virtual environment, and writes down what pip is asked.
# The files `fail` and `hang` beside the checkout's Makefile decide what becomes of the installation.
FAKE_PYTHON = """#!/bin/sh
here='{here}'
case "$*" in
    *'import ctypes'*) echo 3.11 ;;
    -V) echo Python 3.11.99 ;;
    '-m venv '*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && echo venv >>"$here/calls" ;;
    '-m pip install '*' --require-hashes -r requirements/pip.txt') echo upgrade >>"$here/calls" ;;
    '-m pip install '*' --build-constraint requirements/airflow-3.3.txt -e .')
        echo package >>"$here/calls" ;;
    '-m pip install '*' --require-hashes --build-constraint requirements/airflow-3.3.txt -r '*)
        echo pins >>"$here/calls"
        [ ! -e "$here/hang" ] || {{ touch "$here/hanging"; sleep 60; }}
        [ ! -e "$here/fail" ] || {{ echo 'the disk is full'; exit 1; }} ;;
    '-m pip check') echo check >>"$here/calls" ;;
esac
"""
FROM_NOTHING = ["venv", "upgrade", "pins", "package", "check"]


class Setup:
    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self.path = checkout.path
        (self.path / "requirements").mkdir()
        self.write("requirements/airflow-3.3.txt", "# --- run : x\na==1\n# --- tools : y\nb==2\n")
        self.write("pyproject.toml", '[project]\nname = "x"\n[tool.ruff]\nline-length = 1\n')
        self.python = checkout.command("fake python", FAKE_PYTHON.format(here=self.path))

    def write(self, name: str, text: str) -> None:
        (self.path / name).write_text(text)

    def run(self, line: str = "3.3") -> tuple[int, str]:
        done = self.checkout.run("scripts/setup", line, env={"PYTHON": str(self.python)})
        return done.returncode, done.stdout

    def calls(self) -> list[str]:
        record = self.path / "calls"
        done = record.read_text().split() if record.exists() else []
        record.unlink(missing_ok=True)
        return done


@pytest.fixture
def setup(checkout: Checkout) -> Setup:
    return Setup(checkout)


def test_makes_once(setup: Setup) -> None:
    code, said = setup.run()
    assert (code, setup.calls()) == (0, FROM_NOTHING)
    assert "installing 2 pinned packages" in said
    assert setup.run() == (0, "")
    assert setup.calls() == []


def test_the_demo_has_no_tools(setup: Setup) -> None:
    assert "installing 1 pinned packages" in setup.run("demo")[1]
    assert (setup.path / ".venv-demo" / "pinned.txt").read_text() == "a==1\n"


def new_pins(setup: Setup) -> None:
    setup.write("requirements/airflow-3.3.txt", "# --- run : x\na==2\n")


@pytest.mark.parametrize("change", [new_pins, lambda setup: (setup.path / ".venv/bin/python").unlink()])
def test_changed_pins_and_a_broken_environment_make_it_again(setup: Setup, change: Callable[[Setup], None]) -> None:
    setup.run()
    setup.calls()
    change(setup)
    assert (setup.run()[0], setup.calls()) == (0, FROM_NOTHING)


def test_failure_shows_the_end_of_the_log_and_is_made_again(setup: Setup) -> None:
    setup.write("fail", "")
    code, said = setup.run()
    assert code == 1
    assert "failed: installing the pinned packages" in said
    assert "the disk is full" in said
    setup.calls()
    (setup.path / "fail").unlink()
    assert (setup.run()[0], setup.calls()) == (0, FROM_NOTHING)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted_is_made_again(setup: Setup, marked: Marked, number: signal.Signals) -> None:
    setup.write("hang", "")
    process = setup.checkout.start("scripts/setup", "3.3", env={**marked.env, "PYTHON": str(setup.python)})
    assert wait_for_sleep(setup.path / "hanging")
    os.killpg(process.pid, number)
    process.communicate(timeout=10)
    assert process.returncode != 0
    assert marked.gone()
    assert not (setup.path / ".venv" / ".complete").exists()
    setup.calls()
    (setup.path / "hang").unlink()
    assert (setup.run()[0], setup.calls()) == (0, FROM_NOTHING)


def test_leaves_an_environment_of_someone_else_alone(setup: Setup) -> None:
    (setup.path / ".venv").mkdir()
    setup.write(".venv/mine", "")
    code, said = setup.run()
    assert code == 1
    assert said == ".venv exists and wasn't made by this Makefile: move it away, then run the command again.\n"
    assert (setup.path / ".venv" / "mine").exists()
