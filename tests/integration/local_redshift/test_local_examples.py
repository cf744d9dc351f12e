"""The statements of AWS's pages, executed: what the grammar accepts, the server behind it takes, too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from redshift_connector import error as errors

from local_redshift.errors import Refused
from local_redshift.grammar import translate
from local_redshift.plan import Context
from local_redshift.running import Server
from tests.support.redshift import PASSWORD, connect, run
from tests.unit.local_redshift.local_corpus import Entry, corpus

DATABASE = "metrics"
# Identities and objects of the pages' examples, under the corpus's names.
USERS = """maria tomas steward shopuser1 shopuser2 henrik contractor payroll report_user view_reader visitor auditor
dash_user iam_steward second_admin analyst""".split()
ROLES = """reader_role lead_role writer_role etl_role sec_role ops_role audit_role insight insight_role data_role
viewer_role catalog_reader""".split()
GROUPS = "bi_team ro_team crm_team crm_admins shop_users shop_power_users visitors qa_team".split()
SETUP = (
    *(f"CREATE USER {name} PASSWORD '{PASSWORD}'" for name in USERS),
    *(f"CREATE ROLE {name}" for name in ROLES),
    *(f"CREATE GROUP {name}" for name in GROUPS),
)
INSIDE = (
    *(f"CREATE SCHEMA {name}" for name in "curated landing orders orders_schema old_orders old_margin".split()),
    "CREATE TABLE curated.orders (status int, note int)",
    "CREATE TABLE curated.page_views (status int, note int)",
    "CREATE TABLE orders (c1 int, c2 int, c3 int)",
    "CREATE VIEW orders_view AS SELECT c1 FROM orders",
    "CREATE TABLE staff (a int)",
    "CREATE TABLE parts (a int)",
    "CREATE TABLE customer_card (full_name int, email int, contact_choice int)",
    'CREATE TABLE "Curated"."Orders 2031" (a int)',
    'CREATE TABLE public."MixedNameTable" ("MixedNameColumn" int)',
    "CREATE TABLE happenings (a int)",
    "CREATE TABLE k1 (a int PRIMARY KEY)",
    *(f"CREATE TABLE {name} ({name}id int PRIMARY KEY)" for name in "item party calendar".split()),
    "ALTER TABLE calendar RENAME COLUMN calendarid TO dayid",
    # The creators whom default privileges name must be able to create.
    "GRANT CREATE ON SCHEMA curated, landing TO PUBLIC",
)
# What is to be gone, or to be there, before a statement is tried: the pattern's groups fill the second text.
FIRST = (
    (r"create user (\w+)", "DROP USER IF EXISTS {0}"),
    (r"create group (\w+)", "DROP GROUP {0}"),
    (r"create role (\w+)", "DROP ROLE {0} FORCE"),
    (r"alter role reader_role .*rename to (\w+)", "DROP ROLE {0}"),
    (r"create table (orders|k1|happenings|public\.\"MixedNameTable\")\s*\(", "DROP TABLE {0} CASCADE"),
    (r"alter schema (eu_orders)\s+owner", "CREATE SCHEMA {0}"),
    (r"(?:attach|detach|drop) masking policy (?:metrics\.)?(\w+)", "CREATE MASKING POLICY {0} WITH (a int) USING (a)"),
    (r"detach (.*) from (.*)", "ATTACH {0} TO {1}"),
)
# What Redshift, too, would say here; and the one example whose tables of one name are of two databases.
ELSEWHERE = {"25001": "not inside a transaction", "3D000": "no data catalog here", "42712": "two databases"}


@pytest.fixture(scope="module")
def metrics(server: Server) -> Iterator[Any]:
    admin = connect(server)
    for sql in (*SETUP, *(f"CREATE DATABASE {name}" for name in (DATABASE, "metrics_sandbox", "archive"))):
        run(admin, sql)
    inside = connect(server, DATABASE)
    for sql in INSIDE:
        run(inside, sql)
    yield inside
    inside.close()
    for name in (DATABASE, "metrics_sandbox", "archive"):
        run(admin, f"DROP DATABASE {name}")
    for kind, names in (("USER", USERS), ("ROLE", ROLES), ("GROUP", GROUPS)):
        for name in names:
            run(admin, f"DROP {kind} {name}")
    admin.close()


def accepted(entry: Entry) -> bool:
    try:
        translate(entry.sql, Context(DATABASE))
    except Refused:
        return False
    return True


ENTRIES = [entry for entry in corpus("accept") if accepted(entry)]


def executed(connection: Any, sql: str) -> str:
    """Run it and take it back; the error's code and text, or nothing."""
    run(connection, "BEGIN")
    try:
        for pattern, before in FIRST:
            if (match := re.match(pattern, sql, re.IGNORECASE)) is not None:
                run(connection, before.format(*match.groups()))
        run(connection, sql)
    except errors.Error as failure:
        return f"{failure.args[0]['C']} {failure.args[0]['M']}"
    finally:
        run(connection, "ROLLBACK")
    return ""


def test_what_the_grammar_accepts_runs(metrics: Any) -> None:
    failed = {entry.sql: text for entry in ENTRIES if (text := executed(metrics, entry.sql))}
    wrong = {
        sql: text for sql, text in failed.items() if text[:5] not in ELSEWHERE and "0A000 local stand-in" not in text
    }
    assert wrong == {}
    assert len(ENTRIES) - len(failed) >= 240
