"""What the tests of the Makefile and its scripts share."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.support.waiting import reached

ROOT = Path(__file__).resolve().parents[2]


def write_command(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return path


@dataclass
class Checkout:
    """A copy of the Makefile and scripts, in which commands can be replaced by fakes."""

    path: Path

    def run(
        self, *command: str, env: Mapping[str, str] | None = None, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, **self._options(env), timeout=timeout, check=False)

    def start(self, *command: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start a command in a process group of its own, as a shell does on a terminal."""
        return subprocess.Popen(
            command,
            **self._options(env),
            start_new_session=True,
            # `make test &` ignores it, and what a shell finds ignored it can't trap.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def _options(self, env: Mapping[str, str] | None) -> dict[str, Any]:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return {"cwd": self.path, "env": {**os.environ, **(env or {})}, "text": True, **pipes}

    def command(self, name: str, text: str) -> Path:
        return write_command(self.path / name, text)


@dataclass
class Marked:
    """Processes found by a value in their environment, which children inherit."""

    folder: Path

    @property
    def env(self) -> dict[str, str]:
        # TMPDIR is one of the few variables that reach every command.
        return {"TMPDIR": str(self.folder)}

    def processes(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("TMPDIR") == str(self.folder) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def gone(self, seconds: float = 5) -> bool:
        return reached(lambda: not self.processes(), seconds)


def wait_for_sleep(told: Path) -> bool:
    """Wait until a fake has written this file, and has gone to sleep as it does next.

    A signal that comes just while a shell makes that child is lost.
    """
    there = reached(told.exists)
    time.sleep(0.3)
    return there
