"""An administrator who is no superuser, with the rights that the README lists, does the whole job from nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.cluster import Cluster
from tests.support.redshift import PASSWORD
from tests.support.segment import RETL, Segment, execute

# The owner alone can't grant them.
SCOPED = (
    "SELECT FOR TABLES IN SCHEMA crm",
    f"SELECT, INSERT, UPDATE, DELETE, DROP FOR TABLES IN SCHEMA {RETL}",
)


@pytest.fixture
def trust() -> dict[str, list[str]]:
    """Whom the tasks are told to trust; the warehouse may have somebody."""
    return {}


@pytest.fixture(params=["sees all", "sees a part", "has a predecessor"])
def dba(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, trust: dict[str, list[str]]
) -> Segment:
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
    made.admin_connection(login=name, password=PASSWORD)
    if request.param == "has a predecessor":
        predecessor = cluster.user("predecessor")
        cluster.sql(
            "dev",
            f"CREATE ROLE {made.role}",
            f"GRANT ROLE {made.role} TO {name} WITH ADMIN OPTION",
            f"ALTER ROLE {made.role} OWNER TO {predecessor}",
        )
        trust["trusted_owners"] = [predecessor]
    return made


def test_the_whole_job_from_nothing(dba: Segment, trust: dict[str, list[str]]) -> None:
    dba.user_connection(schema=dba.checkpoint)
    tables = [f"{dba.warehouse}.crm.accounts", f"{dba.warehouse}.billing.invoices"]
    execute(dba.check(schemas=["crm", f"{dba.warehouse}.billing.invoices"], **trust))
    tasks: list[Any] = [
        dba.create_role(**trust),
        dba.create_database(**trust),
        dba.grant_schema(future_tables="none", **trust),
        dba.grant_schema(future_tables="default_privileges", **trust),
        dba.grant_schema(**trust),
        dba.grant_schema(schema="billing", tables=["invoices"], **trust),
        dba.grant_reverse_etl(**trust),
    ]
    reports = [execute(task) for task in tasks]
    assert all(report["changed"] for report in reports)
    assert not any(execute(task)["changed"] for task in tasks)
    proof = execute(dba.access(database=None, tables=tables))
    assert (proof["in_place"], proof["findings"]) == (2, [])
    summary = execute(dba.summary(reports=reports, proofs=proof))
    assert summary["changed"] == sum(report["changed"] for report in reports)
    assert dba.reads("crm", "accounts")
    assert dba.reads("billing", "invoices")
