"""CreateSegmentRoleOperator: roles and users that exist already are adopted and reported."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_datagraph.access import messages
from airflow_provider_datagraph.access.plan import Finding, Level, finding, note
from airflow_provider_datagraph.redshift.statements import AlterUser
from airflow_provider_datagraph.redshift.values import Grant, Scope
from tests.support.redshift import PASSWORD
from tests.support.segment import Logged, Segment, codes, execute, message, notes, said


def adopt(segment: Segment) -> dict[str, Any]:
    return execute(segment.create_role())


def test_what_exists_as_wanted_is_no_finding(linked: Segment) -> None:
    report = adopt(linked)
    assert (report["changed"], report["in_place"], report["findings"], report["notes"]) == (0, 3, [], {})


def test_an_existing_role_gets_the_new_user(segment: Segment) -> None:
    segment.cluster.sql("dev", f"CREATE ROLE {segment.role}")
    report = adopt(segment)
    assert (report["changed"], report["in_place"]) == (2, 1)
    assert segment.cluster.logs_in(segment.user, PASSWORD)


def test_an_existing_user_keeps_its_password_and_joins_the_role(segment: Segment) -> None:
    segment.cluster.sql("dev", f"CREATE USER {segment.user} PASSWORD '{PASSWORD}'")
    since = segment.cluster.mark()
    report = adopt(segment)
    assert (report["changed"], report["in_place"]) == (2, 1)
    assert segment.cluster.changes(since) == [
        f'CREATE ROLE "{segment.role}"',
        f'GRANT ROLE "{segment.role}" TO "{segment.user}"',
    ]
    assert segment.cluster.logs_in(segment.user, PASSWORD)


Names = dict[str, str]


def held(code: str, grant: Grant, *more: Grant) -> Callable[[Names], Finding]:
    """The finding of what the role or the user itself holds."""
    make, who = (note, "role") if code == "role_privileges" else (finding, "user")
    return lambda n: make(code, n[who], grants=frozenset({grant, *more}), database=n["warehouse"])


USAGE = (Grant(Scope.SCHEMA, "USAGE", "crm"), Grant(Scope.SCHEMA, "USAGE", "payroll"))
# What a role or a user has beside what the setup gives: how it comes to that, and what is told.
BEYOND: dict[str, tuple[str, Callable[[Names], Finding]]] = {
    "another owner": (
        "ALTER ROLE {role} OWNER TO {other_user}",
        lambda n: note("role_owner", n["role"], owner=n["other_user"]),
    ),
    "another member": (
        "GRANT ROLE {role} TO {other_user}",
        lambda n: finding("role_members", n["role"], members=(n["other_user"],)),
    ),
    "a role as member": (
        "GRANT ROLE {role} TO ROLE {other_role}",
        lambda n: finding("role_members", n["role"], members=(f"role {n['other_role']}",)),
    ),
    "a table": (
        "GRANT SELECT ON TABLE payroll.salaries TO ROLE {role}",
        held("role_privileges", Grant(Scope.TABLE, "SELECT", "payroll", "salaries")),
    ),
    "schemas": ("GRANT USAGE ON SCHEMA crm, payroll TO ROLE {role}", held("role_privileges", *USAGE)),
    "a scoped permission": (
        "GRANT SELECT FOR TABLES IN SCHEMA payroll TO ROLE {role}",
        held("role_privileges", Grant(Scope.TABLES, "SELECT", "payroll")),
    ),
    "a database": (
        "GRANT CREATE ON DATABASE {warehouse} TO ROLE {role}",
        lambda n: held("role_privileges", Grant(Scope.DATABASE, "CREATE", database=n["warehouse"]))(n),
    ),
    "a column": (
        "GRANT SELECT (id) ON crm.accounts TO ROLE {role}",
        held("role_privileges", Grant(Scope.COLUMN, "SELECT", "crm", "accounts", "id")),
    ),
    "a table of the user": (
        "GRANT UPDATE ON TABLE crm.accounts TO {user}",
        held("user_privileges", Grant(Scope.TABLE, "UPDATE", "crm", "accounts")),
    ),
    "a role of the user": (
        "GRANT ROLE {other_role} TO {user}",
        lambda n: finding("user_roles", n["user"], roles=(n["other_role"],)),
    ),
    "CREATEDB": (
        "ALTER USER {user} CREATEDB",
        lambda n: finding("user_createdb", n["user"], statement=AlterUser(n["user"], "NOCREATEDB")),
    ),
}


def go_beyond(segment: Segment, *ways: str) -> Names:
    """Make what is beyond the setup; the names that are told."""
    names = {"other_user": segment.cluster.user("other"), "other_role": segment.cluster.role("other")}
    names |= {"role": segment.role, "user": segment.user, "warehouse": segment.warehouse}
    segment.sql(*(BEYOND[way][0].format(**names) for way in ways))
    return names


@pytest.mark.parametrize("way", BEYOND)
def test_what_goes_beyond_is_reported_and_kept(linked: Segment, logged: Logged, way: str) -> None:
    told = BEYOND[way][1](go_beyond(linked, way))
    with linked.cluster.untouched():
        report = adopt(linked)
    if told.level is Level.NOTE:
        assert (codes(report), notes(report)) == ([], [told.code])
        assert str(messages.said(told)) in logged()
    else:
        assert (codes(report), notes(report)) == ([told.code], [])
        assert message(report, told.code) == str(messages.said(told))


def test_all_of_it_is_reported_together(linked: Segment) -> None:
    ways = ("another owner", "another member", "a table", "a table of the user", "CREATEDB", "a role of the user")
    go_beyond(linked, *ways)
    report = adopt(linked)
    assert sorted(codes(report)) == ["role_members", "user_createdb", "user_privileges", "user_roles"]
    assert notes(report) == ["role_owner", "role_privileges"]


WORKGROUP = "wg.123456789012.eu-west-1.redshift-serverless.amazonaws.com"


@pytest.mark.parametrize("told", ["by the extra", "by the host"])
def test_a_serverless_workgroup_is_a_finding_and_no_refusal(
    linked: Segment, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    found = socket.getaddrinfo

    def resolve(host: Any, *more: Any, **named: Any) -> Any:
        return found("127.0.0.1" if host == WORKGROUP else host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    if told == "by the extra":
        linked.admin_connection(extra={"ssl": False, "is_serverless": True})
    else:
        linked.admin_connection(host=WORKGROUP)
    host = WORKGROUP if told == "by the host" else linked.server.host
    for report in (adopt(linked), execute(linked.check())):
        assert codes(report) == ["serverless"]
        assert message(report, "serverless") == said("serverless", host)
