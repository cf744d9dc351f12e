"""Shared databases and external schemas: shown as what they are, and not usable."""

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
        f"GRANT USAGE ON DATABASE {shared} TO PUBLIC",
        f"GRANT CREATE ON DATABASE {shared} TO PUBLIC",
        f"GRANT SELECT FOR TABLES IN DATABASE {shared} TO awsuser",
    ):
        code, text = refused(admin, sql)
        assert code == "0A000" and text.startswith("local stand-in: "), sql
    with pytest.raises(errors.ProgrammingError) as failure:
        connect(server, shared)
    assert failure.value.args[0]["C"] == "0A000"


def test_usage_is_not_for_local_databases(admin: Any) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html
    assert refused(admin, "GRANT USAGE ON DATABASE dev TO PUBLIC")[0] == "0LP01"
    assert refused(admin, "GRANT USAGE ON DATABASE nowhere TO PUBLIC")[0] == "3D000"


def test_an_external_schema_is_shown_and_cannot_be_used(place: Place) -> None:
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
        (place.admin, "GRANT USAGE ON SCHEMA lake TO ROLE {role}"),
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
    assert place.denied("DROP SCHEMA lake")[0] == "42501"
    place.do("DROP SCHEMA lake")
    assert place.do(rows) == []
    assert place.refused("SELECT 1 FROM lake.t")[0] == "42P01"


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
