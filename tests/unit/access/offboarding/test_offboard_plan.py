"""Plans that take a role and a user away, and what forbids them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from airflow_provider_datagraph.access.plan import Change, Reason, blocking, note
from airflow_provider_datagraph.redshift.catalog.schemas import local_databases
from airflow_provider_datagraph.redshift.values import Database, Grant, Identity, OpenSession, Owned, Role, Scope, User
from tests.unit.access.offboarding.leaving import ADMIN, CLUSTER, EMPTY, LEAVING, ROLE, USER
from tests.unit.access.planning import Plan, Step, plan_checkpoint, plan_holdings, plan_identities


def test_where_nobody_is_left_there_is_nothing_to_do() -> None:
    cluster = replace(CLUSTER, roles={}, users={"admin": ADMIN}, members=frozenset(), user_roles=frozenset())
    plan = plan_identities(replace(LEAVING, home=None), cluster)
    assert (plan.steps, plan.in_place, plan.findings) == ((), 2, ())
    assert plan_holdings(LEAVING, cluster, EMPTY) == Plan(in_place=1)


def test_the_use_of_a_datashare_is_taken_from_who_leaves() -> None:
    given = [(who, Grant(Scope.DATABASE, "USAGE", database="sh")) for who in (ROLE, USER)]
    databases = {**CLUSTER.databases, "sh": Database("sh", "admin", "shared")}
    cluster = replace(CLUSTER, databases=databases, on_databases=frozenset(given))
    plan, drops = plan_identities(LEAVING, cluster), ['DROP USER "u"', 'DROP ROLE "r"']
    first = ['REVOKE USAGE ON DATABASE "sh" FROM ROLE "r"', 'REVOKE USAGE ON DATABASE "sh" FROM "u"']
    assert (plan.sql, [step.autocommit for step in plan.steps]) == ([*first, *drops], [True, True, False, False])
    of_user = lost("database", "sh", who=USER, words="USAGE", reason=Reason.USER_LEAVES, of="u")
    assert plan.changes[:2] == (lost("database", "sh", words="USAGE"), of_user)
    kept = plan_identities(LEAVING, replace(cluster, users={**CLUSTER.users, "u": User("u", 101, superuser=True)}))
    assert kept.sql[:2] == [first[0], 'REVOKE ROLE "r" FROM "u"']


def test_a_user_that_is_kept_only_loses_the_role() -> None:
    cluster = replace(CLUSTER, users={**CLUSTER.users, "u": User("u", 101, superuser=True)})
    assert plan_identities(LEAVING, cluster).sql == ['REVOKE ROLE "r" FROM "u"', 'DROP ROLE "r"']
    # Its own objects stay its own.
    owning = replace(EMPTY, owned=frozenset({Owned("schema", "s")}))
    assert plan_holdings(replace(LEAVING, new_owner="heir"), cluster, owning).steps == ()


def test_a_role_that_stays_is_left_alone() -> None:
    leaving, cluster = replace(LEAVING, role="", stays="r"), replace(CLUSTER, members=frozenset())
    plan = plan_identities(leaving, cluster)
    assert plan.sql == ['DROP USER "u"']
    assert (plan.steps[0].changes[0].names, plan.in_place, plan.blocking) == (("r",), 0, ())
    more = plan_identities(leaving, replace(cluster, user_roles=frozenset("rx")))
    assert [one.code for one in more.blocking] == ["user_roles"]


def test_the_databases_to_look_in() -> None:
    databases = {**CLUSTER.databases, "share": Database("share", "admin", "shared"), "Mixed": Database("Mixed", "x")}
    assert local_databases(databases) == ["Mixed", "cp", "dev"]


def test_the_checkpoint_database_is_dropped_outside_a_transaction() -> None:
    leaving, sessions = replace(LEAVING, drop="cp", named="cp", confirmed="cp"), (OpenSession(7, "x", "cp"),)
    owned = frozenset({Owned("schema", "s"), *(Owned("table", "s", name) for name in "tuv")})
    others = frozenset({(Owned("table", "s", "x"), 102), (Owned("schema", "x"), 102), (Owned("schema", "y"), 102)})
    change = Change("drop", "database", ("cp",), Reason.NAMED, count=4)
    told = blocking("session_open", "cp", case="database", sessions=("process 7 of user x in cp",))
    plan = plan_checkpoint(leaving, replace(CLUSTER, sessions=sessions), replace(EMPTY, owned=owned, others=others))
    assert plan == Plan((Step('DROP DATABASE "cp"', (change,), autocommit=True),), findings=(told,))
    # It may be gone already.
    assert plan_checkpoint(leaving, CLUSTER, None) == Plan(in_place=1)


HEIR = Identity("user", "heir")


def lost(kind: str, *path: str, who: Identity = ROLE, words: str = "", **more: Any) -> Change:
    privileges = tuple(words.split(", ")) if words else ()
    return Change(
        "revoke", kind, path, **{"reason": Reason.ROLE_LEAVES, "of": "r", **more}, privileges=privileges, identity=who
    )


def test_each_change_of_identities_says_whose_leaving_is_the_reason() -> None:
    cluster = replace(
        CLUSTER,
        roles={"r": Role("r", "u"), "own": Role("own", "u")},
        members=frozenset({USER, Identity("user", "x"), Identity("role", "above")}),
        granted_roles=frozenset({"below"}),
        user_roles=frozenset({"r", "b", "a"}),
        system=frozenset({"CREATE USER"}),
    )
    plan = plan_identities(replace(LEAVING, force=True, new_owner="heir"), cluster)
    assert plan.changes == (
        lost("permission", "CREATE USER"),
        lost("role", "r", who=Identity("role", "above")),
        lost("role", "r", who=Identity("user", "x")),
        lost("role", "below"),
        Change("give", "role", ("own",), Reason.USER_LEAVES, identity=HEIR, of="u"),
        Change("drop", "user", ("u",), Reason.LEAVES, names=("a", "b")),
        Change("drop", "role", ("r",), Reason.LEAVES),
    )
    assert plan.sql == [
        'REVOKE CREATE USER FROM ROLE "r"',
        'REVOKE ROLE "r" FROM ROLE "above"',
        'REVOKE ROLE "r" FROM "x"',
        'REVOKE ROLE "below" FROM ROLE "r"',
        'ALTER ROLE "own" OWNER TO "heir"',
        'DROP USER "u"',
        'DROP ROLE "r"',
    ]
    plan = plan_identities(LEAVING, CLUSTER)
    drops = tuple(Change("drop", kind, (name,), Reason.LEAVES) for kind, name in (("user", "u"), ("role", "r")))
    assert (plan.changes, plan.findings) == (drops, (note("database_kept", "cp"),))


def test_each_change_in_a_database_says_whose_leaving_is_the_reason() -> None:
    held = {(ROLE, Grant(Scope.SCHEMA, "USAGE", name)) for name in ("s", "lake")}
    wide = ((Scope.DATABASE, "CREATE"), (Scope.DATABASE_TABLES, "SELECT"), (Scope.SCHEMAS, "USAGE"))
    held |= {(ROLE, Grant(scope, word, database="cp")) for scope, word in wide}
    held |= {(USER, Grant(Scope.SCHEMA, "CREATE", "s")), (USER, Grant(Scope.DEFAULT, "SELECT", "s", writer="w"))}
    group = Identity("group", "g")
    made = frozenset({(group, Grant(Scope.DEFAULT, "SELECT", "s", writer="u"))})
    owned = {Owned("schema", "s"), Owned("table", "s", 't"'), Owned("table", "o", "v"), Owned("database", "cp")}
    lake = replace(EMPTY, made=made, external=frozenset({"lake"}))
    holdings = replace(lake, held=frozenset(held), owned=frozenset(owned))
    plan = plan_holdings(replace(LEAVING, new_owner="heir"), CLUSTER, holdings)
    tables = (("table", ("cp", "s", 't"')), ("table", ("cp", "o", "v")))
    of_user = {"reason": Reason.USER_LEAVES, "of": "u"}
    of_writer = {"reason": Reason.WRITER_LEAVES, "of": "u"}
    assert plan.changes == (
        lost("later tables", "cp", "s", who=USER, words="SELECT", names=("w",), **of_user),
        lost("later tables", "cp", "s", who=group, words="SELECT", names=("u",), **of_writer),
        lost("schema", "cp", "s", words="USAGE"),
        lost("schema", "cp", "lake", words="USAGE"),
        lost("all tables", "cp", words="SELECT"),
        lost("all schemas", "cp", words="USAGE"),
        lost("database", "cp", words="CREATE"),
        lost("schema", "cp", "s", who=USER, words="CREATE", **of_user),
        *(
            Change("give", kind, path, Reason.USER_LEAVES, identity=HEIR, of="u")
            for kind, path in (*tables, ("schema", ("cp", "s")), ("database", ("cp",)))
        ),
    )
    assert [step.sql for step in plan.steps if step.autocommit] == ['REVOKE USAGE ON SCHEMA "lake" FROM ROLE "r"']
    assert plan.sql[4:7] == [
        'REVOKE ALL FOR TABLES IN DATABASE "cp" FROM ROLE "r"',
        'REVOKE ALL FOR SCHEMAS IN DATABASE "cp" FROM ROLE "r"',
        'REVOKE ALL ON DATABASE "cp" FROM ROLE "r"',
    ]
    assert plan.sql[-4:] == [
        'ALTER TABLE "s"."t""" OWNER TO "heir"',
        'ALTER TABLE "o"."v" OWNER TO "heir"',
        'ALTER SCHEMA "s" OWNER TO "heir"',
        'ALTER DATABASE "cp" OWNER TO "heir"',
    ]
    assert [one.code for one in plan.findings] == ["role_privileges", "user_privileges"]
