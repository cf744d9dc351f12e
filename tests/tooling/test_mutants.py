"""scripts/mutants.py reads what mutmut found, makes changes of its own, runs their tests, and judges both."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import mutant_tests, mutants
from scripts.mutants import Mutant
from scripts.mutations import changes

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
DEFAULT = Mutant("access/box", "add", "def f(a, b=1):", "def f(a, b=2):")
MINUS = Mutant("access/box", "add", "return a + b", "return a - b")
METHOD = Mutant("access/box", "Box.size", "return 0", "return 1")
EXPLAINED = """\
[[survivor]]
module = "access/box"
function = "add"
reason = "Nobody adds."
changes = [["return a + b", "return a - b"]]
"""


def ran(tmp_path: Path, **codes: int | None) -> Path:
    folder = tmp_path / "mutants" / mutants.PACKAGE / "access"
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


LINES = {
    "a = True": {"a = False"},
    "a = b < 3": {"a = b <= 3", "a = b < 4"},
    "a = b is not c or d": {"a = b is c or d", "a = b is not c and d"},
    "a = b * c**2": {"a = b / c**2", "a = b * c**3"},
    "a = not b": {"a = b"},
    "a = b if c else d": {"a = b", "a = d"},
    "a = f(b, c, d=e)": {"a = f(b, c, )", "a = f(b, d=e)"},
    "a = (b, c)": {"a = (b, )"},
    "a = [b, c]": {"a = [c]", "a = [b, ]"},
    "a = {**b, c: d}": {"a = {c: d}", "a = {**b, }"},
    "a = [b for b in c if b]": {"a = [b for b in c if not b]"},
    "a('é', x='b')": {"pass", "a('XXé', x='b')", "a('é', x='XXb')", "a('é', )"},
    "a.b = c": {"a.b = None"},
    "a += b": {"pass"},
    "raise a": {"pass"},
    "def f(a: int = 1): return a": {"def f(a: int = 2): return a", "def f(a: int = 1): return None"},
    "if a: b()": {"if not a: b()", "if a: pass"},
    # What people read, types, and what isn't there at run time.
    "a = 'two words'": set(),
    "'text'": set(),
    "a: 'int | None' = b": set(),
    "A = Mapping[str, 'int']": set(),
    "T = TypeVar('T')": set(),
    "import a": set(),
    "if TYPE_CHECKING: a()": set(),
    "a = f'{b}c'": set(),
}
NESTED = """\
A = 1
class B:
    c = 2
    def d(self, e=3):
        if e > f(
            4
        ):
            return 5
"""


@pytest.mark.parametrize("line", LINES)
def test_each_kind_of_change(line: str) -> None:
    assert {change.after for change in changes(line)} == LINES[line]


def test_a_change_knows_its_function_and_the_lines_that_show_it() -> None:
    made = {change.after: change for change in changes(NESTED)}
    assert {after: (made[after].function, made[after].near) for after in ("A = 2", "c = 3", "5", "return 6")} == {
        "A = 2": ("", range(1, 9)),
        "c = 3": ("B", range(2, 9)),
        "5": ("B.d", range(5, 8)),
        "return 6": ("B.d", range(8, 9)),
    }
    assert made["def d(self, e=4):"].near == range(4, 9)
    assert made["5"].source == NESTED.replace("4", "5")


def test_the_sample_is_always_the_same_and_of_everything() -> None:
    named, sample = mutants.others({"hooks/redshift", "example_dags/grant"}), mutants.others(())
    chosen = {one for one in named if mutants.sampled(one)}
    assert chosen == {one for one in sample if one.module in ("hooks/redshift", "example_dags/grant")}
    assert len(named) / (2 * mutants.ONE_IN) < len(chosen) < len(named) / mutants.ONE_IN * 2
    everything = {"hooks", "operators", "sensors", "triggers", "example_dags", "provider_info", "xcom"}
    assert {one.module.partition("/")[0] for one in sample} >= everything
    # Both the functions and the files that call them.
    both = {"example_dags/grant", "example_dags/pins"}
    assert both <= {one.module for one in mutants.others(both)}
    assert mutants.others({"dags/segment_data_graph"})
    assert all(mutants.is_other(one.module) for one in sample)
    assert not mutants.is_other("access/role")


def test_tests_that_run_little_else_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = mutant_tests.Seen()
    seen.add([("f.py", 1, ["t::one[a]", "t::one[b]", "t::one[c]", "t::two"]), ("f.py", 2, ["t::two", "t::other"])])
    assert seen.tests("f.py", range(1, 2)) == ["t::one[a]", "t::one[b]", "t::two", "t::one[c]"]
    assert seen.tests("f.py", range(3, 9)) == []
    monkeypatch.setattr(mutant_tests, "ENOUGH", 2)
    assert seen.tests("f.py", range(1, 2)) == ["t::one[a]", "t::one[b]", "t::two"]


RUN = """
import anyio, sys; from pathlib import Path; from scripts import mutant_tests
mutant_tests.ROOT, mutant_tests.COPIED = Path(sys.argv[1]), ("airflow_provider_datagraph", "tests")
mutant_tests.begin(Path(sys.argv[1]) / "copies")
for source in ("A = 1", "A = 2", "A =", "while True: pass"):
    mutant_tests.PATIENCE = 2 if "while" in source else 60
    print(mutant_tests.survives("airflow_provider_datagraph/thing.py", source, ["tests/test_it.py::test_it"]))
print(mutant_tests.survives("airflow_provider_datagraph/thing.py", "A = 3", []))
print(mutant_tests._passes(60, lambda: 1 / 0))
"""
PROJECT = {
    "airflow_provider_datagraph/__init__.py": "",
    "airflow_provider_datagraph/thing.py": "A = 1",
    "tests/test_it.py": "from airflow_provider_datagraph.thing import A\n\ndef test_it():\n    assert A == 1\n",
    # As here: pytest warns of plugins that are loaded before it.
    "pyproject.toml": "[tool.pytest.ini_options]\nfilterwarnings = ['error']",
}


def test_a_change_is_noticed_or_survives(tmp_path: Path) -> None:
    for name, text in PROJECT.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    command = [sys.executable, "-c", RUN, str(tmp_path)]
    done = subprocess.run(command, cwd=mutants.ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False", "False", "False", "True", "False"]
