"""For tests: a stand-in of their own, as a child process that ends with them."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.request import urlopen

from local_redshift.faults_client import Faults
from local_redshift.iam import ORDERS

PATIENCE = 30.0
PASSWORD = "LOCAL_REDSHIFT_PASSWORD"
"""Holds the superuser's password in the environment of a server: its command line can be read by everybody."""


@dataclass(frozen=True, slots=True)
class Server:
    host: str
    port: int
    user: str
    password: str
    database: str
    pid: int
    control: Faults | None = None
    authority: str = ""
    """The file with the certificate that clients are to trust, if it was started with `tls=True`."""

    endpoint: str = ""
    """AWS's, for temporary passwords, if it was started with `iam=True`."""

    def asked_of_aws(self, life: float | None = None, over: bool = False) -> list[dict[str, Any]]:
        """What temporary passwords were asked for since the last call; those from now on last for `life` seconds.

        With `over`, none that was given lets anybody in any more, whatever its end.
        """
        with urlopen(self.endpoint + ORDERS, json.dumps({"life": life, "over": over}).encode()) as answer:
            asked: list[dict[str, Any]] = json.load(answer)
        return asked

    @property
    def faults(self) -> Faults:
        """Orders faults, if it was started with `faults=True`."""
        assert self.control is not None, "started without faults=True"
        return self.control


class NotStarted(Exception):
    pass


@contextlib.contextmanager
def started(
    host: str = "127.0.0.1",
    port: int = 0,
    user: str = "awsuser",
    password: str = "Testing1!",
    database: str = "dev",
    faults: bool = False,
    latency_ms: float = 0.0,
    tls: bool = False,
    iam: bool = False,
    open_catalog: bool = False,
) -> Iterator[Server]:
    """Run `python -m local_redshift` until the end of the block; with `faults`, it takes orders of this process."""
    command = [sys.executable, "-m", "local_redshift", "--die-with-parent", "--host", host, "--port", str(port)]
    command += ["--user", user, "--database", database, "--catalog", "open" if open_catalog else "closed"]
    command += ["--latency-ms", str(latency_ms), *(["--tls"] if tls else []), *(["--iam"] if iam else [])]
    with tempfile.TemporaryFile("w+") as log, _channel(faults) as (control, theirs):
        descriptors = [end.fileno() for end in theirs]
        process = subprocess.Popen(
            [*command, *(f"--control-fd={number}" for number in descriptors)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=_environment(password),
            pass_fds=descriptors,
        )
        for end in theirs:
            end.close()
        try:
            taken = _ready(process, log)
            assert process.stdout is not None
            authority = process.stdout.readline().strip().partition(": ")[2] if tls else ""
            endpoint = process.stdout.readline().strip().partition(": ")[2] if iam else ""
            yield Server(host, taken, user, password, database, process.pid, control, authority, endpoint)
        finally:
            _stop(process)


@contextlib.contextmanager
def _channel(wanted: bool) -> Iterator[tuple[Faults | None, list[socket.socket]]]:
    """Orders, and the child's end of the socket pair that carries them: nobody else can reach it."""
    if not wanted:
        yield None, []
        return
    ours, theirs = socket.socketpair()
    faults = Faults(ours)
    try:
        yield faults, [theirs]
    finally:
        faults.close()
        theirs.close()


def _environment(password: str) -> dict[str, str]:
    """This process's, without Airflow's settings, and with this package importable from wherever it runs."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW_")}
    paths = [str(Path(__file__).parent.parent), environment.get("PYTHONPATH", "")]
    ours = {"PYTHONPATH": os.pathsep.join(path for path in paths if path), PASSWORD: password}
    return {**environment, **ours}


def _ready(process: subprocess.Popen[str], log: IO[str]) -> int:
    assert process.stdout is not None
    began = time.monotonic()
    line = process.stdout.readline()
    if line.startswith("ready on ") and time.monotonic() - began < PATIENCE:
        return int(line.rsplit(":", 1)[1])
    _stop(process)
    log.seek(0)
    raise NotStarted(f"local_redshift did not start: {line}{log.read()[-2000:]}")


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
