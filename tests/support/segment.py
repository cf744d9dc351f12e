"""A warehouse for Segment: a linked user and role, Airflow's two connections, and the package's tasks for them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from unittest.mock import ANY

import pytest

from airflow_provider_datagraph.access import messages
from airflow_provider_datagraph.access.messages import FindingRow
from airflow_provider_datagraph.access.plan import Fact, finding
from airflow_provider_datagraph.operators.audit import AuditAccessOperator
from airflow_provider_datagraph.operators.check import CheckWarehouseOperator
from airflow_provider_datagraph.operators.database import CreateCheckpointDatabaseOperator
from airflow_provider_datagraph.operators.offboard import DropSegmentRoleOperator, RevokeSchemaOperator
from airflow_provider_datagraph.operators.preflight import PreflightOperator
from airflow_provider_datagraph.operators.reverse_etl import GrantReverseEtlOperator
from airflow_provider_datagraph.operators.role import CreateSegmentRoleOperator
from airflow_provider_datagraph.operators.rotate import RotateSegmentPasswordOperator
from airflow_provider_datagraph.operators.schema import GrantSchemaOperator
from airflow_provider_datagraph.operators.summary import SegmentSummaryOperator
from airflow_provider_datagraph.redshift.statements import Privileges
from airflow_provider_datagraph.redshift.values import Identity, Scope
from airflow_provider_datagraph.sensors.access import ValidateAccessSensor
from airflow_provider_datagraph.sensors.profiles_sync import ProfilesSyncTablesSensor
from tests.support.cluster import Cluster, Snapshot
from tests.support.profiles_sync import PROFILES_SYNC
from tests.support.redshift import PASSWORD, admin_fields
from tests.support.waiting import all_there

RETL = "__segment_reverse_etl"
Logged = Callable[[], str]
"""What was logged since the last call."""
WAREHOUSE = (
    "CREATE SCHEMA crm",
    "CREATE TABLE crm.accounts (id int, name varchar(20))",
    "INSERT INTO crm.accounts VALUES (1, 'Brightwater Farms')",
    "CREATE TABLE crm.contacts (id int)",
    "CREATE SCHEMA billing",
    "CREATE TABLE billing.invoices (id int)",
    "CREATE SCHEMA payroll",
    "CREATE TABLE payroll.salaries (cents int)",
)
"""What makes a customer's warehouse of an empty database."""


def ready(names: Iterable[str] = PROFILES_SYNC) -> dict[str, Any]:
    """The report of a sensor on Profiles Sync that finds all that it waits for, of the six tables."""
    groups = dict.fromkeys(list(PROFILES_SYNC)[:3], "raw")
    rows = [{"table": name, "group": groups.get(name, "materialized"), "state": "ready"} for name in names]
    return {**all_there(len(rows)), "schema": ANY, "tables": rows}


