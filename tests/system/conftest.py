"""One cluster for all of these tests, and at the end the table of the facts."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from redshift_connector.error import Error

from airflow_provider_datagraph.hooks.faults import details
from local_redshift.running import Server
from tests.support.cluster import Cluster, Snapshot
from tests.system.facts import FACTS, RESULTS
from tests.system.place import Place, named


def catalog(place: Place) -> Snapshot:
    """What the local Redshift holds, whoever made it."""
    with closing(Cluster(place.server)) as cluster:
        return cluster.snapshot()


@pytest.fixture(scope="session")
def chosen() -> Server | None:
    """The cluster that the environment names, if it names one; its password can be read once."""
    try:
        return named()
    except LookupError as error:
        pytest.exit(str(error), 2)


@pytest.fixture(scope="module")
def place(request: pytest.FixtureRequest, chosen: Server | None) -> Iterator[Place]:
    """The cluster; all that was made there is gone at the end, also after a failure."""
    server, before = chosen, None
    if server is None:
        made = Place(request.getfixturevalue("redshift"), {"ssl": False})
        before = catalog(made)
    else:
        made = Place(server, {})
        try:
            ((superuser,),) = made.sql("dev", "SELECT usesuper FROM pg_user WHERE usename = current_user")
        except (Error, OSError) as error:
            pytest.exit(f"No login at {server.host}:{server.port} as {server.user}: {details(error)[1] or error}", 2)
        if not superuser:
            pytest.exit(f"{server.user} isn't a superuser: only one sees what these tests look at.", 2)
    assert made.made() == []
    try:
        yield made
    finally:
        made.remove()
        if RESULTS and (run := os.environ.get("DATAGRAPH_RUN")):
            (Path(run) / "facts.json").write_text(json.dumps(RESULTS, indent=2))
    assert before in (None, catalog(made))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if RESULTS:
        terminalreporter.section("documented facts")
        for name, result in RESULTS.items():
            terminalreporter.line(f"{name:32}{result}")
            if result.startswith("didn't"):
                terminalreporter.line(f"    taken for true: {FACTS[name].says}")
                terminalreporter.line(f"    now: {FACTS[name].otherwise or 'the package relies on it'}")
