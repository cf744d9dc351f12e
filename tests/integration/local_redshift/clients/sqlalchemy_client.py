"""What SQLAlchemy finds on a local Redshift, as JSON by what it was asked: run by test_local_other_clients.py."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import sqlalchemy as sa

CONNECT: dict[str, dict[str, Any]] = {
    "redshift_connector": {"ssl": False},
    "psycopg2": {"sslmode": "disable", "sslrootcert": ""},
}


def main(driver: str) -> None:
    """Connect by this driver and ask for the table `t` of schema `s`."""
    at = {key: os.environ[f"REDSHIFT_{key.upper()}"] for key in ("host", "port", "user", "password")}
    url = sa.URL.create(f"redshift+{driver}", at["user"], at["password"], at["host"], int(at["port"]), "dev")
    engine = sa.create_engine(url, connect_args=CONNECT[driver])
    with engine.connect() as connection:
        found: dict[str, Any] = {
            "select pg_catalog.version()": str(connection.scalar(sa.text("select pg_catalog.version()")))
        }
    known = sa.inspect(engine)
    found["get_schema_names()"] = known.get_schema_names()
    for method in ("get_table_names", "get_view_names"):
        found[f"{method}()"] = getattr(known, method)(schema="s")
    found["get_columns()"] = {one["name"]: str(one["type"]) for one in known.get_columns("t", schema="s")}
    found["get_pk_constraint()"] = known.get_pk_constraint("t", schema="s")["constrained_columns"]
    found["has_table()"] = [known.has_table(name, schema="s") for name in ("t", "u")]
    metadata = sa.MetaData(schema="s")
    metadata.reflect(engine)
    found["MetaData.reflect()"] = sorted(metadata.tables)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
