"""The plan of the linked role and user: created, adopted, or refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_datagraph.access.current import CurrentAccess
from airflow_provider_datagraph.access.desired import DesiredUser
from airflow_provider_datagraph.access.messages import describe_grants
from airflow_provider_datagraph.access.plan import Finding
from airflow_provider_datagraph.access.visibility import partial_view
from airflow_provider_datagraph.redshift.values import Grant, Role, Scope, Session, User
from tests.unit.access.planning import Plan, Step, plan_role

SESSION = Session("admin", "dev")
ADMIN = User("admin", 100, superuser=True)
USER = DesiredUser("segment_user", "md50123")
EMPTY = CurrentAccess(SESSION, users={"admin": ADMIN}, roles={"sys:dba": Role("sys:dba", "rdsdb")})
DONE = replace(
    EMPTY,
    roles={"segment_role": Role("segment_role", "admin")},
    users={"admin": ADMIN, "segment_user": User("segment_user", 101)},
    members=frozenset({"segment_user"}),
    user_roles=frozenset({"segment_role"}),
    login_works=True,
)
CREATE_ROLE = Step('CREATE ROLE "segment_role"', ("create role segment_role: it doesn't exist",))
CREATE_USER = Step(
    "CREATE USER \"segment_user\" PASSWORD 'md50123'",
    ("create user segment_user, its password sent as a hash: it doesn't exist",),
)
GRANT_ROLE = Step(
    'GRANT ROLE "segment_role" TO "segment_user"',
    ("grant role segment_role to user segment_user: it isn't a member",),
)


def test_everything_is_created_where_nothing_exists() -> None:
    assert plan_role("segment_role", USER, EMPTY) == Plan((CREATE_ROLE, CREATE_USER, GRANT_ROLE), 0, ())


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
    message = "Role segment_role is also held by someone: what it may read, they may read."
    finding = Finding("role_members", "segment_role", message)
    assert plan_role("segment_role", USER, current) == Plan((GRANT_ROLE,), 2, (finding,))


def test_names_and_hashes_are_quoted() -> None:
    plan = plan_role('r"1', DesiredUser('u"1', "it's"), CurrentAccess(SESSION))
    assert [step.sql for step in plan.steps] == [
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


def apply(plan: Plan, current: CurrentAccess) -> CurrentAccess:
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


def refusals(plan: Plan) -> list[tuple[str, str, str]]:
    """The findings of a plan, all of which have to block it."""
    assert plan.blocking == plan.findings
    return [(finding.code, finding.object, finding.message) for finding in plan.findings]


def test_a_role_cant_share_a_users_name() -> None:
    current = replace(EMPTY, users={"admin": ADMIN, "segment_role": User("segment_role", 102)})
    message = "There is a user named segment_role, and a role can't share a user's name: choose another role name."
    assert refusals(plan_role("segment_role", USER, current)) == [("name_taken", "segment_role", message)]


@pytest.mark.parametrize("name", ["sys:dba", "segment_role"])
def test_a_user_cant_share_a_roles_name(name: str) -> None:
    message = f"User {name} would share the name of a role: give the user connection another login."
    assert refusals(plan_role("segment_role", DesiredUser(name, "md5"), EMPTY)) == [("name_taken", name, message)]


def test_the_admin_isnt_the_linked_user() -> None:
    message = (
        "admin is the admin connection's own login: Segment needs a user of its own, so give the user connection "
        "another login."
    )
    current = replace(EMPTY, login_works=False)
    assert refusals(plan_role("segment_role", DesiredUser("admin", "md5"), current)) == [
        ("user_is_admin", "admin", message)
    ]


def test_a_superuser_isnt_the_linked_user() -> None:
    users = {"admin": ADMIN, 'big"one': User('big"one', 102, superuser=True)}
    message = (
        'User big"one is a superuser (CREATEUSER), which reads and changes everything: give the user connection '
        'another login, or run ALTER USER "big""one" NOCREATEUSER first.'
    )
    current = replace(EMPTY, users=users, login_works=False)
    assert refusals(plan_role("segment_role", DesiredUser('big"one', "md5"), current)) == [
        ("user_is_superuser", 'big"one', message)
    ]


def test_an_existing_user_has_to_log_in() -> None:
    message = (
        "User segment_user exists, and the user connection's password doesn't log in. Nothing was changed, since "
        "Segment may be using the present one: correct the connection's password, or rotate the user's password on "
        "purpose and then give it to Segment and to the connection."
    )
    user = replace(USER, password_problems=("hold a digit",))
    assert refusals(plan_role("segment_role", user, replace(DONE, login_works=False))) == [
        ("login_fails", "segment_user", message)
    ]


def test_a_new_users_password_has_to_fit_the_policy() -> None:
    user = replace(USER, password_problems=("hold a digit", "be 8 to 64 characters long"))
    message = (
        "The user connection's password doesn't fit Redshift's policy: it must hold a digit, be 8 to 64 characters "
        "long. Choose another."
    )
    assert refusals(plan_role("segment_role", user, EMPTY)) == [("password_policy", "segment_user", message)]


def test_what_the_role_and_user_have_beside_is_told() -> None:
    current = replace(
        DONE,
        roles={"segment_role": Role("segment_role", "boss")},
        users={**DONE.users, "segment_user": User("segment_user", 101, createdb=True)},
        members=frozenset({"segment_user", "zoe", "max", "ida", "eve", "bob"}),
        role_members=frozenset({"parent", "elder"}),
        granted_roles=frozenset({"reader", "auditor"}),
        grants=frozenset({Grant(Scope.SCHEMA, "USAGE", "crm"), Grant(Scope.SCHEMA, "USAGE", "ads")}),
        user_roles=frozenset({"segment_role", "writer", "loader"}),
        user_grants=frozenset({Grant(Scope.TABLE, "SELECT", "crm", "accounts")}),
    )
    role_members = (
        "Role segment_role is also held by bob, eve, ida, max, zoe, role elder, role parent: what it may read, they "
        "may read."
    )
    role_roles = "Role segment_role also has what the roles auditor, reader may do."
    role_privileges = "Role segment_role already holds USAGE on 2 schemas (as seen from dev)."
    user_roles = "User segment_user also holds the roles loader, writer: it can do what they allow."
    user_privileges = (
        "User segment_user itself holds SELECT on table crm.accounts (as seen from dev), beside what the role gives."
    )
    assert plan_role("segment_role", USER, current) == Plan(
        (),
        3,
        (
            Finding("role_owner", "segment_role", "Role segment_role existed before; its owner is boss."),
            Finding("role_members", "segment_role", role_members),
            Finding("role_roles", "segment_role", role_roles),
            Finding("role_privileges", "segment_role", role_privileges),
            Finding("user_createdb", "segment_user", "User segment_user may create databases (CREATEDB)."),
            Finding("user_roles", "segment_user", user_roles),
            Finding("user_privileges", "segment_user", user_privileges),
        ),
    )


def test_roles_that_hold_the_role_are_told_alone() -> None:
    current = replace(DONE, role_members=frozenset({"parent"}))
    message = "Role segment_role is also held by role parent: what it may read, they may read."
    assert plan_role("segment_role", USER, current).findings == (Finding("role_members", "segment_role", message),)


def test_a_missing_role_has_no_other_members() -> None:
    current = replace(EMPTY, members=frozenset({"zoe"}), role_members=frozenset({"parent"}))
    assert plan_role("segment_role", USER, current).findings == ()


def test_refusals_come_before_what_is_told() -> None:
    current = replace(DONE, roles={"segment_role": Role("segment_role", "boss")}, login_works=False)
    plan = plan_role("segment_role", USER, current)
    assert [(f.code, f.blocking) for f in plan.findings] == [("login_fails", True), ("role_owner", False)]
    assert [f.code for f in plan.blocking] == ["login_fails"]


def test_an_admin_who_may_not_see_all_is_told() -> None:
    message = (
        "clerk isn't a superuser: schemas that it doesn't see count as missing, and what others hold may go "
        "unsaid. ACCESS SYSTEM TABLE and SYSLOG ACCESS UNRESTRICTED together show all."
    )
    current = replace(EMPTY, session=Session("clerk", "dev", superuser=False))
    assert partial_view(EMPTY) == ()
    assert partial_view(current) == (Finding("partial_view", "clerk", message),)
    user = replace(USER, password_problems=("hold a digit",))
    findings = plan_role("segment_role", user, current).findings
    assert [finding.code for finding in findings] == ["password_policy", "partial_view"]


def test_privileges_are_described_in_a_phrase() -> None:
    grants = [
        Grant(Scope.DATABASE, "CREATE", "dev"),
        Grant(Scope.DATABASE, "TEMPORARY", "dev"),
        Grant(Scope.DATABASE, "TEMPORARY", "other"),
        Grant(Scope.SCHEMA, "USAGE", "crm"),
        Grant(Scope.SCHEMA, "USAGE", "ads"),
        Grant(Scope.SCHEMA, "USAGE", "web"),
        Grant(Scope.TABLES, "SELECT", "crm"),
        Grant(Scope.TABLES, "INSERT", "crm"),
        Grant(Scope.TABLES, "INSERT", "ads"),
        Grant(Scope.TABLE, "SELECT", "crm", "accounts"),
        Grant(Scope.TABLE, "DELETE", "crm", "accounts"),
        Grant(Scope.TABLE, "DELETE", "crm", "orders"),
        Grant(Scope.COLUMN, "SELECT", "crm", "accounts", "id"),
    ]
    text = (
        "SELECT on column crm.accounts.id, CREATE on database dev, TEMPORARY on 2 databases, USAGE on 3 schemas, "
        "DELETE on 2 tables, SELECT on table crm.accounts, INSERT on the tables of 2 schemas, "
        "SELECT on the tables of schema crm"
    )
    assert describe_grants(grants) == text
    assert describe_grants([*reversed(grants), *grants]) == text
    assert describe_grants([]) == ""


def test_later_tables_and_names_with_dots_are_described_too() -> None:
    wide, own = Grant(Scope.DEFAULT, "SELECT", "", "etl"), Grant(Scope.DEFAULT, "INSERT", "my.schema", "etl")
    text = 'INSERT on later tables of etl in "my.schema", SELECT on later tables of etl in all schemas'
    assert describe_grants([wide, own]) == text
    more = [wide, Grant(Scope.DEFAULT, "SELECT", "crm", "etl"), Grant(Scope.TABLE, "SELECT", "a", "b.c")]
    assert describe_grants(more) == 'SELECT on later tables, in 2 cases, SELECT on table a."b.c"'


def test_a_plan_tells_the_sentences_of_its_steps() -> None:
    blocking = Finding("a", "x", "A.", blocking=True)
    plan = Plan((Step("1", ("one", "two")), Step("2", ("three",))), 0, (Finding("b", "y", "B."), blocking))
    assert plan.sentences == ("one", "two", "three")
    assert plan.blocking == (blocking,)
    assert (Plan().steps, Plan().in_place, Plan().findings, Plan().sentences) == ((), 0, (), ())
