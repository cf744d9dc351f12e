"""The warehouse of the guide's tests, the package's tasks in it, and what they make possible."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.cluster import Cluster
from tests.support.redshift import PASSWORD, quoted
from tests.support.segment import RETL, Segment, execute, grant

SCHEMA = "the_schema_name"


class Customer(Segment):
    """A warehouse with a schema to open, a closed one, and another user's Reverse ETL schema."""

    def __init__(self, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
        self.owner = cluster.user("owner")
        schemas = [f"CREATE SCHEMA {name} AUTHORIZATION {self.owner}" for name in (SCHEMA, RETL, "closed")]
        super().__init__(cluster, monkeypatch, cluster.database(*schemas))
        self.as_owner(
            *(f"CREATE TABLE {SCHEMA}.{table} (id int)" for table in ("some_table", "another")),
            "CREATE TABLE closed.salaries (id int)",
            f"CREATE TABLE {RETL}.records (id int)",
        )

    @property
    def names(self) -> dict[str, str]:
        """What the statements of the guide's table are filled in with."""
        return {"r": self.role, "u": self.user, "c": self.checkpoint, "w": self.warehouse}

    def can_read(self, schema: str, table: str) -> bool:
        """Whether the linked user, connected to the checkpoint database, reads a table of the warehouse."""
        database = self.checkpoint if self.checkpoint in self.cluster.existing_databases() else "dev"
        return self.cluster.can_read(self.user, (self.warehouse, schema, table), database)

    def as_owner(self, *statements: str) -> None:
        self.sql(*statements, user=self.owner)


def identities(customer: Customer) -> None:
    execute(customer.create_role())


def checkpoints(customer: Customer) -> None:
    execute(customer.create_database())


def schema(customer: Customer, **arguments: Any) -> None:
    grant(customer, SCHEMA, **arguments)


def one_table(customer: Customer) -> None:
    schema(customer, tables=["some_table"])


def reverse_etl(customer: Customer) -> None:
    execute(customer.grant_reverse_etl(schema_owner=customer.owner, drop="all"))


def validate(customer: Customer) -> None:
    path = f"{customer.warehouse}.{SCHEMA}"
    report = execute(customer.access(checkpoint_database=customer.checkpoint, schemas=[path]))
    assert (report["in_place"], report["findings"]) == (2, [])


def privileges_of_the_role_reach_the_user(customer: Customer) -> None:
    """The role is there and the user holds it: what it is given, the user has."""
    assert customer.refusal("CREATE SCHEMA mine") == "42501"
    customer.sql(f"GRANT CREATE ON DATABASE {customer.warehouse} TO ROLE {customer.role}")
    assert customer.refusal("CREATE SCHEMA mine") == ""


def the_password_logs_in(customer: Customer) -> None:
    assert customer.cluster.logs_in(customer.user, PASSWORD)
    assert not customer.cluster.logs_in(customer.user, "your_password")


def segment_can_connect_there(customer: Customer) -> None:
    assert customer.cluster.logs_in(customer.user, PASSWORD, customer.checkpoint)


def a_schema_can_be_created_there_and_nowhere_else(customer: Customer) -> None:
    create = f"CREATE SCHEMA {RETL}_new"
    assert customer.refusal(create, customer.checkpoint) == ""
    for database in (customer.warehouse, "dev"):
        assert customer.refusal(create, database) == "42501"
    table = f"{RETL}_new.checkpoints"
    for statement in (f"CREATE TABLE {table} (id int)", f"INSERT INTO {table} VALUES (1)", f"SELECT id FROM {table}"):
        assert customer.refusal(statement, customer.checkpoint) == "", statement


def the_whole_schema_reads_and_later_tables_too(customer: Customer) -> None:
    customer.as_owner(f"CREATE TABLE {SCHEMA}.later (id int)")
    assert [customer.can_read(SCHEMA, table) for table in ("some_table", "another", "later")] == [True] * 3
    assert not customer.can_read("closed", "salaries")


def only_the_named_table_reads(customer: Customer) -> None:
    assert customer.can_read(SCHEMA, "some_table")
    assert not customer.can_read(SCHEMA, "another")
    assert not customer.can_read("closed", "salaries")


def the_user_sees_the_open_schema(customer: Customer) -> None:
    show = f"SHOW SCHEMAS FROM DATABASE {quoted(customer.warehouse)}"
    names = {str(row[1]) for row in customer.cluster.sql(customer.checkpoint, show, user=customer.user)}
    assert SCHEMA in names
    assert "closed" not in names
    the_whole_schema_reads_and_later_tables_too(customer)


def the_old_schema_is_shared(customer: Customer) -> None:
    """It is created in, written, and its tables are dropped; a later table of its owner as well."""
    customer.as_owner(f"CREATE TABLE {RETL}.later (id int)")
    own = [f"CREATE TABLE {RETL}.own (id int)"]
    for table in ("records", "later"):
        own += [f"INSERT INTO {RETL}.{table} VALUES (1)", f"UPDATE {RETL}.{table} SET id = 2"]
        own += [f"SELECT id FROM {RETL}.{table}", f"DELETE FROM {RETL}.{table}", f"DROP TABLE {RETL}.{table}"]
    assert {statement: customer.refusal(statement) for statement in own} == dict.fromkeys(own, "")
    assert not customer.can_read(SCHEMA, "some_table")


def the_old_schema_can_be_dropped(customer: Customer) -> None:
    assert customer.refusal("DROP SCHEMA closed CASCADE") == "42501"
    assert customer.refusal(f"DROP SCHEMA {RETL} CASCADE") == ""
