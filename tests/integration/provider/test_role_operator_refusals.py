"""CreateSegmentRoleOperator: what it refuses, with nothing changed, and every problem in one error."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.redshift.passwords import policy_problems
from airflow_provider_datagraph.redshift.statements import AlterUser
from tests.support.redshift import PASSWORD
from tests.support.segment import Segment, execute, said


def refused(segment: Segment, **arguments: Any) -> tuple[str, ...]:
    with segment.cluster.untouched(), pytest.raises(MisconfigurationError) as error:
        execute(segment.create_role(**arguments))
    assert PASSWORD not in str(error.value)
    return tuple(error.value.problems)


def create_user(segment: Segment, password: str, options: str = "") -> None:
    segment.cluster.sql("dev", f"CREATE USER {segment.user} PASSWORD '{password}' {options}")


def test_a_user_without_a_password_is_refused(segment: Segment) -> None:
    segment.cluster.sql("dev", f"CREATE USER {segment.user} PASSWORD DISABLE")
    assert refused(segment) == (said("login_fails", segment.user),)


def test_a_superuser_is_refused_though_its_password_logs_in(segment: Segment) -> None:
    create_user(segment, PASSWORD, "CREATEUSER")
    statement = AlterUser(segment.user, "NOCREATEUSER")
    assert refused(segment) == (said("user_is_superuser", segment.user, statement=statement),)


def test_role_and_user_cannot_have_one_name(segment: Segment) -> None:
    segment.user_connection(login=segment.role)
    assert refused(segment) == (said("name_taken", segment.role, case="user"),)


def test_an_existing_users_password_is_not_judged_by_the_policy(segment: Segment) -> None:
    # A hash that someone else sent: the server can't have checked what is behind it.
    literal = "md5" + hashlib.md5(f"weak{segment.user}".encode()).hexdigest()
    create_user(segment, literal)
    segment.user_connection(password="weak")
    report = execute(segment.create_role())
    assert (report["changed"], report["in_place"]) == (2, 1)
    assert segment.cluster.logs_in(segment.user, "weak")


def test_everything_wrong_with_the_identities_is_told_at_once(segment: Segment) -> None:
    taken = segment.cluster.user("etl")
    segment.user_connection(password="weak")
    assert refused(segment, role=taken) == (
        said("name_taken", taken, case="role"),
        said("password_policy", segment.user, lacks=tuple(policy_problems("weak"))),
    )
