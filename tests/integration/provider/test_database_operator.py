"""CreateCheckpointDatabaseOperator."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.operators.database import CreateCheckpointDatabaseOperator
from tests.integration.provider.support import Segment, codes, message, run

RETL = "CREATE SCHEMA __segment_reverse_etl"


def make(segment: Segment, database: str, **arguments: Any) -> CreateCheckpointDatabaseOperator:
    return CreateCheckpointDatabaseOperator(
        task_id="database", **{"database": database, "role": segment.role, **arguments}
    )


def databases(segment: Segment) -> set[str]:
    return {str(row[0]) for row in segment.cluster.sql("dev", "SELECT database_name FROM svv_redshift_databases")}


def test_the_linked_user_creates_its_schema_there_and_nowhere_else(linked: Segment) -> None:
    database = linked.cluster.future_database()
    report = run(make(linked, database))
    assert (report["changed"], report["in_place"], report["findings"]) == (2, 0, [])
    assert linked.cluster.refusal(linked.user, RETL, database) == ""
    assert linked.cluster.refusal(linked.user, f"{RETL}_2", linked.warehouse) == "42501"
    assert linked.cluster.refusal(linked.user, f"{RETL}_2", "dev") == "42501"


def test_the_linked_user_writes_in_the_schema_that_it_creates(linked: Segment) -> None:
    database = linked.cluster.future_database()
    run(make(linked, database))
    statements = (
        RETL,
        "CREATE TABLE __segment_reverse_etl.c (id int)",
        "INSERT INTO __segment_reverse_etl.c VALUES (1)",
    )
    linked.cluster.sql(database, *statements, user=linked.user)
    assert linked.cluster.sql(database, "SELECT id FROM __segment_reverse_etl.c", user=linked.user) == [(1,)]


def test_a_second_run_changes_nothing(linked: Segment) -> None:
    database = linked.cluster.future_database()
    run(make(linked, database))
    with linked.cluster.untouched():
        report = run(make(linked, database))
    assert (report["changed"], report["in_place"]) == (0, 2)


def test_an_existing_database_is_adopted_and_a_strange_owner_reported(linked: Segment) -> None:
    owner = linked.cluster.user("owner")
    database = linked.cluster.future_database()
    linked.cluster.sql("dev", f"CREATE DATABASE {database} OWNER {owner}")
    since = linked.cluster.mark()
    report = run(make(linked, database))
    assert linked.cluster.changes(since) == [f'GRANT CREATE ON DATABASE "{database}" TO ROLE "{linked.role}"']
    assert (report["changed"], report["in_place"]) == (1, 1)
    assert f"its owner is {owner}" in message(report, "database_owner")
    assert linked.cluster.refusal(linked.user, RETL, database) == ""


def test_an_existing_database_of_the_admins_is_no_finding(linked: Segment) -> None:
    assert run(make(linked, linked.cluster.database()))["findings"] == []


def test_a_permission_for_its_schemas_is_not_taken_for_one_on_the_database(linked: Segment) -> None:
    database = linked.cluster.database()
    linked.cluster.sql(database, f"GRANT CREATE FOR SCHEMAS IN DATABASE {database} TO ROLE {linked.role}")
    assert linked.cluster.refusal(linked.user, RETL, database) == "42501"
    assert run(make(linked, database))["changed"] == 1
    assert linked.cluster.refusal(linked.user, RETL, database) == ""


def test_without_the_role_nothing_is_created(segment: Segment) -> None:
    database = segment.cluster.future_database()
    with segment.cluster.untouched(), pytest.raises(MisconfigurationError, match="CreateSegmentRoleOperator first"):
        run(make(segment, database))
    assert database not in databases(segment)


def test_plan_only_creates_nothing_and_goes_on_without_the_role(segment: Segment) -> None:
    database = segment.cluster.future_database()
    with segment.cluster.untouched():
        report = run(make(segment, database, plan_only="True"))
    assert report["planned"] == [
        f"create database {database}: it doesn't exist",
        f"grant CREATE on database {database} to role {segment.role}: not held",
    ]
    assert (report["changed"], codes(report)) == (0, ["role_missing"])


def test_a_name_that_needs_quotes_is_created(linked: Segment) -> None:
    database = linked.cluster.future_database('check "point" café')
    assert run(make(linked, database))["changed"] == 2
    assert linked.cluster.refusal(linked.user, RETL, database) == ""


NO_DATABASE = [
    ("", "empty"),
    ("Mixed", "upper-case"),
    ("select", "reserved word"),
    ("template1", "belongs to Redshift itself"),
    ("x" * 128, "128 bytes"),
    ("a\tb", "can't be printed"),
]


def test_a_name_that_no_database_can_have_is_refused(linked: Segment) -> None:
    with linked.cluster.untouched():
        for database, wrong in NO_DATABASE:
            with pytest.raises(MisconfigurationError, match=wrong):
                run(make(linked, database))


def test_an_admin_that_may_not_create_databases_is_told_so(linked: Segment) -> None:
    admin = linked.cluster.user("admin")
    linked.admin_connection(login=admin, password=linked.cluster.passwords[admin])
    database = linked.cluster.future_database()
    with pytest.raises(MisconfigurationError, match=f"{admin} doesn't see what role {linked.role} holds"):
        run(make(linked, database))
    linked.cluster.sql("dev", f"ALTER ROLE {linked.role} OWNER TO {admin}")
    with pytest.raises(MisconfigurationError, match=f"refuses user {admin}.*permission denied"):
        run(make(linked, database))
    assert database not in databases(linked)
