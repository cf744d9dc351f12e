"""What forbids to drop a role, a user or a database, and what is kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_datagraph.access.offboarding.findings import (
    checkpoint_findings,
    cluster_findings,
    holdings_findings,
    home,
    session_findings,
    who_leaves,
)
from airflow_provider_datagraph.access.offboarding.values import Cluster, Holdings, Leaving
from airflow_provider_datagraph.access.plan import Fact, Finding, blocking, finding, note
from airflow_provider_datagraph.redshift.statements import AlterUser, Privileges
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
from tests.unit.access.offboarding.leaving import CLUSTER, ROLE, USER
from tests.unit.access.planning import MAY_CREATE, told

LEAVING = Leaving("r", "u")
HOLDINGS = Holdings(Session("admin", "crm_db"))


def on_cluster(cluster: Cluster, leaving: Leaving = LEAVING) -> tuple[Finding, ...]:
    return told(cluster_findings(leaving, cluster))


def on_holdings(holdings: Holdings, leaving: Leaving = LEAVING, cluster: Cluster = CLUSTER) -> tuple[Finding, ...]:
    return told(holdings_findings(leaving, cluster, holdings))


def on_database(who: Identity, name: str, privilege: str = "CREATE") -> tuple[Identity, Grant]:
    return who, Grant(Scope.DATABASE, privilege, database=name)


def held(*grants: tuple[Identity, Grant]) -> Holdings:
    return replace(HOLDINGS, held=frozenset(grants))


PERMISSIONS = ("role y", "role z", "CREATE USER", "DROP USER")
BLOCKING: list[tuple[dict[str, Any], Finding, bool]] = [
    ({"sees_all": False}, blocking("hidden", "admin", case="privileges"), False),
    ({"sees_catalog": False}, blocking("hidden", "admin", case="owned"), False),
    ({"unseen": frozenset({"b", "a"})}, blocking("hidden", "admin", case="databases", databases=("a", "b")), False),
    (
        {"members": frozenset({USER, Identity("user", "x"), Identity("role", "above")})},
        blocking("role_members", "r", case="leaving", members=("role above", "user x")),
        True,
    ),
    (
        {"granted_roles": frozenset({"z", "y"}), "system": frozenset({"DROP USER", "CREATE USER"})},
        blocking("role_privileges", "r", case="permissions", permissions=PERMISSIONS),
        True,
    ),
    ({"user_roles": frozenset({"r", "b", "a"})}, blocking("user_roles", "u", case="leaving", roles=("a", "b")), True),
]


@pytest.mark.parametrize(("fields", "found", "forced"), BLOCKING)
def test_what_forbids_to_drop_role_and_user(fields: dict[str, Any], found: Finding, forced: bool) -> None:
    cluster = replace(CLUSTER, **fields)
    assert on_cluster(cluster) == (found,)
    assert on_cluster(cluster, replace(LEAVING, force=True)) == (() if forced else (found,))


def test_nothing_forbids_it() -> None:
    assert on_cluster(CLUSTER) == on_holdings(HOLDINGS) == tuple(session_findings("cp", CLUSTER)) == ()
    assert tuple(session_findings("cp", replace(CLUSTER, sessions=None))) == ()


def test_what_the_user_owns_needs_another_owner() -> None:
    roles = {name: Role(name, owner) for name, owner in {"r": "u", "c": "u", "b": "u", "a": "heir"}.items()}
    cluster = replace(CLUSTER, roles=roles)
    assert on_cluster(cluster) == (blocking("owned", "u", case="roles", roles=("b", "c")),)
    assert on_cluster(cluster, replace(LEAVING, new_owner="heir")) == ()


def test_a_new_owner_has_to_be_there_and_to_stay() -> None:
    missing, leaves = blocking("new_owner_missing", "nobody"), blocking("new_owner_leaves", "u")
    assert on_cluster(CLUSTER, replace(LEAVING, new_owner="nobody")) == (missing,)
    assert on_cluster(CLUSTER, replace(LEAVING, new_owner="u")) == (leaves,)


@pytest.mark.parametrize("members", [frozenset(), frozenset({Identity("user", "x"), Identity("role", "u")})])
def test_a_role_has_to_be_tied_to_the_user(members: frozenset[Identity]) -> None:
    unrelated = blocking("role_unrelated", "r", user="u")
    alone = replace(CLUSTER, members=members, on_databases=frozenset({on_database(ROLE, "cp")}))
    for leaving in (LEAVING, replace(LEAVING, named="cp", force=True)):
        assert on_cluster(alone, leaving)[0] == unrelated
    assert unrelated not in on_cluster(replace(alone, sees_all=False))
    assert on_cluster(replace(alone, roles={}, members=frozenset()), LEAVING) == (note("database_kept", "cp"),)


@pytest.mark.parametrize(
    ("new_owner", "heirs", "stops"),
    [
        *(("heir", heirs, stops) for heirs, stops in ((None, False), ((), True), (("u",), True), (("heir",), False))),
        *((owner, (), False) for owner in ("admin", None)),
    ],
)
def test_who_may_get_what_the_user_owns(new_owner: str | None, heirs: tuple[str, ...] | None, stops: bool) -> None:
    found = on_cluster(CLUSTER, replace(LEAVING, new_owner=new_owner, heirs=heirs))
    assert found == ((blocking("new_owner_untrusted", "heir", user="u"),) if stops else ())


def test_a_shared_database_is_an_administrators() -> None:
    databases = {**CLUSTER.databases, "sh": Database("sh", "admin", "shared")}
    held = frozenset({on_database(ROLE, "sh", "ALTER"), on_database(USER, "sh", "ALTER"), on_database(ROLE, "gone")})

    def share(who: Identity) -> Finding:
        grants = frozenset({Grant(Scope.DATABASE, "ALTER", database="sh")})
        revoke = Privileges(who, ("ALTER",), Scope.DATABASE, [("sh",)], taken=True)
        return blocking("not_local", "sh", case="held", holder=str(who), kind="shared", grants=grants, statement=revoke)

    assert on_cluster(replace(CLUSTER, databases=databases, on_databases=held)) == (share(ROLE), share(USER))
    # What an administrator was told to grant, we take back; only what is inside isn't shown.
    used = replace(CLUSTER, databases=databases, on_databases=frozenset({on_database(ROLE, "sh", "USAGE")}))
    inside = ('SELECT ON ALL TABLES IN SCHEMA "sh"."<schema>"', 'USAGE ON SCHEMA "sh"."<schema>"')
    statements = tuple(f'REVOKE {one} FROM ROLE "r"' for one in inside)
    assert on_cluster(used) == (note("not_local", "sh", case="inside", holder="role r", statements=statements),)


def test_what_an_administrator_is_told_to_grant_needs_no_force() -> None:
    lake = replace(held((USER, Grant(Scope.SCHEMA, "USAGE", "lake"))), external=frozenset({"lake"}))
    assert (
        on_holdings(lake) == on_holdings(replace(lake, held=frozenset((ROLE, grant) for _, grant in lake.held))) == ()
    )
    assert [one.code for one in on_holdings(replace(lake, external=frozenset()))] == ["user_privileges"]


@pytest.mark.parametrize(
    ("me", "superuser", "why", "stops"),
    [
        ("u", False, "admin", blocking("user_is_admin", "u")),
        ("admin", True, "superuser", blocking("user_is_superuser", "u", statement=AlterUser("u", "NOCREATEUSER"))),
    ],
)
def test_who_is_kept(me: str, superuser: bool, why: str, stops: Finding) -> None:
    users = {**CLUSTER.users, "u": User("u", 101, superuser=superuser)}
    cluster = replace(CLUSTER, session=Session(me, "dev"), users=users)
    assert on_cluster(cluster) == (note("user_kept", "u", case=why, role="r"),)
    # Nobody is left to leave.
    assert on_cluster(replace(cluster, members=frozenset()), replace(LEAVING, role="", stays="r")) == (stops,)
    assert who_leaves(LEAVING, cluster) is None


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ([on_database(ROLE, "cp"), on_database(USER, "dev"), on_database(ROLE, "dev", "TEMPORARY")], "cp"),
        ([on_database(ROLE, "cp"), on_database(ROLE, "dev")], None),
        ([(ROLE, Grant(Scope.SCHEMAS, "CREATE", database="dev"))], None),
    ],
)
def test_the_checkpoint_database_is_where_the_role_may_create_and_is_kept_unless_it_is_named(
    given: Iterable[tuple[Identity, Grant]], found: str | None
) -> None:
    cluster, kept = replace(CLUSTER, on_databases=frozenset(given)), note("database_kept", "cp")
    assert home(LEAVING, cluster) == found
    assert on_cluster(cluster) == ((kept,) if found else ())
    assert home(replace(LEAVING, home="x"), cluster) == home(replace(LEAVING, named="x"), cluster) == "x"
    assert home(replace(LEAVING, home="x", drop="y"), cluster) == "y"
    assert on_cluster(cluster, replace(LEAVING, home="cp")) == (kept,)
    assert on_cluster(cluster, replace(LEAVING, home="gone")) == on_cluster(cluster, replace(LEAVING, drop="cp")) == ()


def test_open_sessions() -> None:
    sessions = (OpenSession(9, "u", "dev"), OpenSession(8, "u", "cp"), OpenSession(7, "other", "cp"))
    cluster = replace(CLUSTER, sessions=sessions)
    in_cp, in_dev = "process 8 of user u in cp", "process 9 of user u in dev"
    assert on_cluster(cluster) == (finding("session_open", "u", sessions=(in_cp, in_dev)),)
    assert on_cluster(cluster, replace(LEAVING, drop="cp")) == (finding("session_open", "u", sessions=(in_dev,)),)
    both = ("process 7 of user other in cp", in_cp)
    assert tuple(session_findings("cp", cluster)) == (blocking("session_open", "cp", case="database", sessions=both),)


def test_what_the_setup_never_gives() -> None:
    usual = [
        *(Grant(Scope.SCHEMA, word, "crm") for word in ("USAGE", "CREATE", "DROP")),
        *(Grant(Scope.TABLES, word, "crm") for word in ("SELECT", "INSERT", "UPDATE", "DELETE", "DROP")),
        Grant(Scope.TABLE, "SELECT", "crm", "t"),
        Grant(Scope.COLUMN, "SELECT", "crm", "t", "c"),
        Grant(Scope.DEFAULT, "SELECT", "crm", writer="etl"),
        *(Grant(Scope.DATABASE, word, database="cp") for word in ("CREATE", "TEMPORARY")),
    ]
    odd = [
        Grant(Scope.SCHEMA, "ALTER", "crm"),
        Grant(Scope.TABLES, "TRUNCATE", "crm"),
        Grant(Scope.TABLE, "REFERENCES", "crm", "t"),
        Grant(Scope.DEFAULT, "REFERENCES", "crm", writer="etl"),
        Grant(Scope.SCHEMAS, "USAGE", database="crm_db"),
        Grant(Scope.DATABASE, "CREATE", database="dev"),
        Grant(Scope.DATABASE, "ALTER", database="cp"),
        Grant(Scope.DATABASE_TABLES, "SELECT", database="crm_db"),
    ]
    leaving, forced = replace(LEAVING, home="cp"), replace(LEAVING, home="cp", force=True)
    assert on_holdings(held(*((ROLE, grant) for grant in usual)), leaving) == ()
    for grant in odd:
        further = blocking("role_privileges", "crm_db", case="further", role="r", grants=frozenset({grant}))
        assert on_holdings(held((ROLE, grant)), leaving) == (further,)
        assert on_holdings(held((ROLE, grant)), forced) == ()
    own = blocking("user_privileges", "crm_db", case="leaving", user="u", grants=frozenset(usual[:1]))
    assert on_holdings(held((USER, usual[0])), leaving) == (own,)
    assert on_holdings(held((USER, usual[0])), forced) == ()
    # Where it isn't named, it is the one in which the role may create.
    create = on_database(ROLE, "cp")
    assert on_holdings(held(create), cluster=replace(CLUSTER, on_databases=frozenset({create}))) == ()


@pytest.mark.parametrize(
    ("known", "privilege", "case"),
    [(None, "CREATE", "unsure"), ("cp", "CREATE", "further"), (None, "ALTER", "further")],
)
def test_the_checkpoint_database_can_be_named_where_that_helps(known: str | None, privilege: str, case: str) -> None:
    (told,) = on_holdings(held(on_database(ROLE, "crm_db", privilege)), replace(LEAVING, home=known))
    assert dict(told.facts)["case"] == case


def test_what_a_database_holds_beside() -> None:
    owned = frozenset({Owned("table", "s", "t"), Owned("schema", "s"), Owned("database", "crm_db")})
    holdings = replace(HOLDINGS, owned=owned, unhandled=frozenset({"b", "a"}))
    by_hand = blocking("by_hand", "crm_db", privileges=("a", "b"))
    assert on_holdings(holdings, replace(LEAVING, new_owner="heir", force=True)) == (by_hand,)
    assert on_holdings(holdings) == (
        by_hand,
        blocking("owned", "crm_db", user="u", owned=("database crm_db", "schema crm_db.s", "table crm_db.s.t")),
    )
    facts: dict[str, Fact] = {"writer": "etl", "database": "crm_db", "statement": MAY_CREATE}
    stuck = blocking("writer_cannot_create", "crm_db.crm", case="stuck", **facts)
    holdings = replace(HOLDINGS, stuck=frozenset({("etl", "crm")}), owned=owned)
    assert on_holdings(holdings, replace(LEAVING, new_owner="heir")) == (stuck,)


@pytest.mark.parametrize(
    ("name", "kind", "found"),
    [
        ("cp", "shared", blocking("not_local", "cp", case="drop", kind="shared")),
        ("dev", "local", blocking("undroppable", "dev", case="system")),
        ("own", "local", blocking("undroppable", "own")),
    ],
)
def test_a_database_that_cant_be_dropped(name: str, kind: str, found: Finding) -> None:
    cluster = replace(CLUSTER, session=Session("admin", "own"), databases={name: Database(name, "admin", kind)})
    assert told(checkpoint_findings(replace(LEAVING, drop=name), cluster, HOLDINGS)) == (found,)


@pytest.mark.parametrize(
    ("created", "named", "found"),
    [
        ("", None, blocking("undroppable", "cp", case="unrelated", role="r", databases=())),
        ("", "gone", blocking("undroppable", "cp", case="unrelated", role="r", databases=())),
        ("own", "dev", blocking("undroppable", "cp", case="another", role="r", databases=("dev", "own"))),
        ("cp", None, None),
        ("", "cp", None),
        ("cp", "cp", None),
        ("cp own", "dev", finding("checkpoint_elsewhere", "cp", role="r", databases=("dev", "own"))),
    ],
)
def test_a_database_is_known_by_the_role_or_the_connection(
    created: str, named: str | None, found: Finding | None
) -> None:
    grants = frozenset(on_database(ROLE, name) for name in created.split())
    cluster = replace(CLUSTER, session=Session("admin", "other"), on_databases=grants)
    leaving = replace(LEAVING, drop="cp", named=named, force=True, confirmed="cp")
    assert told(checkpoint_findings(leaving, cluster, HOLDINGS)) == ((found,) if found else ())


def test_what_others_own_in_the_checkpoint_database() -> None:
    others = {(Owned("schema", "public"), 1), (Owned("database", "cp"), 100)}
    others |= {(Owned("schema", "s"), 102), (Owned("table", "public", "t"), 999)}
    objects = ("schema cp.s of heir", "table cp.public.t of user id 999")
    leaving, holdings = replace(LEAVING, drop="cp", named="cp"), replace(HOLDINGS, others=frozenset(others))
    foreign = (blocking("foreign_objects", "cp", user="u", objects=objects),)
    for more in ({}, {"force": True}, {"confirmed": "dev"}):
        assert told(checkpoint_findings(replace(leaving, **more), CLUSTER, holdings)) == foreign
    assert told(checkpoint_findings(replace(leaving, confirmed="cp"), CLUSTER, holdings)) == ()
