"""How it starts, and that nothing survives it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from local_redshift.running import NotStarted, Server, started
from tests.support.redshift import abandon, connect, run

ROOT = Path(__file__).parents[3]


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(ROOT)}


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "local_redshift", "--port", "0", *options]


def ready(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("ready on 127.0.0.1:")
    return int(line.rsplit(":", 1)[1])


def leftovers(folder: Path) -> list[str]:
    """Its folders, and its PostgreSQL's processes, once they had time to go."""
    left: list[str] = []
    for _ in range(80):
        left = [str(path) for path in folder.iterdir()]
        commands = (" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"]))
        left += [command for command in commands if str(folder) in command]
        if not left:
            break
        time.sleep(0.1)
    return left


@pytest.fixture
def folder() -> Iterator[Path]:
    # Socket paths are short; and PostgreSQL's user must reach the folder.
    path = Path("/tmp") / f"lr{os.getpid()}-{time.monotonic_ns()}"
    path.mkdir(mode=0o755)
    yield path
    assert leftovers(path) == []
    path.rmdir()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_starts_soon_and_nothing_survives_its_end(folder: Path, number: signal.Signals) -> None:
    began = time.monotonic()
    with subprocess.Popen(command(), stdout=subprocess.PIPE, text=True, env=environment(folder)) as process:
        port = ready(process)
        assert time.monotonic() - began < 10  # about 1 s; the machine may be busy
        connection = connect(Server("127.0.0.1", port, "awsuser", "Testing1!", "dev", process.pid))
        assert list(folder.iterdir())
        process.send_signal(number)
        assert process.wait(15) == (-number if number == signal.SIGKILL else 0)
    abandon(connection)


@pytest.mark.parametrize("stdin", ["PIPE", "DEVNULL"])
def test_dies_with_its_parent(folder: Path, stdin: str) -> None:
    code = (
        "import subprocess, sys, time\n"
        f"p = subprocess.Popen({command('--die-with-parent')!r}, stdin=subprocess.{stdin}, stdout=subprocess.PIPE)\n"
        "sys.stdout.write(p.stdout.readline().decode()); sys.stdout.flush(); time.sleep(60)\n"
    )
    by_another = [sys.executable, "-c", code]
    with subprocess.Popen(by_another, stdout=subprocess.PIPE, text=True, env=environment(folder)) as parent:
        ready(parent)
        parent.kill()


def test_a_port_in_use_is_one_sentence(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        asked = [*command(), "--port", str(port)]
        done = subprocess.run(asked, capture_output=True, text=True, env=environment(folder), check=False)
    assert done.returncode == 1
    assert done.stderr == f"cannot listen on 127.0.0.1:{port}: Address already in use\n"


def test_no_command_line_holds_the_password() -> None:
    with started(password="Canary-1!x") as server, closing(connect(server)):
        process = psutil.Process(server.pid)
        children = process.children(recursive=True)
        # PostgreSQL's processes may belong to another user, who can read their environment.
        shown = [*process.cmdline(), *(text for child in children for text in (*child.cmdline(), str(child.environ())))]
    assert len(shown) > 10
    assert [text for text in shown if "Canary-1!x" in text] == []


def test_started_gives_what_was_asked_for_and_says_why_not() -> None:
    with started(user="boss", password="Chosen-1!x", database="main", tls=True) as server:
        with closing(connect(server, "main")) as connection:
            assert run(connection, "SELECT current_user, current_database()") == [("boss", "main")]
        # Nobody else reads the folder, and no key is left in it.
        place = Path(server.authority).parent
        assert [path.name for path in place.iterdir()] == ["authority.pem"]
        assert place.stat().st_mode & 0o077 == 0
        with pytest.raises(NotStarted, match="cannot listen on"), started(port=server.port):
            pass
