"""The package's tasks on a cluster, one after the other, each proved by logging in as the linked user."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from airflow_provider_datagraph.exceptions import DriftError
from tests.support.redshift import PASSWORD
from tests.support.segment import RETL, WAREHOUSE, Segment, execute, grant
from tests.system.place import Place


class Customer(Segment):
    """A warehouse of the test's own, with the cluster's superuser as admin."""

    cluster: Place

    def admin_connection(self, **fields: Any) -> None:
        super().admin_connection(extra=self.cluster.extra, **fields)

    def user_connection(self, **fields: Any) -> None:
        super().user_connection(**{"password": self.cluster.password, **fields})

    def as_it_was(self) -> tuple[object, ...]:
        """What role and user hold."""
        member = f"SELECT role_name, admin_option FROM svv_user_grants WHERE user_name = '{self.user}'"
        created = (
            f"SELECT database_name, privilege_type FROM svv_database_privileges WHERE identity_name = '{self.role}'"
        )
        both = (self.cluster.held(database, self.role) for database in (self.warehouse, self.checkpoint))
        return *both, self.sql(member), self.sql(created)


@pytest.fixture(scope="module")
def customer(place: Place) -> Iterator[Customer]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Customer(place, monkeypatch, place.database(*WAREHOUSE))


def tasks(customer: Customer) -> dict[str, Any]:
    """The guide's steps: a schema is read whole, of another one table."""
    return {
        "check": customer.check(),
        "role": customer.create_role(),
        "database": customer.create_database(),
        "schemas": customer.grant_schema(schema=["crm", "billing"], tables=["billing.invoices"], prune=True),
    }


def test_the_guide(customer: Customer) -> None:
    reports = {name: execute(task) for name, task in tasks(customer).items()}
    assert [report["findings"] for report in reports.values()] == [[]] * 4
    assert customer.reads("crm", "accounts", customer.warehouse) and customer.reads("billing", "invoices")
    assert not customer.reads("payroll", "salaries")
    customer.sql("CREATE TABLE crm.later (id int)", "CREATE TABLE billing.later (id int)")
    assert customer.reads("crm", "later") and not customer.reads("billing", "later")


def test_segment_writes_in_its_own_database_alone(customer: Customer) -> None:
    for statement in (
        f"CREATE SCHEMA {RETL}",
        f"CREATE TABLE {RETL}.own (id int)",
        f"INSERT INTO {RETL}.own VALUES (1)",
    ):
        assert customer.refusal(statement, customer.checkpoint) == ""
    assert customer.refusal(f"CREATE SCHEMA {RETL}") == "42501"


def test_the_proof(customer: Customer) -> None:
    schemas = [f"{customer.warehouse}.{name}" for name in ("crm", "billing.invoices")]
    report = execute(
        customer.access(checkpoint_database=customer.checkpoint, schemas=[schemas[0]], tables=[schemas[1]], wait=False)
    )
    assert (report["in_place"], report["findings"]) == (4, [])


def test_a_rerun_changes_nothing(customer: Customer) -> None:
    before = customer.as_it_was()
    assert [execute(task)["changed"] for task in tasks(customer).values()] == [0] * 4
    assert customer.as_it_was() == before


def test_prune(customer: Customer) -> None:
    customer.sql(f"GRANT INSERT ON TABLE crm.contacts TO ROLE {customer.role}")
    report = grant(customer, "crm", tables=["accounts"], prune=True)
    assert {row["action"] for row in report["changes"]} == {"grant", "revoke"}
    assert customer.reads("crm", "accounts") and not customer.reads("crm", "contacts")
    assert customer.refusal("INSERT INTO crm.contacts VALUES (1)") == "42501"


def test_an_existing_reverse_etl_schema(customer: Customer) -> None:
    owner = customer.cluster.user("owner")
    customer.sql(f"CREATE SCHEMA {RETL} AUTHORIZATION {owner}")
    customer.sql(f"CREATE TABLE {RETL}.records (id int)", user=owner)
    assert execute(customer.grant_reverse_etl(schema_owner=owner))["findings"] == []
    customer.sql(f"CREATE TABLE {RETL}.later (id int)", user=owner)
    for statement in ("INSERT INTO {} VALUES (1)", "UPDATE {} SET id = 2", "DELETE FROM {}", "DROP TABLE {}"):
        assert customer.refusal(statement.format(f"{RETL}.later")) == ""


def test_rotation(customer: Customer) -> None:
    another = f"{customer.cluster.password}-2"
    customer.user_connection(password=another)
    assert execute(customer.rotate())["changed"] == 1
    assert customer.cluster.logs_in(customer.user, another) and not customer.cluster.logs_in(customer.user, PASSWORD)
    customer.user_connection()
    assert execute(customer.rotate())["changed"] == 1
    assert execute(customer.rotate())["changed"] == 0


def test_audits(customer: Customer) -> None:
    user = customer.user
    assert grant(customer, "crm", tables=["accounts"], prune=True, fail_on_drift=True)["changes"] == []
    customer.sql(f"GRANT USAGE ON SCHEMA payroll TO {user}", f"GRANT SELECT ON TABLE payroll.salaries TO {user}")
    found = execute(customer.audit())["matrix"]
    mine = {(row["schema"], *row["tables"]): row["way"] for row in found if row["database"] == customer.warehouse}
    assert mine["crm", "accounts"] == mine["billing", "invoices"] == f"role {customer.role}"
    assert mine["payroll", "salaries"] == "direct"
    customer.sql(f"REVOKE SELECT ON TABLE crm.accounts FROM ROLE {customer.role}")
    with pytest.raises(DriftError):
        grant(customer, "crm", tables=["accounts"], fail_on_drift=True)


def test_offboarding(customer: Customer) -> None:
    customer.cluster.close()
    report = execute(customer.drop_role(checkpoint_database=customer.checkpoint, force=True))
    assert all(row["applied"] for row in report["changes"])
    names = {customer.role, customer.user, customer.checkpoint}
    assert names.isdisjoint(name for _, name in customer.cluster.made())
    assert execute(customer.drop_role(checkpoint_database=customer.checkpoint))["changed"] == 0
