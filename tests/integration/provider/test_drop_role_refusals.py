"""DropSegmentRoleOperator where something forbids it: every problem at once, and nothing is changed."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from airflow_provider_datagraph.access.messages import change_text
from airflow_provider_datagraph.access.plan import Change, Fact, Reason
from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.redshift.values import Grant, Scope
from tests.support.redshift import PASSWORD, run
from tests.support.segment import Logged, Segment, changes, codes, drop, gone, message, notes, said, sent

# What is held by ALL on a table, and what the setup gives nowhere.
NEVER = ("ALTER", "REFERENCES", "RULE", "TRIGGER", "TRUNCATE")


def session(connection: Any, user: str, database: str) -> str:
    return f"process {run(connection, 'SELECT pg_backend_pid()')[0][0]} of user {user} in {database}"


def refusal(segment: Segment, **arguments: object) -> list[str]:
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
    permissions = (f"role {granted}", "ACCESS SYSTEM TABLE")
    assert refusal(warehouse) == [
        said("role_members", role, case="leaving", members=(f"role {holder}", f"user {colleague}")),
        said("role_privileges", role, case="permissions", permissions=permissions),
        said("user_roles", warehouse.user, case="leaving", roles=(granted,)),
    ]
    report = drop(warehouse, force=True)
    assert gone(warehouse)
    assert ("revoke", f"role {role}", ()) in changes(report)
    assert f'REVOKE ROLE "{role}" FROM "{colleague}"' in sent(report)
    dropped = Change("drop", "user", (warehouse.user,), Reason.LEAVES, names=(granted,))
    assert change_text(dropped, done=True) in [row["text"] for row in report["changes"]]
    # The others are still there.
    assert {holder, granted} <= cluster.column("SELECT role_name FROM svv_roles")


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
    never = {Grant(Scope.TABLE, word, "s", "t") for word in NEVER}
    never |= {Grant(Scope.DATABASE, "CREATE", database=second), Grant(Scope.SCHEMAS, "USAGE", database=second)}
    never.add(Grant(Scope.DATABASE_TABLES, "SELECT", database=second))
    own = {Grant(Scope.SCHEMA, "USAGE", "s"), Grant(Scope.TABLES, "INSERT", "s")}
    own |= {Grant(Scope.COLUMN, "SELECT", "s", "u", "id"), Grant(Scope.DATABASE, "TEMPORARY", database=second)}
    here = frozenset({Grant(Scope.DATABASE, "CREATE", database=warehouse.warehouse)})
    # CREATE on two databases: either may be the checkpoint database.
    facts: dict[str, Fact] = {"case": "unsure", "role": role}
    assert sorted(refusal(warehouse)) == sorted(
        [
            said("role_privileges", warehouse.warehouse, grants=here, **facts),
            said("role_privileges", second, grants=frozenset(never), **facts),
            said("user_privileges", second, case="leaving", user=user, grants=frozenset(own)),
        ]
    )
    report = drop(warehouse, force=True)
    assert gone(warehouse)
    assert not cluster.logs_in(user, PASSWORD)
    rest = tuple(sorted({*NEVER, "DELETE", "INSERT", "SELECT", "UPDATE"} - {"ALTER"}))
    for words in (rest, ("ALTER", "DROP")):
        assert ("revoke", f"table {second}.s.t", words) in changes(report)
    assert ("revoke", f"table {second}.s.u", ("SELECT on columns", "UPDATE on columns")) in changes(report)


def test_default_privileges_leave_with_reader_and_with_writer(warehouse: Segment) -> None:
    cluster, role, user = warehouse.cluster, warehouse.role, warehouse.user
    writer, reader, default = cluster.user("writer"), cluster.user("reader"), "ALTER DEFAULT PRIVILEGES FOR USER"
    warehouse.sql(
        f"GRANT CREATE, USAGE ON SCHEMA crm TO {writer}",
        f"GRANT CREATE, USAGE ON SCHEMA crm TO ROLE {role}",
        f"{default} {writer} IN SCHEMA crm GRANT SELECT ON TABLES TO ROLE {role}",
        f"{default} {writer} GRANT SELECT ON TABLES TO ROLE {role}",
        f"{default} {user} IN SCHEMA crm GRANT SELECT ON TABLES TO {reader}",
        f"{default} {writer} IN SCHEMA crm GRANT SELECT ON TABLES TO {reader}",
    )
    since = cluster.mark()
    drop(warehouse)
    assert gone(warehouse)
    # While their writers may still create.
    assert [at for at, text in enumerate(cluster.changes(since)) if text.startswith(default)] == [0, 1, 2]
    left = cluster.sql(warehouse.warehouse, "SELECT owner_name, grantee_name FROM svv_default_privileges")
    assert left == [(writer, reader)]


def test_the_admin_itself_and_a_superuser_are_kept_with_a_reason(warehouse: Segment, logged: Logged) -> None:
    cluster, role, user = warehouse.cluster, warehouse.role, warehouse.user
    cluster.sql(
        warehouse.warehouse, f"GRANT USAGE ON SCHEMA crm TO ROLE {role}", f"GRANT USAGE ON SCHEMA crm TO {user}"
    )
    cluster.sql("dev", f"ALTER USER {user} CREATEUSER")
    report = drop(warehouse)
    assert (codes(report), notes(report)) == ([], ["user_kept"])
    assert said("user_kept", user, case="superuser", role=role) in logged()
    shut = f'REVOKE ALL ON SCHEMA "crm" FROM ROLE "{role}"'
    assert sent(report) == [shut, f'REVOKE ROLE "{role}" FROM "{user}"', f'DROP ROLE "{role}"']
    assert cluster.logs_in(user, PASSWORD)
    # A superuser that is the admin itself.
    cluster.sql("dev", f"CREATE ROLE {role}", f"GRANT ROLE {role} TO {user}")
    warehouse.admin_connection(login=user, password=PASSWORD)
    assert notes(drop(warehouse)) == ["user_kept"]
    assert said("user_kept", user, case="admin", role=role) in logged()
    cluster.sql("dev", f"ALTER USER {user} NOCREATEUSER")
    cluster.sql(warehouse.warehouse, f"REVOKE USAGE ON SCHEMA crm FROM {user}")


def test_who_does_not_see_all_does_not_say_that_all_is_gone(warehouse: Segment) -> None:
    cluster, role = warehouse.cluster, warehouse.role
    clerk = cluster.user("clerk")
    hidden = cluster.database("CREATE SCHEMA s", f"GRANT USAGE ON SCHEMA s TO ROLE {role}")
    warehouse.admin_connection(login=clerk, password=PASSWORD)
    assert refusal(warehouse)[0] == said("hidden", clerk, case="privileges")
    with cluster.untouched():
        assert codes(drop(warehouse, plan_only=True))[0] == "hidden"
    # What it asks for is enough to see.
    sight = cluster.role("sight", clerk)
    cluster.sql("dev", f"GRANT ACCESS SYSTEM TABLE TO ROLE {sight}", f"ALTER USER {clerk} SYSLOG ACCESS UNRESTRICTED")
    with cluster.untouched():
        seen = drop(warehouse, plan_only=True)
    assert codes(seen) == ["admin_lacks"] * 3
    assert ("revoke", f"schema {hidden}.s", ("USAGE",)) in changes(seen)


def test_a_database_with_what_others_own_is_not_dropped_unless_its_name_is_repeated(warehouse: Segment) -> None:
    cluster = warehouse.cluster
    owner = cluster.user("owner")
    checkpoints = warehouse.writable_database(f"CREATE SCHEMA theirs AUTHORIZATION {owner}")
    cluster.sql(checkpoints, "CREATE TABLE theirs.t (id int)", user=owner)
    objects = tuple(f"{what} of {owner}" for what in (f"schema {checkpoints}.theirs", f"table {checkpoints}.theirs.t"))
    told = said("foreign_objects", checkpoints, user=warehouse.user, objects=objects)
    for confirmed in (None, " "):
        assert refusal(warehouse, checkpoint_database=checkpoints, confirm_database=confirmed, force=True) == [told]
    (problem,) = refusal(warehouse, checkpoint_database=checkpoints, confirm_database=warehouse.warehouse)
    assert problem.startswith(f"confirm_database is {warehouse.warehouse!r}, and checkpoint_database {checkpoints!r}")
    (problem,) = refusal(warehouse, confirm_database=checkpoints)
    assert problem.startswith(f"confirm_database is {checkpoints!r}, and checkpoint_database ''")
    drop(warehouse, checkpoint_database=checkpoints.upper(), confirm_database=checkpoints.upper())
    assert checkpoints not in cluster.existing_databases()
    assert gone(warehouse)


def test_a_database_is_dropped_only_with_evidence_that_it_is_segments(warehouse: Segment) -> None:
    cluster, role, production = warehouse.cluster, warehouse.role, warehouse.cluster.database("CREATE SCHEMA orders")
    nothing: dict[str, Fact] = {"role": role, "databases": ()}
    everything = {"checkpoint_database": production, "confirm_database": production, "force": True}
    # The user holds CREATE there itself, and somebody else's role does, too.
    cluster.sql(production, f"GRANT CREATE ON DATABASE {production} TO ROLE {cluster.role('etl')}")
    cluster.sql(production, f"GRANT TEMP ON DATABASE {production} TO ROLE {role}")
    cluster.sql(production, f"GRANT CREATE ON DATABASE {production} TO {warehouse.user}")
    told = said("undroppable", production, case="unrelated", **nothing)
    assert refusal(warehouse, **everything) == [told]
    checkpoints = warehouse.writable_database()
    pointed: dict[str, Fact] = {"role": role, "databases": (checkpoints,)}
    assert refusal(warehouse, **everything) == [said("undroppable", production, case="another", **pointed)]
    # The user connection's word is evidence, and the other one is told.
    warehouse.user_connection(schema=production)
    plan = drop(warehouse, **everything, plan_only=True)
    assert message(plan, "checkpoint_elsewhere") == said("checkpoint_elsewhere", production, **pointed)
    assert "checkpoint_elsewhere" in codes(drop(warehouse, checkpoint_database=checkpoints, plan_only=True))
    drop(warehouse, **everything)
    assert gone(warehouse)
    assert checkpoints in cluster.existing_databases() and production not in cluster.existing_databases()


def test_open_sessions_are_named_and_stop_it_in_a_database_that_is_to_be_dropped(warehouse: Segment) -> None:
    cluster, user = warehouse.cluster, warehouse.user
    checkpoints = warehouse.writable_database()
    with closing(cluster.connect("dev", user)) as elsewhere:
        with closing(cluster.connect(checkpoints, user)) as there:
            told = said("session_open", checkpoints, case="database", sessions=(session(there, user, checkpoints),))
            assert refusal(warehouse, checkpoint_database=checkpoints) == [told]
        report = drop(warehouse, checkpoint_database=checkpoints)
        told = said("session_open", user, sessions=(session(elsewhere, user, "dev"),))
        assert message(report, "session_open") == told
    assert gone(warehouse)


def test_the_user_connections_database_may_be_typed_in_upper_case(warehouse: Segment, logged: Logged) -> None:
    checkpoints = warehouse.writable_database()
    warehouse.writes(warehouse.warehouse)
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
