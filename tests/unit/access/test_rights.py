"""What an admin lacks for a plan, without a server: what it owns or may pass on, and what gives the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_datagraph.access.database import DatabaseAccess
from airflow_provider_datagraph.access.plan import Plan, Step, blocking
from airflow_provider_datagraph.access.preflight.cluster import lacking_in, plan_ahead
from airflow_provider_datagraph.access.preflight.rights import Rights, judged, lacking
from airflow_provider_datagraph.access.role import DesiredUser, RoleAccess
from airflow_provider_datagraph.access.schemas.values import DesiredSchema
from airflow_provider_datagraph.least_admin import main
from airflow_provider_datagraph.redshift.statements import (
    AlterUser,
    Create,
    DefaultPrivileges,
    Membership,
    Privileges,
    Statement,
)
from airflow_provider_datagraph.redshift.values import Grant, Identities, Identity, Owned, Role, Scope, Session, User
from tests.unit.access.schemas.holdings import answers
from tests.unit.redshift import catalog_rows as q

R = Identity("role", "r")
USERS = {"etl": User("etl", 7), "IAM:Ann": User("IAM:Ann", 8)}
ROLES = {"r": Role("r", "etl"), "iam_ann_rights": Role("iam_ann_rights", "etl")}
ANN = Identities(Session("IAM:Ann", "dev", superuser=False), ROLES, USERS)
CRM, TABLE = [("crm",)], ("crm", "accounts")
READ = frozenset({Grant(Scope.TABLE, "SELECT", *TABLE)})
SEEN = Rights(schemas=frozenset({"crm"}), usable=frozenset({"crm"}), tables=frozenset({TABLE, ("web", "pages")}))
UNUSABLE = replace(SEEN, usable=frozenset(), grants=READ)
NEW = ['CREATE ROLE "iam_ann_rights2"', 'GRANT ROLE "iam_ann_rights2" TO "IAM:Ann"']
USE, SCOPED = Privileges(R, ("USAGE",), Scope.SCHEMA, CRM), Privileges(R, ("SELECT",), Scope.TABLES, CRM)
TODAYS = Privileges(R, ("SELECT",), Scope.TABLES, CRM, todays=True)
ONE = Privileges(R, ("SELECT",), Scope.TABLE, [TABLE])


def to(what: str) -> str:
    return f'GRANT {what} TO "IAM:Ann" WITH GRANT OPTION'


USAGE, ALL_TABLES, ONE_TABLE = (
    to(what)
    for what in ('USAGE ON SCHEMA "crm"', 'SELECT FOR TABLES IN SCHEMA "crm"', 'SELECT ON TABLE "crm"."accounts"')
)


@pytest.mark.parametrize(
    ("statements", "rights", "case", "given"),
    [
        # A role of that name is somebody else's.
        ([Create("role", "s")], Rights(), "permission", [*NEW, 'GRANT CREATE ROLE TO ROLE "iam_ann_rights2"']),
        (
            [Create("role", "s"), Create("user", "u", "h"), Membership(Identity("user", "u"), "s")],
            Rights(permissions=frozenset({"CREATE ROLE"}), roles=frozenset({"iam_ann_rights"})),
            "permission",
            ['GRANT CREATE USER TO ROLE "iam_ann_rights"'],
        ),
        ([Create("database", "d"), Privileges(R, ("CREATE",), Scope.DATABASE, [("d",)])], Rights(), "createdb", []),
        ([Membership(Identity("user", "u"), "r")], Rights(roles=frozenset({"r"})), "membership", []),
        ([Membership(Identity("user", "u"), "r")], Rights(grantable=frozenset({"r"})), None, []),
        ([DefaultPrivileges(R, ("SELECT",), ("etl", "IAM:Ann"), ("crm",))], Rights(), "writers", NEW),
        ([DefaultPrivileges(R, ("SELECT",), ("IAM:Ann",), ("crm",))], Rights(), None, []),
        ([Privileges(R, ("CREATE",), Scope.DATABASE, [("d",)])], Rights(), "", [to('CREATE ON DATABASE "d"')]),
        ([USE], SEEN, "", [USAGE]),
        ([USE], replace(SEEN, owned=frozenset({Owned("schema", "crm")})), None, []),
        # A plan-only run goes on without the schema.
        ([USE, SCOPED], Rights(), None, []),
        # An owner can't grant scoped, and may all the same grant what is there today.
        ([SCOPED], replace(SEEN, owned=frozenset({Owned("schema", "crm")})), "", [ALL_TABLES]),
        ([SCOPED], replace(SEEN, grants=READ), "todays", [ALL_TABLES]),
        ([SCOPED], replace(SEEN, grants=frozenset({Grant(Scope.TABLES, "SELECT", "crm")})), None, []),
        ([TODAYS], SEEN, "", [ONE_TABLE]),
        ([TODAYS], replace(SEEN, owned=frozenset({Owned("table", *TABLE)})), None, []),
        ([ONE], UNUSABLE, "use", [USAGE.removesuffix(" WITH GRANT OPTION")]),
        # What is found first opens the schema, too.
        ([USE, ONE], UNUSABLE, "", [USAGE]),
    ],
)
def test_each_lack_names_what_gives_it(
    statements: list[Statement], rights: Rights, case: str | None, given: list[str]
) -> None:
    found = lacking([Step(one, ()) for one in statements], ANN, rights)
    facts: list[dict[str, Any]] = [dict(one.facts) for one in found]
    assert [one.get("case", "") for one in facts] == ([] if case is None else [case])
    for one in facts:
        named = one.get("statements") or (one["statement"],)
        texts = [text.sql if isinstance(text, Statement) else text for text in named]
        others = {
            "createdb": [AlterUser("IAM:Ann", "CREATEDB").sql],
            "membership": ['GRANT ROLE "r" TO "IAM:Ann" WITH ADMIN OPTION'],
            "writers": [*NEW, 'GRANT ALTER DEFAULT PRIVILEGES TO ROLE "iam_ann_rights2"'],
        }
        assert texts == others.get(str(case), given)


def test_a_superusers_plan_costs_no_query() -> None:
    known = Identities(Session("admin", "dev"), {}, {})
    plan = Plan((Step(USE, ()),))

    def rows(sql: str) -> list[list[str]]:
        raise AssertionError(sql)

    assert judged(rows, known, plan) is plan
    assert judged(rows, ANN, Plan()) == Plan()
    with pytest.raises(AssertionError, match="SELECT"):
        judged(rows, ANN, plan)


IDENTITIES = ['CREATE ROLE "s"', "CREATE USER \"u\" PASSWORD ''", 'GRANT ROLE "s" TO "u"']


@pytest.mark.parametrize(
    ("user", "users", "planned"),
    # Whether it is a member of the role may be hidden.
    [(None, {}, []), (DesiredUser("u", ""), {}, IDENTITIES), (DesiredUser("etl", ""), USERS, IDENTITIES[:1])],
)
def test_role_and_user_are_planned_ahead(user: DesiredUser | None, users: dict[str, User], planned: list[str]) -> None:
    session = Session("admin", "dev")
    known, identities = DatabaseAccess(session, {}, users), RoleAccess(session, {}, users)
    plan = plan_ahead(answers(), known, identities, user, ("checkpoints", "s"))
    # Behind them comes the database.
    assert [one.statement.sql for one in plan.steps][:-2] == planned


def test_the_least_admin_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["ann", "dev.crm", "dev.crm.accounts", "dev.Billing.b", "dev.billing.a", "--reverse-etl", "dev"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "-- As a superuser, in any database:"
    assert lines[lines.index("-- As a superuser, in database dev:") + 1 :] == [
        f"{to(what)};".replace("IAM:Ann", "ann")
        for what in (
            'USAGE ON SCHEMA "crm", "billing"',
            'USAGE, CREATE ON SCHEMA "__segment_reverse_etl"',
            'SELECT FOR TABLES IN SCHEMA "crm"',
            'SELECT, INSERT, UPDATE, DELETE, DROP FOR TABLES IN SCHEMA "__segment_reverse_etl"',
            'SELECT ON TABLE "billing"."a", "billing"."b"',
        )
    ]
    main(["ann", "dev.crm", "--reverse-etl", "Lake"])
    assert "-- As a superuser, in database lake:\n" in capsys.readouterr().out


@pytest.mark.parametrize("entry", ["crm", "a.b.c.d", "dev.{{ x }}"])
def test_the_generator_refuses_what_is_no_place(entry: str) -> None:
    with pytest.raises(SystemExit):
        main(["ann", entry])


def test_a_schema_that_is_named_twice_is_told_ahead() -> None:
    desired = [DesiredSchema("crm"), DesiredSchema("CRM")]
    twice = blocking("schema_twice", "dev.crm", spellings="crm and CRM")
    assert lacking_in(answers(), q.SESSION, "linked_role", desired) == [twice]
