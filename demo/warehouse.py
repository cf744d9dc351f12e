"""A warehouse as a customer has it before Segment comes, on the local Redshift."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from typing import Any

import redshift_connector
from redshift_connector.error import ProgrammingError

from local_redshift.running import Server

# Passwords of a server that listens on this machine only, for as long as the demo runs.
ETL_PASSWORD = "Etl-Writer-1"
SEGMENT_PASSWORD = "Segment-Writer-1"
LINKED_PASSWORD = "Linked-Reader-1"

CLUSTER = [
    f"CREATE USER etl PASSWORD '{ETL_PASSWORD}'",
    f"CREATE USER segment PASSWORD '{SEGMENT_PASSWORD}'",
    f"CREATE USER segment_retl PASSWORD '{SEGMENT_PASSWORD}'",
    "CREATE DATABASE analytics",
    "CREATE DATABASE segment_profiles",
    "GRANT CREATE ON DATABASE segment_profiles TO segment",
]

ANALYTICS = [
    "CREATE SCHEMA crm AUTHORIZATION etl",
    "CREATE TABLE crm.accounts (id bigint, name varchar(200), plan varchar(20)) DISTKEY(id) SORTKEY(id)",
    "INSERT INTO crm.accounts VALUES (1, 'Brightwater Farms', 'team'), (2, 'Mosaic Health', 'business')",
    "CREATE TABLE crm.contacts (id bigint, account_id bigint, email varchar(200) ENCODE zstd) DISTSTYLE ALL",
    "INSERT INTO crm.contacts VALUES (1, 1, 'ada@brightwater.example'), (2, 2, 'kwame@mosaic.example')",
    "CREATE VIEW crm.business_accounts AS SELECT id, name FROM crm.accounts WHERE plan = 'business'",
    "CREATE SCHEMA billing AUTHORIZATION etl",
    "CREATE TABLE billing.invoices (id bigint, account_id bigint, cents bigint, issued date) SORTKEY(issued)",
    "INSERT INTO billing.invoices VALUES (10, 1, 129900, '2026-10-01'), (11, 2, 499900, '2026-10-01')",
    "CREATE TABLE billing.payments (id bigint, invoice_id bigint, cents bigint)",
    "INSERT INTO billing.payments VALUES (100, 10, 129900)",
    "CREATE SCHEMA devices AUTHORIZATION etl",
    "CREATE TABLE devices.phones (id bigint, contact_id bigint, model varchar(80))",
    "INSERT INTO devices.phones VALUES (7, 1, 'Fairphone 6')",
    "CREATE SCHEMA payroll AUTHORIZATION etl",
    "CREATE TABLE payroll.salaries (employee varchar(80), cents bigint)",
    "INSERT INTO payroll.salaries VALUES ('the CEO', 1)",
    "CREATE SCHEMA __segment_reverse_etl AUTHORIZATION segment_retl",
    "CREATE TABLE __segment_reverse_etl.records_s1 (record_id varchar(64), checksum varchar(64))",
    "INSERT INTO __segment_reverse_etl.records_s1 VALUES ('1', 'c4ca4238')",
    "ALTER TABLE __segment_reverse_etl.records_s1 OWNER TO segment_retl",
]

Path = tuple[str, str, str]
# What is asked at the end: every kind of thing that the linked user may and mustn't read.
TABLES: list[Path] = [
    ("analytics", "crm", "accounts"),
    ("analytics", "crm", "contacts"),
    ("analytics", "crm", "business_accounts"),
    ("analytics", "crm", "created_after_the_grant"),
    ("analytics", "billing", "invoices"),
    ("analytics", "billing", "payments"),
    ("analytics", "devices", "phones"),
    ("analytics", "__segment_reverse_etl", "records_s1"),
    ("segment_profiles", "profiles_prod", "user_traits"),
    ("segment_profiles", "profiles_prod", "id_graph_updates"),
    ("segment_profiles", "profiles_prod", "order_completed"),
    ("analytics", "payroll", "salaries"),
]


def connect(server: Server, database: str, user: str | None = None, password: str | None = None) -> Any:
    """Connect through the driver that Airflow uses.

    :param server: the local Redshift.
    :param database: the database.
    :param user: the user; default the admin.
    :param password: its password; default the admin's.
    :return: the connection, in autocommit.
    """
    connection = redshift_connector.connect(
        host=server.host,
        port=server.port,
        user=user or server.user,
        password=password or server.password,
        database=database,
        ssl=False,
    )
    connection.autocommit = True
    return connection


def run(connection: Any, statements: Iterable[str]) -> None:
    """Run statements one by one.

    :param connection: the connection.
    :param statements: the statements.
    """
    cursor = connection.cursor()
    for statement in statements:
        cursor.execute(statement)


def build(server: Server) -> None:
    """Build the warehouse.

    :param server: the local Redshift.
    """
    with closing(connect(server, server.database)) as connection:
        run(connection, CLUSTER)
    with closing(connect(server, "analytics")) as connection:
        run(connection, ANALYTICS)


def create_later_table(server: Server) -> None:
    """Create a table in a schema that is open already, as the user that owns the schema.

    :param server: the local Redshift.
    """
    with closing(connect(server, "analytics", "etl", ETL_PASSWORD)) as connection:
        run(connection, ["CREATE TABLE crm.created_after_the_grant (id bigint)"])


def history(server: Server, since: int = 0) -> list[str]:
    """List what the server received from the admin, oldest first.

    :param server: the local Redshift.
    :param since: how many of the oldest to leave out.
    :return: the statements as received.
    """
    with closing(connect(server, server.database)) as connection:
        cursor = connection.cursor()
        cursor.execute(f"SELECT usesysid FROM pg_user WHERE usename = '{server.user}'")
        admin = cursor.fetchall()[0][0]
        cursor.execute(f"SELECT query_text FROM sys_query_history WHERE user_id = {admin} ORDER BY start_time")
        return [str(row[0]) for row in cursor.fetchall()][since:]


def matrix(server: Server, database: str) -> list[tuple[Path, str]]:
    """Log in as the linked user where Segment does, and read every table.

    :param server: the local Redshift.
    :param database: the checkpoint database.
    :return: each table with an empty text where it is readable, else with the server's refusal.
    """
    found: list[tuple[Path, str]] = []
    with closing(connect(server, database, "segment_linked_user", LINKED_PASSWORD)) as connection:
        cursor = connection.cursor()
        for path in TABLES:
            name = ".".join(f'"{part}"' for part in path)
            try:
                cursor.execute(f"SELECT 1 FROM {name} LIMIT 1")
                found.append((path, ""))
            except ProgrammingError as error:
                found.append((path, str(error.args[0]["M"])))
    return found
