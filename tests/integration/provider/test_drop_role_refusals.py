"""DropSegmentRoleOperator where something forbids it: every problem at once, and nothing is changed."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import closing

import pytest

from airflow_provider_datagraph.exceptions import MisconfigurationError
from tests.integration.provider.offboarding import gone
from tests.support.redshift import PASSWORD
from tests.support.segment import Segment, codes, drop, message

Arrange = Callable[[Segment, str], tuple[str, ...]]


def refusal(segment: Segment, **arguments: object) -> list[str]:
    """The problems that stop the operator, which changes nothing."""
    with segment.cluster.untouched(), pytest.raises(MisconfigurationError) as caught:
        drop(segment, **arguments)
    return list(caught.value.problems)


def test_another_member_and_another_role_stop_it_and_force_takes_them(warehouse: Segment) -> None:
    cluster, role = warehouse.cluster, warehouse.role
    colleague = cluster.user("colleague")
    holder, granted = cluster.role("holder"), cluster.role("granted")
    cluster.sql("dev", f"GRANT ROLE {role} TO {colleague}", f"GRANT ROLE {role} TO ROLE {holder}")
    cluster.sql("dev", f"GRANT ROLE {granted} TO ROLE {role}", f"GRANT ROLE {granted} TO {warehouse.user}")
    cluster.sql("dev", f"GRANT ACCESS SYSTEM TABLE TO ROLE {role}")
    members, privileges, roles = refusal(warehouse)
    assert f"Role {role} is also held by role {holder}, user {colleague}, who would lose what it gives" in members
    assert f"holds what Segment's setup never gives: role {granted}, ACCESS SYSTEM TABLE" in privileges
    assert f"User {warehouse.user} also holds the role {granted}" in roles
    report = drop(warehouse, force=True)
    assert gone(warehouse)
    assert f"revoke role {role} from user {colleague}: role {role} is dropped" in report["planned"]
    assert f"drop user {warehouse.user}, with its membership of {granted}: it leaves" in report["planned"]
    # The others are still there.
    assert {holder, granted} <= cluster.column("SELECT role_name FROM svv_roles")


def test_a_checkpoint_database_that_is_shared_is_not_looked_into(warehouse: Segment) -> None:
    name = f"shared_{uuid.uuid4().hex[:10]}"
    warehouse.cluster.sql("dev", f"CREATE DATABASE {name} FROM DATASHARE d OF NAMESPACE '{uuid.uuid4()}'")
    try:
        told = refusal(warehouse, checkpoint_database=name)
    finally:
        warehouse.cluster.sql("dev", f"DROP DATABASE {name}")
    assert told == [f"Database {name} is shared, not local: an administrator drops it."]


def test_privileges_that_the_setup_never_gives_stop_it_in_whatever_database(warehouse: Segment) -> None:
    cluster, role, user = warehouse.cluster, warehouse.role, warehouse.user
    second = cluster.database("CREATE SCHEMA s", "CREATE TABLE s.t (id int)", "CREATE TABLE s.u (id int, name text)")
    cluster.sql(
        second,
        f"GRANT ALL ON TABLE s.t TO ROLE {role}",
        f"GRANT SELECT (id), UPDATE (name) ON s.u TO ROLE {role}",
        f"GRANT USAGE FOR SCHEMAS IN DATABASE {second} TO ROLE {role}",
        f"GRANT SELECT FOR TABLES IN DATABASE {second} TO ROLE {role}",
        f"GRANT CREATE ON DATABASE {second} TO ROLE {role}",
        f"GRANT CREATE ON DATABASE {warehouse.warehouse} TO ROLE {role}",
        f"GRANT USAGE ON SCHEMA s TO {user}",
        f"GRANT SELECT (id) ON s.u TO {user}",
        f"GRANT INSERT FOR TABLES IN SCHEMA s TO {user}",
        f"GRANT TEMP ON DATABASE {second} TO {user}",
    )
    problems = refusal(warehouse)
    assert len(problems) == 3
    text = "\n".join(problems)
    assert f"Role {role} holds in database {warehouse.warehouse} what Segment's setup never gives: CREATE" in text
    for held in ("TRUNCATE on table s.t", f"CREATE on database {second}", "SELECT on tables in database"):
        assert held in text, text
    assert f"User {user} itself, beside the role, holds in database {second}" in text
    report = drop(warehouse, force=True)
    assert gone(warehouse)
    assert not cluster.logs_in(user, PASSWORD)
    (everything,) = [sentence for sentence in report["planned"] if f"on table {second}.s.t " in sentence]
    assert everything.startswith("revoke ALTER, DELETE, DROP, INSERT, REFERENCES, RULE, SELECT, TRIGGER, TRUNCATE")
    columns = f"revoke SELECT on columns, UPDATE on columns on table {second}.s.u from role {role}"
    assert any(sentence.startswith(columns) for sentence in report["planned"])


def test_default_privileges_leave_with_reader_and_with_writer(warehouse: Segment) -> None:
    cluster, role, user = warehouse.cluster, warehouse.role, warehouse.user
    writer, reader = cluster.user("writer"), cluster.user("reader")
    cluster.sql(
        warehouse.warehouse,
        f"GRANT CREATE, USAGE ON SCHEMA crm TO {writer}",
        f"GRANT CREATE, USAGE ON SCHEMA crm TO ROLE {role}",
        f"ALTER DEFAULT PRIVILEGES FOR USER {writer} IN SCHEMA crm GRANT SELECT ON TABLES TO ROLE {role}",
        f"ALTER DEFAULT PRIVILEGES FOR USER {writer} GRANT SELECT ON TABLES TO ROLE {role}",
        f"ALTER DEFAULT PRIVILEGES FOR USER {user} IN SCHEMA crm GRANT SELECT ON TABLES TO {reader}",
        f"ALTER DEFAULT PRIVILEGES FOR USER {writer} IN SCHEMA crm GRANT SELECT ON TABLES TO {reader}",
    )
    since = cluster.mark()
    report = drop(warehouse)
    assert gone(warehouse)
    changes = cluster.changes(since)
    # While their writers may still create.
    assert all(text.startswith("ALTER DEFAULT PRIVILEGES") for text in changes[:3])
    assert not any(text.startswith("ALTER DEFAULT PRIVILEGES") for text in changes[3:])
    place = f"on later tables of {user} in {warehouse.warehouse}.crm from user {reader}"
    assert f"revoke SELECT {place}: user {user}, who creates them, is dropped" in report["planned"]
    left = cluster.sql(warehouse.warehouse, "SELECT owner_name, grantee_name FROM svv_default_privileges")
    assert [tuple(row) for row in left] == [(writer, reader)]


def test_a_writer_that_cannot_create_any_more_is_told_before(warehouse: Segment) -> None:
    cluster, role = warehouse.cluster, warehouse.role
    writer = cluster.user("writer")
    cluster.sql(
        warehouse.warehouse,
        f"GRANT CREATE, USAGE ON SCHEMA crm TO {writer}",
        f"ALTER DEFAULT PRIVILEGES FOR USER {writer} IN SCHEMA crm GRANT SELECT ON TABLES TO ROLE {role}",
        f"REVOKE CREATE ON SCHEMA crm FROM {writer}",
    )
    (problem,) = refusal(warehouse)
    assert f'run GRANT CREATE ON SCHEMA "crm" TO "{writer}" in database {warehouse.warehouse} first' in problem
    cluster.sql(warehouse.warehouse, f'GRANT CREATE ON SCHEMA "crm" TO "{writer}"')
    drop(warehouse)
    assert gone(warehouse)


def test_the_admin_itself_and_a_superuser_are_kept_with_a_reason(warehouse: Segment) -> None:
    cluster, role, user = warehouse.cluster, warehouse.role, warehouse.user
    cluster.sql(
        warehouse.warehouse, f"GRANT USAGE ON SCHEMA crm TO ROLE {role}", f"GRANT USAGE ON SCHEMA crm TO {user}"
    )
    cluster.sql("dev", f"ALTER USER {user} CREATEUSER")
    report = drop(warehouse)
    assert message(report, "user_kept").endswith("it is a superuser.")
    assert report["planned"] == [
        f"revoke USAGE on schema {warehouse.warehouse}.crm from role {role}: role {role} is dropped",
        f"revoke role {role} from user {user}: role {role} is dropped",
        f"drop role {role}: it leaves",
    ]
    assert cluster.logs_in(user, PASSWORD)
    # A superuser that is the admin itself.
    cluster.sql("dev", f"CREATE ROLE {role}", f"GRANT ROLE {role} TO {user}")
    warehouse.admin_connection(login=user, password=PASSWORD)
    assert message(drop(warehouse), "user_kept").endswith("it is the admin connection's own login.")
    cluster.sql("dev", f"ALTER USER {user} NOCREATEUSER")
    cluster.sql(warehouse.warehouse, f"REVOKE USAGE ON SCHEMA crm FROM {user}")


def test_who_does_not_see_all_does_not_say_that_all_is_gone(warehouse: Segment) -> None:
    cluster, role = warehouse.cluster, warehouse.role
    clerk = cluster.user("clerk")
    hidden = cluster.database("CREATE SCHEMA s", f"GRANT USAGE ON SCHEMA s TO ROLE {role}")
    warehouse.admin_connection(login=clerk, password=PASSWORD)
    (problem,) = refusal(warehouse)
    assert f"{clerk} doesn't see what others hold, so nothing can be said to be gone" in problem
    with cluster.untouched():
        assert codes(drop(warehouse, plan_only=True)) == ["hidden"]
    # What it asks for is enough to see.
    sight = cluster.role("sight", clerk)
    cluster.sql("dev", f"GRANT ACCESS SYSTEM TABLE TO ROLE {sight}", f"ALTER USER {clerk} SYSLOG ACCESS UNRESTRICTED")
    with cluster.untouched():
        seen = drop(warehouse, plan_only=True)
    assert codes(seen) == []
    assert f"revoke USAGE on schema {hidden}.s from role {role}: role {role} is dropped" in seen["planned"]


def test_a_database_with_what_others_own_is_not_dropped_without_force(warehouse: Segment) -> None:
    cluster = warehouse.cluster
    owner = cluster.user("owner")
    checkpoints = cluster.database(f"CREATE SCHEMA theirs AUTHORIZATION {owner}")
    cluster.sql(checkpoints, "CREATE TABLE theirs.t (id int)", user=owner)
    (problem,) = refusal(warehouse, checkpoint_database=checkpoints)
    assert f"holds what isn't user {warehouse.user}'s: schema {checkpoints}.theirs of {owner}, table" in problem
    drop(warehouse, checkpoint_database=checkpoints.upper(), force=True)
    assert checkpoints not in cluster.existing_databases()
    assert gone(warehouse)


@pytest.mark.parametrize("name", ["dev", "own"])
def test_a_database_that_cannot_be_dropped_is_told_before(warehouse: Segment, name: str) -> None:
    problems = refusal(warehouse, checkpoint_database="dev" if name == "dev" else warehouse.warehouse, force=True)
    assert "so it can't be dropped" in problems[0]


def test_a_wrong_heir_is_told_before(warehouse: Segment) -> None:
    assert refusal(warehouse, new_owner="nobody_here") == [
        "There is no user nobody_here, named in new_owner: correct the name, or create it first."
    ]
    assert refusal(warehouse, new_owner=warehouse.user) == [
        f"new_owner is {warehouse.user}, the user that leaves: name another user."
    ]


def test_wrong_arguments_are_told_together(warehouse: Segment) -> None:
    problems = refusal(warehouse, role="Upper", force="perhaps", checkpoint_database="template1")
    assert len(problems) == 3


def test_an_open_session_is_named_before_anything_is_changed(warehouse: Segment) -> None:
    cluster = warehouse.cluster
    checkpoints = cluster.database()
    with closing(cluster.connect(checkpoints, warehouse.user)) as open_one:
        process = open_one.cursor().execute("SELECT pg_backend_pid()").fetchone()[0]
        (problem,) = refusal(warehouse, checkpoint_database=checkpoints)
    assert f"process {process} of user {warehouse.user} in {checkpoints}" in problem
    drop(warehouse, checkpoint_database=checkpoints)
    assert gone(warehouse)


def test_who_stays_logged_in_elsewhere_is_told(warehouse: Segment) -> None:
    cluster = warehouse.cluster
    with closing(cluster.connect(warehouse.warehouse, warehouse.user)):
        report = drop(warehouse)
    assert "is still logged in: process" in message(report, "session_open")
    assert gone(warehouse)
