"""Roles, users and databases that exist already: they are adopted and reported, and stay what they are."""

from __future__ import annotations

import hashlib

from airflow_provider_datagraph.access.messages import FindingRow
from airflow_provider_datagraph.redshift.statements import AlterUser
from airflow_provider_datagraph.redshift.values import Grant, Scope
from tests.integration.bad_input.refusals import refused
from tests.support.redshift import PASSWORD
from tests.support.segment import RETL, Logged, Segment, codes, execute, message, notes, said


def test_an_existing_users_password_is_neither_judged_nor_changed(segment: Segment) -> None:
    # A hash that someone else sent: the server can't have checked what is behind it.
    literal = "md5" + hashlib.md5(f"weak{segment.user}".encode()).hexdigest()
    segment.cluster.sql("dev", f"CREATE USER {segment.user} PASSWORD '{literal}'")
    segment.user_connection(password="weak")
    since = segment.cluster.mark()
    report = execute(segment.create_role())
    assert (report["changed"], report["in_place"]) == (2, 1)
    assert segment.cluster.changes(since) == [
        f'CREATE ROLE "{segment.role}"',
        f'GRANT ROLE "{segment.role}" TO "{segment.user}"',
    ]
    assert segment.cluster.logs_in(segment.user, "weak")


def test_a_superuser_is_refused_though_its_password_logs_in(segment: Segment) -> None:
    segment.cluster.sql("dev", f"CREATE USER {segment.user} PASSWORD '{PASSWORD}' CREATEUSER")
    statement = AlterUser(segment.user, "NOCREATEUSER")
    told = said("user_is_superuser", segment.user, statement=statement)
    assert refused(segment, segment.create_role()) == (told,)


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
        report = execute(linked.create_role(trusted_owners=colleague, plan_only=True))
    assert [str(FindingRow(**row)) for row in report["findings"]] == [
        said("role_members", role, members=(colleague, f"role {other}")),
        said("user_createdb", user, statement=AlterUser(user, "NOCREATEDB")),
        said("user_roles", user, roles=(other,)),
        said("user_privileges", user, grants=own, database=database),
    ]
    assert notes(report) == ["role_owner", "role_privileges"]
    # What both hold is read where something is lacking, and for a plan.
    assert notes(execute(linked.create_role(trusted_owners=colleague))) == ["role_owner"]
    log = logged()
    assert said("role_owner", role, owner=colleague) in log
    assert said("role_privileges", role, grants=frozenset(grants), database=database) in log


def test_a_serverless_workgroup_is_a_finding_and_no_refusal(linked: Segment) -> None:
    linked.admin_connection(extra={"ssl": False, "is_serverless": True})
    for report in (execute(linked.create_role()), execute(linked.check())):
        assert message(report, "serverless") == said("serverless", linked.server.host)
        assert codes(report) == ["serverless"]


def test_a_database_keeps_its_owner_and_its_schemas_permission_is_none_on_it(linked: Segment, logged: Logged) -> None:
    cluster, database, owner = linked.cluster, linked.checkpoint, linked.cluster.user("owner")
    cluster.sql("dev", f"CREATE DATABASE {database} OWNER {owner}")
    cluster.sql(database, f"GRANT CREATE FOR SCHEMAS IN DATABASE {database} TO ROLE {linked.role}")
    cluster.close(database)
    assert linked.refusal(f"CREATE SCHEMA {RETL}", database) == "42501"
    since = cluster.mark()
    report = execute(linked.create_database(trusted_owners=[owner]))
    assert cluster.changes(since) == [f'GRANT CREATE ON DATABASE "{database}" TO ROLE "{linked.role}"']
    assert (report["changed"], report["in_place"], notes(report)) == (1, 1, ["database_owner"])
    assert said("database_owner", database, owner=owner) in logged()
    assert linked.refusal(f"CREATE SCHEMA {RETL}", database) == ""
