"""CreateCheckpointDatabaseOperator."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_datagraph.exceptions import MisconfigurationError
from tests.support.segment import Logged, Segment, changes, codes, execute, message, notes, said, sent

RETL = "CREATE SCHEMA __segment_reverse_etl"


def create(segment: Segment, **arguments: Any) -> dict[str, Any]:
    return execute(segment.create_database(**arguments))


def test_the_linked_user_creates_its_schema_there_and_nowhere_else(linked: Segment) -> None:
    report = create(linked)
    assert (report["changed"], report["in_place"], report["findings"], report["notes"]) == (2, 0, [], {})
    assert linked.refusal(RETL, linked.checkpoint) == ""
    assert linked.refusal(f"{RETL}_2") == "42501"
    assert linked.refusal(f"{RETL}_2", "dev") == "42501"


def test_an_existing_database_is_adopted_and_a_strange_owner_reported(linked: Segment, logged: Logged) -> None:
    owner = linked.cluster.user("owner")
    database = linked.checkpoint
    linked.cluster.sql("dev", f"CREATE DATABASE {database} OWNER {owner}")
    since = linked.cluster.mark()
    report = create(linked)
    assert linked.cluster.changes(since) == [f'GRANT CREATE ON DATABASE "{database}" TO ROLE "{linked.role}"']
    assert (report["changed"], report["in_place"], notes(report)) == (1, 1, ["database_owner"])
    assert said("database_owner", database, owner=owner) in logged()
    assert linked.refusal(RETL, database) == ""


def test_an_existing_database_of_the_admins_is_no_finding(linked: Segment) -> None:
    report = create(linked, database=linked.cluster.database())
    assert (report["findings"], report["notes"]) == ([], {})


def test_a_permission_for_its_schemas_is_not_taken_for_one_on_the_database(linked: Segment) -> None:
    database = linked.cluster.database()
    linked.cluster.sql(database, f"GRANT CREATE FOR SCHEMAS IN DATABASE {database} TO ROLE {linked.role}")
    assert linked.refusal(RETL, database) == "42501"
    assert create(linked, database=database)["changed"] == 1
    assert linked.refusal(RETL, database) == ""


def test_without_the_role_nothing_is_created(segment: Segment) -> None:
    with segment.cluster.untouched(), pytest.raises(MisconfigurationError) as failure:
        create(segment)
    assert failure.value.problems == (said("role_missing", segment.role),)
    assert segment.checkpoint not in segment.cluster.existing_databases()


def test_plan_only_creates_nothing_and_goes_on_without_the_role(segment: Segment) -> None:
    database = segment.checkpoint
    with segment.cluster.untouched():
        report = create(segment, plan_only="True")
    of_it = f"database {database}"
    assert changes(report) == [("create", of_it, ()), ("grant", of_it, ("CREATE",))]
    grant = f'GRANT CREATE ON DATABASE "{database}" TO ROLE "{segment.role}"'
    assert sent(report) == [f'CREATE DATABASE "{database}"', grant]
    assert (report["changed"], codes(report)) == (0, ["role_missing"])
    assert message(report, "role_missing") == said("role_missing", segment.role, case="planned")


def test_a_name_that_needs_quotes_is_created(linked: Segment) -> None:
    database = linked.cluster.future_database('check "point" café')
    assert create(linked, database=database)["changed"] == 2
    assert linked.refusal(RETL, database) == ""
