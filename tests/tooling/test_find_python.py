"""scripts/find-python: the newest Python that runs, or a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tooling.support import ROOT, Checkout, write_command

WANTED = ("3.14", "3.13", "3.12", "3.11")
# What a version manager leaves in PATH for a version that isn't selected, and what lacks its venv module.
BROKEN = "#!/bin/sh\necho 'command not found' >&2\nexit 127\n"
NO_VENV = "#!/bin/sh\necho \"ModuleNotFoundError: No module named 'ensurepip'\" >&2\nexit 1\n"


def find(folder: Path, commands: dict[str, str], python: str = "", wanted: tuple[str, ...] = WANTED) -> tuple[int, str]:
    """What the script says with these commands in two folders of PATH."""
    for name, says in commands.items():
        write_command(folder / name, says if says.startswith("#!") else f"#!/bin/sh\necho {says}\n")
    # No other directory in PATH: this machine's own Pythons don't count. The script needs only bash itself.
    env = {"PATH": f"{folder}/first:{folder}/second", "PYTHON": python}
    done = Checkout(folder).run("/bin/bash", str(ROOT / "scripts/find-python"), *wanted, env=env)
    return done.returncode, done.stdout.strip()


@pytest.mark.parametrize(
    ("commands", "taken"),
    [
        ({"first/python3.12": "3.12", "second/python3.13": "3.13", "second/python3.10": "3.10"}, "second/python3.13"),
        ({"first/python3.14": BROKEN, "first/python3.12": BROKEN, "second/python3.12": "3.12"}, "second/python3.12"),
        ({"first/python3.14": NO_VENV, "second/python3.11": "3.11"}, "second/python3.11"),
        ({"first/python3": "3.13"}, "first/python3"),
    ],
)
def test_takes_the_newest_that_runs(tmp_path: Path, commands: dict[str, str], taken: str) -> None:
    assert find(tmp_path, commands) == (0, f"{tmp_path}/{taken}")


def test_too_old_and_too_new_do_not_count(tmp_path: Path) -> None:
    code, said = find(tmp_path, {"first/python3.10": "3.10", "first/python3": "3.15"})
    assert code == 1
    assert said.startswith("No working Python found: install Python 3.11 to 3.14 with its venv module")
    assert "\n" not in said


def test_the_named_python_is_the_only_candidate(tmp_path: Path) -> None:
    commands, named = {"first/python3.14": "3.14", "second/mine": "3.12"}, f"{tmp_path}/second/mine"
    assert find(tmp_path, commands, named) == (0, named)
    code, said = find(tmp_path, commands, named, ("3.14", "3.13"))
    assert (code, said.startswith(f"PYTHON={named} doesn't run, or isn't Python 3.13 to 3.14")) == (1, True)
