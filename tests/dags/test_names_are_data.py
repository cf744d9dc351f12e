"""Names that would do something if they were rendered: in the catalog, in XCom and in the form, run by Airflow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from airflow_provider_datagraph.access.profiles_sync import REQUIRED_TABLES
from local_redshift.running import Server
from tests.canary import find, forms
from tests.dags.airflow_process import Airflow, Outcome
from tests.dags.runs import ADMIN_PASSWORD, DAG_ID, LINKED_PASSWORD
from tests.dags.test_dag_refusals import stopped_in_check
from tests.dags.warehouse import WRITER_PASSWORD, Warehouse, readable, with_new_identities
from tests.deep import usual_or_deep
from tests.security.hostile import HALVES, MARK, TEMPLATES
from tests.support.profiles_sync import profiles_sync
from tests.support.redshift import quoted, sql, unique

CARELESS = "{{ ti.xcom_push('careless', 1) }}"
NAMES = (*TEMPLATES.values(), *HALVES)
OFFBOARD = "unpinned_offboard"


@dataclass(frozen=True)
class Hostile:
    """A database in which eve, an ordinary user, has made schemas and tables with such names."""

    warehouse: Warehouse
    database: str

    def run(self, airflow: Airflow, dag_id: str, conf: dict[str, Any], **more: str) -> Outcome:
        """Run a DAG; all of it has to be free of what a rendered name would do."""
        warehouse, names = self.warehouse, self.warehouse.names
        known = {name: json.loads(text) for name, text in warehouse.connections().items()}
        admin, user = known["redshift_default"], known["segment_linked_user"]
        known |= {
            "names_admin": {**admin, "schema": self.database},
            "names_user": {**user, "schema": names.checkpoint},
            "names_hostile_user": {**user, "login": TEMPLATES["secret"]},
        }
        sent = warehouse.listening()
        outcome = airflow.run(dag_id, conf, {name: json.dumps(fields) for name, fields in known.items()}, sent, **more)
        self.nothing_was_rendered(airflow, outcome)
        return outcome

    def nothing_was_rendered(self, airflow: Airflow, outcome: Outcome) -> None:
        """No template ran, eve is what she was, no password is anywhere, and payroll is closed."""
        assert marks(airflow) == []
        query = "SELECT usesuper FROM pg_user WHERE usename = 'eve'"
        assert sql(self.warehouse.server, "dev", query) == [(False,)]
        for password in (ADMIN_PASSWORD, ADMIN_PASSWORD[::-1], LINKED_PASSWORD):
            assert find(airflow.home, forms(password)) == set()
        assert not [text for text in outcome.changes if text.lower().startswith("alter user") or '"payroll"' in text]


def marks(airflow: Airflow, key: str = MARK) -> list[tuple[Any, ...]]:
    """The tasks in which a template ran."""
    return airflow.rows("SELECT DISTINCT dag_id, task_id, map_index FROM xcom WHERE key = ?", key)


@pytest.fixture(scope="module")
def hostile(untouched: Warehouse, dag_server: Server) -> Iterator[Hostile]:
    made, database = with_new_identities(untouched), unique("hostile")
    made.run(
        dag_server.database,
        f"CREATE USER eve PASSWORD '{WRITER_PASSWORD}'",
        f"CREATE DATABASE {database}",
        f"GRANT CREATE ON DATABASE {database} TO eve",
    )
    made.run(
        database,
        *(f"CREATE SCHEMA {name}" for name in ("payroll", "shared", "profiles_prod")),
        "CREATE TABLE payroll.salaries (id int)",
        "GRANT USAGE, CREATE ON SCHEMA shared TO eve",
        *profiles_sync("profiles_prod"),
    )
    made.run(
        database,
        *(f"CREATE TABLE {quoted('shared', name)} (id int)" for name in NAMES),
        *(f"CREATE SCHEMA {quoted(name)}" for name in NAMES),
        *(f"CREATE TABLE {quoted(name, name)} (id int)" for name in NAMES),
        user="eve",
    )
    yield Hostile(made, database)
    for name in NAMES:
        made.run(database, f"DROP SCHEMA {quoted(name)} CASCADE")
    made.run(database, "DROP SCHEMA shared CASCADE", f"REVOKE CREATE ON DATABASE {database} FROM eve", "DROP USER eve")


@pytest.fixture
def linked(hostile: Hostile) -> Hostile:
    """The same database, with a role and a user of the test's own that exist."""
    made = Hostile(with_new_identities(hostile.warehouse), hostile.database)
    made.warehouse.make_identities()
    return made


