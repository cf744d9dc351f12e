"""What forbids to drop a role, a user or a database: every sentence."""

from __future__ import annotations

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
from airflow_provider_datagraph.access.offboarding.values import Holdings, Leaving
from airflow_provider_datagraph.access.plan import Finding
from airflow_provider_datagraph.access.schemas.writers import stuck_findings
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
from tests.unit.access.leaving import CLUSTER, ROLE, USER

LEAVING = Leaving("r", "u")
HOLDINGS = Holdings(Session("admin", "crm_db"))
FORCE = "run again with force=True to take that away too."


def on_database(who: Identity, name: str, privilege: str = "CREATE") -> tuple[Identity, Grant]:
    return who, Grant(Scope.DATABASE, privilege, name)


BLOCKING: dict[str, tuple[dict[str, Any], str, str]] = {
    "hidden": (
        {"sees_all": False},
        "admin",
        "admin doesn't see what others hold, so nothing can be said to be gone: connect as a superuser, or let one run "
        "GRANT ACCESS SYSTEM TABLE TO ROLE <a role of admin> and ALTER USER admin SYSLOG ACCESS UNRESTRICTED.",
    ),
    "hidden ": (
        {"unseen": frozenset({"b", "a"})},
        "a, b",
        "admin doesn't see what kind of databases a, b are, so it can't look in them: connect as a superuser.",
    ),
    "role_members": (
        {"members": frozenset({USER, Identity("user", "x"), Identity("role", "above")})},
        "r",
        f"Role r is also held by role above, user x, who would lose what it gives: {FORCE}",
    ),
    "role_privileges": (
        {"granted_roles": frozenset({"z", "y"}), "system": frozenset({"DROP USER", "CREATE USER"})},
        "r",
        f"Role r holds what Segment's setup never gives: role y, role z, CREATE USER, DROP USER: {FORCE}",
    ),
    "user_roles": (
        {"user_roles": frozenset({"r", "b", "a"})},
        "u",
        f"User u also holds the roles a, b, so somebody else may need it: {FORCE}",
    ),
}


@pytest.mark.parametrize("code", BLOCKING)
def test_what_forbids_to_drop_role_and_user(code: str) -> None:
    fields, about, message = BLOCKING[code]
    cluster = replace(CLUSTER, **fields)
    assert list(cluster_findings(LEAVING, cluster)) == [Finding(code.strip(), about, message, blocking=True)]
    forced = list(cluster_findings(replace(LEAVING, force=True), cluster))
    assert (forced == []) is message.endswith(FORCE)


def test_nothing_forbids_it() -> None:
    assert list(cluster_findings(LEAVING, CLUSTER)) == []
    assert list(holdings_findings(LEAVING, CLUSTER, HOLDINGS)) == []
    assert list(session_findings("cp", CLUSTER)) == []
    assert list(session_findings("cp", replace(CLUSTER, sessions=None))) == []


def test_what_the_user_owns_needs_another_owner() -> None:
    roles = {name: Role(name, owner) for name, owner in {"r": "u", "c": "u", "b": "u", "a": "heir"}.items()}
    cluster = replace(CLUSTER, roles=roles)
    message = "User u owns the roles b, c: name a user in new_owner who gets them."
    assert list(cluster_findings(LEAVING, cluster)) == [Finding("owned", "u", message, blocking=True)]
    assert list(cluster_findings(replace(LEAVING, new_owner="heir"), cluster)) == []


def test_a_new_owner_has_to_be_there_and_to_stay() -> None:
    missing = "There is no user nobody, named in new_owner: correct the name, or create it first."
    assert list(cluster_findings(replace(LEAVING, new_owner="nobody"), CLUSTER)) == [
        Finding("new_owner_missing", "nobody", missing, blocking=True)
    ]
    leaves = "new_owner is u, the user that leaves: name another user."
    assert list(cluster_findings(replace(LEAVING, new_owner="u"), CLUSTER)) == [
        Finding("new_owner_leaves", "u", leaves, blocking=True)
    ]


def test_a_shared_database_is_an_administrators() -> None:
    databases = {**CLUSTER.databases, "sh": Database("sh", "admin", "shared")}
    held = frozenset({on_database(ROLE, "sh", "USAGE"), on_database(USER, "sh", "USAGE"), on_database(ROLE, "gone")})
    found = list(cluster_findings(LEAVING, replace(CLUSTER, databases=databases, on_databases=held)))
    said = "{} holds USAGE on database sh, which is shared: an administrator runs REVOKE USAGE ON DATABASE {} by hand."
    assert [(f.code, f.object, f.blocking) for f in found] == [("not_local", "sh", True)] * 2
    assert [f.message for f in found] == [
        said.format("Role r", '"sh" FROM ROLE "r"'),
        said.format("User u", '"sh" FROM "u"'),
    ]


