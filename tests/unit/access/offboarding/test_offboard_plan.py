"""Plans that take a role and a user away, and what forbids them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_datagraph.access.offboarding import plan as offboarding
from airflow_provider_datagraph.access.offboarding.plan import local_databases
from airflow_provider_datagraph.access.offboarding.values import Holdings
from airflow_provider_datagraph.access.plan import Change, Reason, blocking, finding
from airflow_provider_datagraph.redshift.statements import Drop, Privileges
from airflow_provider_datagraph.redshift.values import (
    Database,
    Grant,
    Identity,
    OpenSession,
    Owned,
    Role,
    Scope,
    Session,
    User,
)
from tests.unit.access.offboarding.leaving import ADMIN, CLUSTER, EMPTY, LEAVING, ROLE, USER
from tests.unit.access.planning import Plan, Step, plan_checkpoint, plan_holdings, plan_identities


def codes(plan: Plan) -> list[tuple[str, bool]]:
    return [(finding.code, finding.blocking) for finding in plan.findings]


def holding(*grants: Grant, who: Identity = ROLE) -> Holdings:
    return replace(EMPTY, held=frozenset((who, grant) for grant in grants))


def test_the_user_goes_before_the_role() -> None:
    plan = plan_identities(LEAVING, CLUSTER)
    assert plan.sql == ['DROP USER "u"', 'DROP ROLE "r"']
    assert codes(plan) == [("database_kept", False)]


def test_who_is_dropped_is_of_a_kind_that_others_know() -> None:
    plan = offboarding.plan_identities(LEAVING, CLUSTER)
    assert [step.statement for step in plan.steps] == [Drop("user", "u"), Drop("role", "r")]


def test_where_nobody_is_left_there_is_nothing_to_do() -> None:
    cluster = replace(CLUSTER, roles={}, users={"admin": ADMIN}, members=frozenset(), user_roles=frozenset())
    plan = plan_identities(replace(LEAVING, home=None), cluster)
    assert (plan.steps, plan.in_place, plan.findings) == ((), 2, ())
    assert plan_holdings(LEAVING, cluster, EMPTY) == Plan(in_place=1)


def test_force_takes_what_the_setup_never_gave() -> None:
    cluster = replace(
        CLUSTER,
        members=frozenset({USER, Identity("user", "x"), Identity("role", "above")}),
        granted_roles=frozenset({"below"}),
        user_roles=frozenset({"r", "below"}),
        system=frozenset({"CREATE USER"}),
    )
    assert codes(plan_identities(LEAVING, cluster))[:3] == [
        ("role_members", True),
        ("role_privileges", True),
        ("user_roles", True),
    ]
    plan = plan_identities(replace(LEAVING, force=True), cluster)
    assert not plan.blocking
    assert plan.sql == [
        'REVOKE CREATE USER FROM ROLE "r"',
        'REVOKE ROLE "r" FROM ROLE "above"',
        'REVOKE ROLE "r" FROM "x"',
        'REVOKE ROLE "below" FROM ROLE "r"',
        'DROP USER "u"',
        'DROP ROLE "r"',
    ]


@pytest.mark.parametrize("why", ["superuser", "login"])
def test_a_user_that_is_kept_only_loses_the_role(why: str) -> None:
    users = {**CLUSTER.users, "u": User("u", 101, superuser=why == "superuser")}
    cluster = replace(CLUSTER, users=users, session=Session("u" if why == "login" else "admin", "dev"))
    plan = plan_identities(LEAVING, cluster)
    assert plan.sql == ['REVOKE ROLE "r" FROM "u"', 'DROP ROLE "r"']
    assert codes(plan)[0] == ("user_kept", False)
    # Its own objects stay its own.
    owning = replace(EMPTY, owned=frozenset({Owned("schema", "s")}))
    assert plan_holdings(replace(LEAVING, new_owner="heir"), cluster, owning).steps == ()


def test_an_admin_that_sees_a_part_is_stopped() -> None:
    plan = plan_identities(LEAVING, replace(CLUSTER, sees_all=False))
    assert codes(plan)[0] == ("hidden", True)
    unseen = blocking("hidden", "admin", case="databases", databases=("a", "b"))
    assert plan_identities(LEAVING, replace(CLUSTER, unseen=frozenset({"b", "a"}))).blocking == (unseen,)


@pytest.mark.parametrize(
    ("grant", "expected"),
    [
        (Grant(Scope.SCHEMA, "USAGE", "s"), True),
        (Grant(Scope.SCHEMA, "DROP", "s"), True),
        (Grant(Scope.SCHEMA, "ALTER", "s"), False),
        (Grant(Scope.TABLES, "DELETE", "s"), True),
        (Grant(Scope.TABLES, "TRUNCATE", "s"), False),
        (Grant(Scope.TABLE, "SELECT", "s", "t"), True),
        (Grant(Scope.TABLE, "TRIGGER", "s", "t"), False),
        (Grant(Scope.COLUMN, "SELECT", "s", "t", "c"), True),
        (Grant(Scope.DEFAULT, "SELECT", "s", writer="w"), True),
        (Grant(Scope.DEFAULT, "REFERENCES", "s", writer="w"), False),
        (Grant(Scope.DATABASE, "CREATE", database="cp"), True),
        (Grant(Scope.DATABASE, "CREATE", database="dev"), False),
        (Grant(Scope.SCHEMAS, "USAGE", database="cp"), False),
        (Grant(Scope.DATABASE_TABLES, "SELECT", database="cp"), False),
    ],
)
def test_what_the_setup_gives_needs_no_force(grant: Grant, expected: bool) -> None:
    plan = plan_holdings(LEAVING, CLUSTER, holding(grant))
    assert codes(plan) == ([] if expected else [("role_privileges", True)])
    assert len(plan.steps) == 1
    assert not plan_holdings(replace(LEAVING, force=True), CLUSTER, holding(grant)).blocking
    # The user itself gets nothing from the setup.
    assert codes(plan_holdings(LEAVING, CLUSTER, holding(grant, who=USER))) == [("user_privileges", True)]


def test_ownership_is_given_last_and_what_is_inside_first() -> None:
    owned = {Owned("schema", "s"), Owned("table", "s", "t"), Owned("database", "cp"), Owned("table", "o", 'v"')}
    holdings = replace(
        holding(Grant(Scope.SCHEMA, "USAGE", "s"), Grant(Scope.DEFAULT, "SELECT", "s", writer="w")),
        owned=frozenset(owned),
        made=frozenset({(Identity("user", "x"), Grant(Scope.DEFAULT, "SELECT", "s", writer="u"))}),
    )
    plan = plan_holdings(replace(LEAVING, new_owner="heir"), CLUSTER, holdings)
    assert [step.sql.split(" REVOKE ALL ON TABLES")[0] for step in plan.steps] == [
        'ALTER DEFAULT PRIVILEGES FOR USER "w" IN SCHEMA "s"',
        'ALTER DEFAULT PRIVILEGES FOR USER "u" IN SCHEMA "s"',
        'REVOKE ALL ON SCHEMA "s" FROM ROLE "r"',
        'ALTER TABLE "s"."t" OWNER TO "heir"',
        'ALTER TABLE "o"."v""" OWNER TO "heir"',
        'ALTER SCHEMA "s" OWNER TO "heir"',
        'ALTER DATABASE "cp" OWNER TO "heir"',
    ]
    assert not plan.blocking
    assert codes(plan_holdings(LEAVING, CLUSTER, holdings)) == [("owned", True)]


