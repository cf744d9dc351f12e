"""Segment's guide, statement by statement: what the package does instead, proved as the linked user.

https://segment.com/docs/unify/data-graph/setup-guides/redshift-setup/
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.cluster import Cluster
from tests.support.redshift import PASSWORD, quoted
from tests.support.segment import RETL, Segment, execute, grant

SCHEMA = "the_schema_name"

# The guide's SQL blocks as they stand there.
GUIDE = """
  -- Create a user with role for the Data Graph
  CREATE ROLE SEGMENT_LINKED_ROLE;
  CREATE USER SEGMENT_LINKED_USER PASSWORD "your_password";
  GRANT ROLE SEGMENT_LINKED_ROLE TO SEGMENT_LINKED_USER;

-- Create and Grant access to a Segment internal DB used for bookkeeping 

CREATE DATABASE SEGMENT_LINKED_PROFILES_DB;
GRANT CREATE ON DATABASE SEGMENT_LINKED_PROFILES_DB TO ROLE SEGMENT_LINKED_ROLE;

-- ********** REPEAT THE SQL QUERY BELOW FOR EACH SCHEMA YOU WANT TO USE FOR THE DATA GRAPH **********

GRANT USAGE ON SCHEMA "the_schema_name" TO ROLE SEGMENT_LINKED_ROLE;

-- query data from all tables in a schema
GRANT SELECT ON ALL TABLES IN SCHEMA "the_schema_name" TO ROLE SEGMENT_LINKED_ROLE;

-- query data from a specific table in a schema
GRANT SELECT ON TABLE <schema-name>.<table-name> TO ROLE segment_linked_role;

SHOW SCHEMAS FROM DATABASE "THE_READ_ONLY_DB";
SELECT * FROM "THE_READ_ONLY_DB.A_SCHEMA.SOME_TABLE" LIMIT 10;

-- If you want to use an existing database that already has Segment Reverse ETL schemas, you’ll need to run some additional steps below to grant the role access to the existing schemas.

