"""The checkpoint database: what is read, and the plan."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_datagraph.access.database import DatabaseAccess, read_database_access
from airflow_provider_datagraph.access.plan import Change, Finding, Reason, blocking, finding, note
from airflow_provider_datagraph.redshift.values import Database, Grant, Identity, Role, Scope, Session
from tests.unit.access.planning import Plan, Step, plan_database
from tests.unit.redshift import catalog_rows as q

CURRENT = DatabaseAccess(
    Session("admin", "dev"),
    roles={"segment_role": Role("segment_role", "admin")},
    databases={"dev": Database("dev", "rdsdb")},
)
CREATE = Step(
    'CREATE DATABASE "profiles"', (Change("create", "database", ("profiles",), Reason.MISSING),), autocommit=True
)
HELD = frozenset({Grant(Scope.DATABASE, "CREATE", database="profiles")})


def to(role: str) -> Step:
    return Step(
        f'GRANT CREATE ON DATABASE "profiles" TO ROLE "{role}"',
        (Change("grant", "database", ("profiles",), Reason.NOT_HELD, ("CREATE",), Identity("role", role)),),
    )


GRANT = to("segment_role")


def with_database(owner: str, kind: str = "local") -> DatabaseAccess:
    return replace(CURRENT, databases={"profiles": Database("profiles", owner, kind)})


def test_a_missing_database_is_created_outside_a_transaction() -> None:
    assert plan_database("profiles", "segment_role", CURRENT) == Plan((CREATE, GRANT), 0, ())


def test_an_existing_database_is_adopted() -> None:
    assert plan_database("profiles", "segment_role", with_database("admin")) == Plan((GRANT,), 1, ())


def test_nothing_is_left_to_do_where_create_is_held() -> None:
    current = replace(with_database("admin"), grants=HELD)
    assert plan_database("profiles", "segment_role", current) == Plan((), 2, ())


@pytest.mark.parametrize(
    "grant",
    [
        Grant(Scope.DATABASE, "TEMPORARY", database="profiles"),
        Grant(Scope.DATABASE, "CREATE", database="dev"),
        Grant(Scope.SCHEMA, "CREATE", "profiles"),
    ],
)
def test_other_privileges_dont_count(grant: Grant) -> None:
    current = replace(with_database("admin"), grants=frozenset({grant}))
    assert plan_database("profiles", "segment_role", current) == Plan((GRANT,), 1, ())


def test_another_owner_is_told() -> None:
    owner = note("database_owner", "profiles", owner="boss")
    assert plan_database("profiles", "segment_role", with_database("boss")) == Plan((GRANT,), 1, (owner,))


def test_a_shared_database_is_refused() -> None:
    found = plan_database("profiles", "segment_role", with_database("boss", "shared")).findings
    assert found == (blocking("not_local", "profiles", case="checkpoint", kind="shared"),)


def test_names_are_quoted() -> None:
    current = replace(CURRENT, roles={'r"1': Role('r"1', "admin")})
    assert plan_database('d"1', 'r"1', current).sql == [
        'CREATE DATABASE "d""1"',
        'GRANT CREATE ON DATABASE "d""1" TO ROLE "r""1"',
    ]


MISSING, NOT_YET = blocking("role_missing", "nobody"), finding("role_missing", "nobody", case="planned")


@pytest.mark.parametrize(("plan_only", "told"), [(False, MISSING), (True, NOT_YET)])
def test_the_plan_goes_on_without_the_role(plan_only: bool, told: Finding) -> None:
    assert plan_database("profiles", "nobody", CURRENT, plan_only) == Plan((CREATE, to("nobody")), 0, (told,))


def test_a_plan_is_meant_to_be_applied_unless_told() -> None:
    assert plan_database("profiles", "nobody", CURRENT).findings == (MISSING,)


def test_an_admin_who_may_not_see_all_is_told() -> None:
    current = replace(with_database("boss"), session=Session("clerk", "dev", superuser=False))
    owner = note("database_owner", "profiles", owner="boss")
    assert plan_database("profiles", "nobody", current).findings == (MISSING, note("partial_view", "clerk"), owner)


def test_databases_are_read_with_owner_and_kind() -> None:
    rows = q.Answers(
        {
            q.DATABASES: [["dev", 100, "local"], ["profiles", "101", "LOCAL"], ["sales", 999, "shared"]],
            q.ON_DATABASES + q.OF_ROLE: [
                ["role", "linked_role", "dev", "create", "DATABASE"],
                ["role", "linked_role", "dev", "SELECT", "TABLES"],
                # A user may be called as the role is.
                ["user", "linked_role", "profiles", "CREATE", "DATABASE"],
            ],
        }
    )
    assert read_database_access(rows, q.SESSION, "linked_role") == DatabaseAccess(
        q.SEEN,
        roles=q.KNOWN_ROLES,
        users=q.KNOWN_USERS,
        databases={
            "dev": Database("dev", "admin"),
            "profiles": Database("profiles", "linked_user"),
            "sales": Database("sales", "user id 999", "shared"),
        },
        grants=frozenset(
            {
                Grant(Scope.DATABASE, "CREATE", database="dev"),
                Grant(Scope.DATABASE_TABLES, "SELECT", database="dev"),
            }
        ),
    )


@pytest.mark.parametrize(
    ("name", "stored"), [("CP", "CP"), ("cp", "cp"), ("Cp", "cp"), ("only", None), ("Only", None), ("ONLY", "ONLY")]
)
@pytest.mark.parametrize("sensitive", [False, True])
def test_a_name_is_found_as_a_login_finds_it(name: str, stored: str | None, sensitive: bool) -> None:
    databases = {one: Database(one, "admin") for one in ("cp", "CP", "ONLY")}
    session = Session("admin", "dev", case_sensitive=sensitive)
    known = DatabaseAccess(session, databases=databases)
    # A session that folds nothing takes a name as it is typed.
    assert known.resolve(name) == (None if sensitive and name == "Cp" else stored)