def test_what_is_not_handled_is_left_to_a_person() -> None:
    holdings = replace(EMPTY, unhandled=frozenset({"EXECUTE FOR FUNCTIONS IN SCHEMA s (role r)"}))
    assert codes(plan_holdings(replace(LEAVING, force=True), CLUSTER, holdings)) == [("by_hand", True)]
    shared = replace(
        CLUSTER,
        databases={**CLUSTER.databases, "share": Database("share", "admin", "shared")},
        on_databases=frozenset({(ROLE, Grant(Scope.DATABASE, "USAGE", database="share"))}),
    )
    (told,) = plan_identities(replace(LEAVING, home=None, force=True), shared).blocking
    statement = dict(told.facts)["statement"]
    assert (told.code, told.object) == ("not_local", "share")
    assert isinstance(statement, Privileges)
    assert statement.sql == 'REVOKE USAGE ON DATABASE "share" FROM ROLE "r"'


def test_roles_that_the_user_owns_need_an_heir() -> None:
    roles = {**CLUSTER.roles, "theirs": Role("theirs", "u"), "r": Role("r", "u")}
    cluster = replace(CLUSTER, roles=roles)
    assert ("owned", True) in codes(plan_identities(LEAVING, cluster))
    plan = plan_identities(replace(LEAVING, new_owner="heir"), cluster)
    assert plan.sql[0] == 'ALTER ROLE "theirs" OWNER TO "heir"'


