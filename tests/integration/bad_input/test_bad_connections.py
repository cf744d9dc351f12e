"""The two Airflow connections: missing, incomplete, of another type, ill-typed; in every operator that reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.bad_input.refusals import refused, told_alone
from tests.support.redshift import PASSWORD
from tests.support.segment import ALL, OPERATORS, Segment, said

USER = "segment_linked_user"
ADMIN = "redshift_default"
READS_USER = ["check", "role"]
READS_LOGIN = [*READS_USER, "drop", "audit", "summary"]

USERS: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"conn_type": "postgres"}, (f"user connection {USER}", "is of type postgres", "make it one of type redshift")),
    ({"login": "", "password": ""}, (f"user connection {USER}", "lacks login, password", "fill it in")),
    ({"login": "Segment"}, (USER, "'Segment' has upper-case letters", "write it in lower case")),
    ({"extra": "[1]"}, (USER, "isn't a JSON object", "correct it")),
    ({"extra": {"ssl": "perhaps"}}, (USER, "ssl is 'perhaps', not a boolean", "give True or False")),
    ({"host": "example.com/dev"}, (USER, "its host isn't a host's name alone", "port and database have")),
    ({"port": 70000}, (USER, "there is no port 70000", "give one from 1 to 65535")),
    ({"password": "With Space-1"}, ("password doesn't meet Redshift's policy", "without spaces", "another password")),
]
ADMINS: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"conn_type": "mysql"}, (f"admin connection {ADMIN}", "is of type mysql", "make it one of type redshift")),
    ({"schema": ""}, (f"admin connection {ADMIN}", "lacks schema (the database)", "fill it in")),
    ({"extra": "{"}, (ADMIN, "isn't a JSON object", "correct it")),
    ({"extra": {"user": "x", "password": "y"}}, (ADMIN, "holds password, user, which nothing reads", "remove")),
    ({"extra": {"ssl": "true ", "sslmode": "require"}}, (ADMIN, "sslmode is 'require'", "give one of verify-ca")),
    ({"extra": {"ssl": False, "tcp_keepalive_idle": "x"}}, (ADMIN, "tcp_keepalive_idle is 'x'", "above 0")),
    ({"extra": {"ssl": False, "tcp_keepalive_count": 1.5}}, (ADMIN, "count is 1.5", "whole number above 0")),
    ({"extra": {"ssl": False, "application_name": 5}}, (ADMIN, "application_name is 5", "give a text")),
    ({"extra": {"ssl": False, "timeout": True}}, (ADMIN, "timeout is True", "give a number above 0")),
    ({"extra": {"ssl": False, "timeout": 0}}, (ADMIN, "timeout is 0", "give a number above 0")),
    ({"extra": {"iam": "yes"}}, (ADMIN, "iam is 'yes', not a boolean", "give True or False")),
    ({"extra": {"iam": True, "is_serverless": "no"}}, (ADMIN, "is_serverless is 'no', not a boolean", "give True")),
    ({"host": "user@example.com"}, (ADMIN, "its host isn't a host's name alone", "have fields of their own")),
    *(
        ({"host": host}, (ADMIN, "its host isn't a host's name alone", "have fields of their own"))
        for host in ("bad..name", "nul\0.example", "full\u3002stop")
    ),
]


@pytest.mark.parametrize("name", READS_USER)
@pytest.mark.parametrize(("fields", "parts"), USERS, ids=lambda value: ascii(value)[:40])
def test_an_unusable_user_connection(
    segment: Segment, name: str, fields: dict[str, Any], parts: tuple[str, ...]
) -> None:
    segment.user_connection(**fields)
    told_alone(refused(segment, OPERATORS[name](segment)), *parts)


@pytest.mark.parametrize(("fields", "parts"), ADMINS, ids=lambda value: ascii(value)[:40])
def test_an_unusable_admin_connection(segment: Segment, fields: dict[str, Any], parts: tuple[str, ...]) -> None:
    segment.admin_connection(**fields)
    told_alone(refused(segment, segment.create_role()), *parts)


@pytest.mark.parametrize("name", ALL)
def test_every_operator_refuses_it(segment: Segment, name: str) -> None:
    # Where the user connection has no host of its own, the summary takes this one's.
    segment.admin_connection(**({"host": ""} if name == "summary" else {"login": "", "password": ""}))
    lacking = "lacks host" if name == "summary" else "lacks login, password"
    told_alone(refused(segment, ALL[name](segment)), f"connection {ADMIN}", lacking, "fill it in")


@pytest.mark.parametrize("name", READS_LOGIN)
def test_no_user_connection(segment: Segment, name: str) -> None:
    segment.forget(USER)
    told_alone(refused(segment, ALL[name](segment)), f"user connection {USER}", "isn't defined", "create an Airflow")


@pytest.mark.parametrize("name", ALL)
def test_no_admin_connection(segment: Segment, name: str) -> None:
    segment.forget(ADMIN)
    told_alone(refused(segment, ALL[name](segment)), f"admin connection {ADMIN}", "isn't defined", "create an")


@pytest.mark.parametrize("name", READS_USER)
def test_all_that_both_connections_lack_is_told_at_once(segment: Segment, name: str) -> None:
    segment.user_connection(login="UPPER", password="", extra={"stray": 1, "timeout": "x"})
    segment.admin_connection(login="", port=70000, extra={"ssl": "maybe"})
    problems = refused(segment, OPERATORS[name](segment))
    wanted = ("lacks login", "no port 70000", "ssl is 'maybe'", "lacks password", "'UPPER'", "stray", "timeout is 'x'")
    for part in wanted:
        assert len([p for p in problems if part in p]) == 1, (part, problems)
    assert len(problems) == len(wanted)


TOGETHER: dict[str, tuple[Callable[[Segment], Any], tuple[str, ...]]] = {
    "role": (
        lambda w: w.create_role(role="Up", password_hash="md4", plan_only="perhaps"),
        ("'Up'", "'md4'", "plan_only is 'perhaps'"),
    ),
    "database": (lambda w: w.create_database(checkpoint_database="Upper", role="Up"), ("'Upper'", "'Up'")),
    "schema": (lambda w: w.grant_schema(schema=["pg_x", "a.b.c"], tries=0), ("'pg_x'", "'a.b.c'", "tries")),
    "reverse_etl": (lambda w: w.grant_reverse_etl(drop="some", role="Up"), ("'some'", "'Up'")),
    "close": (lambda w: w.close_schema(schema="pg_x", role="Up"), ("'pg_x'", "'Up'")),
    "drop": (
        lambda w: w.drop_role(role="Up", force="x", checkpoint_database="template1"),
        ("'Up'", "'x'", "template1"),
    ),
    "summary": (
        lambda w: w.summary(checkpoint_database="template1", reports="x", proofs=5),
        ("template1", "reports holds", "proofs holds"),
    ),
}


@pytest.mark.parametrize("name", TOGETHER)
def test_bad_arguments_and_a_bad_connection_are_told_at_once(segment: Segment, name: str) -> None:
    make, parts = TOGETHER[name]
    segment.admin_connection(port=70000, login="")
    # The summary reads only where the admin connection leads to.
    connection = ("no port 70000",) if name == "summary" else ("no port 70000", "lacks login")
    problems = refused(segment, make(segment))
    for part in (*parts, *connection):
        assert len([p for p in problems if part in p]) == 1, (part, problems)
    assert len(problems) == len(parts) + len(connection)


@pytest.mark.parametrize("name", READS_USER)
def test_a_user_named_like_a_role(segment: Segment, name: str) -> None:
    segment.sql(f"CREATE ROLE {segment.user}")
    problem = said("name_taken", segment.user, case="user")
    assert refused(segment, OPERATORS[name](segment)) == (problem,)


@pytest.mark.parametrize("name", READS_USER)
def test_the_users_present_password_is_another(linked: Segment, name: str) -> None:
    linked.user_connection(password="Another-Secret-1")
    (problem,) = refused(linked, OPERATORS[name](linked))
    assert problem == said("login_fails", linked.user)
    assert "Another-Secret-1" not in problem and PASSWORD not in problem
    assert linked.cluster.logs_in(linked.user)


@pytest.mark.parametrize("name", READS_USER)
@pytest.mark.parametrize("password", [None, "Another-Secret-1"], ids=["right password", "another"])
def test_the_admins_own_login_is_no_linked_users(segment: Segment, name: str, password: str | None) -> None:
    server = segment.server
    segment.user_connection(login=server.user, password=password or server.password)
    assert refused(segment, OPERATORS[name](segment)) == (said("user_is_admin", server.user),)
