"""Waiting for other transactions: how often, how long, and never two alike."""

from __future__ import annotations

import time
from typing import Any

import pytest
from pytest_mock import MockerFixture

from airflow_provider_datagraph.access.plan import Plan, Step
from airflow_provider_datagraph.engine.converge import Converger, _needs_no_transaction
from airflow_provider_datagraph.engine.retrying import retrying, until_left
from airflow_provider_datagraph.exceptions import PassingFaultError, VanishedError
from airflow_provider_datagraph.hooks.redshift import DataGraphHook
from airflow_provider_datagraph.operators.schema import GrantSchemaOperator
from airflow_provider_datagraph.redshift.statements import Create

CONFLICT = Exception({"C": "XX000", "M": "1023", "D": "conflict with concurrent transaction"})


def waits(mocker: MockerFixture, longest: float) -> list[float]:
    slept = mocker.patch.object(time, "sleep")
    work = mocker.Mock(side_effect=CONFLICT)
    with pytest.raises(PassingFaultError, match=r"^Another transaction conflicts .*, also at try 12 of") as caught:
        retrying(work, 12, longest)
    assert caught.value.__cause__ is CONFLICT
    assert work.call_count == 12
    return [call.args[0] for call in slept.call_args_list]


@pytest.mark.parametrize("longest", [0.0, 0.01, 3.0, 20.0])
def test_waits_grow_up_to_the_longest(mocker: MockerFixture, caplog: pytest.LogCaptureFixture, longest: float) -> None:
    with caplog.at_level("INFO"):
        found = waits(mocker, longest)
    said = "Another transaction conflicts (1023: conflict with concurrent transaction). Start again in {:.1f} s."
    assert caplog.messages == [said.format(wait) for wait in found]
    assert len(found) == 11
    for attempt, wait in enumerate(found, 1):
        whole = min(longest, 0.1 * 2**attempt)
        assert whole / 2 <= wait <= whole
    # Two that met wait differently.
    assert longest == 0 or waits(mocker, longest) != found


def test_what_vanished_is_told_and_looked_for_again(mocker: MockerFixture, caplog: pytest.LogCaptureFixture) -> None:
    slept = mocker.patch.object(time, "sleep")
    gone = VanishedError("Gone: 100%.")
    with caplog.at_level("INFO"):
        assert retrying(mocker.Mock(side_effect=[gone, gone, gone, gone, "done"]), 1, 0.0) == "done"
    found = [call.args[0] for call in slept.call_args_list]
    assert caplog.messages == [f"Gone: 100%. Start again in {wait:.1f} s." for wait in found]
    assert len(found) == 4
    # No conflict: its longest wait doesn't matter.
    assert all(0.05 * 2**tried / 2 <= wait <= 0.05 * 2**tried for tried, wait in enumerate(found, 1))
    for error in (gone, ValueError("broken")):
        work = mocker.Mock(side_effect=error)
        with pytest.raises(type(error)):
            retrying(work, 10, 20.0)
        assert work.call_count == (5 if error is gone else 1)


@pytest.mark.parametrize(("code", "tries"), [("55006", 11), ("42501", 1)])
def test_a_session_that_lingers_is_waited_for(mocker: MockerFixture, code: str, tries: int) -> None:
    clock = mocker.patch.object(time, "monotonic", return_value=0.0)
    mocker.patch.object(time, "sleep", side_effect=lambda seconds: clock.configure_mock(return_value=clock() + seconds))
    error = Exception({"C": code, "M": "is being accessed by other users"})
    assert until_left(mocker.Mock(side_effect=[*[error] * 3, "done"] if tries > 1 else ["done"])) == "done"
    work = mocker.Mock(side_effect=error)
    with pytest.raises(Exception, match="is being accessed"):
        until_left(work)
    assert work.call_count == tries


@pytest.mark.parametrize(
    ("given", "found"), [({}, (10, 20.0)), ({"tries": 1}, (1, 20.0)), ({"tries": "3", "longest_wait": "1.5"}, (3, 1.5))]
)
def test_an_operator_s_patience_is_its_engine_s(given: dict[str, Any], found: tuple[int, float]) -> None:
    operator = GrantSchemaOperator(task_id="grant", schema="crm", **given)
    engine = operator.engine(operator.hook())
    assert (engine.tries, engine.longest_wait) == found


@pytest.mark.parametrize("call", ["read", "converge"])
def test_an_engine_s_patience_is_that_of_its_transactions(mocker: MockerFixture, call: str) -> None:
    used = mocker.patch("airflow_provider_datagraph.engine.converge.retrying")
    arguments = [mocker.Mock()] * (1 if call == "read" else 2)
    getattr(Converger(DataGraphHook(), tries=7, longest_wait=2.5), call)(*arguments)
    assert used.call_args.args[1:] == (7, 2.5)


@pytest.mark.parametrize("kinds", ["", "database", "database role", "role", "database role user"])
def test_what_takes_no_transaction(kinds: str) -> None:
    plan = Plan(tuple(Step(Create(kind, "n"), ()) for kind in kinds.split()))
    assert _needs_no_transaction(plan) is (kinds in ("", "database", "database role"))
