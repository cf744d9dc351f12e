"""CreateSegmentRoleOperator: what it refuses, with nothing changed, and every problem in one error."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.operators.role import CreateSegmentRoleOperator
from tests.integration.provider.support import PASSWORD, Segment, run


def problems_of(segment: Segment, **arguments: Any) -> tuple[str, ...]:
    """The problems that the operator names."""
    with pytest.raises(MisconfigurationError) as error:
        run(CreateSegmentRoleOperator(task_id="role", **{"role": segment.role, **arguments}))
    assert PASSWORD not in str(error.value)
    return tuple(error.value.problems)


def refused(segment: Segment, **arguments: Any) -> tuple[str, ...]:
    """The problems that the operator names, with nothing changed."""
    with segment.cluster.untouched():
        return problems_of(segment, **arguments)


def create_user(segment: Segment, password: str, options: str = "") -> None:
    segment.cluster.sql("dev", f"CREATE USER {segment.user} PASSWORD '{password}' {options}")


def test_another_password_than_the_users_is_refused_and_the_user_keeps_its_own(segment: Segment) -> None:
    create_user(segment, "Present-Secret-1")
    (problem,) = refused(segment)
    assert "correct the connection's password" in problem
    assert "rotate the user's password" in problem
    assert segment.cluster.logs_in(segment.user, "Present-Secret-1")
    assert not segment.cluster.logs_in(segment.user, PASSWORD)


def test_the_same_holds_when_role_and_membership_exist(linked: Segment) -> None:
    linked.user_connection(password="Wrong-Secret-1")
    assert "doesn't log in" in refused(linked)[0]
    assert linked.cluster.logs_in(linked.user, PASSWORD)


def test_a_user_without_a_password_is_refused(segment: Segment) -> None:
    segment.cluster.sql("dev", f"CREATE USER {segment.user} PASSWORD DISABLE")
    assert "doesn't log in" in refused(segment)[0]


def test_a_superuser_is_refused_though_its_password_logs_in(segment: Segment) -> None:
    create_user(segment, PASSWORD, "CREATEUSER")
    (problem,) = refused(segment)
    assert "superuser" in problem
    assert "NOCREATEUSER" in problem


def test_the_admins_own_login_is_refused(segment: Segment) -> None:
    server = segment.cluster.server
    segment.user_connection(login=server.user, password=server.password)
    (problem,) = refused(segment)
    assert "admin connection's own login" in problem


def test_the_admins_own_login_is_refused_with_another_password_too(segment: Segment) -> None:
    segment.user_connection(login=segment.cluster.server.user, password="Another-Secret-1")
    assert "admin connection's own login" in refused(segment)[0]
    assert segment.cluster.logs_in(segment.cluster.server.user, segment.cluster.server.password)


def test_a_role_cannot_have_a_users_name(segment: Segment) -> None:
    taken = segment.cluster.user("etl")
    (problem,) = refused(segment, role=taken)
    assert f"There is a user named {taken}" in problem


def test_a_user_cannot_have_a_roles_name(segment: Segment) -> None:
    taken = segment.cluster.role("readers")
    segment.user_connection(login=taken)
    (problem,) = refused(segment)
    assert f"User {taken} would share the name of a role" in problem


def test_role_and_user_cannot_have_one_name(segment: Segment) -> None:
    segment.user_connection(login=segment.role)
    (problem,) = refused(segment)
    assert "would share the name of a role" in problem


WEAK: list[tuple[str, str]] = [
    ("Sh0rt", "8 to 64 characters"),
    ("Aa1" + "x" * 62, "8 to 64 characters"),
    ("no-upper-case-1", "an upper-case letter"),
    ("NO-LOWER-CASE-1", "a lower-case letter"),
    ("No-Digit-Here", "a digit"),
    ("With Space-1", "without spaces"),
    ("Ünicode-Pass-1", "printable ASCII"),
    ("Has@Sign-1234", "none of"),
    ("Has'Quote-1234", "none of"),
    ("Has\\Slash-1234", "none of"),
]


def test_a_new_users_password_has_to_fit_the_policy(segment: Segment) -> None:
    with segment.cluster.untouched():
        for password, lacks in WEAK:
            segment.user_connection(password=password)
            (problem,) = problems_of(segment)
            assert lacks in problem
            assert password not in problem


def test_an_existing_users_password_is_not_judged_by_the_policy(segment: Segment) -> None:
    # A hash that someone else sent: the server can't have checked what is behind it.
    import hashlib

    literal = "md5" + hashlib.md5(f"weak{segment.user}".encode()).hexdigest()
    create_user(segment, literal)
    segment.user_connection(password="weak")
    report = run(CreateSegmentRoleOperator(task_id="role", role=segment.role))
    assert (report["changed"], report["in_place"]) == (2, 1)
    assert segment.cluster.logs_in(segment.user, "weak")


@pytest.mark.parametrize("gone", ["redshift_default", "segment_linked_user"])
def test_a_missing_connection_is_named(segment: Segment, gone: str) -> None:
    segment.connection(gone, conn_type=None)
    problems = refused(segment)
    assert [problem for problem in problems if gone in problem and "isn't defined" in problem]


@pytest.mark.parametrize("conn_id", ["redshift_default", "segment_linked_user"])
def test_a_connection_of_another_type_is_named(segment: Segment, conn_id: str) -> None:
    segment.connection(conn_id, conn_type="postgres", host="127.0.0.1", login="x", password="y")
    problems = refused(segment)
    assert [problem for problem in problems if conn_id in problem and "of type postgres" in problem]


UNUSABLE_USER: list[tuple[dict[str, Any], str]] = [
    ({"password": ""}, "lacks password"),
    ({"login": ""}, "lacks login"),
    ({"login": "", "password": ""}, "lacks login, password"),
    ({"login": "Mixed_Case"}, "upper-case"),
    ({"login": "select"}, "reserved word"),
    ({"login": "idp:user"}, "':' or '/'"),
    ({"extra": "[1]"}, "isn't a JSON object"),
    ({"extra": {"ssl": False, "sslmod": "require"}}, "sslmod"),
]


def test_an_unusable_user_connection_is_named(segment: Segment) -> None:
    with segment.cluster.untouched():
        for fields, lacking in UNUSABLE_USER:
            segment.user_connection(**fields)
            (problem,) = problems_of(segment)
            assert "segment_linked_user" in problem
            assert lacking in problem


UNUSABLE_ADMIN: list[tuple[dict[str, Any], str]] = [
    ({"host": ""}, "lacks host"),
    ({"login": "", "password": ""}, "lacks login, password"),
    ({"schema": ""}, "lacks schema (the database)"),
    ({"extra": "not json"}, "isn't a JSON object"),
    ({"extra": {"ssl": False, "no_such": 1}}, "no_such"),
]


def test_an_unusable_admin_connection_is_named(segment: Segment) -> None:
    with segment.cluster.untouched():
        for fields, lacking in UNUSABLE_ADMIN:
            segment.admin_connection(**fields)
            problems = problems_of(segment)
            assert [problem for problem in problems if "redshift_default" in problem and lacking in problem], fields


NO_ROLE: list[tuple[str, str]] = [
    ("", "empty"),
    ("Upper", "upper-case"),
    ("select", "reserved word"),
    ("sys:dba", "':' or '/'"),
    ("a.b", "'.'"),
    ("a\nb", "can't be printed"),
    ("x" * 128, "128 bytes"),
]


def test_a_name_that_no_role_can_have_is_refused(segment: Segment) -> None:
    with segment.cluster.untouched():
        for role, wrong in NO_ROLE:
            (problem,) = problems_of(segment, role=role)
            assert "role name" in problem
            assert wrong in problem


def test_everything_wrong_with_the_arguments_is_told_at_once(segment: Segment) -> None:
    segment.user_connection(login="UPPER", password="")
    segment.admin_connection(schema="")
    problems = refused(segment, role="Also Upper", password_hash="sha1", plan_only="perhaps")
    parts = ("plan_only is 'perhaps'", "'Also Upper'", "'sha1'", "schema (the database)", "lacks password", "'UPPER'")
    for part in parts:
        assert [problem for problem in problems if part in problem], part
    assert len(problems) == len(parts)


def test_everything_wrong_with_the_identities_is_told_at_once(segment: Segment) -> None:
    taken = segment.cluster.user("etl")
    segment.user_connection(password="weak")
    problems = refused(segment, role=taken)
    assert len(problems) == 2
    assert "There is a user named" in problems[0]
    assert "doesn't fit Redshift's policy" in problems[1]


def test_plan_only_shows_a_refusal_as_a_finding_and_changes_nothing(segment: Segment) -> None:
    create_user(segment, "Present-Secret-1")
    operator = CreateSegmentRoleOperator(task_id="role", role=segment.role, plan_only=True)
    with segment.cluster.untouched():
        report = run(operator)
    assert [finding["code"] for finding in report["findings"]] == ["login_fails"]
    assert report["changed"] == 0
