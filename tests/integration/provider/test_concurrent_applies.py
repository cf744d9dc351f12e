"""Many tasks grant on the same schemas and tables at once: nothing is lost, and nobody fails."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.deep import usual_or_deep
from tests.integration.provider.applier import Desire, apply, change_defaults, desires
from tests.support.cluster import Cluster
from tests.support.redshift import admin_fields

PROCESSES = 8
APPLIES, CONFLICTS = usual_or_deep((15, 10), (50, 100))
SCHEMAS = ["crm", "billing", "stock"]
TABLES = ["a", "b", "c"]


@pytest.fixture
def database(cluster: Cluster) -> str:
    tables = [f"CREATE TABLE {schema}.{table} (id int)" for schema in SCHEMAS for table in TABLES]
    return cluster.database(*(f"CREATE SCHEMA {schema}" for schema in SCHEMAS), *tables)


def changing_defaults(cluster: Cluster, database: str) -> tuple[dict[str, Any], list[str]]:
    """How the ninth connects, and what it sends: default privileges of the owner that the others' are for, too."""
    server, other = cluster.server, cluster.role("other")
    known = {"host": server.host, "port": server.port, "user": server.user, "password": server.password, "ssl": False}
    head = f"ALTER DEFAULT PRIVILEGES IN SCHEMA {SCHEMAS[0]}"
    return {**known, "database": database, "application_name": "tests"}, [
        f"{head} GRANT SELECT ON TABLES TO ROLE {other}",
        f"{head} REVOKE SELECT ON TABLES FROM ROLE {other}",
    ]


def test_eight_processes_and_a_ninth(cluster: Cluster, database: str, tmp_path: Path) -> None:
    wanted = {cluster.role(): desires(Random(n), SCHEMAS, TABLES, APPLIES) for n in range(PROCESSES)}
    environment = {"AIRFLOW_CONN_REDSHIFT_DEFAULT": json.dumps(admin_fields(cluster.server, database))}
    end = tmp_path / "end"
    context = get_context("forkserver")
    # What every worker would import, some of it when the task runs.
    context.set_forkserver_preload([apply.__module__, "airflow_provider_datagraph.hooks.redshift"])
    with ProcessPoolExecutor(PROCESSES + 1, context) as pool:
        ninth = pool.submit(change_defaults, *changing_defaults(cluster, database), end)
        futures = [pool.submit(apply, role, SCHEMAS, desired, environment) for role, desired in wanted.items()]
        wait(futures)
        end.touch()
        conflicts = [future.result() for future in futures]
        assert ninth.result() > APPLIES
    for role, desired in wanted.items():
        assert cluster.held(database, role) == rows(desired[-1], cluster.server.user)
    assert sum(conflicts) >= CONFLICTS, conflicts


def rows(desire: Desire, owner: str) -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    for schema in SCHEMAS:
        found.add((schema, "SCHEMA", "USAGE"))
        if desire["future_tables"] == "scoped":
            found.add((schema, "TABLES", "SELECT"))
            continue
        listed = [table for table in TABLES if f"{schema}.{table}" in (desire["tables"] or [])]
        found |= {(schema, table, "SELECT") for table in listed or TABLES}
        if desire["future_tables"] == "default_privileges":
            found.add((schema, owner, "SELECT"))
    return found
