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
def test_all_are_airflows_and_only_a_misconfiguration_isnt_retried(kind: type[Exception]) -> None:
    assert issubclass(kind, DataGraphError) and issubclass(kind, AirflowException)
    assert {issubclass(kind, one) for one in (AirflowFailException, InvalidInput)} == {kind is MisconfigurationError}


@pytest.mark.parametrize(
    ("problems", "text"),
    [
        (("One.",), "One."),
        (("One.", "Two."), "2 problems:\n- One.\n- Two."),
        (("One.", "Two.", "Three."), "3 problems:\n- One.\n- Two.\n- Three."),
    ],
)
def test_a_misconfiguration_lists_its_problems(problems: tuple[str, ...], text: str) -> None:
    made = MisconfigurationError(*problems)
    copies = (pickle.loads(pickle.dumps(made)), copy.copy(made))
    for error in (made, MisconfigurationError.of(iter(problems)), *copies):
        assert (error.problems, str(error)) == (problems, text)


@pytest.mark.parametrize("kind", [*(getattr(exceptions, name) for name in exceptions.__all__), InvalidInput])
def test_no_error_holds_what_forges_a_line(kind: type[Exception]) -> None:
    for error in (kind("a\n- b\x1b[2J\u202e\u3164"), kind(r"a\n- b\x1b[2J\u202e\u3164")):
        assert str(error) == r"a\n- b\x1b[2J\u202e\u3164"
        assert getattr(error, "problems", (str(error),)) == error.args == (str(error),)
        assert str(copy.copy(error)) == str(error)
