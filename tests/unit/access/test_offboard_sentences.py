"""Every change of offboarding says what it takes and why."""

from __future__ import annotations

from dataclasses import replace

from airflow_provider_datagraph.redshift.values import Grant, Identity, Owned, Role, Scope
from tests.unit.access.leaving import CLUSTER, EMPTY, LEAVING, ROLE, USER
from tests.unit.access.planning import plan_holdings, plan_identities


def test_each_change_of_identities_says_why() -> None:
    cluster = replace(
        CLUSTER,
        roles={**CLUSTER.roles, "own": Role("own", "u")},
        members=frozenset({USER, Identity("user", "x"), Identity("role", "above")}),
        granted_roles=frozenset({"below"}),
        user_roles=frozenset({"r", "b", "a"}),
        system=frozenset({"CREATE USER"}),
    )
    plan = plan_identities(replace(LEAVING, force=True, new_owner="heir"), cluster)
    assert plan.sentences == (
        "revoke CREATE USER from role r: role r is dropped",
        "revoke role r from role above: role r is dropped",
        "revoke role r from user x: role r is dropped",
        "revoke role below from role r: role r is dropped",
        "give role own to user heir: user u is dropped",
        "drop user u, with its membership of a, b: it leaves",
        "drop role r: it leaves",
    )
    assert 'ALTER ROLE "own" OWNER TO "heir"' in [step.sql for step in plan.steps]
    assert plan_identities(LEAVING, CLUSTER).sentences == ("drop user u: it leaves", "drop role r: it leaves")


def test_each_change_in_a_database_says_why() -> None:
    held = frozenset(
        {
            (ROLE, Grant(Scope.SCHEMA, "USAGE", "s")),
            (USER, Grant(Scope.SCHEMA, "CREATE", "s")),
            (ROLE, Grant(Scope.DATABASE, "CREATE", "cp")),
            (ROLE, Grant(Scope.DATABASE_TABLES, "SELECT", "cp")),
            (ROLE, Grant(Scope.SCHEMAS, "USAGE", "cp")),
            (ROLE, Grant(Scope.SCHEMA, "USAGE", "lake")),
        }
    )
    made = frozenset({(Identity("group", "g"), Grant(Scope.DEFAULT, "SELECT", "s", "u"))})
    owned = frozenset({Owned("schema", "s"), Owned("table", "s", "t")})
    holdings = replace(EMPTY, held=held, made=made, owned=owned, external=frozenset({"lake"}))
    plan = plan_holdings(replace(LEAVING, new_owner="heir"), CLUSTER, holdings)
    assert plan.sentences == (
        "revoke SELECT on later tables of u in cp.s from group g: user u, who creates them, is dropped",
        "revoke USAGE on schema cp.s from role r: role r is dropped",
        "revoke USAGE on schema cp.lake from role r: role r is dropped",
        "revoke SELECT on all tables of database cp from role r: role r is dropped",
        "revoke USAGE on all schemas of database cp from role r: role r is dropped",
        "revoke CREATE on database cp from role r: role r is dropped",
        "revoke CREATE on schema cp.s from user u: user u is dropped",
        "give table cp.s.t to user heir: user u is dropped",
        "give schema cp.s to user heir: user u is dropped",
    )
    assert [step.sql for step in plan.steps if step.autocommit] == ['REVOKE ALL ON SCHEMA "lake" FROM ROLE "r"']
    wide = [step.sql for step in plan.steps if "DATABASE" in step.sql]
    assert wide == [
        'REVOKE ALL FOR TABLES IN DATABASE "cp" FROM ROLE "r"',
        'REVOKE ALL FOR SCHEMAS IN DATABASE "cp" FROM ROLE "r"',
        'REVOKE ALL ON DATABASE "cp" FROM ROLE "r"',
    ]
