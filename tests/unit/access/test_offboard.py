"""Plans that take a role and a user away, and what forbids them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_datagraph.access.offboarding.plan import local_databases
from airflow_provider_datagraph.access.offboarding.values import Holdings
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
from tests.unit.access.leaving import ADMIN, CLUSTER, EMPTY, LEAVING, ROLE, USER
from tests.unit.access.planning import Plan, Step, plan_checkpoint, plan_holdings, plan_identities


def codes(plan: Plan) -> list[tuple[str, bool]]:
    return [(finding.code, finding.blocking) for finding in plan.findings]


def holding(*grants: Grant, who: Identity = ROLE) -> Holdings:
    return replace(EMPTY, held=frozenset((who, grant) for grant in grants))


def test_the_user_goes_before_the_role() -> None:
    plan = plan_identities(LEAVING, CLUSTER)
    assert [step.sql for step in plan.steps] == ['DROP USER "u"', 'DROP ROLE "r"']
    assert codes(plan) == [("database_kept", False)]


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
    assert [step.sql for step in plan.steps] == [
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
    assert [step.sql for step in plan.steps] == ['REVOKE ROLE "r" FROM "u"', 'DROP ROLE "r"']
    assert codes(plan)[0] == ("user_kept", False)
    # Its own objects stay its own.
    owning = replace(EMPTY, owned=frozenset({Owned("schema", "s")}))
    assert plan_holdings(replace(LEAVING, new_owner="heir"), cluster, owning).steps == ()


def test_an_admin_that_sees_a_part_is_stopped() -> None:
    plan = plan_identities(LEAVING, replace(CLUSTER, sees_all=False))
    assert codes(plan)[0] == ("hidden", True)
    (finding,) = plan_identities(LEAVING, replace(CLUSTER, unseen=frozenset({"b", "a"}))).blocking
    assert "what kind of databases a, b are" in finding.message


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
        (Grant(Scope.DEFAULT, "SELECT", "s", "w"), True),
        (Grant(Scope.DEFAULT, "REFERENCES", "s", "w"), False),
        (Grant(Scope.DATABASE, "CREATE", "cp"), True),
        (Grant(Scope.DATABASE, "CREATE", "dev"), False),
        (Grant(Scope.SCHEMAS, "USAGE", "cp"), False),
        (Grant(Scope.DATABASE_TABLES, "SELECT", "cp"), False),
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
        holding(Grant(Scope.SCHEMA, "USAGE", "s"), Grant(Scope.DEFAULT, "SELECT", "s", "w")),
        owned=frozenset(owned),
        made=frozenset({(Identity("user", "x"), Grant(Scope.DEFAULT, "SELECT", "s", "u"))}),
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
    holdings = replace(EMPTY, unnamed=frozenset({"EXECUTE FOR FUNCTIONS IN SCHEMA s (role r)"}))
    assert codes(plan_holdings(replace(LEAVING, force=True), CLUSTER, holdings)) == [("by_hand", True)]
    shared = replace(
        CLUSTER,
        databases={**CLUSTER.databases, "share": Database("share", "admin", "shared")},
        on_databases=frozenset({(ROLE, Grant(Scope.DATABASE, "USAGE", "share"))}),
    )
    (finding,) = plan_identities(replace(LEAVING, home=None, force=True), shared).blocking
    assert 'runs REVOKE USAGE ON DATABASE "share" FROM ROLE "r" by hand' in finding.message


def test_roles_that_the_user_owns_need_an_heir() -> None:
    roles = {**CLUSTER.roles, "theirs": Role("theirs", "u"), "r": Role("r", "u")}
    cluster = replace(CLUSTER, roles=roles)
    assert ("owned", True) in codes(plan_identities(LEAVING, cluster))
    plan = plan_identities(replace(LEAVING, new_owner="heir"), cluster)
    assert plan.steps[0].sql == 'ALTER ROLE "theirs" OWNER TO "heir"'


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
        sentence = "drop database cp with 4 tables and views in it: it was named to be dropped"
        assert plan == Plan((Step('DROP DATABASE "cp"', (sentence,), autocommit=True),))

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
        (finding,) = plan_checkpoint(replace(self.leaving, force=True), cluster, EMPTY).findings
        assert (finding.code, finding.blocking) == ("session_open", True)
        assert "process 7 of user x in cp" in finding.message and "process 8" not in finding.message

    def test_a_shared_one_is_not_dropped(self) -> None:
        cluster = replace(CLUSTER, databases={"cp": Database("cp", "admin", "shared")})
        assert codes(plan_checkpoint(self.leaving, cluster, EMPTY)) == [("not_local", True)]


def test_a_name_that_is_cut_off_may_be_the_one() -> None:
    long = "d" * 60
    assert OpenSession(1, "u", long[:50]).is_in(long)
    assert not OpenSession(1, "u", "dddd").is_in(long)
    assert OpenSession(1, "u", "dev").is_of("u") and not OpenSession(1, "u", "dev").is_of("uu")


def test_the_users_own_sessions_elsewhere_are_only_told() -> None:
    cluster = replace(CLUSTER, sessions=(OpenSession(7, "u", "dev"), OpenSession(8, "u", "cp")))
    plan = plan_identities(replace(LEAVING, drop="cp"), cluster)
    assert codes(plan) == [("session_open", False)]
    assert "process 7" in plan.findings[0].message and "process 8" not in plan.findings[0].message
    assert codes(plan_identities(replace(LEAVING, home=None), replace(CLUSTER, sessions=None))) == []
