"""Which tests run which line, and whether they notice a change of it. Each run is a fork that has loaded Airflow."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("airflow_provider_datagraph", "dags", "local_redshift", "tests")
LOADED = ("airflow.providers.amazon.aws.hooks.redshift_sql", "airflow.providers.common.compat.sdk", "redshift_connector")
ENOUGH = 15.0
"""Seconds that the tests of one change take at most."""
PATIENCE = 180
"""Seconds until a run is taken for one that never ends."""


class Seen:
    """What a run of all tests saw: how long each took, and by file and line, which ran it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.lines: dict[tuple[str, int], set[str]] = defaultdict(set)

    def add(self, found: Mapping[str, Any]) -> None:
        """Add what one process saw.

        :param found: what it wrote.
        """
        self.seconds |= found["seconds"]
        for file, line, tests in found["lines"]:
            self.lines[file, line].update(tests)

    def tests(self, file: str, near: Iterable[int]) -> list[str]:
        """Choose the tests that run some lines.

        :param file: the file.
        :param near: the lines.
        :return: their ids: one of each function before a second with other parameters, and the quick ones first.
        """
        counted: dict[str, int] = defaultdict(int)
        ranked = []
        ids = set().union(*(self.lines[file, line] for line in near))
        for seconds, one in sorted((self.seconds[one], one) for one in ids):
            function = one.partition("[")[0]
            counted[function] += 1
            ranked.append((counted[function], seconds, one))
        chosen: list[str] = []
        for _, _, one in sorted(ranked):
            if not chosen or sum(self.seconds[known] for known in chosen) < ENOUGH:
                chosen.append(one)
        return chosen


class _Recorder:
    """Notes which lines each test runs, in whatever thread. A test that fails by itself isn't asked later."""

    def __init__(self) -> None:
        from coverage import Coverage

        self.seconds: dict[str, float] = {}
        self.coverage = Coverage(data_file=None, source=["airflow_provider_datagraph", "dags"], config_file=False)
        self.coverage.start()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.coverage.switch_context(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            self.seconds[report.nodeid] = report.duration

    def write(self, file: Path) -> None:
        self.coverage.stop()
        data = self.coverage.get_data()
        lines = [
            (os.path.relpath(name), line, [test for test in tests if test in self.seconds])
            for name in data.measured_files()
            for line, tests in data.contexts_by_lineno(name).items()
        ]
        file.write_text(json.dumps({"seconds": self.seconds, "lines": lines}))


class _Chosen:
    """Runs some tests, in their order."""

    def __init__(self, ids: Sequence[str]) -> None:
        self.order = {one: at for at, one in enumerate(ids)}

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((one for one in items if one.nodeid in self.order), key=lambda one: self.order[one.nodeid])


def begin(place: Path) -> None:
    """Work in a copy from here on: some tests start other processes, which have to see a change, too.

    :param place: the folder that holds a copy for each process.
    """
    mine = place / str(os.getpid())
    for name in COPIED:
        shutil.copytree(ROOT / name, mine / name)
    shutil.copy2(ROOT / "pyproject.toml", mine)
    os.chdir(mine)
    sys.path.insert(0, str(mine))
    # A changed file may look as old as another.
    sys.dont_write_bytecode = True
    os.environ |= {"PYTHONPATH": str(mine), "PYTHONDONTWRITEBYTECODE": "1"}


def load() -> None:
    """Load what each run needs and no change touches."""
    for name in LOADED:
        import_module(name)
    for name in [name for name in sys.modules if name.startswith("airflow_provider_datagraph")]:
        # Airflow asks every provider what it provides.
        del sys.modules[name]


def _passes(patience: int, run: Callable[..., int], *arguments: Any) -> bool:
    """Do something in a fork, which nothing of it outlives."""
    pid = os.fork()
    if not pid:
        os.setsid()
        signal.alarm(patience)
        output = os.open("output", os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os._exit(run(*arguments))
    _, status = os.waitpid(pid, 0)
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    return status == 0


def _test(paths: Iterable[str], plugin: object, *options: str) -> int:
    return pytest.main([*options, "-p", "no:cacheprovider", *paths], plugins=[plugin])


def _look(paths: Sequence[str]) -> int:
    recorder = _Recorder()
    _test(paths, recorder)
    recorder.write(Path("seen.json"))
    return 0


def look(paths: Sequence[str]) -> dict[str, Any]:
    """Run tests without any change.

    :param paths: their files.
    :return: what was seen, for :meth:`Seen.add`.
    :raises RuntimeError: if they can't be run.
    """
    if not _passes(0, _look, paths):
        raise RuntimeError(Path("output").read_text()[-3000:])
    seen: dict[str, Any] = json.loads(Path("seen.json").read_text())
    return seen


def survives(file: str, source: str, ids: Sequence[str]) -> bool:
    """Test a change.

    :param file: the changed file.
    :param source: what it holds now.
    :param ids: the tests.
    :return: whether none of them notices.
    """
    Path(file).write_text(source)
    try:
        return not ids or _passes(PATIENCE, _test, sorted({one.partition("::")[0] for one in ids}), _Chosen(ids), "-x")
    finally:
        shutil.copy2(ROOT / file, file)
