"""What the DAG's tests share: a local Redshift, an Airflow, and the runs that several tests look at."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from local_redshift.running import Server, started
from tests.dags.airflow_process import Airflow, Outcome, airflow_in
from tests.dags.runs import ADMIN_PASSWORD, LINKED_PASSWORD, PLANTED, Story, tell_story
from tests.dags.warehouse import Warehouse, build, with_new_identities
from tests.support.profiles_sync import profiles_sync


@pytest.fixture(scope="session")
def dag_server() -> Iterator[Server]:
    with started(password=ADMIN_PASSWORD) as running:
        yield running


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    with airflow_in(tmp_path_factory.mktemp("airflow") / "home") as made:
        yield made


@pytest.fixture(scope="session")
def story(airflow: Airflow, dag_server: Server) -> Story:
    return tell_story(airflow, dag_server)


@pytest.fixture(scope="session")
def untouched(dag_server: Server) -> Warehouse:
    return build(dag_server, LINKED_PASSWORD)


@pytest.fixture
def warehouse(untouched: Warehouse) -> Warehouse:
    """A world for a run that changes nothing: role, user and checkpoint database are this test's own, and missing."""
    return with_new_identities(untouched)


@pytest.fixture(scope="session")
def modes_run(airflow: Airflow, untouched: Warehouse) -> Outcome:
    """A sensor in every mode and state, and the task that leaks on purpose."""
    untouched.run(untouched.server.database, "CREATE SCHEMA modes_profiles", *profiles_sync("modes_profiles"))
    admin = json.loads(untouched.connections()["redshift_default"])
    connections = {"modes_admin": admin, "modes_wrong_password": {**admin, "password": "Wrong-1-password"}}
    given = {name: json.dumps(fields) for name, fields in connections.items()}
    return airflow.run("sensor_modes", {"control": PLANTED}, given, list)
