"""CreateSegmentRoleOperator: what it creates, and that no secret leaves it."""

from __future__ import annotations

import hashlib
import logging
from typing import Any

import pytest
from pytest_mock import MockerFixture
from redshift_connector.cursor import Cursor
from redshift_connector.error import ProgrammingError

from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.redshift.passwords import HASHES
from tests.support.redshift import PASSWORD
from tests.support.segment import Segment, execute


def md5(segment: Segment, password: str = PASSWORD) -> str:
    return "md5" + hashlib.md5((password + segment.user).encode()).hexdigest()


@pytest.mark.parametrize("kind", HASHES)
def test_all_is_made_in_one_transaction_and_holds_the_hash_and_never_the_password(segment: Segment, kind: str) -> None:
    since = segment.cluster.mark()
    execute(segment.create_role(password_hash=kind))
    made = segment.cluster.changes(since)
    literal = made[1].split("'")[1]
    assert literal.startswith(kind)
    assert made == [
        f'CREATE ROLE "{segment.role}"',
        f"CREATE USER \"{segment.user}\" PASSWORD '{literal}'",
        f'GRANT ROLE "{segment.role}" TO "{segment.user}"',
    ]
    rows = segment.cluster.history(since, "transaction_id")
    assert len({transaction for transaction, text in rows if text in made}) == 1
    assert not [text for text in segment.cluster.received(since) if PASSWORD in text]
    assert segment.cluster.logs_in(segment.user, PASSWORD)
    assert not segment.cluster.logs_in(segment.user, literal)


def test_password_and_hash_are_in_no_log_report_or_repr(
    segment: Segment, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    operator = segment.create_role()
    shown = [repr(execute(operator)), repr(operator), repr(operator.hook(None, "segment_linked_user"))]
    segment.user_connection(password="Another-Reader-2")
    with pytest.raises(MisconfigurationError) as refused:
        execute(operator)
    # Airflow 3 writes a task's log to the standard output, Airflow 2 to Python's own loggers.
    out, err = capfd.readouterr()
    logs = out + err + caplog.text
    assert f"created user {segment.user}" in logs
    assert "redshift_connector" in caplog.text
    everything = "\n".join([*shown, logs, repr(refused.value), str(refused.value)])
    for secret in (PASSWORD, md5(segment), "Another-Reader-2", md5(segment, "Another-Reader-2")):
        assert secret not in everything


def test_a_user_that_another_creates_at_the_same_moment_is_refused_without_a_secret(
    segment: Segment, mocker: MockerFixture, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    rival = segment.cluster.connect()
    real = Cursor.execute

    def create_first(cursor: Any, operation: str, *args: Any, **kwargs: Any) -> Any:
        if operation.startswith("CREATE USER") and "Rival" not in operation:
            real(rival.cursor(), f"CREATE USER {segment.user} PASSWORD 'Rival-Writer-1'")
        return real(cursor, operation, *args, **kwargs)

    mocker.patch.object(Cursor, "execute", create_first)
    with pytest.raises((ProgrammingError, MisconfigurationError)) as failed:
        execute(segment.create_role())
    rival.close()
    assert "already exists" in caplog.text
    for secret in (PASSWORD, md5(segment)):
        assert secret not in f"{failed.value!r}{failed.value.__cause__!r}{caplog.text}"
    assert segment.cluster.logs_in(segment.user, "Rival-Writer-1")
    roles = segment.cluster.sql("dev", f"SELECT role_name FROM svv_roles WHERE role_name = '{segment.role}'")
    assert roles == []