def test_the_databases_to_look_in() -> None:
    databases = {**CLUSTER.databases, "share": Database("share", "admin", "shared"), "Mixed": Database("Mixed", "x")}
    assert local_databases(replace(CLUSTER, databases=databases)) == ["Mixed", "cp", "dev"]


class TestCheckpoint:
    """The checkpoint database."""

    leaving = replace(LEAVING, drop="cp")

    def test_it_is_dropped_outside_a_transaction(self) -> None:
        owned = frozenset({Owned("schema", "s"), *(Owned("table", "s", name) for name in "tuv")})
        others = frozenset({(Owned("table", "s", "x"), 102), (Owned("schema", "x"), 102), (Owned("schema", "y"), 102)})
        holdings = replace(EMPTY, owned=owned, others=others)
        plan = plan_checkpoint(replace(self.leaving, force=True), CLUSTER, holdings)
        change = Change("drop", "database", ("cp",), Reason.NAMED, count=4)
        assert plan == Plan((Step('DROP DATABASE "cp"', (change,), autocommit=True),))

    def test_it_is_gone_already(self) -> None:
        assert plan_checkpoint(self.leaving, CLUSTER, None) == Plan(in_place=1)

    @pytest.mark.parametrize(
        ("other", "counts"),
        [
            (Owned("schema", "public"), False),
            (Owned("database", "cp"), False),
            (Owned("schema", "s"), True),
            (Owned("table", "public", "t"), True),
        ],
    )
    def test_others_objects_need_force(self, other: Owned, counts: bool) -> None:
        holdings = replace(EMPTY, others=frozenset({(other, 102)}))
        assert codes(plan_checkpoint(self.leaving, CLUSTER, holdings)) == [("foreign_objects", True)] * counts
        assert codes(plan_checkpoint(replace(self.leaving, force=True), CLUSTER, holdings)) == []

    def test_sessions_are_named_whoever_forces(self) -> None:
        cluster = replace(CLUSTER, sessions=(OpenSession(7, "x", "cp"), OpenSession(8, "u", "dev")))
        told = blocking("session_open", "cp", case="database", sessions=("process 7 of user x in cp",))
        assert plan_checkpoint(replace(self.leaving, force=True), cluster, EMPTY).findings == (told,)

    def test_a_shared_one_is_not_dropped(self) -> None:
        cluster = replace(CLUSTER, databases={"cp": Database("cp", "admin", "shared")})
        assert codes(plan_checkpoint(self.leaving, cluster, EMPTY)) == [("not_local", True)]


