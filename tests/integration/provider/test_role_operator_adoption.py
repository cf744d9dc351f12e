"""CreateSegmentRoleOperator: roles and users that exist already are adopted and reported."""

from __future__ import annotations

from typing import Any

from airflow_provider_datagraph.access.messages import FindingRow
from airflow_provider_datagraph.redshift.statements import AlterUser
from airflow_provider_datagraph.redshift.values import Grant, Scope
from tests.support.redshift import PASSWORD
from tests.support.segment import Logged, Segment, codes, execute, message, notes, said


def adopt(segment: Segment, **arguments: Any) -> dict[str, Any]:
    return execute(segment.create_role(**arguments))


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


def test_what_goes_beyond_is_reported_and_kept(linked: Segment, logged: Logged) -> None:
    cluster, role, user, database = linked.cluster, linked.role, linked.user, linked.warehouse
    colleague, other = cluster.user("other"), cluster.role("other")
    linked.sql(
        f"ALTER ROLE {role} OWNER TO {colleague}",
        f"GRANT ROLE {role} TO {colleague}",
        f"GRANT ROLE {role} TO ROLE {other}",
        f"GRANT ROLE {other} TO {user}",
        f"GRANT SELECT ON TABLE payroll.salaries TO ROLE {role}",
        f"GRANT USAGE ON SCHEMA crm, payroll TO ROLE {role}",
        f"GRANT SELECT FOR TABLES IN SCHEMA payroll TO ROLE {role}",
        f"GRANT CREATE ON DATABASE {database} TO ROLE {role}",
        f"GRANT SELECT (id) ON crm.accounts TO ROLE {role}",
        f"GRANT UPDATE ON TABLE crm.accounts TO {user}",
        f"ALTER USER {user} CREATEDB",
    )
    grants = {Grant(Scope.SCHEMA, "USAGE", "crm"), Grant(Scope.SCHEMA, "USAGE", "payroll")}
    grants |= {Grant(Scope.TABLE, "SELECT", "payroll", "salaries"), Grant(Scope.TABLES, "SELECT", "payroll")}
    grants |= {
        Grant(Scope.COLUMN, "SELECT", "crm", "accounts", "id"),
        Grant(Scope.DATABASE, "CREATE", database=database),
    }
    own = frozenset({Grant(Scope.TABLE, "UPDATE", "crm", "accounts")})
    with cluster.untouched():
        report = adopt(linked, trusted_owners=colleague, plan_only=True)
    assert [str(FindingRow(**row)) for row in report["findings"]] == [
        said("role_members", role, members=(colleague, f"role {other}")),
        said("user_createdb", user, statement=AlterUser(user, "NOCREATEDB")),
        said("user_roles", user, roles=(other,)),
        said("user_privileges", user, grants=own, database=database),
    ]
    assert notes(report) == ["role_owner", "role_privileges"]
    # What both hold is read where something is lacking, and for a plan.
    assert notes(adopt(linked, trusted_owners=colleague)) == ["role_owner"]
    log = logged()
    assert said("role_owner", role, owner=colleague) in log
    assert said("role_privileges", role, grants=frozenset(grants), database=database) in log


def test_a_serverless_workgroup_is_a_finding_and_no_refusal(linked: Segment) -> None:
    linked.admin_connection(extra={"ssl": False, "is_serverless": True})
    for report in (adopt(linked), execute(linked.check())):
        assert message(report, "serverless") == said("serverless", linked.server.host)
        assert codes(report) == ["serverless"]
