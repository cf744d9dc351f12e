"""CreateCheckpointDatabaseOperator."""

from __future__ import annotations

from typing import Any

from tests.support.segment import Logged, Segment, execute, notes, said

RETL = "CREATE SCHEMA __segment_reverse_etl"


def create(segment: Segment, **arguments: Any) -> dict[str, Any]:
    return execute(segment.create_database(**arguments))


def test_an_existing_database_is_adopted_and_a_strange_owner_reported(linked: Segment, logged: Logged) -> None:
    owner = linked.cluster.user("owner")
    database = linked.checkpoint
    linked.cluster.sql("dev", f"CREATE DATABASE {database} OWNER {owner}")
    since = linked.cluster.mark()
    report = create(linked, trusted_owners=[owner])
    assert linked.cluster.changes(since) == [f'GRANT CREATE ON DATABASE "{database}" TO ROLE "{linked.role}"']
    assert (report["changed"], report["in_place"], notes(report)) == (1, 1, ["database_owner"])
    assert said("database_owner", database, owner=owner) in logged()
    assert linked.refusal(RETL, database) == ""


def test_a_permission_for_its_schemas_is_not_taken_for_one_on_the_database(linked: Segment) -> None:
    database = linked.cluster.database()
    linked.cluster.sql(database, f"GRANT CREATE FOR SCHEMAS IN DATABASE {database} TO ROLE {linked.role}")
    assert linked.refusal(RETL, database) == "42501"
    assert create(linked, checkpoint_database=database)["changed"] == 1
    assert linked.refusal(RETL, database) == ""
