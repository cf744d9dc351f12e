"""One run of everything, that all tests of this folder look at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local_redshift.running import started
from tests.e2e.compose import DATABASE, HOME, Machine, services
from tests.e2e.metadata import metadata_database
from tests.e2e.scene import Evidence, canary, play
from tests.e2e.services import installed


@pytest.fixture(scope="session")
def evidence(tmp_path_factory: pytest.TempPathFactory, statement_log: Path) -> Iterator[Evidence]:
    folder = tmp_path_factory.mktemp("e2e")
    password = canary("Adm1n")
    with (
        started(password=password, faults=True, iam=True) as server,
        started(password=password, faults=True, iam=True) as other,
        metadata_database(*DATABASE) as metadata,
    ):
        machine = Machine(folder / "root", metadata)
        with installed(machine.root / HOME, metadata, services(machine)) as airflow:
            yield play(airflow, machine, (server, other), statement_log, folder)
