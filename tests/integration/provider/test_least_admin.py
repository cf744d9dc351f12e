"""An administrator who is no superuser, with the rights that the README lists, does the whole job from nothing."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_datagraph.operators.check import CheckWarehouseOperator
from airflow_provider_datagraph.operators.database import CreateCheckpointDatabaseOperator
from airflow_provider_datagraph.operators.reverse_etl import GrantReverseEtlOperator
from airflow_provider_datagraph.operators.role import CreateSegmentRoleOperator
from airflow_provider_datagraph.operators.schema import GrantSchemaOperator
from airflow_provider_datagraph.operators.summary import SegmentSummaryOperator
from airflow_provider_datagraph.sensors.access import ValidateAccessSensor
from tests.integration.provider.support import OWNER_PASSWORD, Cluster, Segment, run

RETL = "__segment_reverse_etl"
# The owner alone can't grant them.
SCOPED = (
    "SELECT FOR TABLES IN SCHEMA crm",
    f"SELECT, INSERT, UPDATE, DELETE, DROP FOR TABLES IN SCHEMA {RETL}",
)


@pytest.fixture(params=["sees all", "sees a part"])
def dba(cluster: Cluster, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Segment:
    """A warehouse whose admin connection is that of a user with these rights; no linked role or user yet."""
    name, keeper, owner = cluster.user("dba", "CREATEDB"), cluster.name("keeper"), cluster.user("owner")
    cluster.sql(
        "dev",
        f"CREATE ROLE {keeper}",
        f"GRANT CREATE ROLE, CREATE USER TO ROLE {keeper}",
        f"GRANT ROLE {keeper} TO {name}",
    )
    if request.param == "sees all":
        sight = f"ALTER USER {name} SYSLOG ACCESS UNRESTRICTED"
        cluster.sql("dev", f"GRANT ACCESS SYSTEM TABLE TO ROLE {keeper}", sight)
    database = cluster.database(
        f"CREATE SCHEMA crm AUTHORIZATION {name}",
        f"CREATE SCHEMA billing AUTHORIZATION {owner}",
        f"CREATE SCHEMA {RETL} AUTHORIZATION {name}",
        "CREATE TABLE billing.invoices (id int)",
        f"GRANT USAGE ON SCHEMA billing TO {name} WITH GRANT OPTION",
        f"GRANT SELECT ON TABLE billing.invoices TO {name} WITH GRANT OPTION",
        *(f"GRANT {what} TO {name} WITH GRANT OPTION" for what in SCOPED),
    )
    cluster.sql(database, "CREATE TABLE crm.accounts (id int)", user=name)
    cluster.sql(database, f"CREATE TABLE {RETL}.records (id int)", user=name)
    made = Segment(cluster, monkeypatch, database)
    made.admin_connection(login=name, password=OWNER_PASSWORD)
    return made


def test_the_whole_job_from_nothing(dba: Segment) -> None:
    role, checkpoint = {"role": dba.role}, dba.cluster.future_database("checkpoint")
    dba.user_connection(schema=checkpoint)
    tables = [f"{dba.warehouse}.crm.accounts", f"{dba.warehouse}.billing.invoices"]
    entries = ["crm", f"{dba.warehouse}.billing.invoices"]
    run(CheckWarehouseOperator(task_id="check", schemas=entries, checkpoint_database=checkpoint, **role))
    tasks: list[Any] = [
        CreateSegmentRoleOperator(task_id="role", **role),
        CreateCheckpointDatabaseOperator(task_id="database", database=checkpoint, **role),
        GrantSchemaOperator(task_id="todays", schema="crm", future_tables="none", **role),
        GrantSchemaOperator(task_id="owners", schema="crm", future_tables="default_privileges", **role),
        GrantSchemaOperator(task_id="whole", schema="crm", **role),
        GrantSchemaOperator(task_id="listed", schema="billing", tables=["invoices"], **role),
        GrantReverseEtlOperator(task_id="retl", database=dba.warehouse, **role),
    ]
    reports = [run(task) for task in tasks]
    assert all(report["changed"] for report in reports)
    assert not any(run(task)["changed"] for task in tasks)
    proof = run(ValidateAccessSensor(task_id="validate", tables=tables))
    assert (proof["in_place"], proof["findings"]) == (2, [])
    summary = run(SegmentSummaryOperator(task_id="summary", reports=reports, proofs=proof, database=checkpoint))
    assert summary["changed"] == sum(report["changed"] for report in reports)
    assert dba.reads("crm", "accounts")
    assert dba.reads("billing", "invoices")
