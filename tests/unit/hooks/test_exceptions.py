"""The errors: what a person has to correct isn't retried, and every problem is told."""

from __future__ import annotations

import copy
import pickle

import pytest
from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException

from airflow_provider_datagraph import exceptions
from airflow_provider_datagraph.exceptions import (
    DataGraphError,
    DriftRemainsError,
    MisconfigurationError,
    PassingFaultError,
)
from airflow_provider_datagraph.redshift.names import InvalidInput


@pytest.mark.parametrize("kind", [MisconfigurationError, PassingFaultError, DriftRemainsError])
def test_all_are_airflows(kind: type[Exception]) -> None:
    assert issubclass(kind, DataGraphError)
    assert issubclass(kind, AirflowException)


def test_only_a_misconfiguration_isnt_retried() -> None:
    assert issubclass(MisconfigurationError, AirflowFailException)
    assert issubclass(MisconfigurationError, InvalidInput)
    assert not issubclass(PassingFaultError, AirflowFailException)
    assert not issubclass(DriftRemainsError, AirflowFailException)


@pytest.mark.parametrize(
    ("problems", "text"),
    [
        (("One.",), "One."),
        (("One.", "Two."), "2 problems:\n- One.\n- Two."),
        (("One.", "Two.", "Three."), "3 problems:\n- One.\n- Two.\n- Three."),
    ],
)
def test_a_misconfiguration_lists_its_problems(problems: tuple[str, ...], text: str) -> None:
    for error in (MisconfigurationError(*problems), MisconfigurationError.of(iter(problems))):
        assert (error.problems, str(error)) == (problems, text)


@pytest.mark.parametrize("kind", [*(getattr(exceptions, name) for name in exceptions.__all__), InvalidInput])
def test_no_error_holds_what_forges_a_line(kind: type[Exception]) -> None:
    for error in (kind("a\n- b\x1b[2J\u202e\u3164"), kind(r"a\n- b\x1b[2J\u202e\u3164")):
        assert str(error) == r"a\n- b\x1b[2J\u202e\u3164"
        assert getattr(error, "problems", (str(error),)) == error.args == (str(error),)
        assert str(copy.copy(error)) == str(error)


def test_a_misconfiguration_survives_a_copy() -> None:
    error = MisconfigurationError("One.", "Two.")
    for copied in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert str(copied) == "2 problems:\n- One.\n- Two."
        assert copied.problems == ("One.", "Two.")