GRANT USAGE, CREATE, DROP ON SCHEMA segment_connection_db.__segment_reverse_etl TO ROLE SEGMENT_LINKED_ROLE;
GRANT SELECT,INSERT,UPDATE,DELETE,DROP ON ALL TABLES IN SCHEMA segment_connection_db.__segment_reverse_etl TO ROLE SEGMENT_LINKED_ROLE;
"""  # noqa: E501, W291  (the guide's own lines)


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


Act = Callable[[Customer], None]
Row = tuple[str, Act, Act]
STATEMENTS = [text.strip() for text in re.sub(r"--.*", "", GUIDE).split(";") if text.strip()]
SCHEMA_SQL = f'"{SCHEMA}"'
ALL = "SELECT, INSERT, UPDATE, DELETE, DROP"
READING = (
    f'SELECT 1 FROM (SELECT * FROM "{{w}}".{SCHEMA_SQL}."another" WHERE FALSE) x UNION ALL '
    f'SELECT 1 FROM (SELECT * FROM "{{w}}".{SCHEMA_SQL}."some_table" WHERE FALSE) x'
)
OPEN, CREATES = the_whole_schema_reads_and_later_tables_too, a_schema_can_be_created_there_and_nowhere_else
# For each statement of the guide, what is sent: {r} role, {u} user, {c} checkpoint database, {w} warehouse | what sends
# it | the proof.
TABLE: list[Row] = [
    ('CREATE ROLE "{r}"', identities, privileges_of_the_role_reach_the_user),
    ("CREATE USER \"{u}\" PASSWORD '{hash}'", identities, the_password_logs_in),
    ('GRANT ROLE "{r}" TO "{u}"', identities, privileges_of_the_role_reach_the_user),
    ('CREATE DATABASE "{c}"', checkpoints, segment_can_connect_there),
    ('GRANT CREATE ON DATABASE "{c}" TO ROLE "{r}"', checkpoints, CREATES),
    (f'GRANT USAGE ON SCHEMA {SCHEMA_SQL} TO ROLE "{{r}}"', schema, OPEN),
    (f'GRANT SELECT FOR TABLES IN SCHEMA {SCHEMA_SQL} TO ROLE "{{r}}"', schema, OPEN),
    (f'GRANT SELECT ON TABLE {SCHEMA_SQL}."some_table" TO ROLE "{{r}}"', one_table, only_the_named_table_reads),
    (READING, validate, the_user_sees_the_open_schema),
    (READING, validate, OPEN),
    (f'GRANT USAGE, CREATE, DROP ON SCHEMA "{RETL}" TO ROLE "{{r}}"', reverse_etl, the_old_schema_can_be_dropped),
    (f'GRANT {ALL} FOR TABLES IN SCHEMA "{RETL}" TO ROLE "{{r}}"', reverse_etl, the_old_schema_is_shared),
]
# What runs before.
BEFORE: dict[Act, list[Act]] = {
    identities: [],
    checkpoints: [identities],
    reverse_etl: [identities],
    schema: [identities, checkpoints],
    one_table: [identities, checkpoints],
    validate: [identities, checkpoints, schema],
}


@pytest.fixture
def customer(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Customer:
    return Customer(cluster, monkeypatch)


@pytest.mark.parametrize(("statement", "row"), [*zip(STATEMENTS, TABLE, strict=True)])
def test_what_the_package_does_instead_works(customer: Customer, statement: str, row: Row) -> None:
    sent, act, proof = row
    for earlier in BEFORE[act]:
        earlier(customer)
    since = customer.cluster.mark()
    act(customer)
    wanted = re.escape(sent).replace(r"\{hash\}", r"md5[0-9a-f]{32}")
    names = {"r": customer.role, "u": customer.user, "c": customer.checkpoint, "w": customer.warehouse}
    for key, name in names.items():
        wanted = wanted.replace(rf"\{{{key}\}}", re.escape(name))
    received = customer.cluster.received(since)
    assert len([text for text in received if re.fullmatch(wanted, text)]) == 1, received
    proof(customer)


@pytest.mark.parametrize(
    ("act", "refused"),
    [
        (reverse_etl, [f"SELECT 1 FROM {RETL}.records", f"CREATE TABLE {RETL}.own (id int)"]),
        (schema, [f"SELECT 1 FROM {SCHEMA}.another"]),
        (one_table, [f"SELECT 1 FROM {SCHEMA}.some_table"]),
    ],
)
def test_what_a_task_opens_was_closed_before_it(customer: Customer, act: Act, refused: list[str]) -> None:
    identities(customer)
    assert [customer.refusal(statement) for statement in refused] == ["42501"] * len(refused)
    act(customer)
    assert [customer.refusal(statement) for statement in refused] == [""] * len(refused)


def test_what_is_wrong_with_the_guide(customer: Customer) -> None:
    # A password in double quotes, and a table's path in one pair of them.
    assert customer.cluster.refusal(customer.server.user, STATEMENTS[1]) == "42601"
    identities(customer)
    customer.sql(*(text.replace("SEGMENT_LINKED_ROLE", customer.role) for text in STATEMENTS[5:7]))
    assert customer.refusal(STATEMENTS[9]) == "42P01"
    assert customer.refusal(f'SELECT * FROM "{customer.warehouse}.{SCHEMA}.some_table" LIMIT 10') == "42P01"
    assert customer.refusal(f"SELECT * FROM {SCHEMA}.some_table LIMIT 10") == ""
    # A grant on all tables misses a later one.
    customer.as_owner(f"CREATE TABLE {SCHEMA}.later (id int)")
    assert (customer.can_read(SCHEMA, "some_table"), customer.can_read(SCHEMA, "later")) == (True, False)
    schema(customer)
    assert customer.can_read(SCHEMA, "later")
