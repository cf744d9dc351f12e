"""`make test-redshift`, on a local Redshift with TLS that stands for a cluster: a failed run leaves nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from local_redshift.running import Server, started
from tests.support.cluster import Cluster
from tests.system.place import named
from tests.tooling.support import ROOT, Checkout

CANARY = "Canary-Under-9-Keys"
LINE = os.environ.get("DATAGRAPH_LINE", "3.3")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with started(tls=True, password=CANARY) as running:
        yield running


def make(checkout: Checkout, server: Server, password: str) -> tuple[int, str]:
    """Run it with two tests, of which one fails since the others before it haven't run."""
    checkout.command("scripts/setup", "#!/bin/sh\n")
    told = checkout.path / "arguments"
    checkout.command("bin/env", f'#!/bin/sh\necho "$@" >>"{told}"\nexec /usr/bin/env "$@"\n')
    checkout.command(
        ".venv/bin/pytest" if LINE == "3.3" else f".venv-{LINE}/bin/pytest",
        f'#!/bin/sh\ncd "{ROOT}" && SSL_CERT_FILE="{server.authority}" exec "{sys.executable}" -m pytest "$@"\n',
    )
    variables = {"HOST": server.host, "PORT": str(server.port), "DATABASE": server.database, "USER": server.user}
    env = {f"DATAGRAPH_TEST_{name}": value for name, value in {**variables, "PASSWORD": password}.items()}
    env["PATH"] = f"{checkout.path}/bin:{os.environ['PATH']}"
    arguments = "-p no:cacheprovider -k 'test_prune or md5_literal'"
    done = checkout.run("make", "test-redshift", f"AIRFLOW={LINE}", f"ARGS={arguments}", env=env)
    return done.returncode, done.stdout + told.read_text()


def test_a_failed_run_leaves_nothing(checkout: Checkout, server: Server) -> None:
    cluster = Cluster(server)
    before = cluster.snapshot()
    code, out = make(checkout, server, CANARY)
    assert code and "FAILED tests/system/test_acceptance.py::test_prune" in out, out
    assert "\nmd5_literal                     held\n" in out
    assert '"md5_literal": "held"' in (checkout.path / ".run" / LINE / "facts.json").read_text()
    assert CANARY not in out
    assert cluster.snapshot() == before
    cluster.close()


def test_it_says_why_nothing_was_tried(checkout: Checkout, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out = make(checkout, server, f"Wrong-{CANARY}")
    assert code and "No login at 127.0.0.1" in out and CANARY not in out, out
    monkeypatch.setenv("DATAGRAPH_TEST_HOST", server.host)
    with pytest.raises(LookupError, match="_DATABASE, DATAGRAPH_TEST_USER, DATAGRAPH_TEST_PASSWORD is missing"):
        named()


def test_it_asks_for_a_cluster(checkout: Checkout) -> None:
    done = checkout.run("scripts/test-redshift", LINE)
    assert (done.returncode, done.stdout[:14]) == (2, "Name a cluster")
