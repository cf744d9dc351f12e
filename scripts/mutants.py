"""Change the package and the DAG files in thousands of small ways, and see which changes no test notices.

`make mutants` changes `access/`, `form/` and `redshift/` in every second way that mutmut knows, and modules that are
named in every one, against their unit tests; the random warehouses are left out: what kills a mutant has to stand in a
test. What the rest is changed in, and the functions that no unit test runs, is a sample of scripts/mutations.py, always
the same, against the tests that run the changed lines, on a local Redshift where they need one. A change that survives
has to be explained in tests/mutants.toml, and at most 5 % of either may survive. Everything is done on copies in
.run/mutants.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts import mutant_tests
from scripts.mutations import Change, changes

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / ".run" / "mutants"
TOOL = ROOT / ".run" / "mutmut"
EXPLAINED = ROOT / "tests" / "mutants.toml"
PACKAGE = "airflow_provider_datagraph"
PURE = ("access/", "form/", "redshift/")
"""The folders of the package that are changed in every way."""
SERVED = "access/preflight/"
"""But for this one: it reads a cluster, and its tests need one."""
TESTS = tuple(f"tests/unit/{folder}" for folder in PURE)
RANDOM = "tests/unit/access/schemas/test_schemas_properties.py"
CORES = os.cpu_count() or 1
PROCESSES = CORES + 1
"""Tests that reach a server wait for it now and then."""
LIMIT = 5.0
"""Per cent that may survive."""
OTHERS = (PACKAGE, "dags")
OTHER_TESTS = ("tests/unit", "tests/security", "tests/integration")
DATA_TESTS = [
    "tests/unit/hooks/test_hook_errors.py",
    "tests/unit/test_provider_info.py",
    "tests/unit/test_public_names.py",
]
"""They look at names, classes and values, and run none of their lines."""
LEFT_OUT = re.compile(
    "unit/(access/(?!test_rights)|form/|redshift/)|local_|deep|properties|counts|concurrent|faults_(cuts|kill)|hostile_tr"
)
"""Tests of the folders above, of the local Redshift, and what takes long."""
ONE_IN = 24
"""Of so many other changes one is tested, unless modules are named."""
# mutmut's exit codes: a test failed, pytest failed, or it took too long; and no test runs the function.
KILLED = frozenset({1, 3, 24, -24, 36, 152, 255})
UNTESTED = 33
SETTINGS = f"""\
[tool.mutmut]
source_paths = ["{PACKAGE}"]
only_mutate = {json.dumps([f"{PACKAGE}/{folder}*.py" for folder in PURE])}
do_not_mutate = ["{PACKAGE}/{SERVED}*.py"]
also_copy = ["{PACKAGE}", "tests", "docs"]
pytest_add_cli_args = ["-q", "-x", "-p", "no:cacheprovider", "--hypothesis-seed=0", "--ignore={RANDOM}"]
pytest_add_cli_args_test_selection = {json.dumps(TESTS)}
use_git_change_detection = false
track_dependencies = false
"""


@dataclass(frozen=True, order=True)
class Mutant:
    """A small change.

    :param module: the path to the module, without the package and the suffix, such as `access/role`.
    :param function: the function's name, after its class's where it has one.
    :param before: the lines that were changed, joined.
    :param after: the same after the change.
    """

    module: str
    function: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.module}.{self.function}\n    - {self.before}\n    + {self.after}"


def prepare() -> None:
    """Copy what is tested and its tests; results of earlier runs go."""
    shutil.rmtree(PLACE, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / PACKAGE, PLACE / PACKAGE, ignore=ignored)
    for tests in TESTS:
        shutil.copytree(ROOT / tests, PLACE / tests, ignore=ignored)
    # A test holds it against the sentences.
    (PLACE / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "findings.md", PLACE / "docs")
    (PLACE / "pyproject.toml").write_text(SETTINGS)


def run(modules: Sequence[str]) -> None:
    """Let mutmut make the mutants and test them.

    :param modules: names of modules; none means every second mutant of all.
    :raises SystemExit: if it couldn't.
    """
    names = [f"{PACKAGE}.{module.replace('/', '.')}.*" for module in modules] or ["*[02468]"]
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(CORES), *names]
    environment = {**os.environ, "PYTHONPATH": str(TOOL)}
    done = subprocess.run(command, cwd=PLACE, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"mutmut failed:\n{done.stdout[-3000:]}")


def found(place: Path) -> tuple[int, list[Mutant], set[tuple[str, str]]]:
    """Read what mutmut found.

    :param place: the folder it ran in.
    :return: how many mutants were tested, those that survived, and the functions (with their modules) that no test ran.
    """
    tested, survivors, untested = 0, [], set()
    for meta in sorted((place / "mutants" / PACKAGE).rglob("*.meta")):
        codes: dict[str, int | None] = json.loads(meta.read_text())["exit_code_by_key"]
        known = {key.rpartition(".")[2]: code for key, code in codes.items() if code is not None}
        module = str(meta.with_suffix("").with_suffix("")).rpartition(f"/{PACKAGE}/")[2]
        untested |= {(module, _function(name)) for name, code in known.items() if code == UNTESTED}
        tested += sum(code != UNTESTED for code in known.values())
        left = [name for name, code in known.items() if code not in (*KILLED, UNTESTED)]
        survivors += list(_mutants(meta.with_suffix(""), left))
    return tested, sorted(survivors), untested


def _function(name: str) -> str:
    mangled = name.partition("__mutmut_")[0]
    return mangled.removeprefix("x_") if mangled.startswith("x_") else mangled[2:].replace("ǁ", ".")


def _mutants(file: Path, names: Iterable[str]) -> Iterable[Mutant]:
    lines = file.read_text().splitlines()
    spans: dict[str, list[int]] = json.loads(file.with_name(f"{file.name}.spans").read_text())["spans"]
    module = str(file.with_suffix("")).rpartition(f"/{PACKAGE}/")[2]

    def body(name: str) -> list[str]:
        first, last = spans[name]
        # The copies of a function differ in their names, too.
        return [line.strip().replace(name, "f") for line in lines[first:last]]

    for name in names:
        mangled = name.partition("__mutmut_")[0]
        before, after = _difference(body(f"{mangled}__mutmut_orig"), body(name))
        yield Mutant(module, _function(name), before, after)


def _difference(old: list[str], new: list[str]) -> tuple[str, str]:
    changed = [line for line in difflib.ndiff(old, new) if line[:2] in ("- ", "+ ")]
    before, after = ([line[2:] for line in changed if line[0] == sign] for sign in "-+")
    return " ".join(before), " ".join(after)


def explained(text: str) -> dict[Mutant, str]:
    """Read the explanations.

    :param text: the file's text.
    :return: the reason for each mutant.
    """
    entries: list[dict[str, Any]] = tomllib.loads(text).get("survivor", [])
    return {
        Mutant(entry["module"], entry["function"], before, after): entry["reason"]
        for entry in entries
        for before, after in entry["changes"]
    }


def problems(tested: int, survivors: Sequence[Mutant], reasons: dict[Mutant, str], whole: bool) -> list[str]:
    """Judge a run.

    :param tested: how many mutants there were.
    :param survivors: those that no test noticed.
    :param reasons: the explanations.
    :param whole: whether all that is explained was tested, so that an explanation without a survivor is out of date.
    :return: a sentence for each problem.
    """
    sentences = [f"No explanation: {one}" for one in survivors if one not in reasons]
    if whole:
        sentences += [f"Explained, and it doesn't survive: {one}" for one in reasons if one not in set(survivors)]
    if not tested:
        sentences.append("No mutant was tested.")
    elif 100 * len(survivors) / tested > LIMIT:
        sentences.append(f"{len(survivors)} of {tested} mutants survive, and at most {LIMIT:g} % may.")
    return sentences


def sampled(mutant: Mutant) -> bool:
    """Tell whether a change is in the sample: by its text, so that changes elsewhere don't matter.

    :param mutant: the change.
    :return: whether it is tested.
    """
    return int(hashlib.sha256(str(mutant).encode()).hexdigest(), 16) % ONE_IN == 0


def is_other(module: str) -> bool:
    """Tell whether a module is none of those that are changed in every way.

    :param module: its name.
    :return: whether it is.
    """
    return not module.startswith(PURE) or module.startswith(SERVED)


def others(modules: Collection[str], untested: Collection[tuple[str, str]]) -> dict[Mutant, tuple[str, Change]]:
    """Make the other changes.

    :param modules: names of modules, such as `hooks/redshift`; none means a sample of all.
    :param untested: the functions that no unit test runs.
    :return: the changes with their files.
    """
    made = {}
    for path in sorted(path for folder in OTHERS for path in (ROOT / folder).rglob("*.py")):
        file = str(path.relative_to(ROOT))
        module = file.removeprefix(f"{PACKAGE}/").removesuffix(".py")
        if modules and module not in modules:
            continue
        for change in changes(path.read_text()):
            mutant = Mutant(module, change.function, change.before, change.after)
            concerned = is_other(module) or (module, change.function) in untested
            if concerned and (modules or sampled(mutant)):
                made[mutant] = (file, change)
    return made


def run_others(made: Mapping[Mutant, tuple[str, Change]]) -> list[Mutant]:
    """Test the other changes.

    :param made: the changes with their files.
    :return: those that survived.
    """
    files = sorted(path.relative_to(ROOT) for one in OTHER_TESTS for path in (ROOT / one).rglob("test_*.py"))
    paths = [str(file) for file in files if not LEFT_OUT.search(str(file))]
    sys.path.append(str(TOOL))
    mutant_tests.load()
    seen = mutant_tests.Seen()
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("fork"), mutant_tests.begin, (PLACE,)) as pool:
        for part in pool.map(mutant_tests.look, [paths[at::PROCESSES] for at in range(PROCESSES)]):
            seen.add(part)
        jobs = [
            (file, change.source, [*(DATA_TESTS if change.is_data else []), *seen.tests(file, change.near)])
            for file, change in made.values()
        ]
        left = pool.map(mutant_tests.survives, *zip(*jobs, strict=True))
        return sorted(one for one, survived in zip(made, left, strict=True) if survived)


def judge(tested: int, survivors: Sequence[Mutant], reasons: dict[Mutant, str], whole: bool) -> bool:
    """Print what is wrong, and a summary; see :func:`problems`.

    :return: whether nothing is wrong.
    """
    wrong = problems(tested, survivors, reasons, whole)
    print(*wrong, sep="\n")
    print(f"{tested} mutants, {len(survivors)} survive ({100 * len(survivors) / max(tested, 1):.1f} %).")
    return not wrong


def main(names: Sequence[str]) -> int:
    """Run it.

    :param names: names of modules, such as `access/role` and `hooks/redshift`; none means all.
    :return: 0 where nothing is wrong.
    """
    reasons, good = explained(EXPLAINED.read_text()), True
    modules = [name for name in names if not is_other(name)]
    untested: set[tuple[str, str]] = set()
    prepare()
    if modules or not names:
        run(modules)
        tested, survivors, untested = found(PLACE)
    ours = {one for one in reasons if is_other(one.module) or (one.module, one.function) in untested}
    if modules or not names:
        # Of those that weren't made, nobody knows whether they survive.
        known = {one: why for one, why in reasons.items() if one not in ours and (not modules or one.module in modules)}
        good = judge(tested, survivors, known, bool(modules))
    if not names or len(modules) < len(names) or untested:
        made = others(names, untested)
        good &= judge(len(made), run_others(made), {one: reasons[one] for one in ours if one in made}, whole=True)
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