@pytest.mark.parametrize(
    ("me", "superuser", "why"),
    [("u", False, "it is the admin connection's own login"), ("admin", True, "it is a superuser")],
)
def test_who_is_kept(me: str, superuser: bool, why: str) -> None:
    users = {**CLUSTER.users, "u": User("u", 101, superuser=superuser)}
    cluster = replace(CLUSTER, session=Session(me, "dev"), users=users)
    message = f"User u is kept with all that it holds, but for role r: {why}."
    assert list(cluster_findings(LEAVING, cluster)) == [Finding("user_kept", "u", message)]
    assert who_leaves(LEAVING, cluster) is None


def test_the_checkpoint_database_is_kept_unless_it_is_named() -> None:
    message = "Database cp is kept, since checkpoint_database doesn't name it."
    kept = [Finding("database_kept", "cp", message)]
    known = replace(CLUSTER, on_databases=frozenset({on_database(ROLE, "cp")}))
    assert list(cluster_findings(LEAVING, known)) == kept
    assert list(cluster_findings(replace(LEAVING, home="cp"), CLUSTER)) == kept
    assert list(cluster_findings(replace(LEAVING, home="gone"), CLUSTER)) == []
    assert list(cluster_findings(replace(LEAVING, drop="cp"), known)) == []


@pytest.mark.parametrize(
    ("held", "found"),
    [
        ([on_database(ROLE, "cp")], "cp"),
        ([on_database(ROLE, "cp"), on_database(ROLE, "dev")], None),
        ([on_database(ROLE, "cp"), on_database(USER, "dev"), on_database(ROLE, "dev", "TEMPORARY")], "cp"),
        ([(ROLE, Grant(Scope.SCHEMAS, "CREATE", "dev"))], None),
        ([], None),
    ],
)
def test_the_checkpoint_database_is_where_the_role_may_create(held: Any, found: str | None) -> None:
    cluster = replace(CLUSTER, on_databases=frozenset(held))
    assert home(LEAVING, cluster) == found
    assert home(replace(LEAVING, home="x"), cluster) == "x"
    assert home(replace(LEAVING, home="x", drop="y"), cluster) == "y"
    assert home(replace(LEAVING, drop="y"), cluster) == "y"


def test_open_sessions() -> None:
    sessions = (OpenSession(9, "u", "dev"), OpenSession(8, "u", "cp"), OpenSession(7, "other", "cp"))
    cluster = replace(CLUSTER, sessions=sessions)
    said = "User u is still logged in: {}. What is open goes on until it ends."
    both = said.format("process 8 of user u in cp, process 9 of user u in dev")
    assert list(cluster_findings(LEAVING, cluster)) == [Finding("session_open", "u", both)]
    one = said.format("process 9 of user u in dev")
    assert list(cluster_findings(replace(LEAVING, drop="cp"), cluster)) == [Finding("session_open", "u", one)]
    message = (
        "Database cp can't be dropped while somebody is connected to it: process 7 of user other in cp, process 8 of "
        "user u in cp. Let them end, or an administrator runs SELECT PG_TERMINATE_BACKEND(<process>)."
    )
    assert list(session_findings("cp", cluster)) == [Finding("session_open", "cp", message, blocking=True)]


def test_what_the_setup_never_gives() -> None:
    usual = [
        Grant(Scope.SCHEMA, "DROP", "crm"),
        Grant(Scope.TABLES, "INSERT", "crm"),
        Grant(Scope.COLUMN, "SELECT", "crm", "t", "c"),
        Grant(Scope.DEFAULT, "SELECT", "crm", "etl"),
        *(Grant(Scope.DATABASE, word, "cp") for word in ("CREATE", "TEMPORARY")),
    ]
    odd = [
        Grant(Scope.SCHEMA, "ALTER", "crm"),
        Grant(Scope.TABLE, "REFERENCES", "crm", "t"),
        Grant(Scope.DATABASE, "CREATE", "dev"),
        Grant(Scope.DATABASE, "ALTER", "cp"),
        Grant(Scope.DATABASE_TABLES, "SELECT", "crm_db"),
    ]
    leaving = replace(LEAVING, home="cp")

    def found(*held: tuple[Identity, Grant], force: bool = False) -> list[Finding]:
        return list(holdings_findings(replace(leaving, force=force), CLUSTER, replace(HOLDINGS, held=frozenset(held))))

    assert found(*((ROLE, grant) for grant in usual)) == []
    for grant in odd:
        (finding,) = found((ROLE, grant))
        assert (finding.code, finding.object, finding.blocking) == ("role_privileges", "crm_db", True)
        begin = f"Role r holds in database crm_db what Segment's setup never gives: {grant.privilege} on "
        assert finding.message.startswith(begin) and finding.message.endswith(f": {FORCE}")
        assert found((ROLE, grant), force=True) == []
    own = f"User u itself, beside the role, holds in database crm_db DROP on schema crm: {FORCE}"
    assert found((USER, usual[0])) == [Finding("user_privileges", "crm_db", own, blocking=True)]
    assert found((USER, usual[0]), force=True) == []


