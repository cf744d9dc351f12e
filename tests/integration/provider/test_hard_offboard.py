"""Taking a role and a user away where names, grantors or roles of roles make it hard."""

from __future__ import annotations

from contextlib import closing

import pytest

from airflow_provider_datagraph.access.messages import change_text
from airflow_provider_datagraph.access.plan import Change, Fact, Reason
from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.redshift.values import Grant, Scope
from tests.integration.provider.offboarding import gone
from tests.support.redshift import run
from tests.support.segment import Logged, Segment, close, codes, drop, message, messages_of, notes, planned, said


def test_the_user_connections_database_may_be_typed_in_upper_case(warehouse: Segment, logged: Logged) -> None:
    cluster = warehouse.cluster
    checkpoints = cluster.database()
    both = (checkpoints, warehouse.warehouse)
    cluster.sql("dev", *(f"GRANT CREATE ON DATABASE {name} TO ROLE {warehouse.role}" for name in both))

    grants = frozenset({Grant(Scope.DATABASE, "CREATE", database=warehouse.warehouse)})
    told = said("role_privileges", warehouse.warehouse, case="further", role=warehouse.role, grants=grants)
    for typed in (checkpoints, checkpoints.upper()):
        warehouse.user_connection(schema=typed)
        report = drop(warehouse, plan_only=True)
        assert message(report, "role_privileges") == told
        assert (codes(report), notes(report)) == (["role_privileges"], ["database_kept"])
        assert said("database_kept", checkpoints) in logged()


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
        plan = drop(warehouse, new_owner=heir, plan_only=True)
        assert (codes(plan), notes(plan)) == ([], ["database_kept"])
        assert planned(drop(warehouse, new_owner=heir)) == planned(plan)
        assert gone(warehouse)
    finally:
        cluster.close()
        exactly("dev", f'DROP DATABASE "{name}"')


def test_a_checkpoint_database_that_is_stored_with_capitals_is_dropped_by_that_name(warehouse: Segment) -> None:
    cluster = warehouse.cluster
    name = "Upper" + cluster.name("db")
    assert notes(drop(warehouse, checkpoint_database=name, plan_only=True)) == ["database_missing"]
    with closing(cluster.connect()) as connection:
        run(connection, "SET enable_case_sensitive_identifier TO true", f'CREATE DATABASE "{name}"')
        run(connection, f'GRANT CREATE ON DATABASE "{name}" TO ROLE {warehouse.role}')
    report = drop(warehouse, checkpoint_database=name)
    dropped = Change("drop", "database", (name,), Reason.NAMED, count=0)
    assert report["changes"][0]["text"] == change_text(dropped, done=True)
    assert name not in cluster.existing_databases()


def test_what_a_role_of_a_role_reads_everywhere_is_told(warehouse: Segment) -> None:
    cluster, database, role = warehouse.cluster, warehouse.warehouse, warehouse.role
    middle, bottom = cluster.role("middle"), cluster.role("bottom")
    cluster.sql("dev", f"GRANT ROLE {middle} TO ROLE {role}", f"GRANT ROLE {bottom} TO ROLE {middle}")
    cluster.sql(database, f"GRANT SELECT FOR TABLES IN DATABASE {database} TO ROLE {bottom}")
    writer = cluster.user("writer")
    cluster.sql(database, f"ALTER DEFAULT PRIVILEGES FOR USER {writer} GRANT SELECT ON TABLES TO ROLE {role}")
    with cluster.untouched():
        report = close(warehouse, "crm")
    own = frozenset({Grant(Scope.DEFAULT, "SELECT", writer=writer)})
    inherited = frozenset({Grant(Scope.DATABASE_TABLES, "SELECT", database=database)})
    facts: dict[str, Fact] = {"case": "closing inherited", "roles": (bottom, middle)}
    assert messages_of(report, "database_wide") == [
        said("database_wide", database, case="closing", role=role, grants=own),
        said("database_wide", database, role=role, grants=inherited, **facts),
    ]
    assert codes(report) == ["database_wide"] * 2
