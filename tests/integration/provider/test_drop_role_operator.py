"""DropSegmentRoleOperator: role, user and checkpoint database leave, and nobody else notices."""

from __future__ import annotations

import pytest

from airflow_provider_datagraph.access.messages import change_text
from airflow_provider_datagraph.access.plan import Change, Reason
from airflow_provider_datagraph.redshift.catalog.identities import USERS
from tests.integration.bad_input.refusals import refused
from tests.support.cluster import Snapshot
from tests.support.redshift import PASSWORD
from tests.support.segment import (
    RETL,
    Logged,
    Segment,
    changes,
    codes,
    drop,
    execute,
    gone,
    grant,
    notes,
    planned,
    said,
    sent,
)


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

    with cluster.untouched():
        plan = drop(warehouse, checkpoint_database=checkpoints, plan_only=True)
    report = drop(warehouse, checkpoint_database=checkpoints)
    assert (plan["changed"], planned(plan)) == (0, planned(report))

    assert not cluster.logs_in(warehouse.user, PASSWORD)
    assert gone(warehouse)
    assert checkpoints not in cluster.existing_databases()
    after, leaving = cluster.snapshot(), (warehouse.role, warehouse.user, checkpoints)
    assert of_others(after, *leaving) == of_others(before, *leaving)
    assert report["changed"] == len(report["changes"]) > 8
    assert changes(report)[-3:] == [
        ("drop", f"database {checkpoints}", ()),
        ("drop", f"user {warehouse.user}", ()),
        ("drop", f"role {warehouse.role}", ()),
    ]
    dropped = Change("drop", "database", (checkpoints,), Reason.NAMED, count=1)
    assert report["changes"][-3]["text"] == change_text(dropped, done=True)

    with cluster.untouched():
        again = drop(warehouse, checkpoint_database=checkpoints)
    assert (again["changed"], again["changes"], codes(again), notes(again)) == (0, [], [], ["database_missing"])
    assert again["in_place"] > 0


def test_without_its_name_the_checkpoint_database_stays_and_says_so(warehouse: Segment, logged: Logged) -> None:
    checkpoints = set_up(warehouse)
    cluster = warehouse.cluster
    heir = cluster.user("heir")
    cluster.sql(checkpoints, f"CREATE VIEW {RETL}.ids AS SELECT id FROM {RETL}.checkpoints", user=warehouse.user)
    report = drop(warehouse, new_owner=heir)
    assert (codes(report), notes(report)) == ([], ["database_kept"])
    assert said("database_kept", checkpoints) in logged()
    assert gone(warehouse)
    # The heir owns what was the user's: the schema, the table, the view.
    cluster.sql(checkpoints, f"INSERT INTO {RETL}.checkpoints VALUES (1)", f"DROP VIEW {RETL}.ids", user=heir)
    cluster.sql(checkpoints, f"DROP SCHEMA {RETL} CASCADE", user=heir)
    assert ("give", f"schema {checkpoints}.{RETL}", ()) in changes(report)
    assert f'ALTER SCHEMA "{RETL}" OWNER TO "{heir}"' in sent(report)


def test_what_the_user_owns_stops_it_or_goes_to_the_heir(warehouse: Segment, second: str) -> None:
    cluster, user = warehouse.cluster, warehouse.user
    heir, theirs = cluster.user("heir"), cluster.role("theirs")
    cluster.sql("dev", f"ALTER DATABASE {second} OWNER TO {user}", f"ALTER ROLE {theirs} OWNER TO {user}")
    cluster.sql(second, f"ALTER TABLE crm.a OWNER TO {user}", f"GRANT USAGE ON SCHEMA crm TO {heir}")
    of_second = said("owned", second, user=user, owned=(f"database {second}", f"table {second}.crm.a"))
    told = (of_second, said("owned", user, case="roles", roles=(theirs,)))
    assert refused(warehouse, warehouse.drop_role()) == told
    drop(warehouse, new_owner=heir)
    assert gone(warehouse)
    assert cluster.sql("dev", f"SELECT role_owner FROM svv_roles WHERE role_name = '{theirs}'") == [(heir,)]
    cluster.sql(second, "CREATE SCHEMA made_by_the_owner", "DROP TABLE crm.a", user=heir)


@pytest.mark.parametrize("named", [False, True])
def test_what_is_stored_with_capitals_is_given_or_dropped(warehouse: Segment, named: bool) -> None:
    cluster, role, user = warehouse.cluster, warehouse.role, warehouse.user
    heir, name = cluster.user("heir"), "Upper" + cluster.name("db")
    cluster.exactly("dev", f'CREATE DATABASE "{name}"')
    cluster.exactly(
        name,
        'CREATE SCHEMA "Crm"',
        'CREATE TABLE "Crm"."Orders" (id int)',
        f'GRANT USAGE ON SCHEMA "Crm" TO ROLE {role}',
        f'GRANT SELECT ON "Crm"."Orders" TO ROLE {role}',
        f'GRANT CREATE ON DATABASE "{name}" TO ROLE {role}',
        f'ALTER TABLE "Crm"."Orders" OWNER TO {user}',
    )
    warehouse.user_connection(schema=name)
    leaving = {"checkpoint_database": name, "confirm_database": name} if named else {"new_owner": heir}
    try:
        plan = drop(warehouse, **leaving, plan_only=True)
        assert (codes(plan), notes(plan)) == ([], [] if named else ["database_kept"])
        assert planned(drop(warehouse, **leaving)) == planned(plan)
        assert gone(warehouse)
        assert (name in cluster.existing_databases()) is not named
    finally:
        cluster.close()
        if not named:
            cluster.exactly("dev", f'DROP DATABASE "{name}"')


def test_a_role_that_never_was_is_no_obstacle(segment: Segment) -> None:
    segment.cluster.sql("dev", f"CREATE USER {segment.user} PASSWORD '{PASSWORD}'")
    since = segment.cluster.mark()
    assert changes(drop(segment)) == [("drop", f"user {segment.user}", ())]
    # At first, in the transaction that drops it, and after that.
    assert len([text for text in segment.cluster.received(since) if text == USERS]) == 3
    assert gone(segment)
