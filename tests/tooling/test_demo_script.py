"""scripts/demo: its end is the demo's end, and nothing outlives it. With a stand-in for the demo itself."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.tooling.support import Checkout, Marked, wait_for_sleep

# With a child of its own, as the demo has the local Redshift.
STUBBORN = "trap '' INT TERM; sleep 61 & touch started; wait; wait; sleep 62"


@pytest.fixture
def demo(checkout: Checkout) -> Checkout:
    checkout.command("scripts/setup", "#!/bin/sh\necho set up\n")
    return checkout


def install(demo: Checkout, body: str) -> None:
    demo.command(".venv-demo/bin/python", f"#!/bin/bash\n{body}\n")


def test_passes_on_output_and_keeps_it(demo: Checkout) -> None:
    install(demo, 'echo "ran $*"; echo problem >&2')
    done = demo.run("make", "demo")
    assert (done.returncode, done.stdout) == (0, "set up\nran -m demo\nproblem\n")
    assert (demo.path / ".run/demo/demo.log").read_text() == done.stdout


def test_failure_is_passed_on_with_the_end_of_the_log(demo: Checkout) -> None:
    install(demo, "echo the reason; exit 3")
    done = demo.run("scripts/demo")
    assert done.returncode == 3
    assert "The demo failed (exit code 3)" in done.stdout
    assert "    the reason" in done.stdout


def test_a_failed_set_up_is_a_failure(demo: Checkout) -> None:
    demo.command("scripts/setup", "#!/bin/sh\necho no network; exit 1\n")
    install(demo, "echo not reached")
    done = demo.run("scripts/demo")
    assert done.returncode == 1
    assert "not reached" not in done.stdout


@pytest.mark.parametrize("work", ["sleep 60", STUBBORN])
def test_hard_stop(demo: Checkout, marked: Marked, work: str) -> None:
    install(demo, f"echo working; {work}")
    begin = time.monotonic()
    done = demo.run("scripts/demo", env={**marked.env, "DEMO_LIMIT": "1"})
    assert work is STUBBORN or time.monotonic() - begin < 10
    assert done.returncode == 1
    assert "Stopped: the demo took longer than 1 s." in done.stdout
    assert done.stdout.endswith("    working\n")
    assert marked.gone()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_outlives_an_interrupt(demo: Checkout, marked: Marked, number: signal.Signals) -> None:
    install(demo, "touch started; sleep 60")
    process = demo.start("make", "demo", env=marked.env)
    assert wait_for_sleep(demo.path / "started")
    os.killpg(process.pid, number)
    process.communicate(timeout=15)
    assert process.returncode != 0
    assert marked.gone()
