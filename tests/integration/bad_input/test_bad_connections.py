"""The two Airflow connections: missing, incomplete, of another type, ill-typed; in every operator that reads them."""

from __future__ import annotations

import re
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

UNUSABLE: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    (
        USER,
        {"conn_type": "postgres"},
        (f"user connection {USER}", "is of type postgres", "make it one of type redshift"),
    ),
    (USER, {"login": "", "password": ""}, (f"user connection {USER}", "lacks login, password", "fill it in")),
    (USER, {"login": "Segment"}, (USER, "'Segment' has upper-case letters", "write it in lower case")),
    (USER, {"extra": {"ssl": "perhaps"}}, (USER, "ssl is 'perhaps', not a boolean", "give True or False")),
    (
        USER,
        {"password": "With Space-1"},
        ("password doesn't meet Redshift's policy", "without spaces", "another password"),
    ),
    (ADMIN, {"conn_type": "mysql"}, (f"admin connection {ADMIN}", "is of type mysql", "make it one of type redshift")),
    (ADMIN, {"schema": ""}, (f"admin connection {ADMIN}", "lacks schema (the database)", "fill it in")),
    (ADMIN, {"extra": {"user": "x", "password": "y"}}, (ADMIN, "holds password, user, which nothing reads", "remove")),
    (ADMIN, {"host": "full\u3002stop"}, (ADMIN, "its host isn't a host's name alone", "have fields of their own")),
]


@pytest.mark.parametrize("name", READS_USER)
@pytest.mark.parametrize(("whose", "fields", "parts"), UNUSABLE, ids=lambda value: ascii(value)[:40])
def test_an_unusable_connection(
    segment: Segment, name: str, whose: str, fields: dict[str, Any], parts: tuple[str, ...]
) -> None:
    define = segment.user_connection if whose == USER else segment.admin_connection
    define(**fields)
    told_alone(refused(segment, OPERATORS[name](segment)), *parts)


@pytest.mark.parametrize("name", ALL)
def test_every_operator_refuses_what_is_incomplete_or_not_there(segment: Segment, name: str) -> None:
    # Where the user connection has no host of its own, the summary takes this one's.
    segment.admin_connection(**({"host": ""} if name == "summary" else {"login": "", "password": ""}))
    lacking = "lacks host" if name == "summary" else "lacks login, password"
    told_alone(refused(segment, ALL[name](segment)), f"connection {ADMIN}", lacking, "fill it in")
    segment.forget(ADMIN)
    told_alone(refused(segment, ALL[name](segment)), f"admin connection {ADMIN}", "isn't defined", "create an")
    if name in READS_LOGIN:
        segment.admin_connection()
        segment.forget(USER)
        told_alone(refused(segment, ALL[name](segment)), f"user connection {USER}", "isn't defined", "create an")


TOGETHER: dict[str, tuple[Callable[[Segment], Any], tuple[str, ...]]] = {
    "check": (lambda w: w.check(role="Up"), ("'Up'",)),
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
    "audit": (lambda w: w.audit(checkpoint_database=5, role="Up"), ("checkpoint_database is 5", "'Up'")),
    "summary": (
        lambda w: w.summary(checkpoint_database="template1", reports="x", proofs=5),
        ("template1", "reports holds", "proofs holds"),
    ),
}


@pytest.mark.parametrize("name", TOGETHER)
def test_all_that_is_wrong_is_told_at_once(segment: Segment, name: str) -> None:
    make, parts = TOGETHER[name]
    segment.admin_connection(login="", port=70000, extra={"ssl": "maybe"})
    # The summary reads only where the admin connection leads to.
    parts += (
        ("no port 70000", "ssl is 'maybe'") if name == "summary" else ("no port 70000", "ssl is 'maybe'", "lacks login")
    )
    if name in READS_USER:
        segment.user_connection(login="UPPER", password="", extra={"stray": 1, "timeout": "x"})
        parts += ("lacks password", "'UPPER'", "stray", "timeout is 'x'")
    problems = refused(segment, make(segment))
    for part in parts:
        assert len([p for p in problems if re.search(rf"(?<!\w){re.escape(part)}", p)]) == 1, (part, problems)
    assert len(problems) == len(parts)


@pytest.mark.parametrize("name", READS_USER)
def test_a_login_that_can_t_be_the_linked_user_s(segment: Segment, name: str) -> None:
    segment.sql(f"CREATE ROLE {segment.user}")
    assert refused(segment, OPERATORS[name](segment)) == (said("name_taken", segment.user, case="user"),)
    segment.sql(f"DROP ROLE {segment.user}", f"CREATE USER {segment.user} PASSWORD '{PASSWORD}'")
    segment.user_connection(password="Another-Secret-1")
    (problem,) = refused(segment, OPERATORS[name](segment))
    assert problem == said("login_fails", segment.user) and "Another-Secret-1" not in problem
    server = segment.server
    for password in (server.password, "Another-Secret-1"):
        segment.user_connection(login=server.user, password=password)
        assert refused(segment, OPERATORS[name](segment)) == (said("user_is_admin", server.user),)
