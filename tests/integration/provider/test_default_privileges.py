"""future_tables='default_privileges': today's tables, and those that known writers create later."""

from __future__ import annotations

from typing import Any

from tests.integration.bad_input.refusals import refused
from tests.support.segment import Segment, changes, creating, execute, said, sent


def task(segment: Segment, **arguments: Any) -> Any:
    return segment.grant_schema(**{"future_tables": "default_privileges", **arguments})


def grant(segment: Segment, **arguments: Any) -> dict[str, Any]:
    return execute(task(segment, **arguments))


def writer_of(segment: Segment, schema: str = "crm", table: str = "written") -> str:
    name = segment.cluster.user("writer")
    segment.sql(f"GRANT USAGE, CREATE ON SCHEMA {schema} TO {name}")
    segment.sql(f"CREATE TABLE {schema}.{table} (id int)", user=name)
    return name


def create(segment: Segment, user: str, table: str) -> None:
    segment.sql(f"CREATE TABLE crm.{table} (id int)", user=user)


def test_the_owners_of_todays_tables_and_of_the_schema_are_the_writers(warehouse: Segment) -> None:
    writer, stranger = writer_of(warehouse), writer_of(warehouse, "billing", "other")
    owner = warehouse.cluster.user("owner")
    warehouse.sql(f"ALTER SCHEMA crm OWNER TO {owner}")
    report = grant(warehouse)
    assert report["changed"] == 3
    assert changes(report)[-1] == ("grant", f"later tables {warehouse.warehouse}.crm", ("SELECT",))
    users = ", ".join(f'"{name}"' for name in ("awsuser", owner, writer))
    later = f'FOR USER {users} IN SCHEMA "crm" GRANT SELECT ON TABLES TO ROLE "{warehouse.role}"'
    assert sent(report)[-1] == f"ALTER DEFAULT PRIVILEGES {later}"
    create(warehouse, writer, "later")
    create(warehouse, "awsuser", "admins_own")
    create(warehouse, owner, "first")
    warehouse.sql(f"GRANT CREATE, USAGE ON SCHEMA crm TO {stranger}")
    create(warehouse, stranger, "unforeseen")
    for table in ("accounts", "written", "later", "admins_own", "first"):
        assert warehouse.reads("crm", table), table
    assert not warehouse.reads("crm", "unforeseen")
    # The stranger owns a table today: the next run knows it.
    assert grant(warehouse)["changed"] == 2
    assert warehouse.reads("crm", "unforeseen")
    assert grant(warehouse)["changes"] == []


def test_given_writers_are_the_only_ones(warehouse: Segment) -> None:
    warehouse.sql("CREATE SCHEMA hollow")
    assert refused(warehouse, task(warehouse, schema="hollow")) == (
        said("writers_unknown", f"{warehouse.warehouse}.hollow"),
    )
    writer = writer_of(warehouse)
    warehouse.sql(f"GRANT USAGE, CREATE ON SCHEMA hollow TO {writer}")
    grant(warehouse, schema=["crm", "hollow"], writers=[writer])
    create(warehouse, writer, "later")
    create(warehouse, "awsuser", "admins_own")
    warehouse.sql("CREATE TABLE hollow.first (id int)", user=writer)
    assert warehouse.reads("crm", "later") and warehouse.reads("hollow", "first")
    assert not warehouse.reads("crm", "admins_own")


def test_a_writer_may_create_through_a_role(warehouse: Segment) -> None:
    writer = writer_of(warehouse)
    writers = warehouse.cluster.role("writers", writer)
    warehouse.sql(f"REVOKE CREATE ON SCHEMA crm FROM {writer}", f"GRANT CREATE ON SCHEMA crm TO ROLE {writers}")
    grant(warehouse, writers=[writer])
    create(warehouse, writer, "later")
    assert warehouse.reads("crm", "later")


def test_a_writer_that_cannot_create_is_refused_with_the_reason(warehouse: Segment) -> None:
    writer = writer_of(warehouse)
    warehouse.sql(f"REVOKE CREATE ON SCHEMA crm FROM {writer}")
    path = f"{warehouse.warehouse}.crm"
    told = said("writer_cannot_create", path, writer=writer, statement=creating(writer))
    assert refused(warehouse, task(warehouse)) == (told,)
    # What it proposes is enough.
    warehouse.sql(creating(writer).sql)
    assert grant(warehouse, plan_only=True)["findings"] == []
