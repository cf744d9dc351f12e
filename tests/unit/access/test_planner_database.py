"""The plan of the checkpoint database, and what a missing role means."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_datagraph.access.current import CurrentAccess
from airflow_provider_datagraph.access.plan import Finding
from airflow_provider_datagraph.access.visibility import role_missing
from airflow_provider_datagraph.redshift.values import Database, Grant, Role, Scope, Session
from tests.unit.access.planning import Plan, Step, plan_database

CURRENT = CurrentAccess(
    Session("admin", "dev"),
    roles={"segment_role": Role("segment_role", "admin")},
    databases={"dev": Database("dev", "rdsdb")},
)
CREATE = Step('CREATE DATABASE "profiles"', ("create database profiles: it doesn't exist",), autocommit=True)
GRANT = Step(
    'GRANT CREATE ON DATABASE "profiles" TO ROLE "segment_role"',
    ("grant CREATE on database profiles to role segment_role: not held",),
)
HELD = frozenset({Grant(Scope.DATABASE, "CREATE", "profiles")})


def with_database(owner: str, kind: str = "local") -> CurrentAccess:
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
        Grant(Scope.DATABASE, "TEMPORARY", "profiles"),
        Grant(Scope.DATABASE, "CREATE", "dev"),
        Grant(Scope.SCHEMA, "CREATE", "profiles"),
    ],
)
def test_other_privileges_dont_count(grant: Grant) -> None:
    current = replace(with_database("admin"), grants=frozenset({grant}))
    assert plan_database("profiles", "segment_role", current) == Plan((GRANT,), 1, ())


def test_another_owner_is_told() -> None:
    finding = Finding("database_owner", "profiles", "Database profiles existed before; its owner is boss.")
    assert plan_database("profiles", "segment_role", with_database("boss")) == Plan((GRANT,), 1, (finding,))


def test_a_shared_database_is_refused() -> None:
    message = "Database profiles is shared, not local, so Segment can't write in it: name another."
    plan = plan_database("profiles", "segment_role", with_database("boss", "shared"))
    assert plan.findings == (Finding("not_local", "profiles", message, blocking=True),)
    assert plan.blocking == plan.findings


def test_names_are_quoted() -> None:
    current = replace(CURRENT, roles={'r"1': Role('r"1', "admin")})
    assert [step.sql for step in plan_database('d"1', 'r"1', current).steps] == [
        'CREATE DATABASE "d""1"',
        'GRANT CREATE ON DATABASE "d""1" TO ROLE "r""1"',
    ]


MISSING = Finding(
    "role_missing",
    "nobody",
    "Role nobody doesn't exist: correct the name, or create it with CreateSegmentRoleOperator first.",
    blocking=True,
)
NOT_YET = Finding("role_missing", "nobody", "Role nobody doesn't exist yet; the plan goes on as if it did.")


def test_a_missing_role_blocks_all_but_a_plan() -> None:
    assert role_missing("nobody", CURRENT, False) == (MISSING,)
    assert role_missing("nobody", CURRENT, True) == (NOT_YET,)
    assert role_missing("segment_role", CURRENT, False) == ()
    assert role_missing("segment_role", CURRENT, True) == ()


@pytest.mark.parametrize(("plan_only", "finding"), [(False, MISSING), (True, NOT_YET)])
def test_the_database_plan_goes_on_without_the_role(plan_only: bool, finding: Finding) -> None:
    grant = Step(
        'GRANT CREATE ON DATABASE "profiles" TO ROLE "nobody"',
        ("grant CREATE on database profiles to role nobody: not held",),
    )
    assert plan_database("profiles", "nobody", CURRENT, plan_only) == Plan((CREATE, grant), 0, (finding,))


def test_a_plan_is_meant_to_be_applied_unless_told() -> None:
    assert plan_database("profiles", "nobody", CURRENT).findings == (MISSING,)


def test_an_admin_who_may_not_see_all_is_told() -> None:
    current = replace(with_database("boss"), session=Session("clerk", "dev", superuser=False))
    plan = plan_database("profiles", "nobody", current)
    assert [(finding.code, finding.object) for finding in plan.findings] == [
        ("role_missing", "nobody"),
        ("partial_view", "clerk"),
        ("database_owner", "profiles"),
    ]
