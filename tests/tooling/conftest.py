"""Fixtures of the tests of the Makefile and its scripts."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tooling.support import ROOT, Checkout, Marked


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    path = tmp_path / "a checkout"
    path.mkdir()
    shutil.copytree(ROOT / "scripts", path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Makefile", path / "Makefile")
    return Checkout(path)


@pytest.fixture
def marked() -> Iterator[Marked]:
    # Not in pytest's own folder, which another user can't enter: as root, the local Redshift runs as one.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        found = Marked(Path(folder))
        yield found
        for process in found.processes():
            process.kill()
