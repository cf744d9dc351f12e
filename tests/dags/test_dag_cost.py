"""What a run of the reference DAG costs where all is in place: the unit is the statement, as the server receives it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from local_redshift.running import started
from tests.dags.airflow_process import Airflow
from tests.dags.runs import LINKED_PASSWORD, run
from tests.dags.warehouse import Names, Warehouse
from tests.support.profiles_sync import profiles_sync
from tests.support.redshift import SET_UP, unique

NEVER = 10**6


@pytest.fixture
def three() -> Iterator[Warehouse]:
    """A cluster with two databases, whose third is to be the checkpoint database; it counts logins."""
    names = Names(*(unique(name.replace("_", "")) for name in Names.__annotations__))
    names = replace(names, profiles=names.analytics)
    with started(faults=True) as server:
        made = Warehouse(server, names, LINKED_PASSWORD)
        made.run(
            server.database,
            f"CREATE SCHEMA {names.own_schema}",
            f"CREATE TABLE {names.own_schema}.settings (id int)",
            f"CREATE DATABASE {names.analytics}",
        )
        made.run(
            names.analytics,
            *(f"CREATE SCHEMA {name}" for name in ("crm", "billing", "profiles_prod")),
            "CREATE TABLE crm.accounts (id int)",
            "CREATE TABLE billing.invoices (id int)",
            *profiles_sync("profiles_prod"),
        )
        yield made


def test_a_converged_run_over_three_databases(airflow: Airflow, three: Warehouse) -> None:
    names = three.names
    schemas = [names.own_schema, f"{names.analytics}.crm", f"{names.analytics}.billing"]
    assert run(airflow, three, *schemas).state == "success"
    logins = three.server.faults.delay("-- login", 0.0, nth=NEVER)
    again = run(airflow, three, *schemas)
    assert (again.state, again.changes) == ("success", [])
    # The test itself logs in to look at the server's log, before and after.
    assert logins.seen - 2 <= 16
    sent = [text for text in again.sent if not text.startswith((SET_UP, "SELECT usesysid, usename FROM pg_user"))]
    assert 80 < len(sent) <= 100, Counter(text.partition(" WHERE ")[0] for text in sent)
