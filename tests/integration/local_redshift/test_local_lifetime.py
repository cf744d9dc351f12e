"""How it starts, and that nothing survives it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from local_redshift.running import NotStarted, Server, started
from tests.support.redshift import abandon, connect, run

ROOT = Path(__file__).parents[3]


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "local_redshift", "--port", "0", *options]


def launch(folder: Path, *options: str, **more: object) -> subprocess.Popen[str]:
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(ROOT)}
    process: subprocess.Popen[str] = subprocess.Popen(  # type: ignore[call-overload]  # options of Popen pass through
        command(*options), stdout=subprocess.PIPE, text=True, env=environment, **more
    )
    return process


def ready(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def read(file: Path) -> bytes:
    """What a file of a process holds; nothing when it has ended."""
    try:
        return file.read_bytes()
    except OSError:
        return b""


def leftovers(folder: Path) -> list[str]:
    """Its folders, and its PostgreSQL's processes, once they had time to go."""
    left: list[str] = []
    for _ in range(80):
        left = [str(path) for path in folder.iterdir()]
        for process in Path("/proc").glob("[0-9]*"):
            words = read(process / "cmdline")
            if str(folder).encode() in words:
                left.append(words.decode(errors="replace"))
        if not left:
            break
        time.sleep(0.1)
    return left


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # Socket paths are short; and PostgreSQL's user must reach the folder.
    path = Path("/tmp") / f"lr{os.getpid()}-{time.monotonic_ns()}"
    path.mkdir(mode=0o755)
    return path


@pytest.fixture(autouse=True)
def remove(folder: Path) -> object:
    yield
    folder.rmdir()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_starts_soon_and_stops_cleanly(folder: Path, number: signal.Signals) -> None:
    began = time.monotonic()
    with launch(folder) as process:
        line = ready(process)
        assert time.monotonic() - began < 10  # about 1 s; the machine may be busy
        assert line.startswith("ready on 127.0.0.1:")
        port = int(line.rsplit(":", 1)[1])
        connection = connect(Server("127.0.0.1", port, "awsuser", "Testing1!", "dev", process.pid))
        assert list(folder.iterdir())
        process.send_signal(number)
        assert process.wait(15) == 0
    assert leftovers(folder) == []
    abandon(connection)


def test_nothing_survives_its_being_killed(folder: Path) -> None:
    with launch(folder) as process:
        ready(process)
        process.kill()
    assert leftovers(folder) == []


@pytest.mark.parametrize("pipe", [True, False])
def test_dies_with_its_parent(folder: Path, pipe: bool) -> None:
    stdin = "PIPE" if pipe else "DEVNULL"
    code = (
        "import subprocess, sys, time\n"
        f"p = subprocess.Popen({command('--die-with-parent')!r}, stdin=subprocess.{stdin}, stdout=subprocess.PIPE)\n"
        "sys.stdout.write(p.stdout.readline().decode()); sys.stdout.flush(); time.sleep(60)\n"
    )
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert ready(parent).startswith("ready on ")
        parent.kill()
    assert leftovers(folder) == []


def test_a_port_in_use_is_one_sentence(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        environment = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(ROOT)}
        asked = [sys.executable, "-m", "local_redshift", "--port", str(port)]
        done = subprocess.run(asked, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1
    assert done.stderr == f"cannot listen on 127.0.0.1:{port}: Address already in use\n"
    assert leftovers(folder) == []


def test_the_log_has_no_statements(folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with launch(folder, "--log", str(log)) as process:
        port = int(ready(process).rsplit(":", 1)[1])
        with closing(connect(Server("127.0.0.1", port, "awsuser", "Testing1!", "dev", process.pid))) as connection:
            run(connection, "CREATE USER logged PASSWORD 'Secret123x'")
        process.terminate()
        assert process.wait(15) == 0
    assert "DDL success" in log.read_text()
    assert "Secret123x" not in log.read_text()


def test_no_command_line_holds_the_password() -> None:
    with started(password="Canary-1!x") as server, closing(connect(server)):
        started_by_it = [child.pid for child in psutil.Process(server.pid).children(recursive=True)]
        files = [Path(f"/proc/{pid}/cmdline") for pid in (server.pid, *started_by_it)]
        # PostgreSQL's processes may belong to another user, who can read this.
        files += [Path(f"/proc/{pid}/environ") for pid in started_by_it]
        shown = [text for file in files if (text := read(file))]
    assert len(shown) > 10
    assert [text for text in shown if b"Canary-1!x" in text] == []


def test_started_gives_what_was_asked_for_and_says_why_not() -> None:
    with started(user="boss", password="Chosen-1!x", database="main") as server:
        connection = connect(server, "main")
        assert run(connection, "SELECT current_user, current_database()") == [("boss", "main")]
        connection.close()
        with pytest.raises(NotStarted, match="cannot listen on"), started(port=server.port):
            pass