def what_another_task_returns(linked: Hostile) -> dict[str, Any]:
    """Such names for every argument; and, beside the three that are taken, arguments that nobody asked for."""
    expression = TEMPLATES["expression"]
    finding = dict.fromkeys(("code", "object", "text", "remedy"), expression)
    change = dict.fromkeys(("action", "object", "database", "statement", "text"), expression)
    report = {
        **{"changed": 0, "in_place": 0, "omitted": {"changes": 0, "findings": 0}, "notes": {expression: 1}},
        "changes": [{**change, "privileges": [expression], "applied": False}],
        "findings": [{**finding, "blocking": False}],
    }
    openings = [
        {"schema": [quoted(name)], "tables": [quoted(name, name)] if at % 2 else True} for at, name in enumerate(NAMES)
    ]
    openings.append({"schema": [quoted(half) for half in HALVES], "tables": True})
    more = {"prune": True, "redshift_conn_id": "names_user", "tries": 0, "role": "another", "plan_only": True}
    return {
        "grants": [{"database": linked.database, **opening, **more} for opening in openings],
        "careless": CARELESS,
        "form": quoted(expression),
        "entries": [quoted(linked.database, name) for name in NAMES],
        "list": [quoted(name) for name in TEMPLATES.values()],
        "list_of_reports": [report],
        "refused": expression,
        "report": report,
        "role": linked.warehouse.names.role,
        "schema": quoted(TEMPLATES["admin"]),
        "schemas": [quoted(linked.database, name) for name in NAMES],
    }


@pytest.mark.parametrize("dag_id", usual_or_deep(["names_are_data"], ["names_are_data", "names_are_data_native"]))
def test_what_another_task_returned_is_data(airflow: Airflow, linked: Hostile, dag_id: str) -> None:
    outcome = linked.run(airflow, dag_id, {"names": what_another_task_returns(linked)}, COPYING="1")
    # Templates that Airflow maps do run, and are found: otherwise this test would prove nothing.
    assert (dag_id, "careless", 0) in marks(airflow, "careless")
    granted = {name: task for name, task in outcome.tasks.items() if name.startswith("grant[")}
    assert {name: task.state for name, task in granted.items()} == {
        f"grant[{at}]": "success" for at in range(len(NAMES) + 1)
    }
    assert {task.label for task in granted.values()} >= {
        f"Schema {linked.database}.{quoted(name)}" for name in TEMPLATES.values() if len(name) < 40
    }
    (told_change,) = outcome.reports["summary"]["changes"]
    assert told_change["text"] == TEMPLATES["expression"]
    told = json.dumps(outcome.reports)
    assert [name for name in NAMES if json.dumps(quoted(name)[1:-1])[1:-1] not in told] == []
    # Each schema was opened under its own name.
    paths = [(linked.database, name, name) for name in NAMES]
    assert readable(linked.warehouse, paths) == dict.fromkeys(paths, True)
    closed = [(linked.database, "payroll", "salaries")]
    assert readable(linked.warehouse, closed) == dict.fromkeys(closed, False)


def test_the_whole_dag_on_such_tables(airflow: Airflow, hostile: Hostile) -> None:
    warehouse = with_new_identities(hostile.warehouse)
    here = Hostile(warehouse, hostile.database)
    conf = warehouse.form(f"{hostile.database}.shared", profiles_sync=f"{hostile.database}.profiles_prod")
    outcome = here.run(airflow, DAG_ID, conf)
    assert outcome.state == "success", outcome.log[-3000:]
    assert outcome.reports["validate"]["in_place"] == len(NAMES) + len(REQUIRED_TABLES)
    paths = [(hostile.database, "shared", name) for name in NAMES]
    assert readable(warehouse, paths) == dict.fromkeys(paths, True)


def test_the_form_refuses_them(airflow: Airflow, hostile: Hostile) -> None:
    database = hostile.database
    typed = [
        entry
        for name in TEMPLATES.values()
        for entry in (quoted(database, name), quoted(database, "shared", name), quoted(name, "shared"))
    ]
    fields = ("profiles_sync", "checkpoint_database", "role", "reverse_etl_database")
    named = dict(zip(fields, TEMPLATES.values(), strict=False))
    named["profiles_sync"] = quoted(database, named["profiles_sync"])
    outcome = hostile.run(airflow, DAG_ID, hostile.warehouse.form(*typed, **named))
    stopped_in_check(outcome)
    for what in ("schema", "table", "database"):
        for name in TEMPLATES.values():
            assert f"The {what} name {name!r} holds '{{" in outcome.log
    assert f"The role name {named['role']!r} holds '{{" in outcome.log
    assert f"{len(TEMPLATES) * 3 + 1} problems:" in outcome.log


def test_the_way_back_takes_away_what_is_called_so(airflow: Airflow, linked: Hostile) -> None:
    warehouse, role = linked.warehouse, f"TO ROLE {linked.warehouse.names.role}"
    warehouse.run(
        linked.database,
        f"GRANT CREATE ON DATABASE {warehouse.names.checkpoint} {role}",
        *(f"GRANT USAGE ON SCHEMA {quoted(name)} {role}" for name in NAMES),
        *(f"GRANT SELECT ON TABLE {quoted(name, name)} {role}" for name in NAMES),
    )
    conf = {"role": warehouse.names.role, "checkpoint_database": warehouse.names.checkpoint, "plan_only": False}
    outcome = linked.run(airflow, OFFBOARD, conf)
    assert outcome.states == {"offboard": "success"}, outcome.log[-3000:]
    revoked = [text for text in outcome.changes if text.startswith("REVOKE")]
    assert [name for name in NAMES if not any(quoted(name, name) in text for text in revoked)] == []
