"""dbt and SQLAlchemy on `--catalog open`: `make test-clients`, as they have an environment of their own.

dbt needs that mode. What the package sends is in the closed grammar, as all its other tests see, and is treated alike.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from local_redshift.running import Server, started
from tests.support.clients import README, promised
from tests.support.cluster import Cluster
from tests.support.redshift import PASSWORD, connect, run
from tests.support.segment import Segment, grant

HERE = Path(__file__).parent / "clients"
PROGRAMS = README.parents[1] / ".venv-clients" / "bin"
RELATIONS = {
    "table": ("orders", "TABLE"),
    "view": ("open_orders", "VIEW"),
    "bind: false": ("late_orders", "VIEW"),
    "incremental": ("delete_insert", "TABLE"),
    "delete+insert": ("delete_insert", "TABLE"),
    "merge": ("merge", "TABLE"),
    "seed": ("customers", "TABLE"),
    "snapshot": ("orders_then", "TABLE"),
}

pytestmark = pytest.mark.skipif(os.environ.get("CLIENTS") != "1", reason="make test-clients")


@pytest.fixture(scope="module")
def opened() -> Iterator[Server]:
    with started(open_catalog=True) as server:
        admin = connect(server)
        run(admin, f"CREATE USER reader PASSWORD '{PASSWORD}'", "CREATE SCHEMA s")
        run(admin, "CREATE TABLE s.t (a int PRIMARY KEY, b varchar(20))", "CREATE VIEW s.v AS SELECT a FROM s.t")
        admin.close()
        yield server


def client(server: Server, folder: Path, *command: str) -> str:
    at = {"HOST": server.host, "PORT": str(server.port), "USER": server.user, "PASSWORD": server.password}
    environment = {"HOME": str(folder), "PATH": os.environ["PATH"]} | {f"REDSHIFT_{key}": at[key] for key in at}
    whole = [str(PROGRAMS / command[0]), *command[1:]]
    done = subprocess.run(whole, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("driver", ["redshift_connector", "psycopg2"])
def test_sqlalchemy_reflects(opened: Server, tmp_path: Path, driver: str) -> None:
    found = json.loads(client(opened, tmp_path, "python", str(HERE / "sqlalchemy_client.py"), driver))
    assert list(found) == promised("SQLAlchemy")
    assert "(local stand-in)" in found.pop("select pg_catalog.version()")
    assert {"public", "s"} <= set(found.pop("get_schema_names()"))
    assert found == {
        "get_table_names()": ["t"],
        "get_view_names()": ["v"],
        "get_columns()": {"a": "INTEGER", "b": "VARCHAR(20)"},
        "get_pk_constraint()": ["a"],
        "has_table()": [True, False],
        "MetaData.reflect()": ["s.t"],
    }


def build(server: Server, folder: Path) -> None:
    """Have dbt build its project, again where it was built already."""
    project = folder / "project"
    if not project.exists():
        shutil.copytree(HERE, project)
    assert "ERROR=0" in client(server, project, "dbt", "build", "--profiles-dir", ".", "--no-use-colors")


def test_dbt_builds_again_and_again(opened: Server, tmp_path: Path) -> None:
    build(opened, tmp_path)
    build(opened, tmp_path)  # now there is something to replace
    admin = connect(opened)
    shown = {(row[2], row[3]) for row in run(admin, "SHOW TABLES FROM SCHEMA dev.marts")}
    of_dbt = promised("dbt-redshift")
    assert of_dbt[:2] == ["datasharing: true", "dbt build"] and of_dbt[-1] == "+grants"
    assert [RELATIONS[word] in shown for word in of_dbt[2:-1]] == [True] * len(RELATIONS)
    granted = run(admin, "SELECT relation_name FROM svv_relation_privileges WHERE identity_name = 'reader'")
    assert {name for (name,) in granted} == {"orders", "open_orders", "late_orders", "delete_insert", "merge"}
    admin.close()


EVERYTHING = {"orders", "open_orders", "late_orders", "delete_insert", "merge", "customers"}
STAY = {"delete_insert", "merge", "customers"}
"""What dbt fills and doesn't make anew."""
KINDS: dict[str, dict[str, Any]] = {
    "scoped": {},
    "default_privileges": {"future_tables": "default_privileges"},
    "none": {"future_tables": "none"},
    "listed": {"tables": sorted(EVERYTHING)},
}


def test_what_a_rebuild_by_dbt_closes(opened: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(opened, tmp_path)
    with closing(Cluster(opened)) as cluster:
        linked = {kind: Segment(cluster, monkeypatch, "dev") for kind in KINDS}
        for kind, segment in linked.items():
            segment.make_identities()
            grant(segment, "marts", **KINDS[kind])

        def read() -> dict[str, set[str]]:
            return {kind: {name for name in EVERYTHING if one.reads("marts", name)} for kind, one in linked.items()}

        assert read() == dict.fromkeys(KINDS, EVERYTHING)
        build(opened, tmp_path)
        assert read() == {"scoped": EVERYTHING, "default_privileges": EVERYTHING, "none": STAY, "listed": STAY}
        # As a task at the end of each load does.
        changed = {kind for kind, one in linked.items() if grant(one, "marts", **KINDS[kind])["changed"]}
        assert changed == {"none", "listed"}
        assert read() == dict.fromkeys(KINDS, EVERYTHING)