class Segment:
    """The names of one test's identities and checkpoint database, none of which exists yet."""

    def __init__(self, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, warehouse: str) -> None:
        self.cluster = cluster
        self.server = cluster.server
        self.monkeypatch = monkeypatch
        self.warehouse = warehouse
        self.user, self.role = cluster.name("linked_user"), cluster.name("linked_role")
        self.checkpoint = cluster.future_database("checkpoint")
        self.admin_connection()
        self.user_connection()

    def sql(self, *statements: str, user: str | None = None) -> list[tuple[Any, ...]]:
        """Run statements in the warehouse, by default as the superuser; the last one's rows."""
        return self.cluster.sql(self.warehouse, *statements, user=user)

    def connection(self, conn_id: str, **fields: Any) -> None:
        """Define an Airflow connection."""
        text = json.dumps({"conn_type": "redshift", **fields})
        self.monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", text)

    def forget(self, conn_id: str) -> None:
        """Take an Airflow connection away."""
        self.monkeypatch.delenv(f"AIRFLOW_CONN_{conn_id.upper()}")

    def admin_connection(self, **fields: Any) -> None:
        """Define the admin connection: the superuser in the warehouse, unless said otherwise."""
        given = {**admin_fields(self.server, self.warehouse), **fields}
        self.admin = str(given["login"])
        self.connection("redshift_default", **given)

    def user_connection(self, **fields: Any) -> None:
        """Define the user connection; host, port and TLS come from the other."""
        self.connection("segment_linked_user", **{"login": self.user, "password": PASSWORD, **fields})

    def make_identities(self) -> None:
        """Make role and user as the first task would, by plain SQL."""
        self.sql(f"CREATE ROLE {self.role}", f"CREATE USER {self.user} PASSWORD '{PASSWORD}'")
        self.sql(f"GRANT ROLE {self.role} TO {self.user}")

    def writes(self, database: str) -> None:
        """Let the role create schemas in a database, as the second task would."""
        self.sql(f'GRANT CREATE ON DATABASE "{database}" TO ROLE {self.role}')

    def writable_database(self, *statements: str) -> str:
        """A new database in which the role holds CREATE, as in the checkpoint database."""
        name = self.cluster.database(*statements)
        self.writes(name)
        return name

    def open(self, schema: str) -> None:
        """Let the role read a schema of the warehouse, as the third task would."""
        who = f'"{schema}" TO ROLE {self.role}'
        self.sql(f"GRANT USAGE ON SCHEMA {who}", f"GRANT SELECT FOR TABLES IN SCHEMA {who}")

    def reads(self, schema: str, table: str, database: str | None = None) -> bool:
        """Whether the linked user, logging in anew, reads a table of the warehouse."""
        return self.cluster.can_read(self.user, (database or self.warehouse, schema, table))

    def refusal(self, statement: str, database: str | None = None) -> str:
        """What the server answers to the linked user, who logs in anew, in the warehouse unless said otherwise."""
        return self.cluster.refusal(self.user, statement, database or self.warehouse)

    def held(self) -> set[tuple[str, ...]]:
        """What the linked role holds in the warehouse: rows of the catalog without the role."""
        return self.cluster.held(self.warehouse, self.role)

    def snapshot(self) -> Snapshot:
        return self.cluster.snapshot()

    def check(self, **arguments: Any) -> CheckWarehouseOperator:
        given = {"schemas": ["crm"], "checkpoint_database": self.checkpoint, "role": self.role}
        return CheckWarehouseOperator(task_id="check", **{**given, **arguments})

    def create_role(self, **arguments: Any) -> CreateSegmentRoleOperator:
        return CreateSegmentRoleOperator(task_id="role", **{"role": self.role, **arguments})

    def rotate(self, **arguments: Any) -> RotateSegmentPasswordOperator:
        return RotateSegmentPasswordOperator(task_id="rotate", **arguments)

    def create_database(self, **arguments: Any) -> CreateCheckpointDatabaseOperator:
        given = {"checkpoint_database": self.checkpoint, "role": self.role}
        return CreateCheckpointDatabaseOperator(task_id="database", **{**given, **arguments})

    def grant_schema(self, **arguments: Any) -> GrantSchemaOperator:
        return GrantSchemaOperator(task_id="grant", **{"schema": "crm", "role": self.role, **arguments})

    def grant_both(self) -> GrantSchemaOperator:
        """A whole schema, and a table of another."""
        return self.grant_schema(schema=["crm", "billing"], tables=["billing.invoices"])

    def grant_reverse_etl(self, **arguments: Any) -> GrantReverseEtlOperator:
        given = {"database": self.warehouse, "role": self.role}
        return GrantReverseEtlOperator(task_id="reverse_etl", **{**given, **arguments})

    def close_schema(self, **arguments: Any) -> RevokeSchemaOperator:
        return RevokeSchemaOperator(task_id="close", **{"schema": "crm", "role": self.role, **arguments})

    def drop_role(self, **arguments: Any) -> DropSegmentRoleOperator:
        return DropSegmentRoleOperator(task_id="drop", **{"role": self.role, **arguments})

    def audit(self, **arguments: Any) -> AuditAccessOperator:
        given = {"role": self.role, "checkpoint_database": self.checkpoint}
        return AuditAccessOperator(task_id="audit", **{**given, **arguments})

    def preflight(self, **arguments: Any) -> PreflightOperator:
        return PreflightOperator(task_id="preflight", **arguments)

    def summary(self, **arguments: Any) -> SegmentSummaryOperator:
        given = {"reports": [], "checkpoint_database": self.checkpoint}
        return SegmentSummaryOperator(task_id="summary", **{**given, **arguments})

    def access(self, **arguments: Any) -> ValidateAccessSensor:
        """A sensor on the linked user's access, which logs in to the warehouse itself."""
        return ValidateAccessSensor(
            task_id="validate",
            **{"checkpoint_database": self.warehouse, "role": self.role, "poke_interval": 0.05, **arguments},
        )

    def profiles(self, **arguments: Any) -> ProfilesSyncTablesSensor:
        """A sensor on the tables of a schema, as admin."""
        return ProfilesSyncTablesSensor(task_id="wait", **{"poke_interval": 0.05, **arguments})