def test_the_checkpoint_database_can_be_named_where_it_is_not_known() -> None:
    held = frozenset({(ROLE, Grant(Scope.DATABASE, "CREATE", "crm_db"))})
    (finding,) = holdings_findings(replace(LEAVING, home=None), CLUSTER, replace(HOLDINGS, held=held))
    advice = "(if crm_db is the checkpoint database, name it as the schema of the user connection)"
    assert f"CREATE on database crm_db {advice}: {FORCE}" in finding.message


@pytest.mark.parametrize(
    ("home", "grant", "said"),
    [
        ("cp", Grant(Scope.DATABASE, "CREATE", "dev"), "CREATE on database dev"),
        (None, Grant(Scope.DATABASE, "ALTER", "cp"), "ALTER on database cp"),
    ],
)
def test_there_is_no_such_advice_where_it_would_not_help(home: str | None, grant: Grant, said: str) -> None:
    (finding,) = holdings_findings(
        replace(LEAVING, home=home), CLUSTER, replace(HOLDINGS, held=frozenset({(ROLE, grant)}))
    )
    assert finding.message == f"Role r holds in database crm_db what Segment's setup never gives: {said}: {FORCE}"


def test_one_role_is_one() -> None:
    (finding,) = cluster_findings(LEAVING, replace(CLUSTER, user_roles=frozenset({"r", "a"})))
    assert finding.message == f"User u also holds the role a, so somebody else may need it: {FORCE}"


def test_what_a_database_holds_beside() -> None:
    owned = frozenset({Owned("table", "s", "t"), Owned("schema", "s"), Owned("database", "crm_db")})
    holdings = replace(HOLDINGS, owned=owned, unnamed=frozenset({"b", "a"}))
    by_hand = "In database crm_db there are privileges that this doesn't revoke: a, b: revoke them by hand first."
    owns = (
        "User u owns in database crm_db database crm_db, schema crm_db.s, table crm_db.s.t: name a user in new_owner "
        "who gets them, or drop them first; the checkpoint database can be named in checkpoint_database."
    )
    assert list(holdings_findings(LEAVING, CLUSTER, holdings)) == [
        Finding("by_hand", "crm_db", by_hand, blocking=True),
        Finding("owned", "crm_db", owns, blocking=True),
    ]
    stuck = (
        "User etl has default privileges in crm_db.s and can't create there any more, so Redshift doesn't take them "
        'back: run GRANT CREATE ON SCHEMA "s" TO "etl" in database crm_db first, and revoke it afterwards.'
    )
    told = [Finding("writer_cannot_create", "crm_db.s", stuck, blocking=True)]
    assert list(stuck_findings("crm_db", [("etl", "s")])) == told
    holdings = replace(HOLDINGS, stuck=frozenset({("etl", "s")}), owned=owned)
    assert list(holdings_findings(replace(LEAVING, new_owner="heir"), CLUSTER, holdings)) == told


@pytest.mark.parametrize(
    ("name", "kind", "code", "message"),
    [
        ("cp", "shared", "not_local", "Database cp is shared, not local: an administrator drops it."),
        (
            "dev",
            "local",
            "undroppable",
            "Database dev is one that Redshift keeps, so it can't be dropped: leave checkpoint_database empty, or give "
            "the admin connection another database.",
        ),
        (
            "template1",
            "local",
            "undroppable",
            "Database template1 is one that Redshift keeps, so it can't be dropped: leave checkpoint_database empty, "
            "or give the admin connection another database.",
        ),
        (
            "own",
            "local",
            "undroppable",
            "Database own is the admin connection's own, so it can't be dropped: leave checkpoint_database empty, or "
            "give the admin connection another database.",
        ),
    ],
)
def test_a_database_that_cant_be_dropped(name: str, kind: str, code: str, message: str) -> None:
    cluster = replace(CLUSTER, session=Session("admin", "own"), databases={name: Database(name, "admin", kind)})
    found = list(checkpoint_findings(replace(LEAVING, drop=name), cluster, HOLDINGS))
    assert found == [Finding(code, name, message, blocking=True)]


def test_what_others_own_in_the_checkpoint_database() -> None:
    others = {
        (Owned("schema", "public"), 1),
        (Owned("database", "cp"), 100),
        (Owned("schema", "s"), 102),
        (Owned("table", "public", "t"), 999),
    }
    message = f"Database cp holds what isn't user u's: schema cp.s of heir, table cp.public.t of user id 999: {FORCE}"
    leaving, holdings = replace(LEAVING, drop="cp"), replace(HOLDINGS, others=frozenset(others))
    assert list(checkpoint_findings(leaving, CLUSTER, holdings)) == [
        Finding("foreign_objects", "cp", message, blocking=True)
    ]
    assert list(checkpoint_findings(replace(leaving, force=True), CLUSTER, holdings)) == []


def test_create_where_the_role_alone_may_create_is_the_setups() -> None:
    create = on_database(ROLE, "cp")
    cluster = replace(CLUSTER, on_databases=frozenset({create}))
    assert list(holdings_findings(LEAVING, cluster, replace(HOLDINGS, held=frozenset({create})))) == []
