"""Who can read what: the audit of everything that the linked user can reach, by whatever way."""

from __future__ import annotations

import uuid
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_datagraph.exceptions import DriftError, MisconfigurationError
from tests.support.redshift import PASSWORD, mark, statements
from tests.support.segment import Logged, Segment, codes, execute, grant, message, notes

ALL = "ALTER DELETE DROP INSERT REFERENCES SELECT TRUNCATE UPDATE"


def rows(report: dict[str, Any], database: str) -> set[tuple[str, str, str, str]]:
    """The rows of one database, but for what PUBLIC has by default: schema, tables, privileges and way."""
    found = {
        (row["schema"], " ".join(row["tables"]), " ".join(row["privileges"]), row["way"])
        for row in report["matrix"]
        if row["database"] == database
    }
    return found - {("", "", "TEMPORARY", "PUBLIC"), ("public", "", "CREATE USAGE", "PUBLIC")}


def failed(task: Any) -> tuple[str, dict[str, Any]]:
    """What an audit that fails tells, and the report that it leaves all the same."""
    pushed: dict[str, Any] = {}
    context: Any = {"ti": SimpleNamespace(xcom_push=lambda key, value: pushed.update({key: value}))}
    with pytest.raises(DriftError) as failure:
        task.execute(context)
    return str(failure.value), pushed["return_value"]


def test_what_another_dag_opened_is_found(linked: Segment, logged: Logged) -> None:
    """P12 of the cases: the audit of `crm` alone is green, and `payroll` is readable."""
    database = linked.warehouse
    grant(linked, ["crm", "payroll"])
    assert grant(linked, prune=True, fail_on_drift=True)["changes"] == []
    logged()
    with linked.cluster.untouched():
        report = execute(linked.audit(allowed=[f"{database}.crm"]))
    scoped = f"role {linked.role} (tables in schema)"
    assert rows(report, database) == {
        ("crm", "", "USAGE", f"role {linked.role}"),
        ("crm", "accounts contacts", "SELECT", scoped),
        ("payroll", "", "USAGE", f"role {linked.role}"),
        ("payroll", "salaries", "SELECT", scoped),
    }
    assert (report["notes"]["readable_beyond"], report["omitted"]["matrix"]) == (1, 0)
    assert "readable_beyond" not in codes(report)
    log = logged()
    assert f"{database}.payroll, which nobody asked for" in log
    assert f"{database}.crm" in log and any(line.endswith("accounts, contacts") for line in log.splitlines())
    text, kept = failed(linked.audit(allowed=["crm"], exact=True))
    assert f"SELECT, USAGE on 1 table in {database}.payroll, which nobody asked for" in text
    assert (kept["matrix"], codes(kept)) == (report["matrix"], ["readable_beyond"])
    for allowed in (["crm", "payroll"], [f"{database}.*"], ["crm", f"{database}.payroll.salar*"]):
        assert execute(linked.audit(allowed=allowed, exact="true"))["findings"] == [], allowed
    text, _ = failed(linked.audit(allowed=["payroll", f"{database}.crm.accounts"], exact=True))
    assert f"in {database}.crm" in text and text.count("which nobody asked for") == 1


def test_the_report_of_a_failed_audit_of_any_kind_is_kept(linked: Segment) -> None:
    _, kept = failed(linked.grant_schema(fail_on_drift=True))
    assert (kept["changed"], len(kept["changes"])) == (0, 2)


