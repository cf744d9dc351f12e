"""CreateSegmentRoleOperator: roles and users that exist already are adopted and reported."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_datagraph.operators.check import CheckWarehouseOperator
from airflow_provider_datagraph.operators.role import CreateSegmentRoleOperator
from tests.integration.provider.support import PASSWORD, Segment, codes, message, run


def adopt(segment: Segment) -> dict[str, object]:
    return run(CreateSegmentRoleOperator(task_id="role", role=segment.role))


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


def another_owner(segment: Segment) -> str:
    owner = segment.cluster.user("owner")
    segment.cluster.sql("dev", f"ALTER ROLE {segment.role} OWNER TO {owner}")
    return f"its owner is {owner}"


def another_member(segment: Segment) -> str:
    member = segment.cluster.user("member")
    segment.cluster.sql("dev", f"GRANT ROLE {segment.role} TO {member}")
    return f"also held by {member}:"


def a_role_as_member(segment: Segment) -> str:
    member = segment.cluster.role("nested")
    segment.cluster.sql("dev", f"GRANT ROLE {segment.role} TO ROLE {member}")
    return f"also held by role {member}:"


def a_table_of_the_role(segment: Segment) -> str:
    segment.cluster.sql(segment.warehouse, f"GRANT SELECT ON TABLE payroll.salaries TO ROLE {segment.role}")
    return "already holds SELECT on table payroll.salaries"


def a_schema_of_the_role(segment: Segment) -> str:
    segment.cluster.sql(segment.warehouse, f"GRANT USAGE ON SCHEMA crm, payroll TO ROLE {segment.role}")
    return "already holds USAGE on 2 schemas"


def a_scoped_permission_of_the_role(segment: Segment) -> str:
    segment.cluster.sql(segment.warehouse, f"GRANT SELECT FOR TABLES IN SCHEMA payroll TO ROLE {segment.role}")
    return "already holds SELECT on the tables of schema payroll"


def a_database_of_the_role(segment: Segment) -> str:
    other = segment.cluster.database()
    segment.cluster.sql("dev", f"GRANT CREATE ON DATABASE {other} TO ROLE {segment.role}")
    return f"already holds CREATE on database {other}"


def a_column_of_the_role(segment: Segment) -> str:
    segment.cluster.sql(segment.warehouse, f"GRANT SELECT (id) ON crm.accounts TO ROLE {segment.role}")
    return "already holds SELECT on column"


def a_table_of_the_user(segment: Segment) -> str:
    segment.cluster.sql(segment.warehouse, f"GRANT UPDATE ON TABLE crm.accounts TO {segment.user}")
    return "itself holds UPDATE on table crm.accounts"


def another_role_of_the_user(segment: Segment) -> str:
    other = segment.cluster.role("other", segment.user)
    return f"also holds the roles {other}:"


def createdb(segment: Segment) -> str:
    segment.cluster.sql("dev", f"ALTER USER {segment.user} CREATEDB")
    return "may create databases (CREATEDB)"


@pytest.mark.parametrize(
    ("set_up", "code"),
    [
        (another_owner, "role_owner"),
        (another_member, "role_members"),
        (a_role_as_member, "role_members"),
        (a_table_of_the_role, "role_privileges"),
        (a_schema_of_the_role, "role_privileges"),
        (a_scoped_permission_of_the_role, "role_privileges"),
        (a_database_of_the_role, "role_privileges"),
        (a_column_of_the_role, "role_privileges"),
        (a_table_of_the_user, "user_privileges"),
        (another_role_of_the_user, "user_roles"),
        (createdb, "user_createdb"),
    ],
)
def test_what_goes_beyond_is_reported_and_kept(linked: Segment, set_up: Callable[[Segment], str], code: str) -> None:
    expected = set_up(linked)
    with linked.cluster.untouched():
        report = adopt(linked)
    assert codes(report) == [code]
    assert expected in message(report, code)


def test_all_of_it_is_reported_together(linked: Segment) -> None:
    for set_up in (another_owner, another_member, a_table_of_the_role, a_table_of_the_user, createdb):
        set_up(linked)
    another_role_of_the_user(linked)
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
    check = CheckWarehouseOperator(task_id="check", schemas=["crm"], role=linked.role)
    (finding,) = run(check)["findings"]
    assert finding["code"] == "serverless"
    assert "Segment doesn't support Redshift Serverless" in finding["message"]
