"""The linked role and user: what the cluster knows of them, and the plan: created, adopted, or refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_datagraph.access.plan import Change, Finding, Reason, blocking, finding, note
from airflow_provider_datagraph.access.role import DesiredUser, RoleAccess, plan_rotation, read_role, role_missing
from airflow_provider_datagraph.redshift.statements import AlterUser
from airflow_provider_datagraph.redshift.values import Grant, Identity, Role, Scope, Session, User
from tests.unit.access.planning import Plan, Step, plan_role
from tests.unit.redshift import catalog_rows as q
from tests.unit.redshift.catalog_rows import Answers, Table

SESSION = Session("admin", "dev")
ADMIN = User("admin", 100, superuser=True)
USER = DesiredUser("segment_user", "md50123")
BOSS = User("boss", 99, superuser=True)
EMPTY = RoleAccess(SESSION, users={"admin": ADMIN, "boss": BOSS}, roles={"sys:dba": Role("sys:dba", "rdsdb")})
DONE = replace(
    EMPTY,
    roles={"segment_role": Role("segment_role", "admin")},
    users={"admin": ADMIN, "boss": BOSS, "segment_user": User("segment_user", 101)},
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


@pytest.mark.parametrize(
    ("current", "steps", "in_place"),
    [
        (EMPTY, (CREATE_ROLE, CREATE_USER, GRANT_ROLE), 0),
        (replace(EMPTY, roles=DONE.roles), (CREATE_USER, GRANT_ROLE), 1),
        # What exists keeps its password.
        (replace(EMPTY, users=DONE.users), (CREATE_ROLE, GRANT_ROLE), 1),
        (replace(DONE, members=frozenset(), user_roles=frozenset()), (GRANT_ROLE,), 2),
        (DONE, (), 3),
    ],
)
def test_what_is_missing_is_created_and_the_rest_is_adopted(
    current: RoleAccess, steps: tuple[Step, ...], in_place: int
) -> None:
    assert plan_role("segment_role", USER, current) == Plan(steps, in_place, ())


LACKS = ("hold a digit", "be 8 to 64 characters long")
WEAK = replace(USER, password_problems=LACKS)
NO_SUPERUSER = AlterUser("big", "NOCREATEUSER")
BIG = replace(EMPTY, users={"big": User("big", 102, superuser=True)}, login_works=False)
LOGIN_FAILS, PARTIAL = blocking("login_fails", "segment_user"), note("partial_view", "clerk")
POLICY = blocking("password_policy", "segment_user", lacks=LACKS)
OF_BOSS, OWNER = {"segment_role": Role("segment_role", "boss")}, note("role_owner", "segment_role", owner="boss")
HELD = finding("role_members", "segment_role", members=("role parent",))


@pytest.mark.parametrize(
    ("current", "user", "findings"),
    [
        (replace(EMPTY, users={"segment_role": ADMIN}), USER, [blocking("name_taken", "segment_role", case="role")]),
        (EMPTY, DesiredUser("sys:dba", "md5"), [blocking("name_taken", "sys:dba", case="user")]),
        (EMPTY, DesiredUser("segment_role", "md5"), [blocking("name_taken", "segment_role", case="user")]),
        (replace(EMPTY, login_works=False), DesiredUser("admin", "md5"), [blocking("user_is_admin", "admin")]),
        (BIG, DesiredUser("big", "md5"), [blocking("user_is_superuser", "big", statement=NO_SUPERUSER)]),
        (replace(DONE, login_works=False), WEAK, [LOGIN_FAILS]),
        (replace(DONE, roles=OF_BOSS, login_works=False), USER, [LOGIN_FAILS, OWNER]),
        (EMPTY, WEAK, [POLICY]),
        (replace(EMPTY, session=Session("clerk", "dev", superuser=False)), WEAK, [POLICY, PARTIAL]),
        # An existing user's password isn't judged, nor a login that nobody tried or nobody can have.
        (DONE, WEAK, []),
        (replace(DONE, login_works=None), USER, []),
        (replace(EMPTY, login_works=False), USER, []),
        # A missing role has no members.
        (replace(EMPTY, members=frozenset({"zoe"}), role_members=frozenset({"parent"})), USER, []),
        (replace(DONE, role_members=frozenset({"parent"})), USER, [HELD]),
    ],
)
def test_what_is_refused_and_told(current: RoleAccess, user: DesiredUser, findings: list[Finding]) -> None:
    assert list(plan_role("segment_role", user, current).findings) == findings


REFUSED = replace(DONE, login_works=False)
LOCKED_OUT = finding("segment_locked_out", "segment_user")


@pytest.mark.parametrize(
    ("current", "user", "changed", "findings"),
    [
        (REFUSED, USER, 1, [LOCKED_OUT]),
        (REFUSED, WEAK, 1, [LOCKED_OUT, POLICY]),
        (DONE, WEAK, 0, []),
        (EMPTY, USER, 0, [blocking("user_missing", "segment_user", case="rotation")]),
        (REFUSED, DesiredUser("admin", "md5"), 0, [blocking("user_is_admin", "admin")]),
        (BIG, DesiredUser("big", "md5"), 0, [blocking("user_is_superuser", "big", statement=NO_SUPERUSER)]),
    ],
)
def test_only_a_password_that_is_refused_is_set(
    current: RoleAccess, user: DesiredUser, changed: int, findings: list[Finding]
) -> None:
    plan = plan_rotation(user, current)
    change = Change("set", "password", ("segment_user",), Reason.LOGIN_FAILS)
    assert (plan.changes, list(plan.findings), plan.in_place) == ((change,) * changed, findings, int(current is DONE))
    assert (
        user.password_hash not in repr(plan.steps)
        and [step.statement.shown for step in plan.steps] == ["ALTER USER \"segment_user\" PASSWORD '<hash>'"] * changed
    )


def test_a_role_of_somebody_else_stops_it() -> None:
    current = replace(DONE, roles={"segment_role": Role("segment_role", "zoe")}, users={**DONE.users, "zoe": ADMIN})
    zoe = replace(current, users={**DONE.users, "zoe": User("zoe", 105)})
    (found,) = plan_role("segment_role", USER, zoe).findings
    assert (found.code, found.blocking) == ("untrusted_owner", True)
    told = (note("role_owner", "segment_role", owner="zoe"),)
    assert plan_role("segment_role", USER, zoe, trusted=("zoe",)).findings == told
    assert plan_role("segment_role", USER, current).findings == told


def test_members_that_nobody_named_are_drift_in_an_audit() -> None:
    current = replace(DONE, members=frozenset({"segment_user", "zoe"}), role_members=frozenset({"parent"}))
    for others, left in (((), ("zoe", "role parent")), (("zoe",), ("role parent",)), (("parent",), ("zoe",))):
        for audit, make in ((False, finding), (True, blocking)):
            found = plan_role("segment_role", USER, current, others=others, audit=audit).findings
            assert found == (make("role_members", "segment_role", members=left),)
    assert plan_role("segment_role", USER, current, others=("zoe", "parent"), audit=True).findings == ()
    assert plan_role("segment_role", USER, replace(current, roles={}), audit=True).findings == ()


def test_what_the_role_and_user_have_beside_is_told() -> None:
    grants = frozenset({Grant(Scope.SCHEMA, "USAGE", "crm"), Grant(Scope.SCHEMA, "USAGE", "ads")})
    user_grants = frozenset({Grant(Scope.TABLE, "SELECT", "crm", "accounts")})
    current = replace(
        DONE,
        roles=OF_BOSS,
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
            finding("role_members", "segment_role", members=members),
            OWNER,
            finding("role_roles", "segment_role", roles=("auditor", "reader")),
            note("role_privileges", "segment_role", grants=grants, database="dev"),
            finding("user_createdb", "segment_user", statement=statement),
            finding("user_roles", "segment_user", roles=("loader", "writer")),
            finding("user_privileges", "segment_user", grants=user_grants, database="dev"),
        ),
    )


def test_a_missing_role_blocks_all_but_a_plan() -> None:
    assert role_missing("nobody", DONE, False) == (blocking("role_missing", "nobody"),)
    assert role_missing("nobody", DONE, True) == (finding("role_missing", "nobody", case="planned"),)
    assert role_missing("segment_role", DONE, False) == role_missing("segment_role", DONE, True) == ()


def test_the_same_facts_make_the_same_finding_whatever_their_order() -> None:
    assert (
        finding("c", "o", a="1", b=("2",))
        == finding("c", "o", b=("2",), a="1")
        == Finding("c", "o", (("a", "1"), ("b", ("2",))))
    )
    levels = {one.level.value: one.blocking for one in (note("c", "o"), finding("c", "o"), blocking("c", "o"))}
    assert levels == {"note": False, "finding": False, "blocking": True}


PRIVILEGES = (q.ON_DATABASES, q.ON_SCHEMAS, q.ON_RELATIONS, q.ON_COLUMNS)

HOLDINGS: dict[str, Table] = {
    q.USER_GRANTS: [
        *([name, "linked_role"] for name in ("linked_user", "someone")),
        *(["linked_user", "other_role"], ["outsider", "third_role"]),
    ],
    q.ROLE_GRANTS: [
        *([name, "linked_role"] for name in ("holder_role", "sys:dba")),
        *(["linked_role", "above"], ["above", "top"], ["top", "above"], ["holder_role", "elsewhere"]),
    ],
    q.ON_DATABASES + q.OF_BOTH: [[*q.ROLE, "dev", "temp", "DATABASE"], [*q.ROLE, "other", "SELECT", "TABLES"]],
    q.ON_SCHEMAS + q.OF_BOTH: [[*q.ROLE, "crm", "usage", "SCHEMA"], [*q.USER, "public", "CREATE", "SCHEMA"]],
    q.ON_RELATIONS + q.OF_BOTH: [[*q.ROLE, "crm", "accounts", "select"]],
    q.ON_COLUMNS + q.OF_BOTH: [[*q.ROLE, "crm", "orders", "id", "select"]],
}
GRANTS = {
    Grant(Scope.DATABASE, "TEMPORARY", database="dev"),
    Grant(Scope.DATABASE_TABLES, "SELECT", database="other"),
    Grant(Scope.SCHEMA, "USAGE", "crm"),
    Grant(Scope.TABLE, "SELECT", "crm", "accounts"),
    Grant(Scope.COLUMN, "SELECT", "crm", "orders", "id"),
}


def test_identities_hold_roles_and_privileges() -> None:
    assert read_role(Answers(HOLDINGS), q.SESSION, "linked_role", "linked_user") == RoleAccess(
        q.SEEN,
        roles=q.KNOWN_ROLES,
        users=q.KNOWN_USERS,
        members=frozenset({"linked_user", "someone"}),
        role_members=frozenset({"holder_role", "sys:dba"}),
        inherited_roles=frozenset({"above", "top"}),
        user_roles=frozenset({"linked_role", "other_role"}),
        grants=frozenset(GRANTS),
        user_grants=frozenset({Grant(Scope.SCHEMA, "CREATE", "public")}),
    )


def test_only_those_who_exist_are_asked_about() -> None:
    rows = Answers({q.USERS: [["admin", 100, True, False]], q.ROLES: []})
    current = read_role(rows, q.SESSION, "linked_role", "linked_user")
    assert current == RoleAccess(q.SEEN, users={"admin": User("admin", 100, True)})
    assert rows.asked == [q.USERS, q.ROLES]


@pytest.mark.parametrize(
    ("users", "roles", "name"),
    [([], [["linked_role", "x"]], "linked_role"), ([["linked_user", 101, False, False]], [], "linked_user")],
)
def test_one_of_the_two_may_exist(users: Table, roles: Table, name: str) -> None:
    asked = [on + q.of(name) for on in PRIVILEGES]
    nothing: dict[str, Table] = dict.fromkeys((q.USER_GRANTS, q.ROLE_GRANTS, *asked), ())
    rows = Answers({**nothing, q.USERS: users, q.ROLES: roles})
    read_role(rows, q.SESSION, "linked_role", "linked_user")
    assert rows.asked == [q.USERS, q.ROLES, q.USER_GRANTS, *[q.ROLE_GRANTS] * bool(roles), *asked]
