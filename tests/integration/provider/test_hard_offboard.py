"""Taking a role and a user away where names, grantors or roles of roles make it hard."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from airflow_provider_datagraph.exceptions import MisconfigurationError
from tests.integration.provider.offboarding import gone
from tests.support.redshift import run
from tests.support.segment import Segment, close, codes, drop


def test_the_user_connections_database_may_be_typed_in_upper_case(warehouse: Segment) -> None:
    cluster = warehouse.cluster
    checkpoints = cluster.database()
    both = (checkpoints, warehouse.warehouse)
    cluster.sql("dev", *(f"GRANT CREATE ON DATABASE {name} TO ROLE {warehouse.role}" for name in both))

    def told(schema: str) -> list[dict[str, Any]]:
        warehouse.user_connection(schema=schema)
        found: list[dict[str, Any]] = drop(warehouse, plan_only=True)["findings"]
        return found

    lower = told(checkpoints)
    assert [finding["code"] for finding in lower] == ["role_privileges", "database_kept"]
    assert warehouse.warehouse in lower[0]["message"]
    assert told(checkpoints.upper()) == lower


def test_what_the_user_granted_on_is_told_in_a_sentence(warehouse: Segment) -> None:
    cluster, database, user = warehouse.cluster, warehouse.warehouse, warehouse.user
    reader = cluster.user("reader")
    cluster.sql(database, f"GRANT SELECT ON crm.accounts TO {user} WITH GRANT OPTION")
    cluster.sql(database, f"GRANT USAGE ON SCHEMA crm TO {user}")
    cluster.sql(database, f"GRANT SELECT ON crm.accounts TO {reader}", user=user)
    before = cluster.snapshot()
    with pytest.raises(MisconfigurationError) as caught:
        drop(warehouse, force=True)
    refused, done = caught.value.problems
    assert refused.startswith(f"Redshift refuses it in database {database}: dependent privileges exist. Whoever loses")
    assert done.startswith(f"Done before: nothing. Failed, all or nothing of it done: database {database}. Not begun: ")
    assert cluster.snapshot() == before
    cluster.sql(database, f"REVOKE SELECT ON crm.accounts FROM {reader}", user=user)
    drop(warehouse, force=True)
    assert gone(warehouse)


def test_databases_and_schemas_that_are_stored_with_capitals(warehouse: Segment) -> None:
    cluster, role, user = warehouse.cluster, warehouse.role, warehouse.user
    heir = cluster.user("heir")
    name = "Upper" + cluster.name("db")

    def exactly(database: str, *statements: str) -> None:
        with closing(cluster.connect(database)) as connection:
            run(connection, "SET enable_case_sensitive_identifier TO true", *statements)

    exactly("dev", f'CREATE DATABASE "{name}"')
    exactly(
        name,
        'CREATE SCHEMA "Crm"',
        'CREATE TABLE "Crm"."Orders" (id int)',
        f'GRANT USAGE ON SCHEMA "Crm" TO ROLE {role}',
        f'GRANT SELECT ON "Crm"."Orders" TO ROLE {role}',
        f'GRANT CREATE ON DATABASE "{name}" TO ROLE {role}',
        f'ALTER TABLE "Crm"."Orders" OWNER TO {user}',
    )
    warehouse.user_connection(schema=name)
    try:
        planned = drop(warehouse, new_owner=heir, plan_only=True)
        assert not [finding for finding in planned["findings"] if finding["code"] != "database_kept"]
        assert drop(warehouse, new_owner=heir)["planned"] == planned["planned"]
        assert gone(warehouse)
    finally:
        cluster.close()
        exactly("dev", f'DROP DATABASE "{name}"')


def test_a_checkpoint_database_that_is_stored_with_capitals_is_dropped_by_that_name(warehouse: Segment) -> None:
    cluster = warehouse.cluster
    name = "Upper" + cluster.name("db")
    assert codes(drop(warehouse, checkpoint_database=name, plan_only=True)) == ["database_missing"]
    with closing(cluster.connect()) as connection:
        run(connection, "SET enable_case_sensitive_identifier TO true", f'CREATE DATABASE "{name}"')
    report = drop(warehouse, checkpoint_database=name)
    assert report["planned"][0].startswith(f"drop database {name} with 0 tables")
    assert name not in cluster.existing_databases()


def test_what_a_role_of_a_role_reads_everywhere_is_told(warehouse: Segment) -> None:
    cluster, database, role = warehouse.cluster, warehouse.warehouse, warehouse.role
    middle, bottom = cluster.role("middle"), cluster.role("bottom")
    cluster.sql("dev", f"GRANT ROLE {middle} TO ROLE {role}", f"GRANT ROLE {bottom} TO ROLE {middle}")
    cluster.sql(database, f"GRANT SELECT FOR TABLES IN DATABASE {database} TO ROLE {bottom}")
    writer = cluster.user("writer")
    cluster.sql(database, f"ALTER DEFAULT PRIVILEGES FOR USER {writer} GRANT SELECT ON TABLES TO ROLE {role}")
    with cluster.untouched():
        messages = [finding["message"] for finding in close(warehouse, "crm")["findings"]]
    kept = f"seen from database {database}: it is kept, since it reaches beyond the named schemas."
    assert messages == [
        f"Role {role} still holds SELECT on later tables of {writer} in all schemas, {kept}",
        f"Through {bottom}, {middle}, granted to it, role {role} still holds SELECT on tables in database {database}, "
        + kept,
    ]
