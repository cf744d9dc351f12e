"""Which tests run which line, and whether they notice a change of it. Each run is a fork that has loaded Airflow."""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from traceback import print_exc
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("airflow_provider_datagraph", "dags", "docs", "local_redshift", "tests")
FILES = ("README.md", "pyproject.toml")
LOADED = (
    "hypothesis",
    "airflow.providers.amazon.aws.hooks.redshift_sql",
    "airflow.providers.common.compat.sdk",
    "redshift_connector",
)
ENOUGH = 40_000
"""How many lines the tests of one change run: some that reach a server, or very many that don't."""
PATIENCE = 60
"""Seconds until a test, or what comes before the first, is taken for one that never ends."""


class Seen:
    """What a run of all tests saw: by file and line, which tests ran it; and how many lines each ran."""

    def __init__(self) -> None:
        self.lines: dict[tuple[str, int], set[str]] = defaultdict(set)
        self.size: Counter[str] = Counter()

    def add(self, found: Iterable[tuple[str, int, list[str]]]) -> None:
        """Add what one process saw.

        :param found: what it wrote.
        """
        for file, line, tests in found:
            self.lines[file, line].update(tests)
            self.size.update(tests)

    def tests(self, file: str, near: Iterable[int]) -> list[str]:
        """Choose the tests that run some lines.

        :param file: the file.
        :param near: the lines.
        :return: their ids: those that run little else first, and not too many of one function in a row.
        """
        counted: Counter[str] = Counter()
        ranked = []
        ids = set().union(*(self.lines[file, line] for line in near))
        for size, one in sorted((self.size[one], one) for one in ids):
            function = one.partition("[")[0]
            counted[function] += 1
            ranked.append((size * counted[function], size, one))
        chosen, lines = [], 0
        for _, size, one in sorted(ranked):
            chosen.append(one)
            lines += size
            if lines > ENOUGH:
                break
        return chosen


class _Recorder:
    """Notes which lines each test runs, in whatever thread. A test that fails by itself isn't asked later."""

    def __init__(self) -> None:
        self.passed: set[str] = set()
        self.coverage = import_module("coverage").Coverage(
            data_file=None, source=["airflow_provider_datagraph", "dags"], config_file=False
        )
        self.coverage.start()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.coverage.switch_context(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            self.passed.add(report.nodeid)

    def write(self, file: Path) -> None:
        self.coverage.stop()
        data = self.coverage.get_data()
        lines = [
            (os.path.relpath(name), line, sorted(self.passed.intersection(tests)))
            for name in data.measured_files()
            for line, tests in data.contexts_by_lineno(name).items()
        ]
        file.write_text(json.dumps(lines))


class _Chosen:
    """Runs some tests, in their order; a file stands for all that are in it."""

    def __init__(self, chosen: Sequence[str]) -> None:
        self.order = {one: at for at, one in enumerate(chosen)}

    def place(self, item: pytest.Item) -> int:
        return self.order.get(item.nodeid, self.order.get(item.nodeid.partition("::")[0], -1))

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((item for item in items if self.place(item) >= 0), key=self.place)

    def pytest_runtest_logstart(self) -> None:
        signal.alarm(PATIENCE)


def begin(place: Path) -> None:
    """Work in a copy from here on: some tests start other processes, which have to see a change, too.

    :param place: the folder that holds a copy for each process.
    """
    mine = place / str(os.getpid())
    for name in COPIED:
        shutil.copytree(ROOT / name, mine / name)
    for name in FILES:
        shutil.copy2(ROOT / name, mine)
    os.chdir(mine)
    sys.path.insert(0, str(mine))
    # A changed file may look as old as another, so what `look` loads is the last that is kept.
    sys.dont_write_bytecode = True
    os.environ |= {"PYTHONPATH": str(mine), "PYTHONDONTWRITEBYTECODE": "1"}


def load() -> None:
    """Load what each run needs and no change touches."""
    for name in LOADED:
        import_module(name)
    for name in [name for name in sys.modules if name.startswith("airflow_provider_datagraph")]:
        # Airflow asks every provider what it provides.
        del sys.modules[name]
    # Each fork looks through what it made itself.
    gc.collect()
    gc.freeze()


def _passes(patience: int, run: Callable[..., int], *arguments: Any) -> bool:
    """Do something in a fork, which nothing of it outlives."""
    pid = os.fork()
    if not pid:
        os.setsid()
        signal.alarm(patience)
        output = os.open("output", os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        try:
            os._exit(run(*arguments))
        except BaseException:
            # Otherwise it would go on as a second copy of the process that forked it.
            print_exc()
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    return status == 0


def _test(paths: Iterable[str], plugin: object, *options: str) -> int:
    # What pytest would rewrite is loaded already, and its warning is an error here.
    loaded = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
    return pytest.main([*options, *loaded, "-p", "no:cacheprovider", *paths], plugins=[plugin])


def _look(paths: Sequence[str]) -> int:
    sys.dont_write_bytecode = False
    del os.environ["PYTHONDONTWRITEBYTECODE"]
    recorder = _Recorder()
    code = _test(paths, recorder)
    recorder.write(Path("seen.json"))
    # Where one file can't be collected, pytest runs none.
    return 0 if code == pytest.ExitCode.TESTS_FAILED else code


def look(paths: Sequence[str]) -> list[tuple[str, int, list[str]]]:
    """Run tests without any change.

    :param paths: their files.
    :return: what was seen, for :meth:`Seen.add`.
    :raises RuntimeError: if they can't be run.
    """
    if not _passes(0, _look, paths):
        raise RuntimeError(Path("output").read_text()[-3000:])
    seen: list[tuple[str, int, list[str]]] = json.loads(Path("seen.json").read_text())
    return seen


def survives(file: str, source: str, ids: Sequence[str]) -> bool:
    """Test a change.

    :param file: the changed file.
    :param source: what it holds now.
    :param ids: the tests, or their files.
    :return: whether none of them notices.
    """
    Path(file).write_text(source)
    try:
        return not ids or _passes(PATIENCE, _test, sorted({one.partition("::")[0] for one in ids}), _Chosen(ids), "-x")
    finally:
        shutil.copy2(ROOT / file, file)
