"""Names and servers' texts that would make lines of a log, or hide in one: wherever they get in, they are shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException, BaseOperator

from local_redshift.faults_client import Faults
from local_redshift.running import Server
from tests.security.test_arguments_are_data import NEEDED, Instance, every_argument, go
from tests.support.cluster import Cluster
from tests.support.redshift import PASSWORD, quoted
from tests.support.segment import RETL, WAREHOUSE, Logged, Segment, execute
from tests.support.waiting import fire, trigger_of

TAIL = "  =  in place  99\x1b[31m\u202e\u200b\u3164"
EVIL, EVIL_USER = f"e\n{TAIL}", f"e\r{TAIL}"
"""Redshift takes no line feed in a user's name."""
SHOWN = TAIL.encode("unicode_escape").decode()
MARKS = ("\n  =  in place  99", "\r", "\x1b[31m", "\u202e", "\u200b", "\u3164")


@pytest.fixture(scope="session")
def server(faulty: Server) -> Server:
    return faulty


class Evil(Segment):
    """A warehouse where all that somebody else may name is named so."""

    def __init__(self, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
        made = (*WAREHOUSE, f"CREATE SCHEMA {RETL}", f"CREATE TABLE {RETL}.records (id int)")
        super().__init__(cluster, monkeypatch, cluster.database(*made))
        self.make_identities()
        self.elsewhere = cluster.future_database(EVIL)
        user, role, name = quoted(cluster.name(EVIL_USER)), quoted(cluster.name(EVIL)), quoted(EVIL)
        view = quoted(f"v{EVIL}")
        self.sql(
            f"CREATE DATABASE {quoted(self.elsewhere)}",
            f"CREATE DATABASE {self.checkpoint}",
            f"CREATE USER {user} PASSWORD '{PASSWORD}'",
            f"CREATE ROLE {role}",
            f"GRANT ROLE {self.role} TO {user}",
            f"GRANT ROLE {role} TO ROLE {self.role}",
            f"GRANT ROLE {role} TO {self.user}",
            f"ALTER ROLE {self.role} OWNER TO {user}",
            f"ALTER DATABASE {self.checkpoint} OWNER TO {user}",
            f"ALTER SCHEMA {RETL} OWNER TO {user}",
            f"CREATE SCHEMA {name}",
            f"CREATE TABLE {name}.{name} (id int)",
            f"CREATE TABLE crm.{name} (id int)",
            f"CREATE VIEW crm.{view} AS SELECT cents FROM payroll.salaries WITH NO SCHEMA BINDING",
            f"ALTER TABLE crm.{view} OWNER TO {user}",
            f"GRANT USAGE ON SCHEMA {name}, crm TO ROLE {self.role}",
            f"GRANT INSERT ON crm.{name} TO ROLE {self.role}",
            f"GRANT USAGE ON SCHEMA crm TO ROLE {role}",
            f"GRANT SELECT ON crm.{name} TO {user}, {self.user}",
            f"ALTER TABLE crm.{name} OWNER TO {user}",
        )


@pytest.fixture
def evil(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Evil:
    return Evil(cluster, monkeypatch)


def told(task: Any, logged: Logged) -> str:
    """All that people read of a task: its log, its report's sentences, its error."""
    logged()
    try:
        report = execute(task)
        found = [f"{row['text']} {row.get('remedy')}" for row in (*report["changes"], *report["findings"])]
    except AirflowException as error:
        found = [str(error)]
    return "\n".join([logged(), *found])


def assert_harmless(text: str) -> None:
    """It isn't a line of somebody else's, and hides nothing: the name is there, as it is."""
    assert [mark for mark in MARKS if mark in text] == []
    assert SHOWN in text


TASKS: dict[str, Callable[[Evil], Any]] = {
    "role": Segment.create_role,
    "database": Segment.create_database,
    "schema": Segment.grant_schema,
    "today's tables": lambda evil: evil.grant_schema(future_tables="none"),
    "prune": lambda evil: evil.grant_schema(tables=["accounts"], prune=True),
    "reverse etl": Segment.grant_reverse_etl,
    "close": Segment.close_schema,
    "drop": Segment.drop_role,
    "drop by force": lambda evil: evil.drop_role(force=True),
}


@pytest.mark.parametrize("name", TASKS)
def test_no_name_in_the_catalog_forges_a_line_of_a_task(evil: Evil, logged: Logged, name: str) -> None:
    found = []
    for options in ({"plan_only": True}, {"fail_on_drift": True}, {}):
        task = TASKS[name](evil)
        vars(task).update(options)
        evil.cluster.close()
        found.append(told(task, logged))
    assert_harmless("\n".join(found))


def test_nor_of_a_sensor(evil: Evil, logged: Logged) -> None:
    evil.sql(
        f"GRANT SELECT ON crm.accounts, crm.contacts TO {evil.user}",
        f"REVOKE ALL ON {quoted('crm', EVIL)} FROM {evil.user}",
    )
    for options in ({"wait": False}, {"deferrable": False, "timeout": 0}):
        assert_harmless(told(evil.access(schemas="crm", **options), logged))
    logged()
    payload = fire(trigger_of(evil.access(schemas="crm"), seconds=0))
    assert_harmless(payload["message"] + logged())


# The state of an error, in what it is met, and the tasks that meet it.
ERRORS = [
    *((state, "^grant", "schema") for state in ("42501", "2BP01", "42P01", "40001", "0A000")),
    *((state, "^select \\* from", "access") for state in ("42501", "40001", "0A000")),
    *((state, "^-- login", "profiles") for state in ("57P03", "53300", "0A000")),
    ("55006", "^drop role", "drop"),
    ("0A000", "^drop role", "drop"),
]


@pytest.mark.parametrize(("state", "pattern", "name"), ERRORS, ids=[f"{state} {name}" for state, _, name in ERRORS])
def test_no_text_of_the_server_forges_one(
    warehouse: Segment, faults: Faults, logged: Logged, state: str, pattern: str, name: str
) -> None:
    segment = warehouse
    tasks: dict[str, Callable[[], Any]] = {
        "schema": lambda: segment.grant_schema(schema="billing", tries=2, longest_wait=0),
        "access": lambda: segment.access(tables=["crm.accounts"], deferrable=False, timeout=0),
        "profiles": lambda: segment.profiles(schema="crm", deferrable=False, timeout=0),
        "drop": segment.drop_role,
    }
    segment.open("crm")
    segment.writes(segment.warehouse)
    task = tasks[name]()
    segment.cluster.close()
    fault = faults.error(pattern, state, f"message {EVIL}", f"detail {EVIL}", times=None)
    assert_harmless(told(task, logged))
    assert fault.fired
    faults.clear()


@every_argument
@pytest.mark.parametrize("value", [EVIL, [EVIL], {EVIL: [EVIL]}, "\u3164"], ids=["text", "list", "mapping", "blank"])
def test_no_argument_forges_one(kind: type[BaseOperator], field: str, value: Any) -> None:
    said = go(kind(task_id="task", **{**NEEDED.get(kind.__name__, {}), field: value}), Instance(None))
    assert [mark for mark in MARKS if mark in said] == []
