"""scripts/mutants.py reads what mutmut found, makes changes of its own, runs their tests, and judges both."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts import mutants
from scripts.mutants import Mutant
from scripts.mutations import changes

MINUS = Mutant("access/box", "add", "return a + b", "return a - b")
METHOD = Mutant("access/box", "Box.size", "return 0", "return 1")
EXPLAINED = """\
[[survivor]]
module = "access/box"
function = "add"
reason = "Nobody adds."
changes = [["return a + b", "return a - b"]]
"""


def test_every_survivor_is_explained_and_few_survive() -> None:
    reasons = mutants.explained(EXPLAINED)
    assert reasons == {MINUS: "Nobody adds."}
    assert mutants.problems(20, [MINUS], reasons, whole=True) == []
    assert mutants.problems(40, [MINUS, METHOD], reasons, whole=True) == [f"No explanation: {METHOD}"]
    said = f"Explained, and it doesn't survive: {MINUS}"
    assert mutants.problems(20, [], reasons, whole=True) == [said]
    # Another module alone was tested.
    assert mutants.problems(20, [], reasons, whole=False) == []
    assert mutants.problems(39, [MINUS, METHOD], {MINUS: "", METHOD: ""}, whole=True) == [
        "2 of 39 mutants survive, and at most 5 % may."
    ]
    assert mutants.problems(0, [], {}, whole=True) == ["No mutant was tested."]
    assert all(mutants.explained(mutants.EXPLAINED.read_text()).values())


def test_what_no_unit_test_runs_is_changed_for_other_tests() -> None:
    assert mutants.others(["access/role"], ()) == {}
    made = mutants.others(["access/role", "access/preflight/network"], {("access/role", "reread_role")})
    assert {(one.module, one.function) for one in made} >= {
        ("access/role", "reread_role"),
        ("access/preflight/network", "network"),
    }
    assert {one.function for one in made if one.module == "access/role"} == {"reread_role"}


LINES = {
    "a = b is not c or d": {"a = b is c or d", "a = b is not c and d"},
    "a = b * c**2": {"a = b / c**2", "a = b * c**3"},
    "a = b if not c else True": {"a = b", "a = True", "a = b if c else True", "a = b if not c else False"},
    "a = f(b, c, d=e)": {"a = f(b, c, )", "a = f(b, d=e)"},
    "a = {**b, c: d}": {"a = {c: d}", "a = {**b, }"},
    "a = [b for b in c if b]": {"a = [b for b in c if not b]"},
    "a('é', x='b')": {"pass", "a('XXé', x='b')", "a('é', x='XXb')", "a('é', )"},
    "a.b = c": {"a.b = None"},
    "def f(a: int = 1): return a": {"def f(a: int = 2): return a", "def f(a: int = 1): return None"},
    "if a: b()": {"if not a: b()", "if a: pass"},
    # What people read, types, and what isn't there at run time.
    **{line: set() for line in ("a = 'two words'", "a: 'int | None' = b", "import a", "if TYPE_CHECKING: a()")},
}


@pytest.mark.parametrize("line", LINES)
def test_each_kind_of_change(line: str) -> None:
    assert {change.after for change in changes(line)} == LINES[line]


RUN = """
import anyio, sys; from pathlib import Path; from scripts import mutant_tests
mutant_tests.ROOT, mutant_tests.COPIED = Path(sys.argv[1]), ("airflow_provider_datagraph", "tests")
mutant_tests.FILES = ("pyproject.toml",)
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
