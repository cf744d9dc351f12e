"""The checkpoint database: what is read, and the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_datagraph.access.database import DatabaseAccess, read_checkpoint, read_database_access
from airflow_provider_datagraph.access.plan import Change, Finding, Reason, blocking, finding, note
from airflow_provider_datagraph.access.reverse_etl import SCHEMA
from airflow_provider_datagraph.redshift.statements import ChangeOwner
from airflow_provider_datagraph.redshift.values import Database, Grant, Owned, Role, Scope, Session, User
from tests.unit.access.planning import Plan, R, Step, plan_database
from tests.unit.redshift import catalog_rows as q

CURRENT = DatabaseAccess(
    Session("admin", "dev"),
    roles={"r": Role("r", "admin")},
    users={"boss": User("boss", 1, superuser=True), "zoe": User("zoe", 105)},
    databases={"dev": Database("dev", "rdsdb")},
)
GRANT = Step(
    'GRANT CREATE ON DATABASE "profiles" TO ROLE "r"',
    (Change("grant", "database", ("profiles",), Reason.NOT_HELD, ("CREATE",), R),),
)
CREATE = Step(
    'CREATE DATABASE "profiles"', (Change("create", "database", ("profiles",), Reason.MISSING),), autocommit=True
)


def with_database(owner: str, kind: str = "local", **more: Any) -> DatabaseAccess:
    return replace(CURRENT, databases={"profiles": Database("profiles", owner, kind)}, **more)


MISSING, NOT_YET = blocking("role_missing", "r"), finding("role_missing", "r", case="planned")
OWNER = note("database_owner", "profiles", owner="boss")
OTHERS = (
    Grant(Scope.DATABASE, "TEMPORARY", database="profiles"),
    Grant(Scope.DATABASE, "CREATE", database="dev"),
    Grant(Scope.SCHEMA, "CREATE", "profiles"),
)


@pytest.mark.parametrize(
    ("current", "expected"),
    [
        (CURRENT, Plan((CREATE, GRANT), 0, ())),
        (with_database("admin"), Plan((GRANT,), 1, ())),
        (with_database("boss"), Plan((GRANT,), 1, (OWNER,))),
        (with_database("admin", grants=frozenset({Grant(Scope.DATABASE, "CREATE", database="profiles")})), Plan((), 2)),
        *((with_database("admin", grants=frozenset({grant})), Plan((GRANT,), 1)) for grant in OTHERS),
    ],
)
def test_a_database_is_created_or_adopted(current: DatabaseAccess, expected: Plan) -> None:
    assert plan_database("profiles", "r", current) == expected


def untrusted(kind: str, name: str, owner: str, **case: Any) -> Finding:
    take = ChangeOwner(Owned(kind, name), "admin")
    return blocking("untrusted_owner", name, kind=kind, owner=owner, statement=take, **case)


OF_ZOE, PATH = {"r": Role("r", "zoe")}, f"profiles.{SCHEMA}"
BOSSES = note("reverse_etl_owner", PATH, owner="boss")
SHARED = blocking("not_local", "profiles", case="checkpoint", kind="shared")
CLERK = Session("clerk", "dev", superuser=False)


@pytest.mark.parametrize(
    ("current", "given", "told"),
    [
        (with_database("zoe"), {"trusted": ("boss",)}, (untrusted("database", "profiles", "zoe"),)),
        (with_database("zoe"), {"trusted": ("zoe",)}, (note("database_owner", "profiles", owner="zoe"),)),
        (with_database("user id 7"), {}, (untrusted("database", "profiles", "user id 7", case="gone"),)),
        (with_database("admin", roles=OF_ZOE), {}, (untrusted("role", "r", "zoe"),)),
        (with_database("admin", roles=OF_ZOE), {"trusted": ("zoe",)}, ()),
        (with_database("boss", "shared"), {}, (SHARED,)),
        # Whose a Reverse ETL schema there is stops nothing: it isn't granted here.
        (with_database("admin", sharer="zoe"), {}, (finding("untrusted_owner", PATH, case="schema", owner="zoe"),)),
        (with_database("admin", sharer="zoe"), {"sharer": "zoe"}, (note("reverse_etl_owner", PATH, owner="zoe"),)),
        # The plan goes on without the role.
        (with_database("boss", roles={}, session=CLERK), {}, (MISSING, note("partial_view", "clerk"), OWNER)),
        (with_database("admin", roles={}), {"plan_only": True}, (NOT_YET,)),
        (
            with_database("zoe", roles={}, sharer="boss"),
            {},
            (MISSING, untrusted("database", "profiles", "zoe"), BOSSES),
        ),
    ],
)
def test_what_is_told(current: DatabaseAccess, given: dict[str, Any], told: tuple[Finding, ...]) -> None:
    assert plan_database("profiles", "r", current, **given) == Plan((GRANT,), 1, told)


def checkpoint(*schemas: list[Any], members: bool = True, held: Sequence[str] = ()) -> q.Answers:
    """A checkpoint database, and what the role holds on it."""
    listed: dict[str, q.Table] = {
        q.DATABASES: [["cp", 100, "local"]],
        f"{q.ALL_SCHEMAS} WHERE database_name = 'cp'": schemas,
    }
    listed |= {q.ON_DATABASES + q.OF_ROLE: [[*q.ROLE, "cp", word, "DATABASE"] for word in held]}
    return q.Answers({**listed, q.USER_GRANTS: [["linked_user", "linked_role"]] * members})


@pytest.mark.parametrize(
    ("owner", "members", "sharer"), [(101, True, None), (101, False, "linked_user"), (7, True, "user id 7")]
)
def test_a_reverse_etl_schema_of_a_members_is_segments_own(owner: int, members: bool, sharer: str | None) -> None:
    rows = checkpoint(["cp", SCHEMA, owner, "local"], ["cp", "public", 1, "local"], members=members)
    assert read_checkpoint(rows, q.SESSION, "linked_role", "cp").sharer == sharer
    assert read_checkpoint(checkpoint(), q.SESSION, "linked_role", "cp").sharer is None


def test_whose_the_schema_is_is_asked_where_something_is_lacking() -> None:
    rows = checkpoint(["cp", SCHEMA, 7, "local"], held=["CREATE"])
    assert read_checkpoint(rows, q.SESSION, "linked_role", "cp").sharer is None
    assert read_checkpoint(rows, q.SESSION, "linked_role", "cp", thorough=True).sharer == "user id 7"
    # Of a database to come there is nothing to ask.
    rows.asked.clear()
    assert read_checkpoint(rows, q.SESSION, "linked_role", "to_come").grants == frozenset()
    assert rows.asked == [q.USERS, q.ROLES, q.DATABASES]


def test_databases_are_read_with_owner_and_kind() -> None:
    listed: q.Table = [["dev", 100, "local"], ["profiles", "101", "LOCAL"], ["sales", 999, "shared"]]
    held: q.Table = [[*q.ROLE, "dev", "create", "DATABASE"], [*q.ROLE, "dev", "SELECT", "TABLES"]]
    rows = q.Answers({q.DATABASES: listed, q.ON_DATABASES + q.OF_ROLE: held})
    found = (Database("dev", "admin"), Database("profiles", "linked_user"), Database("sales", "user id 999", "shared"))
    databases = {one.name: one for one in found}
    scopes = ((Scope.DATABASE, "CREATE"), (Scope.DATABASE_TABLES, "SELECT"))
    grants = frozenset(Grant(scope, word, database="dev") for scope, word in scopes)
    assert read_database_access(rows, q.SESSION, "linked_role") == DatabaseAccess(
        q.SEEN, roles=q.KNOWN_ROLES, users=q.KNOWN_USERS, databases=databases, grants=grants
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