def test_what_must_not_be_possible_is_told(warehouse: Segment) -> None:
    grant(warehouse)
    role = warehouse.role
    warehouse.sql(
        f"GRANT INSERT ON crm.accounts TO ROLE {role}",
        f"GRANT UPDATE (id) ON crm.accounts TO ROLE {role}",
        f"GRANT CREATE ON SCHEMA crm TO ROLE {role}",
        f"GRANT CREATE ON DATABASE {warehouse.warehouse} TO {warehouse.user}",
        "GRANT DELETE ON crm.contacts TO PUBLIC",
    )
    report = execute(warehouse.audit())
    assert sorted(codes(report)) == ["can_create", "can_create", "can_write"]
    assert f'REVOKE INSERT, UPDATE ON TABLE "crm"."accounts" FROM ROLE "{role}"' in message(report, "can_write")
    assert {"can_create", "can_write"} <= set(notes(report))
    text, _ = failed(warehouse.audit(allowed=["crm"], exact=True))
    assert "not as desired in 3 places" in text
    for row in report["findings"]:
        for statement in row["remedy"].split(": ", 1)[1].split("; "):
            warehouse.sql(statement)
    assert execute(warehouse.audit(allowed=["crm"], exact=True))["findings"] == []
    # As Segment's own database, it isn't told of.
    warehouse.sql(f"GRANT CREATE ON DATABASE {warehouse.warehouse} TO ROLE {role}")
    assert codes(execute(warehouse.audit(checkpoint_database=warehouse.warehouse))) == []


def test_a_delegated_admin_sees_what_the_user_itself_sees(linked: Segment) -> None:
    grant(linked)
    as_superuser = execute(linked.audit(allowed=["crm"], exact=True))
    linked.admin_connection(login=linked.cluster.user("clerk"), password=PASSWORD)
    since = mark(linked.server)
    report = execute(linked.audit(allowed=["crm"], exact=True))
    sent = statements(linked.server, since)
    assert len(sent) == 9 + 6 * len(linked.cluster.existing_databases()), sent
    assert rows(report, linked.warehouse) == rows(as_superuser, linked.warehouse)
    assert notes(report) == sorted(["partial_view", *notes(as_superuser)])


def test_a_database_that_was_not_looked_at_is_told(linked: Segment, logged: Logged) -> None:
    shared = linked.cluster.future_database()
    linked.cluster.sql("dev", f"CREATE DATABASE {shared} FROM DATASHARE d OF NAMESPACE '{uuid.uuid4()}'")
    report = execute(linked.audit(allowed=["crm"], exact=True))
    assert (report["notes"]["not_audited"], {row["database"] for row in report["matrix"]} & {shared}) == (1, set())
    assert f"Database {shared} is shared, not local" in logged()
    linked.admin_connection(login=linked.cluster.user("clerk"), password=PASSWORD)
    execute(linked.audit())
    assert f"{linked.admin} can't see what kind of database {shared} is" in logged()


def test_a_superuser_reaches_everything(linked: Segment) -> None:
    linked.sql(f"ALTER USER {linked.user} CREATEUSER")
    report = execute(linked.audit(allowed=[f"{linked.warehouse}.*", "dev.*"]))
    assert codes(report) == ["user_is_superuser"]
    assert ("payroll", "salaries", ALL, "superuser (tables in database)") in rows(report, linked.warehouse)
    assert "readable_beyond" not in report["notes"]


def test_a_user_that_does_not_exist_yet_reaches_nothing(segment: Segment) -> None:
    report = execute(segment.audit())
    assert (codes(report), report["matrix"]) == (["user_missing"], [])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"exact": True}, "allowed isn't given"),
        ({"allowed": "a.b.c.d"}, "write database.schema.table"),
        ({"allowed": " "}, "came to nothing"),
        ({"exact": "perhaps"}, "exact"),
    ],
)
def test_what_cannot_be_meant_is_refused(linked: Segment, arguments: dict[str, Any], told: str) -> None:
    with linked.cluster.untouched(), pytest.raises(MisconfigurationError, match=told):
        execute(linked.audit(**arguments))


def test_an_audit_of_3_databases_sends_26_statements(warehouse: Segment) -> None:
    count, since = len(warehouse.cluster.existing_databases()), mark(warehouse.server)
    execute(warehouse.audit(allowed=["crm"]))
    sent = statements(warehouse.server, since)
    assert count >= 3
    assert len(sent) - 6 * (count - 3) == 26, sent
