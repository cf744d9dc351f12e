"""One log of all that local Redshifts receive in this session, and the tests that judge it last."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from local_redshift.server import STATEMENTS
from tests.statements.sent import WHOLE

LAST = "test_statements_accounted.py"
WHOLE_SUITE = {"unit", "integration", "dags", "e2e", "tooling", "statements"}


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop() -> Iterator[None]:
    # In the environment, so that servers that other processes start write to it, too.
    with TemporaryDirectory(prefix="statements-") as folder:
        os.environ[STATEMENTS] = folder
        try:
            return (yield)
        finally:
            del os.environ[STATEMENTS]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name == LAST)
    here = Path(__file__).parent
    chosen = config.getoption("keyword") or config.getoption("markexpr") or any("::" in arg for arg in config.args)
    folders = {item.path.relative_to(here).parts[0] for item in items if item.path.is_relative_to(here)}
    config.stash[WHOLE] = not chosen and folders >= WHOLE_SUITE


@pytest.fixture(scope="session")
def statement_log() -> Path:
    """The folder with one file for each server."""
    return Path(os.environ[STATEMENTS])
