"""Segment's guide, statement by statement: what the package does instead, proved as the linked user.

https://segment.com/docs/unify/data-graph/setup-guides/redshift-setup/
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.integration.provider import guide_world as does
from tests.integration.provider.guide_world import SCHEMA, Customer
from tests.support.cluster import Cluster
from tests.support.segment import RETL

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

Act = Callable[[Customer], None]
Row = tuple[str, Act, Act]
STATEMENTS = [text.strip() for text in re.sub(r"--.*", "", GUIDE).split(";") if text.strip()]
SCHEMA_SQL = f'"{SCHEMA}"'
ALL = "SELECT, INSERT, UPDATE, DELETE, DROP"
READING = (
    f'SELECT 1 FROM (SELECT * FROM "{{w}}".{SCHEMA_SQL}."another" WHERE FALSE) x UNION ALL '
    f'SELECT 1 FROM (SELECT * FROM "{{w}}".{SCHEMA_SQL}."some_table" WHERE FALSE) x'
)
OPEN, CREATES = does.the_whole_schema_reads_and_later_tables_too, does.a_schema_can_be_created_there_and_nowhere_else
# For each statement of the guide, what is sent: {r} role, {u} user, {c} checkpoint database, {w} warehouse | what sends
# it | the proof.
TABLE: list[Row] = [
    ('CREATE ROLE "{r}"', does.identities, does.privileges_of_the_role_reach_the_user),
    ("CREATE USER \"{u}\" PASSWORD '{hash}'", does.identities, does.the_password_logs_in),
    ('GRANT ROLE "{r}" TO "{u}"', does.identities, does.privileges_of_the_role_reach_the_user),
    ('CREATE DATABASE "{c}"', does.checkpoints, does.segment_can_connect_there),
    ('GRANT CREATE ON DATABASE "{c}" TO ROLE "{r}"', does.checkpoints, CREATES),
    (f'GRANT USAGE ON SCHEMA {SCHEMA_SQL} TO ROLE "{{r}}"', does.schema, OPEN),
    (f'GRANT SELECT FOR TABLES IN SCHEMA {SCHEMA_SQL} TO ROLE "{{r}}"', does.schema, OPEN),
    (
        f'GRANT SELECT ON TABLE {SCHEMA_SQL}."some_table" TO ROLE "{{r}}"',
        does.one_table,
        does.only_the_named_table_reads,
    ),
    (READING, does.validate, does.the_user_sees_the_open_schema),
    (READING, does.validate, OPEN),
    (
        f'GRANT USAGE, CREATE, DROP ON SCHEMA "{RETL}" TO ROLE "{{r}}"',
        does.reverse_etl,
        does.the_old_schema_can_be_dropped,
    ),
    (f'GRANT {ALL} FOR TABLES IN SCHEMA "{RETL}" TO ROLE "{{r}}"', does.reverse_etl, does.the_old_schema_is_shared),
]
# What runs before.
BEFORE: dict[Act, list[Act]] = {
    does.identities: [],
    does.checkpoints: [does.identities],
    does.reverse_etl: [does.identities],
    does.schema: [does.identities, does.checkpoints],
    does.one_table: [does.identities, does.checkpoints],
    does.validate: [does.identities, does.checkpoints, does.schema],
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
    for key, name in customer.names.items():
        wanted = wanted.replace(rf"\{{{key}\}}", re.escape(name))
    received = customer.cluster.received(since)
    assert len([text for text in received if re.fullmatch(wanted, text)]) == 1, received
    proof(customer)


@pytest.mark.parametrize(
    ("act", "refused"),
    [
        (does.reverse_etl, [f"SELECT 1 FROM {RETL}.records", f"CREATE TABLE {RETL}.own (id int)"]),
        (does.schema, [f"SELECT 1 FROM {SCHEMA}.another"]),
        (does.one_table, [f"SELECT 1 FROM {SCHEMA}.some_table"]),
    ],
)
def test_what_a_task_opens_was_closed_before_it(customer: Customer, act: Act, refused: list[str]) -> None:
    does.identities(customer)
    assert [customer.refusal(statement) for statement in refused] == ["42501"] * len(refused)
    act(customer)
    assert [customer.refusal(statement) for statement in refused] == [""] * len(refused)


def test_the_guides_password_in_double_quotes_is_refused(customer: Customer) -> None:
    admin = customer.server.user
    assert customer.cluster.refusal(admin, STATEMENTS[1]) == "42601"


def test_the_guides_select_of_one_identifier_finds_nothing(customer: Customer) -> None:
    does.identities(customer)
    does.schema(customer)
    assert customer.refusal(STATEMENTS[9]) == "42P01"
    one = f'SELECT * FROM "{customer.warehouse}.{SCHEMA}.some_table" LIMIT 10'
    assert customer.refusal(one) == "42P01"
    assert customer.refusal(f"SELECT * FROM {SCHEMA}.some_table LIMIT 10") == ""


def test_the_guides_grant_on_all_tables_misses_a_later_one(customer: Customer) -> None:
    does.identities(customer)
    statements = [text.replace("SEGMENT_LINKED_ROLE", customer.role) for text in STATEMENTS[5:7]]
    customer.sql(*statements)
    customer.as_owner(f"CREATE TABLE {SCHEMA}.later (id int)")
    assert customer.can_read(SCHEMA, "some_table")
    assert not customer.can_read(SCHEMA, "later")
    does.schema(customer)
    assert customer.can_read(SCHEMA, "later")
