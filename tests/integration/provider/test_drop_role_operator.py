"""DropSegmentRoleOperator: role, user and checkpoint database leave, and nobody else notices."""

from __future__ import annotations

import pytest

from airflow_provider_datagraph.exceptions import DriftError, MisconfigurationError
from tests.integration.provider.offboarding import gone, traces
from tests.support.cluster import Snapshot
from tests.support.redshift import PASSWORD
from tests.support.segment import RETL, Segment, codes, drop, execute, grant, message


def set_up(segment: Segment, *more: str) -> str:
    """Do the whole setup by its operators, in the warehouse and more databases; the checkpoint database."""
    execute(segment.create_role())
    execute(segment.create_database())
    for database in (segment.warehouse, *more):
        grant(segment, "crm", database=database)
        grant(segment, "billing", tables=["invoices"], database=database)
    execute(segment.grant_reverse_etl(schema="payroll"))
    # Segment makes its own schema there.
    statements = (f"CREATE SCHEMA {RETL}", f"CREATE TABLE {RETL}.checkpoints (id int)")
    segment.cluster.sql(segment.checkpoint, *statements, user=segment.user)
    return segment.checkpoint


@pytest.fixture
def second(warehouse: Segment) -> str:
    """Another database with schemas of the same names."""
    return warehouse.cluster.database(
        "CREATE SCHEMA crm",
        "CREATE TABLE crm.a (id int)",
        "CREATE SCHEMA billing",
        "CREATE TABLE billing.invoices (id int)",
    )


def of_others(rows: Snapshot, *names: str) -> Snapshot:
    """The rows that don't name somebody, outside of the databases that are named."""
    others = {place: found for place, found in rows.items() if place not in names}
    return {place: frozenset(row for row in found if not set(row) & set(names)) for place, found in others.items()}


def test_all_that_the_setup_made_leaves(warehouse: Segment, second: str) -> None:
    cluster = warehouse.cluster
    checkpoints = set_up(warehouse, second)
    other = cluster.user("other")
    cluster.role("others", other)
    cluster.sql(warehouse.warehouse, f"GRANT USAGE ON SCHEMA crm TO {other}")
    cluster.sql(second, f"GRANT SELECT ON TABLE crm.a TO {other}")
    before = cluster.snapshot()
    assert cluster.logs_in(warehouse.user, PASSWORD)

    report = drop(warehouse, checkpoint_database=checkpoints)

    assert not cluster.logs_in(warehouse.user, PASSWORD)
    assert gone(warehouse)
    assert checkpoints not in cluster.existing_databases()
    after, leaving = cluster.snapshot(), (warehouse.role, warehouse.user, checkpoints)
    assert of_others(after, *leaving) == of_others(before, *leaving)
    assert report["changed"] == len(report["planned"]) > 8
    assert report["planned"][-3:] == [
        f"drop database {checkpoints} with 1 tables and views in it: it was named to be dropped",
        f"drop user {warehouse.user}: it leaves",
        f"drop role {warehouse.role}: it leaves",
    ]
    assert all(": " in sentence for sentence in report["planned"])


def test_the_second_run_changes_nothing(warehouse: Segment, second: str) -> None:
    checkpoints = set_up(warehouse, second)
    drop(warehouse, checkpoint_database=checkpoints)
    with warehouse.cluster.untouched():
        report = drop(warehouse, checkpoint_database=checkpoints)
    assert (report["changed"], report["planned"]) == (0, [])
    assert report["in_place"] > 0
    assert codes(report) == ["database_missing"]


def test_the_plan_changes_nothing_and_lists_all(warehouse: Segment, second: str) -> None:
    checkpoints = set_up(warehouse, second)
    with warehouse.cluster.untouched():
        plan = drop(warehouse, checkpoint_database=checkpoints, plan_only=True)
    assert plan["changed"] == 0
    assert drop(warehouse, checkpoint_database=checkpoints)["planned"] == plan["planned"]


