"""The plan of the linked role and user: created, adopted, or refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_datagraph.access import plan as package
from airflow_provider_datagraph.access import role
from airflow_provider_datagraph.access.plan import Change, Finding, Reason, blocking, finding, note
from airflow_provider_datagraph.access.role import DesiredUser, RoleAccess, partial_view, role_missing, serverless
from airflow_provider_datagraph.redshift.statements import AlterUser, Create, Membership
from airflow_provider_datagraph.redshift.values import Grant, Identity, Role, Scope, Session, User
from tests.unit.access.planning import Plan, Step, plan_role

SESSION = Session("admin", "dev")
ADMIN = User("admin", 100, superuser=True)
USER = DesiredUser("segment_user", "md50123")
EMPTY = RoleAccess(SESSION, users={"admin": ADMIN}, roles={"sys:dba": Role("sys:dba", "rdsdb")})
DONE = replace(
    EMPTY,
    roles={"segment_role": Role("segment_role", "admin")},
    users={"admin": ADMIN, "segment_user": User("segment_user", 101)},
    members=frozenset({"segment_user"}),
    user_roles=frozenset({"segment_role"}),
    login_works=True,
)
CREATE_ROLE = Step('CREATE ROLE "segment_role"', (Change("create", "role", ("segment_role",), Reason.MISSING),))
CREATE_USER = Step(
    "CREATE USER \"segment_user\" PASSWORD 'md50123'", (Change("create", "user", ("segment_user",), Reason.MISSING),)
)
GRANT_ROLE = Step(
    'GRANT ROLE "segment_role" TO "segment_user"',
    (Change("grant", "role", ("segment_role",), Reason.NO_MEMBER, identity=Identity("user", "segment_user")),),
)


def test_everything_is_created_where_nothing_exists() -> None:
    assert plan_role("segment_role", USER, EMPTY) == Plan((CREATE_ROLE, CREATE_USER, GRANT_ROLE), 0, ())


def test_what_is_created_is_of_a_kind_that_others_know() -> None:
    plan = role.plan_role("r", DesiredUser("u", "md5x"), RoleAccess(SESSION))
    assert [step.statement for step in plan.steps] == [
        Create("role", "r"),
        Create("user", "u", "md5x"),
        Membership(Identity("user", "u"), "r"),
    ]


def test_nothing_is_left_to_do_where_all_of_it_exists() -> None:
    assert plan_role("segment_role", USER, DONE) == Plan((), 3, ())


def test_an_existing_role_is_adopted() -> None:
    current = replace(EMPTY, roles=DONE.roles)
    assert plan_role("segment_role", USER, current) == Plan((CREATE_USER, GRANT_ROLE), 1, ())


def test_an_existing_user_keeps_its_password() -> None:
    current = replace(DONE, roles={}, members=frozenset(), user_roles=frozenset())
    assert plan_role("segment_role", USER, current) == Plan((CREATE_ROLE, GRANT_ROLE), 1, ())


def test_a_missing_membership_is_granted() -> None:
    current = replace(DONE, members=frozenset({"someone"}), user_roles=frozenset())
    held = finding("role_members", "segment_role", members=("someone",))
    assert plan_role("segment_role", USER, current) == Plan((GRANT_ROLE,), 2, (held,))


def test_names_and_hashes_are_quoted() -> None:
    assert plan_role('r"1', DesiredUser('u"1', "it's"), RoleAccess(SESSION)).sql == [
        'CREATE ROLE "r""1"',
        "CREATE USER \"u\"\"1\" PASSWORD 'it''s'",
        'GRANT ROLE "r""1" TO "u""1"',
    ]


def test_the_login_isnt_judged_where_nobody_tried() -> None:
    assert plan_role("segment_role", USER, replace(DONE, login_works=None)) == Plan((), 3, ())
    assert plan_role("segment_role", USER, replace(EMPTY, login_works=False)).findings == ()


def test_the_password_of_an_existing_user_isnt_judged() -> None:
    user = replace(USER, password_problems=("hold a digit",))
    assert plan_role("segment_role", user, DONE) == Plan((), 3, ())


def apply(plan: Plan, current: RoleAccess) -> RoleAccess:
    """What the catalog tells after a plan; it takes the three statements in the only order that works."""
    for step in plan.steps:
        if step == CREATE_ROLE:
            current = replace(current, roles={**current.roles, **DONE.roles})
        elif step == CREATE_USER:
            current = replace(current, users={**current.users, **DONE.users}, login_works=True)
        else:
            assert step == GRANT_ROLE
            assert "segment_role" in current.roles
            assert "segment_user" in current.users
            current = replace(current, members=DONE.members, user_roles=DONE.user_roles)
    return current


@pytest.mark.parametrize("has_role", [False, True])
@pytest.mark.parametrize("has_user", [False, True])
def test_an_applied_plan_leaves_nothing_to_do(has_role: bool, has_user: bool) -> None:
    current = replace(EMPTY, roles=DONE.roles if has_role else {}, users=DONE.users if has_user else {})
    after = apply(plan_role("segment_role", USER, current), current)
    assert plan_role("segment_role", USER, after) == Plan((), 3, ())


def test_a_role_cant_share_a_users_name() -> None:
    current = replace(EMPTY, users={"admin": ADMIN, "segment_role": User("segment_role", 102)})
    taken = blocking("name_taken", "segment_role", case="role")
    assert plan_role("segment_role", USER, current).findings == (taken,)


@pytest.mark.parametrize("name", ["sys:dba", "segment_role"])
def test_a_user_cant_share_a_roles_name(name: str) -> None:
    taken = blocking("name_taken", name, case="user")
    assert plan_role("segment_role", DesiredUser(name, "md5"), EMPTY).findings == (taken,)


def test_the_admin_isnt_the_linked_user() -> None:
    current = replace(EMPTY, login_works=False)
    found = plan_role("segment_role", DesiredUser("admin", "md5"), current).findings
    assert found == (blocking("user_is_admin", "admin"),)


def test_a_superuser_isnt_the_linked_user() -> None:
    users = {"admin": ADMIN, 'big"one': User('big"one', 102, superuser=True)}
    current = replace(EMPTY, users=users, login_works=False)
    statement = AlterUser('big"one', "NOCREATEUSER")
    refusal = blocking("user_is_superuser", 'big"one', statement=statement)
    assert plan_role("segment_role", DesiredUser('big"one', "md5"), current).findings == (refusal,)
    assert statement.sql == 'ALTER USER "big""one" NOCREATEUSER'


def test_an_existing_user_has_to_log_in() -> None:
    user = replace(USER, password_problems=("hold a digit",))
    found = plan_role("segment_role", user, replace(DONE, login_works=False)).findings
    assert found == (blocking("login_fails", "segment_user"),)


def test_a_new_users_password_has_to_fit_the_policy() -> None:
    lacks = ("hold a digit", "be 8 to 64 characters long")
    found = plan_role("segment_role", replace(USER, password_problems=lacks), EMPTY).findings
    assert found == (blocking("password_policy", "segment_user", lacks=lacks),)


def test_what_the_role_and_user_have_beside_is_told() -> None:
    grants = frozenset({Grant(Scope.SCHEMA, "USAGE", "crm"), Grant(Scope.SCHEMA, "USAGE", "ads")})
    user_grants = frozenset({Grant(Scope.TABLE, "SELECT", "crm", "accounts")})
    current = replace(
        DONE,
        roles={"segment_role": Role("segment_role", "boss")},
        users={**DONE.users, "segment_user": User("segment_user", 101, createdb=True)},
        members=frozenset({"segment_user", "zoe", "max", "ida", "eve", "bob"}),
        role_members=frozenset({"parent", "elder"}),
        inherited_roles=frozenset({"reader", "auditor"}),
        grants=grants,
        user_roles=frozenset({"segment_role", "writer", "loader"}),
        user_grants=user_grants,
    )
    members = ("bob", "eve", "ida", "max", "zoe", "role elder", "role parent")
    statement = AlterUser("segment_user", "NOCREATEDB")
    assert plan_role("segment_role", USER, current) == Plan(
        (),
        3,
        (
            note("role_owner", "segment_role", owner="boss"),
            finding("role_members", "segment_role", members=members),
            finding("role_roles", "segment_role", roles=("auditor", "reader")),
            note("role_privileges", "segment_role", grants=grants, database="dev"),
            finding("user_createdb", "segment_user", statement=statement),
            finding("user_roles", "segment_user", roles=("loader", "writer")),
            finding("user_privileges", "segment_user", grants=user_grants, database="dev"),
        ),
    )
    assert statement.sql == 'ALTER USER "segment_user" NOCREATEDB'


def test_roles_that_hold_the_role_are_told_alone() -> None:
    current = replace(DONE, role_members=frozenset({"parent"}))
    held = finding("role_members", "segment_role", members=("role parent",))
    assert plan_role("segment_role", USER, current).findings == (held,)


def test_a_missing_role_has_no_other_members() -> None:
    current = replace(EMPTY, members=frozenset({"zoe"}), role_members=frozenset({"parent"}))
    assert plan_role("segment_role", USER, current).findings == ()


def test_refusals_come_before_what_is_told() -> None:
    current = replace(DONE, roles={"segment_role": Role("segment_role", "boss")}, login_works=False)
    plan = plan_role("segment_role", USER, current)
    refusal = blocking("login_fails", "segment_user")
    assert plan.findings == (refusal, note("role_owner", "segment_role", owner="boss"))
    assert plan.blocking == (refusal,)


def test_an_admin_who_may_not_see_all_is_told() -> None:
    current = replace(EMPTY, session=Session("clerk", "dev", superuser=False))
    partial = note("partial_view", "clerk")
    assert partial_view(EMPTY) == ()
    assert partial_view(current) == (partial,)
    user = replace(USER, password_problems=("hold a digit",))
    policy = blocking("password_policy", "segment_user", lacks=("hold a digit",))
    assert plan_role("segment_role", user, current).findings == (policy, partial)


def test_a_missing_role_blocks_all_but_a_plan() -> None:
    assert role_missing("nobody", DONE, False) == (blocking("role_missing", "nobody"),)
    assert role_missing("nobody", DONE, True) == (finding("role_missing", "nobody", case="planned"),)
    assert role_missing("segment_role", DONE, False) == role_missing("segment_role", DONE, True) == ()


def test_serverless_stops_nothing() -> None:
    assert serverless("wg.1.eu-west-1.redshift-serverless.amazonaws.com") == finding(
        "serverless", "wg.1.eu-west-1.redshift-serverless.amazonaws.com"
    )


def test_a_plan_tells_the_changes_of_its_steps_and_what_stops_it() -> None:
    stop, told = blocking("a", "x"), finding("b", "y")
    one, two, three = (Change("drop", "role", (name,), Reason.LEAVES) for name in "abc")
    steps = (package.Step(Create("role", "r"), (one, two)), package.Step(Create("role", "s"), (three,)))
    plan = package.Plan(steps, 0, (told, stop))
    assert (plan.changes, plan.blocking) == ((one, two, three), (stop,))
    empty = package.Plan()
    assert (empty.steps, empty.in_place, empty.findings, empty.changes) == ((), 0, (), ())


def test_the_same_facts_make_the_same_finding_whatever_their_order() -> None:
    assert (
        finding("c", "o", a="1", b=("2",))
        == finding("c", "o", b=("2",), a="1")
        == Finding("c", "o", (("a", "1"), ("b", ("2",))))
    )
    levels = {one.level.value: one.blocking for one in (note("c", "o"), finding("c", "o"), blocking("c", "o"))}
    assert levels == {"note": False, "finding": False, "blocking": True}
