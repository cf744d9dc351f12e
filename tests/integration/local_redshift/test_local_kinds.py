"""Shared databases, external schemas and tables: shown as what they are, granted, and not read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from redshift_connector import error as errors

from local_redshift.running import Server
from tests.integration.local_redshift.local_place import Place
from tests.support.redshift import connect, refused, run, unique

NAMESPACE = "4c1f7a52-90de-4b37-a6c8-2f5b81d0e943"


@pytest.fixture
def shared(admin: Any) -> Iterator[str]:
    name = unique("shared")
    run(admin, f"CREATE DATABASE {name} FROM DATASHARE ordershare OF NAMESPACE '{NAMESPACE}'")
    yield name
    run(admin, f"DROP DATABASE {name}")


def test_a_shared_database_is_shown_as_one(admin: Any, shared: str) -> None:
    rows = f"SELECT database_type FROM svv_redshift_databases WHERE database_name = '{shared}'"
    assert run(admin, rows) == [("shared",)]
    assert shared in [row[0] for row in run(admin, "SHOW DATABASES")]
    for view in ("svv_all_schemas", "svv_redshift_schemas"):
        rows = f"SELECT schema_name, schema_type FROM {view} WHERE database_name = '{shared}'"
        assert run(admin, rows) == [("public", "shared")]
    everywhere = run(admin, "SELECT database_name, schema_name FROM svv_all_schemas")
    assert everywhere.count((shared, "public")) == 1


def test_a_shared_database_cannot_be_used(server: Server, admin: Any, shared: str) -> None:
    for sql in (
        f"SELECT 1 FROM {shared}.public.t",
        f"SHOW SCHEMAS FROM DATABASE {shared}",
        f"GRANT CREATE ON DATABASE {shared} TO PUBLIC",
        f"GRANT SELECT FOR TABLES IN DATABASE {shared} TO awsuser",
    ):
        code, text = refused(admin, sql)
        assert code == "0A000" and text.startswith("local stand-in: "), sql
    with pytest.raises(errors.ProgrammingError) as failure:
        connect(server, shared)
    assert failure.value.args[0]["M"] == f'Cannot connect to shared database "{shared}"'


def test_usage_of_a_shared_database_is_granted_from_a_local_one(place: Place, shared: str) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html
    seen = f"SELECT database_name FROM svv_redshift_databases WHERE database_name = '{shared}'"
    held = "SELECT privilege_type, identity_name, identity_type, privilege_scope FROM svv_database_privileges "
    held += f"WHERE database_name = '{shared}'"
    assert place.read(seen) == place.do(held) == []
    place.do(f"GRANT USAGE ON DATABASE {shared} TO ROLE {{role}}")
    assert place.read(seen) == [(shared,)]
    assert place.do(held) == place.read(held) == [("USAGE", place.role, "role", "DATABASE")]
    place.do(f"GRANT USAGE ON DATABASE {shared} TO {{user}}")
    assert len(place.do(held)) == 2
    place.do(f"REVOKE USAGE ON DATABASE {shared} FROM ROLE {{role}}")
    place.do(f"REVOKE USAGE ON DATABASE {shared} FROM {{user}}")
    assert place.read(seen) == place.do(held) == []
    place.read(f"GRANT USAGE ON DATABASE {shared} TO {{user}}")  # a warning of PostgreSQL's, no more
    assert place.do(held) == []


def test_the_mounted_catalog_has_no_owner(admin: Any) -> None:
    run(admin, f"CREATE DATABASE awsdatacatalog FROM DATASHARE d OF NAMESPACE '{NAMESPACE}'")
    rows = "SELECT database_owner, database_type FROM svv_redshift_databases WHERE database_name = 'awsdatacatalog'"
    assert run(admin, rows) == [(None, "auto mounted catalog")]
    owners = "SELECT schema_owner FROM svv_all_schemas WHERE database_name = 'awsdatacatalog'"
    assert run(admin, owners) == [(None,)]
    run(admin, "DROP DATABASE awsdatacatalog")


def test_usage_is_not_for_local_databases(admin: Any) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html
    assert refused(admin, "GRANT USAGE ON DATABASE dev TO PUBLIC")[0] == "0LP01"
    assert refused(admin, "GRANT USAGE ON DATABASE nowhere TO PUBLIC")[0] == "3D000"


def test_what_is_unknown_of_an_external_schema_is_refused(place: Place) -> None:
    place.do("CREATE EXTERNAL SCHEMA lake FROM DATA CATALOG DATABASE 'events' IAM_ROLE default")
    rows = "SELECT schema_type, source_database FROM svv_all_schemas WHERE schema_name = 'lake'"
    assert place.do(rows) == [("external", "events")]
    assert place.do("SELECT schema_name FROM svv_redshift_schemas WHERE schema_name = 'lake'") == []
    assert [row[1:4:2] for row in place.do("SHOW SCHEMAS FROM DATABASE {db} LIKE 'lake'")] == [("lake", "external")]
    assert place.read(rows) == []
    elsewhere = connect(place.server)
    for connection, sql in (
        (place.admin, "SELECT 1 FROM lake.t"),
        (place.admin, "CREATE TABLE lake.t (a int)"),
        (place.admin, "CREATE VIEW lake.t AS SELECT 1"),
        (place.admin, "GRANT CREATE ON SCHEMA lake TO ROLE {role}"),
        (place.admin, "GRANT ALL ON SCHEMA s, lake TO ROLE {role}"),
        (place.admin, "GRANT DROP ON SCHEMA lake TO ROLE {role}"),
        (place.admin, "ALTER SCHEMA lake OWNER TO {user}"),
        (place.admin, "GRANT SELECT FOR TABLES IN SCHEMA lake TO ROLE {role}"),
        (place.admin, "GRANT SELECT ON ALL TABLES IN SCHEMA lake TO ROLE {role}"),
        (place.admin, "ALTER SCHEMA lake RENAME TO sea"),
        (elsewhere, "SELECT 1 FROM {db}.lake.t"),
    ):
        assert refused(connection, place.named(sql)) == ("0A000", "local stand-in: the external schema lake"), sql
    elsewhere.close()
    assert place.refused("CREATE SCHEMA lake") == ("42P06", 'Schema "lake" already exists')
    assert place.refused("ALTER SCHEMA s RENAME TO lake")[0] == "42P06"
    assert place.refused("CREATE EXTERNAL SCHEMA s FROM DATA CATALOG DATABASE 'x'")[0] == "42P06"
    assert place.denied("DROP SCHEMA lake") == ("42501", "must be owner of schema lake")
    place.do("DROP SCHEMA lake")
    assert place.do(rows) == []
    assert place.refused("SELECT 1 FROM lake.t")[0] == "42P01"


LAKE = (
    "CREATE EXTERNAL SCHEMA lake FROM DATA CATALOG DATABASE 'events' IAM_ROLE default",
    "CREATE EXTERNAL TABLE lake.t (a int, b decimal(8, 2), c character varying(20)) PARTITIONED BY (d date) "
    "STORED AS PARQUET LOCATION 's3://bucket/t/' TABLE PROPERTIES ('numRows'='172000')",
)


@pytest.mark.parametrize("grantee", ["{user}", "ROLE {role}"])
def test_external_tables_are_listed_and_usage_opens_them(place: Place, grantee: str) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_TABLE.html
    place.do("BEGIN")
    assert place.refused(LAKE[0])[0] == "0A000"
    place.do("ROLLBACK")
    for sql in LAKE:
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
    elsewhere = connect(place.server, user=place.user)
    for sql in (everything, nothing, nothing.replace("{db}.", "")):
        assert place.denied(sql) == ("42501", "permission denied for schema lake")
    assert place.read(listed) == place.read(shown) == []
    place.do("BEGIN")
    assert place.refused(f"GRANT USAGE ON SCHEMA lake TO {grantee}")[0] == "25001"
    place.do("ROLLBACK")
    place.do(f"GRANT USAGE ON SCHEMA lake TO {grantee}")
    assert place.read("SELECT privilege_type FROM svv_schema_privileges WHERE namespace_name = 'lake'") == [("USAGE",)]
    assert len(place.read(listed)) == len(place.read(shown)) == 1
    assert run(elsewhere, place.named(nothing)) == place.read("SELECT * FROM lake.t WHERE FALSE") == []
    elsewhere.close()
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


def test_who_makes_external_tables_and_where(place: Place) -> None:
    place.do(LAKE[0])
    assert place.denied(LAKE[1]) == ("42501", "permission denied for schema lake")
    assert place.refused(LAKE[1].replace("lake.", "s."))[0] == "3F000"
    assert place.refused(LAKE[1].replace("lake.", ""))[0] == "42601"
    assert place.refused(LAKE[1].replace("a int", "a struct<b:int>"))[0] == "0A000"
    assert place.refused(LAKE[1].replace("PARQUET", "PAPER"))[0] == "42601"


def test_external_schemas_need_create_and_no_transaction(place: Place) -> None:
    assert place.denied("CREATE EXTERNAL SCHEMA lake FROM KINESIS IAM_ROLE default")[0] == "42501"
    place.do("BEGIN")
    assert place.refused("CREATE EXTERNAL SCHEMA lake FROM KINESIS IAM_ROLE default")[0] == "0A000"
    place.do("ROLLBACK")


def test_the_owner_of_an_external_schema_is_not_dropped(place: Place) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_USER.html
    place.do("GRANT CREATE ON DATABASE {db} TO {user}")
    place.read("CREATE EXTERNAL SCHEMA own FROM DATA CATALOG DATABASE 'events' IAM_ROLE default")
    place.do("REVOKE CREATE ON DATABASE {db} FROM {user}")
    held = f'user "{place.user}" cannot be dropped because the user owns some object'
    assert place.refused("DROP USER {user}") == ("55006", held)
    place.do("DROP SCHEMA own")
    place.do("DROP USER {user}")
