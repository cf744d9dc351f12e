"""scripts/mutants.py reads what mutmut found, and judges it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts import mutants
from scripts.mutants import Mutant

SOURCE = """\
def f():
    return 1


def x_add__mutmut_orig(a, b=1):
    # a comment
    return a + b


def x_add__mutmut_1(a, b=2):
    # a comment
    return a + b


def x_add__mutmut_2(a, b=1):
    # a comment
    return a - b


class Box:
    def xǁBoxǁsize__mutmut_orig(self):
        return 0

    def xǁBoxǁsize__mutmut_1(self):
        return 1
"""
SPANS = {
    "x_add__mutmut_orig": [4, 8],
    "x_add__mutmut_1": [9, 13],
    "x_add__mutmut_2": [14, 18],
    "xǁBoxǁsize__mutmut_orig": [20, 22],
    "xǁBoxǁsize__mutmut_1": [23, 25],
}
DEFAULT = Mutant("box", "add", "def f(a, b=1):", "def f(a, b=2):")
MINUS = Mutant("box", "add", "return a + b", "return a - b")
METHOD = Mutant("box", "Box.size", "return 0", "return 1")
EXPLAINED = """\
[[survivor]]
module = "box"
function = "add"
reason = "Nobody adds."
changes = [["return a + b", "return a - b"]]
"""


def ran(tmp_path: Path, **codes: int | None) -> Path:
    folder = tmp_path / "mutants" / mutants.ACCESS
    folder.mkdir(parents=True)
    (folder / "box.py").write_text(SOURCE)
    (folder / "box.py.spans").write_text(json.dumps({"version": 1, "spans": SPANS}))
    keys = {"one": "x_add__mutmut_1", "two": "x_add__mutmut_2", "three": "xǁBoxǁsize__mutmut_1"}
    known = {f"airflow_provider_datagraph.access.box.{keys[key]}": code for key, code in codes.items()}
    (folder / "box.py.meta").write_text(json.dumps({"exit_code_by_key": known}))
    return tmp_path


def test_survivors_are_read_with_their_change(tmp_path: Path) -> None:
    # 0: the tests passed; 33: none was chosen.
    assert mutants.found(ran(tmp_path, one=0, two=33, three=0)) == (3, [METHOD, DEFAULT, MINUS])


@pytest.mark.parametrize("code", [1, 3, 36])
def test_what_a_test_noticed_or_never_ended_is_killed(tmp_path: Path, code: int) -> None:
    assert mutants.found(ran(tmp_path, one=code, two=code, three=0)) == (3, [METHOD])


def test_what_was_not_chosen_does_not_count(tmp_path: Path) -> None:
    assert mutants.found(ran(tmp_path, one=None, two=None, three=1)) == (1, [])


def test_explanations() -> None:
    reasons = mutants.explained(EXPLAINED)
    assert reasons == {MINUS: "Nobody adds."}
    assert mutants.problems(20, [MINUS], reasons, whole=True) == []
    assert mutants.problems(40, [MINUS, METHOD], reasons, whole=True) == [f"No explanation: {METHOD}"]


def test_an_explanation_goes_out_of_date() -> None:
    reasons = mutants.explained(EXPLAINED)
    said = f"Explained, and it doesn't survive: {MINUS}"
    assert mutants.problems(20, [], reasons, whole=True) == [said]
    # Another module alone was tested.
    assert mutants.problems(20, [], reasons, whole=False) == []


def test_too_many_survive() -> None:
    reasons = {MINUS: "", METHOD: ""}
    assert mutants.problems(40, [MINUS, METHOD], reasons, whole=True) == []
    assert mutants.problems(39, [MINUS, METHOD], reasons, whole=True) == [
        "2 of 39 mutants survive, and at most 5 % may."
    ]
    assert mutants.problems(0, [], {}, whole=True) == ["No mutant was tested."]


def test_every_explanation_gives_a_reason() -> None:
    assert all(mutants.explained(mutants.EXPLAINED.read_text()).values())
