"""What the operators' tests share."""

from __future__ import annotations

import logging

import pytest

from tests.support.segment import Logged


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Logged:
    """What was logged since the last call. Airflow 3 prints a task's log, Airflow 2 hands it to Python's loggers."""
    caplog.set_level(logging.INFO)

    def since() -> str:
        text = "".join(capfd.readouterr()) + caplog.text
        caplog.clear()
        return text

    return since