def test_without_its_name_the_checkpoint_database_stays_and_says_so(warehouse: Segment) -> None:
    checkpoints = set_up(warehouse)
    cluster = warehouse.cluster
    heir = cluster.user("heir")
    cluster.sql(checkpoints, f"CREATE VIEW {RETL}.ids AS SELECT id FROM {RETL}.checkpoints", user=warehouse.user)
    report = drop(warehouse, new_owner=heir)
    assert (
        message(report, "database_kept")
        == f"Database {checkpoints} is kept, since checkpoint_database doesn't name it."
    )
    assert gone(warehouse)
    # The heir owns what was the user's: the schema, the table, the view.
    cluster.sql(checkpoints, f"INSERT INTO {RETL}.checkpoints VALUES (1)", f"DROP VIEW {RETL}.ids", user=heir)
    cluster.sql(checkpoints, f"DROP SCHEMA {RETL} CASCADE", user=heir)
    assert f"give schema {checkpoints}.{RETL} to user {heir}: user {warehouse.user} is dropped" in report["planned"]


def test_what_the_user_owns_stops_it_in_whatever_database(warehouse: Segment, second: str) -> None:
    checkpoints = set_up(warehouse)
    cluster, user = warehouse.cluster, warehouse.user
    cluster.sql(second, "CREATE TABLE crm.theirs (id int)", f"ALTER TABLE crm.theirs OWNER TO {user}")
    with cluster.untouched(), pytest.raises(MisconfigurationError) as caught:
        drop(warehouse)
    assert len(caught.value.problems) == 2
    text = str(caught.value)
    assert f"owns in database {checkpoints} schema {checkpoints}.{RETL}, table {checkpoints}.{RETL}.checkpoints" in text
    assert f"owns in database {second} table {second}.crm.theirs: name a user in new_owner" in text
    # Dropping the one database doesn't help with the other.
    with cluster.untouched(), pytest.raises(MisconfigurationError, match=f"owns in database {second}"):
        drop(warehouse, checkpoint_database=checkpoints)


def test_a_database_and_a_role_that_the_user_owns_go_to_the_heir(warehouse: Segment, second: str) -> None:
    cluster, user = warehouse.cluster, warehouse.user
    execute(warehouse.create_role())
    heir, theirs = cluster.user("heir"), cluster.role("theirs")
    cluster.sql("dev", f"ALTER DATABASE {second} OWNER TO {user}", f"ALTER ROLE {theirs} OWNER TO {user}")
    with cluster.untouched(), pytest.raises(MisconfigurationError) as caught:
        drop(warehouse)
    assert f"owns the role {theirs}" in str(caught.value)
    assert f"owns in database {second} database {second}" in str(caught.value)
    drop(warehouse, new_owner=heir)
    assert gone(warehouse)
    assert cluster.sql("dev", f"SELECT role_owner FROM svv_roles WHERE role_name = '{theirs}'") == [(heir,)]
    cluster.sql(second, "CREATE SCHEMA made_by_the_owner", user=heir)


def test_a_user_that_never_was_leaves_a_role(segment: Segment) -> None:
    segment.cluster.sql("dev", f"CREATE ROLE {segment.role}")
    report = drop(segment)
    assert report["planned"] == [f"drop role {segment.role}: it leaves"]
    assert gone(segment)


def test_a_role_that_never_was_leaves_a_user(segment: Segment) -> None:
    segment.cluster.sql("dev", f"CREATE USER {segment.user} PASSWORD '{PASSWORD}'")
    assert drop(segment)["planned"] == [f"drop user {segment.user}: it leaves"]
    assert traces(segment.cluster, segment.user) == set()


def test_an_audit_passes_once_all_is_gone(warehouse: Segment) -> None:
    with warehouse.cluster.untouched(), pytest.raises(DriftError, match=f"drop user {warehouse.user}: it leaves"):
        drop(warehouse, fail_on_drift=True)
    drop(warehouse)
    with warehouse.cluster.untouched():
        assert drop(warehouse, fail_on_drift=True)["planned"] == []