MakeTask = Callable[[Segment], Any]
OPERATORS: dict[str, MakeTask] = {
    "check": Segment.check,
    "role": Segment.create_role,
    "database": Segment.create_database,
    "schema": Segment.grant_both,
    "reverse_etl": lambda segment: segment.grant_reverse_etl(drop="all"),
}
CONNECTING: dict[str, MakeTask] = {
    **OPERATORS,
    "close": Segment.close_schema,
    "drop": Segment.drop_role,
    "audit": Segment.audit,
    "rotate": Segment.rotate,
}
"""Also those that take access away, and the one that looks at all of it."""
ALL: dict[str, MakeTask] = {**CONNECTING, "summary": Segment.summary}
"""Also the one that only sums up."""


def execute(task: Any, **params: Any) -> dict[str, Any]:
    """Render a task's templates and execute it, as Airflow does; its report."""
    context: Mapping[str, Any] = {"params": params}
    task.render_template_fields(context)
    report: dict[str, Any] = task.execute(context)
    return report


def grant(segment: Segment, schema: Any = "crm", **arguments: Any) -> dict[str, Any]:
    return execute(segment.grant_schema(schema=schema, **arguments))


def close(segment: Segment, schema: Any, **arguments: Any) -> dict[str, Any]:
    return execute(segment.close_schema(schema=schema, **arguments))


def drop(segment: Segment, **arguments: Any) -> dict[str, Any]:
    """Let role and user leave, while no connection of the test's keeps a database from being dropped."""
    segment.cluster.close()
    return execute(segment.drop_role(**arguments))


def gone(segment: Segment) -> bool:
    """Whether neither role nor user stands anywhere in the catalog."""
    found = segment.cluster.snapshot(*segment.cluster.existing_databases())
    return {segment.role, segment.user}.isdisjoint(part for rows in found.values() for row in rows for part in row)


def codes(report: Mapping[str, Any]) -> list[str]:
    """The codes of a report's findings."""
    return [str(finding["code"]) for finding in report["findings"]]


def notes(report: Mapping[str, Any]) -> list[str]:
    """The codes of a report's notes."""
    return sorted(report["notes"])


def messages_of(report: Mapping[str, Any], wanted: str) -> list[str]:
    """The sentences of a report's findings of a code, with what to do about it."""
    return [str(FindingRow(**row)) for row in report["findings"] if row["code"] == wanted]


def message(report: Mapping[str, Any], wanted: str) -> str:
    """The sentences of a report's only finding of a code, with what to do about it."""
    (found,) = messages_of(report, wanted)
    return found


def changes(report: Mapping[str, Any]) -> list[tuple[str, str, tuple[str, ...]]]:
    """What a report says is changed: the action, its object and the privileges, in order."""
    return [(row["action"], row["object"], tuple(row["privileges"])) for row in report["changes"]]


def planned(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a report says of its changes, but for whether they were made."""
    return [{key: value for key, value in row.items() if key not in ("text", "applied")} for row in report["changes"]]


def sent(report: Mapping[str, Any]) -> list[str]:
    """The statements of a report's changes, in order."""
    return [row["statement"] for row in report["changes"] if row["statement"]]


def creating(user: str, schema: str = "crm") -> Privileges:
    """The statement that lets a user create in a schema, as findings propose it."""
    return Privileges(Identity("user", user), ("CREATE",), Scope.SCHEMA, [(schema,)])


def said(code: str, about: str, **facts: Fact) -> str:
    """The sentences of a finding, as an error tells them."""
    return str(messages.said(finding(code, about, **facts)))
