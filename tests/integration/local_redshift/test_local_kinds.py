"""Shared databases, external schemas and tables: shown as what they are, granted, and not read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from redshift_connector import error as errors

from local_redshift.running import Server
from tests.integration.local_redshift.local_place import Place
from tests.support.redshift import connect, refused, run, unique

NAMESPACE = "4c1f7a52-90de-4b37-a6c8-2f5b81d0e943"
LAKE = (
    "CREATE EXTERNAL SCHEMA lake FROM DATA CATALOG DATABASE 'events' IAM_ROLE default",
    "CREATE EXTERNAL TABLE lake.t (a int, b decimal(8, 2), c character varying(20)) PARTITIONED BY (d date) "
    "STORED AS PARQUET LOCATION 's3://bucket/t/' TABLE PROPERTIES ('numRows'='172000')",
)


@pytest.fixture
def shared(admin: Any) -> Iterator[str]:
    name = unique("shared")
    run(admin, f"CREATE DATABASE {name} FROM DATASHARE ordershare OF NAMESPACE '{NAMESPACE}'")
    yield name
    run(admin, f"DROP DATABASE {name}")


def test_a_shared_database_is_shown_and_cannot_be_used(server: Server, admin: Any, shared: str) -> None:
    assert shared in [row[0] for row in run(admin, "SHOW DATABASES")]
    rows = f"SELECT database_type FROM svv_redshift_databases WHERE database_name = '{shared}'"
    assert run(admin, rows) == [("shared",)]
    for view in ("svv_all_schemas", "svv_redshift_schemas"):
        rows = f"SELECT schema_name, schema_type FROM {view} WHERE database_name = '{shared}'"
        assert run(admin, rows) == [("public", "shared")]
    everywhere = run(admin, "SELECT database_name, schema_name FROM svv_all_schemas")
    assert everywhere.count((shared, "public")) == 1
    for sql in (
        f"SELECT 1 FROM {shared}.public.t",
        f"SHOW SCHEMAS FROM DATABASE {shared}",
        f"GRANT CREATE ON DATABASE {shared} TO PUBLIC",
        f"GRANT SELECT FOR TABLES IN DATABASE {shared} TO awsuser",
    ):
        code, text = refused(admin, sql)
        assert code == "0A000" and text.startswith("local stand-in: "), sql
    with pytest.raises(errors.ProgrammingError, match=f'Cannot connect to shared database "{shared}"'):
        connect(server, shared)


def test_usage_of_a_shared_database_is_granted_from_a_local_one(place: Place, shared: str) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html
    seen = f"SELECT database_name FROM svv_redshift_databases WHERE database_name = '{shared}'"
    held = "SELECT privilege_type, identity_name, identity_type, privilege_scope FROM svv_database_privileges "
    held += f"WHERE database_name = '{shared}'"
    assert place.read(seen) == place.do(held) == []
    place.do(f"GRANT USAGE ON DATABASE {shared} TO ROLE {{role}}")
    assert place.read(seen) == [(shared,)]
    assert place.do(held) == place.read(held) == [("USAGE", place.role, "role", "DATABASE")]
    place.do(f"REVOKE USAGE ON DATABASE {shared} FROM ROLE {{role}}")
    place.read(f"GRANT USAGE ON DATABASE {shared} TO {{user}}")  # a warning of PostgreSQL's, no more
    assert place.read(seen) == place.do(held) == []
    assert place.refused("GRANT USAGE ON DATABASE dev TO PUBLIC")[0] == "0LP01"
    assert place.refused("GRANT USAGE ON DATABASE nowhere TO PUBLIC")[0] == "3D000"


def test_the_mounted_catalog_has_no_owner(admin: Any) -> None:
    run(admin, f"CREATE DATABASE awsdatacatalog FROM DATASHARE d OF NAMESPACE '{NAMESPACE}'")
    rows = "SELECT database_owner, database_type FROM svv_redshift_databases WHERE database_name = 'awsdatacatalog'"
    assert run(admin, rows) == [(None, "auto mounted catalog")]
    owners = "SELECT schema_owner FROM svv_all_schemas WHERE database_name = 'awsdatacatalog'"
    assert run(admin, owners) == [(None,)]
    run(admin, "DROP DATABASE awsdatacatalog")


def test_what_is_unknown_of_an_external_schema_is_refused(place: Place) -> None:
    place.do(LAKE[0])
    rows = "SELECT schema_type, source_database FROM svv_all_schemas WHERE schema_name = 'lake'"
    assert place.do(rows) == [("external", "events")]
    assert place.do("SELECT schema_name FROM svv_redshift_schemas WHERE schema_name = 'lake'") == []
    assert [row[1:4:2] for row in place.do("SHOW SCHEMAS FROM DATABASE {db} LIKE 'lake'")] == [("lake", "external")]
    assert place.read(rows) == []
    unknown = ("0A000", "local stand-in: the external schema lake")
    for sql in (
        "SELECT 1 FROM lake.t",
        "CREATE TABLE lake.t (a int)",
        "CREATE VIEW lake.t AS SELECT 1",
        "GRANT ALL ON SCHEMA s, lake TO ROLE {role}",
        "GRANT DROP ON SCHEMA lake TO ROLE {role}",
        "ALTER SCHEMA lake OWNER TO {user}",
        "GRANT SELECT FOR TABLES IN SCHEMA lake TO ROLE {role}",
        "GRANT SELECT ON ALL TABLES IN SCHEMA lake TO ROLE {role}",
        "ALTER SCHEMA lake RENAME TO sea",
    ):
        assert place.refused(sql) == unknown, sql
    with closing(connect(place.server)) as elsewhere:
        assert refused(elsewhere, place.named("SELECT 1 FROM {db}.lake.t")) == unknown
    assert place.refused("CREATE SCHEMA lake") == ("42P06", 'Schema "lake" already exists')
    assert place.refused("CREATE EXTERNAL SCHEMA s FROM DATA CATALOG DATABASE 'x'")[0] == "42P06"
    assert place.denied("DROP SCHEMA lake") == ("42501", "must be owner of schema lake")
    place.do("DROP SCHEMA lake")
    assert place.do(rows) == []
    assert place.refused("SELECT 1 FROM lake.t")[0] == "42P01"


@pytest.mark.parametrize("grantee", ["{user}", "ROLE {role}"])
def test_external_tables_are_listed_and_usage_opens_them(place: Place, grantee: str) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_TABLE.html
    for sql in LAKE:
        place.do("BEGIN")
        assert place.refused(sql)[0] == "0A000"
        place.do("ROLLBACK")
        place.do(sql)
    everything, nothing = "SELECT 1 FROM {db}.lake.t LIMIT 1", "SELECT 1 FROM (SELECT * FROM {db}.lake.t WHERE FALSE) x"
    listed = "SELECT table_type FROM svv_all_tables WHERE schema_name = 'lake'"
    shown = "SELECT schemaname, tablename, location FROM svv_external_tables WHERE redshift_database_name = '{db}'"
    columns = "SELECT column_name FROM {} WHERE schema_name = 'lake' ORDER BY ordinal_position"
    assert place.do(listed) == [("EXTERNAL TABLE",)]
    assert place.do(shown) == [("lake", "t", "s3://bucket/t/")]
    assert place.do(columns.format("svv_all_columns")) == [("a",), ("b",), ("c",), ("d",)]
    for sql in (
        "SELECT table_name FROM svv_redshift_tables WHERE schema_name = 'lake'",
        "SELECT relname FROM pg_class WHERE relname = 't'",
        columns.format("svv_redshift_columns"),
    ):
        assert place.do(sql) == []
    for sql in (everything, nothing, nothing.replace("{db}.", "")):
        assert place.denied(sql) == ("42501", "permission denied for schema lake")
    assert place.read(listed) == place.read(shown) == []
    place.do("BEGIN")
    assert place.refused(f"GRANT USAGE ON SCHEMA lake TO {grantee}")[0] == "25001"
    place.do("ROLLBACK")
    place.do(f"GRANT USAGE ON SCHEMA lake TO {grantee}")
    assert place.read("SELECT privilege_type FROM svv_schema_privileges WHERE namespace_name = 'lake'") == [("USAGE",)]
    assert len(place.read(listed)) == len(place.read(shown)) == 1
    with closing(connect(place.server, user=place.user)) as elsewhere:
        assert run(elsewhere, place.named(nothing)) == place.read("SELECT * FROM lake.t WHERE FALSE") == []
    place.do("CREATE VIEW public.late AS SELECT a FROM lake.t WITH NO SCHEMA BINDING")
    plain = "CREATE VIEW public.v AS SELECT a FROM lake.t"
    for sql in (everything, "SELECT a FROM lake.t", "SELECT a FROM late", plain):
        assert place.refused(sql) == ("0A000", "local stand-in: reading external tables"), sql
    for sql in ("GRANT SELECT ON lake.t TO {user}", "GRANT SELECT (a) ON lake.t TO {user}", "DROP TABLE lake.t"):
        assert place.refused(sql) == ("0A000", "Operation not supported on external tables"), sql
    place.do(f"REVOKE USAGE ON SCHEMA lake FROM {grantee}")
    assert place.denied(nothing)[0] == "42501"
    place.do("DROP SCHEMA lake")
    assert place.do(listed) == place.do(shown) == []


def test_who_makes_external_schemas_and_tables(place: Place) -> None:
    assert place.denied(LAKE[0])[0] == "42501"
    place.do(LAKE[0])
    assert place.denied(LAKE[1]) == ("42501", "permission denied for schema lake")
    assert place.refused(LAKE[1].replace("lake.", "s."))[0] == "3F000"
    # https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_USER.html
    place.do("GRANT CREATE ON DATABASE {db} TO {user}")
    place.read("CREATE EXTERNAL SCHEMA own FROM DATA CATALOG DATABASE 'events' IAM_ROLE default")
    place.do("REVOKE CREATE ON DATABASE {db} FROM {user}")
    held = f'user "{place.user}" cannot be dropped because the user owns some object'
    assert place.refused("DROP USER {user}") == ("55006", held)
    place.do("DROP SCHEMA own")
    place.do("DROP USER {user}")
