"""RotateSegmentPasswordOperator: it changes a password that is refused, and no other."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import redshift_connector
from pytest_mock import MockerFixture

from airflow_provider_datagraph.exceptions import DriftError, MisconfigurationError
from airflow_provider_datagraph.redshift.passwords import HASHES, md5_hash, policy_problems
from tests.integration.bad_input.refusals import refused
from tests.support.redshift import PASSWORD
from tests.support.segment import Segment, execute, said

NEW = "Another-Reader-2"


@pytest.fixture
def rotated(linked: Segment) -> Segment:
    """The connection has a new password, and the user its old one."""
    linked.user_connection(password=NEW)
    return linked


@pytest.mark.parametrize("kind", HASHES)
def test_a_refused_password_is_set_and_tried(
    rotated: Segment, kind: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with rotated.cluster.untouched():
        (change,) = execute(rotated.rotate(plan_only=True))["changes"]
        assert (change["action"], change["object"], change["applied"]) == ("set", f"password {rotated.user}", False)
        with pytest.raises(DriftError, match="set the password of user"):
            execute(rotated.rotate(fail_on_drift=True))
    since = rotated.cluster.mark()
    report = execute(rotated.rotate(password_hash=kind))
    (sent,) = rotated.cluster.changes(since)
    assert sent.startswith(f'ALTER USER "{rotated.user}" PASSWORD \'{kind}')
    assert [row["statement"] for row in report["changes"]] == [f"ALTER USER \"{rotated.user}\" PASSWORD '<hash>'"]
    assert [row["code"] for row in report["findings"]] == ["segment_locked_out"]
    assert rotated.cluster.logs_in(rotated.user, NEW) and not rotated.cluster.logs_in(rotated.user, PASSWORD)
    with rotated.cluster.untouched():
        again = execute(rotated.rotate(password_hash=kind, fail_on_drift=True))
    assert (again["changed"], again["in_place"], again["findings"]) == (0, 1, [])
    out, err = capfd.readouterr()
    for secret in (NEW, PASSWORD, sent.split("'")[1], md5_hash(NEW, rotated.user)):
        assert secret not in f"{report}{again}{out}{err}{caplog.text}"


# The fields of the connection, and the finding.
STOPS: list[tuple[dict[str, Any], str, dict[str, Any]]] = [
    ({"login": "awsuser"}, "user_is_admin", {}),
    ({"login": "nobody"}, "user_missing", {"case": "rotation"}),
    ({"password": "weak"}, "password_policy", {"lacks": tuple(policy_problems("weak"))}),
]


def test_whose_password_it_sets_and_which(rotated: Segment, mocker: MockerFixture) -> None:
    connects = mocker.spy(redshift_connector, "connect")
    for fields, code, facts in STOPS:
        rotated.user_connection(**{"password": NEW, **fields})
        assert refused(rotated, rotated.rotate()) == (said(code, fields.get("login", rotated.user), **facts),)
    # A login that can't work isn't tried.
    assert "nobody" not in {call.kwargs["user"] for call in connects.call_args_list}


def test_a_connection_to_another_place_is_refused(rotated: Segment) -> None:
    rotated.user_connection(password=NEW, port=1)
    with rotated.cluster.untouched(), pytest.raises(MisconfigurationError, match="Take host and port out of it"):
        execute(rotated.rotate())


def test_a_new_password_that_is_refused_fails(rotated: Segment) -> None:
    rotated.cluster.sql("dev", f"ALTER USER {rotated.user} VALID UNTIL '2020-01-01'")
    with pytest.raises(MisconfigurationError) as failed:
        execute(rotated.rotate())
    assert failed.value.problems == (said("login_fails", rotated.user, case="rotated"),)
