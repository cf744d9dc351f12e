"""A PostgreSQL for Airflow's own database, as in docker-compose.yaml: SQLite takes a text of any length."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from local_redshift.postgres import Postgres
from local_redshift.text import OWNER
from tests.canary import unpacked

# For each table, the statement that reads all of it as bytes.
TABLES = """
    SELECT table_name, format('SELECT %s FROM %I.%I', string_agg(format(
        CASE data_type WHEN 'bytea' THEN '%I' ELSE 'convert_to(%I::text, ''UTF8'') AS %1$I' END, column_name
    ), ', '), table_schema, table_name)
    FROM information_schema.tables JOIN information_schema.columns USING (table_schema, table_name)
    WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')
    GROUP BY table_schema, table_name
"""


@dataclass(frozen=True)
class Metadata:
    """Airflow's database.

    :param postgres: the server that it is alone on.
    :param name: the database's.
    """

    postgres: Postgres
    name: str

    def connect(self, database: str | None = None) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection of the server's owner."""
        place, password = str(self.postgres.folder), self.postgres.address.password
        return psycopg.connect(host=place, user=OWNER, password=password, dbname=database or self.name, autocommit=True)

    def run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement, also while services write.

        :return: its rows.
        """
        with closing(self.connect()) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def values(self) -> Iterator[tuple[str, bytes]]:
        """Each value of each table as ``table.column``, inflated where it is compressed."""
        with closing(self.connect()) as connection:
            for table, statement in connection.execute(TABLES).fetchall():
                cursor = connection.execute(statement)
                places = [f"{table}.{column.name}" for column in cursor.description or ()]
                for row in cursor:
                    yield from (
                        (where, unpacked(value)) for where, value in zip(places, row, strict=True) if value is not None
                    )

    def files(self) -> Iterator[tuple[str, bytes]]:
        """The database's files and the server's logs as they are, with what was deleted."""
        self.run("CHECKPOINT")
        [(number,)] = self.run("SELECT oid FROM pg_database WHERE datname = current_database()")
        for pattern in (f"data/base/{number}/*", "data/pg_wal/*", "postgres.log"):
            for path in sorted(self.postgres.folder.glob(pattern)):
                if path.is_file():
                    yield str(path.relative_to(self.postgres.folder)), path.read_bytes()

    def make(self, user: str, password: str) -> None:
        """Create Airflow's user and the database, as soon as the server takes connections."""
        deadline = time.monotonic() + 30
        while True:
            try:
                with closing(self.connect("postgres")) as connection:
                    # The image makes its user a superuser, too.
                    role = SQL("CREATE ROLE {} SUPERUSER LOGIN PASSWORD {}")
                    connection.execute(role.format(Identifier(user), password))
                    connection.execute(SQL("CREATE DATABASE {}").format(Identifier(self.name)))
                break
            except psycopg.OperationalError:
                if not self.postgres.alive() or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        # The server is started with a setting of Redshift's.
        with closing(self.connect()) as connection:
            setting = SQL("ALTER DATABASE {} SET standard_conforming_strings = on")
            connection.execute(setting.format(Identifier(self.name)))
        for kind in ("text", "varchar", "json", "jsonb", "bytea"):
            # Not compressed, or a search of the files would find no long value.
            self.run(f"ALTER TYPE {kind} SET (STORAGE = external)")


@contextmanager
def metadata_database(user: str, password: str, name: str) -> Iterator[Metadata]:
    """A database for the time of a block.

    :param user: Airflow's, with this password.
    """
    made = Metadata(Postgres(), name)
    try:
        made.postgres.start()
        made.make(user, password)
        yield made
    finally:
        made.postgres.stop()
