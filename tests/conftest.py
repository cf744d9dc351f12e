"""What runs where and in which order, and one log of all that local Redshifts receive meanwhile."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings

from local_redshift.server import STATEMENTS
from tests.statements.sent import WHOLE

HERE = Path(__file__).parent
LAST = "test_statements_accounted.py"
WHOLE_SUITE = {"unit", "integration", "dags", "e2e", "security", "tooling"}
# Those that share what takes long to make run in one process, and begin first, so that none of them is left at the end.
TOGETHER = ("e2e", "dags")
# Elsewhere, and with the same Airflow.
WITH_DAGS = ("test_hostile_trigger.py",)
# What it takes to begin these is little beside the tests.
SPREAD = ("test_faults_cuts.py", "test_convergence_properties.py")
LONG = ("test_faults_cuts.py", "test_statement_counts.py", "test_convergence_properties.py")

# The same examples each time: `make test-deep` tries others (--hypothesis-profile=default).
settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder of the log. In the environment, so that servers that other processes start write to it, too."""
    if STATEMENTS not in os.environ:
        folder = TemporaryDirectory(prefix="statements-")
        os.environ[STATEMENTS] = folder.name

        def remove() -> None:
            del os.environ[STATEMENTS]
            folder.cleanup()

        config.add_cleanup(remove)


def place(item: pytest.Item) -> tuple[str, ...]:
    """The folders and the file of a test, below this one."""
    return item.path.relative_to(HERE).parts if item.path.is_relative_to(HERE) else (item.path.name,)


def together(parts: tuple[str, ...]) -> str:
    """What a test shares with those that run in its process; empty where that is nothing."""
    shared = "dags" if parts[-1] in WITH_DAGS else parts[0]
    return shared if shared in TOGETHER else ""


def rank(item: pytest.Item) -> int:
    """When a test begins."""
    parts = place(item)
    if shared := together(parts):
        return TOGETHER.index(shared)
    return len(TOGETHER) + (parts[-1] == LAST) * 2 + (parts[-1] not in LONG)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Say which tests run in one process; xdist looks at that before any other hook sees them together."""
    parts = place(item)
    if shared := together(parts):
        item.add_marker(pytest.mark.xdist_group(shared))
    elif parts[-1] not in SPREAD:
        item.add_marker(pytest.mark.xdist_group("/".join(parts)))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Order the tests, and note whether all of them are there."""
    items.sort(key=rank)
    chosen = config.getoption("keyword") or config.getoption("markexpr") or any("::" in arg for arg in config.args)
    if not chosen and {place(item)[0] for item in items} >= WHOLE_SUITE:
        (statement_folder() / WHOLE).touch()


def statement_folder() -> Path:
    """The folder with one file for each server."""
    return Path(os.environ[STATEMENTS])


@pytest.fixture(scope="session")
def statement_log() -> Path:
    """See :func:`statement_folder`."""
    return statement_folder()