def test_the_users_own_sessions_elsewhere_are_only_told() -> None:
    cluster = replace(CLUSTER, sessions=(OpenSession(7, "u", "dev"), OpenSession(8, "u", "cp")))
    told = finding("session_open", "u", sessions=("process 7 of user u in dev",))
    assert plan_identities(replace(LEAVING, drop="cp"), cluster).findings == (told,)
    assert plan_identities(replace(LEAVING, home=None), replace(CLUSTER, sessions=None)).findings == ()


HEIR = Identity("user", "heir")


def lost(kind: str, *path: str, who: Identity = ROLE, words: str = "", **more: Any) -> Change:
    """What is lost because the role leaves."""
    privileges = tuple(words.split(", ")) if words else ()
    return Change(
        "revoke", kind, path, **{"reason": Reason.ROLE_LEAVES, "of": "r", **more}, privileges=privileges, identity=who
    )


def test_each_change_of_identities_says_whose_leaving_is_the_reason() -> None:
    cluster = replace(
        CLUSTER,
        roles={**CLUSTER.roles, "own": Role("own", "u")},
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
    assert 'ALTER ROLE "own" OWNER TO "heir"' in plan.sql
    assert plan_identities(LEAVING, CLUSTER).changes == (
        Change("drop", "user", ("u",), Reason.LEAVES),
        Change("drop", "role", ("r",), Reason.LEAVES),
    )


def test_each_change_in_a_database_says_whose_leaving_is_the_reason() -> None:
    held = frozenset(
        {
            (ROLE, Grant(Scope.SCHEMA, "USAGE", "s")),
            (USER, Grant(Scope.SCHEMA, "CREATE", "s")),
            (ROLE, Grant(Scope.DATABASE, "CREATE", database="cp")),
            (ROLE, Grant(Scope.DATABASE_TABLES, "SELECT", database="cp")),
            (ROLE, Grant(Scope.SCHEMAS, "USAGE", database="cp")),
            (ROLE, Grant(Scope.SCHEMA, "USAGE", "lake")),
        }
    )
    group = Identity("group", "g")
    made = frozenset({(group, Grant(Scope.DEFAULT, "SELECT", "s", writer="u"))})
    owned = frozenset({Owned("schema", "s"), Owned("table", "s", "t"), Owned("database", "cp")})
    holdings = replace(EMPTY, held=held, made=made, owned=owned, external=frozenset({"lake"}))
    plan = plan_holdings(replace(LEAVING, new_owner="heir"), CLUSTER, holdings)
    of_user = {"reason": Reason.USER_LEAVES, "of": "u"}
    of_writer = {"reason": Reason.WRITER_LEAVES, "of": "u", "names": ("u",)}
    assert plan.changes == (
        lost("later tables", "cp", "s", who=group, words="SELECT", **of_writer),
        lost("schema", "cp", "s", words="USAGE"),
        lost("schema", "cp", "lake", words="USAGE"),
        lost("all tables", "cp", words="SELECT"),
        lost("all schemas", "cp", words="USAGE"),
        lost("database", "cp", words="CREATE"),
        lost("schema", "cp", "s", who=USER, words="CREATE", **of_user),
        Change("give", "table", ("cp", "s", "t"), Reason.USER_LEAVES, identity=HEIR, of="u"),
        Change("give", "schema", ("cp", "s"), Reason.USER_LEAVES, identity=HEIR, of="u"),
        Change("give", "database", ("cp",), Reason.USER_LEAVES, identity=HEIR, of="u"),
    )
    assert [step.sql for step in plan.steps if step.autocommit] == ['REVOKE ALL ON SCHEMA "lake" FROM ROLE "r"']
    assert [sql for sql in plan.sql if "IN DATABASE" in sql or "ON DATABASE" in sql] == [
        'REVOKE ALL FOR TABLES IN DATABASE "cp" FROM ROLE "r"',
        'REVOKE ALL FOR SCHEMAS IN DATABASE "cp" FROM ROLE "r"',
        'REVOKE ALL ON DATABASE "cp" FROM ROLE "r"',
    ]
