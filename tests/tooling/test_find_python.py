"""scripts/find-python: the newest Python that runs, or a sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tooling.support import ROOT, Checkout, write_command

# Two folders of a PATH, and what the script answers with it.
Find = tuple[list[Path], Callable[..., tuple[int, str]]]
WANTED = ("3.14", "3.13", "3.12", "3.11")


def fake_python(folder: Path, name: str, version: str) -> Path:
    return write_command(folder / name, f"#!/bin/sh\necho {version}\n")


def broken_python(folder: Path, name: str) -> Path:
    """What a version manager leaves in PATH for a version that isn't selected."""
    return write_command(folder / name, f"#!/bin/sh\necho '{name}: command not found' >&2\nexit 127\n")


@pytest.fixture
def find(tmp_path: Path) -> Find:
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()

    def run(python: str = "", wanted: tuple[str, ...] = WANTED) -> tuple[int, str]:
        path = ":".join(str(folder) for folder in folders)
        # No other directory in PATH: this machine's own Pythons don't count. The script needs only bash itself.
        env = {"PATH": path, "PYTHON": python}
        done = Checkout(tmp_path).run("/bin/bash", str(ROOT / "scripts/find-python"), *wanted, env=env)
        return done.returncode, done.stdout.strip()

    return folders, run


def test_takes_the_newest(find: Find) -> None:
    (first, second), run = find
    fake_python(first, "python3.12", "3.12")
    newest = fake_python(second, "python3.13", "3.13")
    fake_python(second, "python3.10", "3.10")
    assert run() == (0, str(newest))


def test_passes_over_a_command_that_does_not_run(find: Find) -> None:
    (first, second), run = find
    broken_python(first, "python3.14")
    broken_python(first, "python3.12")
    works = fake_python(second, "python3.12", "3.12")
    assert run() == (0, str(works))


def test_passes_over_a_python_without_venv(find: Find) -> None:
    (first, second), run = find
    write_command(
        first / "python3.14", "#!/bin/sh\necho \"ModuleNotFoundError: No module named 'ensurepip'\" >&2\nexit 1\n"
    )
    works = fake_python(second, "python3.11", "3.11")
    assert run() == (0, str(works))


def test_knows_python3_by_what_it_says(find: Find) -> None:
    (first, _), run = find
    works = fake_python(first, "python3", "3.13")
    assert run() == (0, str(works))


def test_too_old_and_too_new_do_not_count(find: Find) -> None:
    (first, _), run = find
    fake_python(first, "python3.10", "3.10")
    fake_python(first, "python3", "3.15")
    code, said = run()
    assert code == 1
    assert said.startswith("No working Python found: install Python 3.11 to 3.14 with its venv module")
    assert "\n" not in said


def test_the_named_python_is_the_only_candidate(find: Find) -> None:
    (first, second), run = find
    fake_python(first, "python3.14", "3.14")
    named = fake_python(second, "mine", "3.12")
    assert run(str(named)) == (0, str(named))
    code, said = run(str(named), wanted=("3.14", "3.13"))
    assert code == 1
    assert said.startswith(f"PYTHON={named} doesn't run, or isn't Python 3.13 to 3.14")
