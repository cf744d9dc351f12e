"""CreateSegmentRoleOperator: roles and users that exist already are adopted and reported."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from tests.support.redshift import PASSWORD
from tests.support.segment import Segment, codes, execute, message


def adopt(segment: Segment) -> dict[str, object]:
    return execute(segment.create_role())


def test_what_exists_as_wanted_is_no_finding(linked: Segment) -> None:
    report = adopt(linked)
    assert (report["changed"], report["in_place"], report["findings"]) == (0, 3, [])


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


# What a role or a user has beside what the setup gives: the finding, how it comes to that, and what is told.
BEYOND: dict[str, tuple[str, str, str]] = {
    "another owner": ("role_owner", "ALTER ROLE {role} OWNER TO {other_user}", "its owner is {other_user}"),
    "another member": ("role_members", "GRANT ROLE {role} TO {other_user}", "also held by {other_user}:"),
    "a role as member": ("role_members", "GRANT ROLE {role} TO ROLE {other_role}", "also held by role {other_role}:"),
    "a table": (
        "role_privileges",
        "GRANT SELECT ON TABLE payroll.salaries TO ROLE {role}",
        "already holds SELECT on table payroll.salaries",
    ),
    "schemas": (
        "role_privileges",
        "GRANT USAGE ON SCHEMA crm, payroll TO ROLE {role}",
        "already holds USAGE on 2 schemas",
    ),
    "a scoped permission": (
        "role_privileges",
        "GRANT SELECT FOR TABLES IN SCHEMA payroll TO ROLE {role}",
        "already holds SELECT on the tables of schema payroll",
    ),
    "a database": (
        "role_privileges",
        "GRANT CREATE ON DATABASE {warehouse} TO ROLE {role}",
        "already holds CREATE on database {warehouse}",
    ),
    "a column": (
        "role_privileges",
        "GRANT SELECT (id) ON crm.accounts TO ROLE {role}",
        "already holds SELECT on column",
    ),
    "a table of the user": (
        "user_privileges",
        "GRANT UPDATE ON TABLE crm.accounts TO {user}",
        "itself holds UPDATE on table crm.accounts",
    ),
    "a role of the user": ("user_roles", "GRANT ROLE {other_role} TO {user}", "also holds the roles {other_role}:"),
    "CREATEDB": ("user_createdb", "ALTER USER {user} CREATEDB", "may create databases (CREATEDB)"),
}


def go_beyond(segment: Segment, *ways: str) -> dict[str, str]:
    """Make what is beyond the setup; the names that are told."""
    names = {"other_user": segment.cluster.user("other"), "other_role": segment.cluster.role("other")}
    names |= {"role": segment.role, "user": segment.user, "warehouse": segment.warehouse}
    segment.sql(*(BEYOND[way][1].format(**names) for way in ways))
    return names


@pytest.mark.parametrize("way", BEYOND)
def test_what_goes_beyond_is_reported_and_kept(linked: Segment, way: str) -> None:
    code, _, told = BEYOND[way]
    names = go_beyond(linked, way)
    with linked.cluster.untouched():
        report = adopt(linked)
    assert codes(report) == [code]
    assert told.format(**names) in message(report, code)


def test_all_of_it_is_reported_together(linked: Segment) -> None:
    ways = ("another owner", "another member", "a table", "a table of the user", "CREATEDB", "a role of the user")
    go_beyond(linked, *ways)
    wanted = {"role_owner", "role_members", "role_privileges", "user_privileges", "user_createdb", "user_roles"}
    assert set(codes(adopt(linked))) == wanted


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
    assert codes(adopt(linked)) == ["serverless"]
    (finding,) = execute(linked.check())["findings"]
    assert finding["code"] == "serverless"
    assert "Segment doesn't support Redshift Serverless" in finding["message"]
