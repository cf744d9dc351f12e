"""TLS with the unmodified driver: whom the hook tells the password, and how often a task warns of less."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.hooks.redshift import DataGraphHook
from airflow_provider_datagraph.operators.check import CheckWarehouseOperator
from airflow_provider_datagraph.operators.role import CreateSegmentRoleOperator
from airflow_provider_datagraph.sensors.access import ValidateAccessSensor
from local_redshift.running import Server, started
from tests.support.redshift import connect, run
from tests.support.waiting import deferred, fire

AIRFLOW_2 = version("apache-airflow").startswith("2.")
CLUSTER = "cluster.example.com"
LINKED = "Linked1Audiences"
# The certificate names neither of them: only localhost and 127.0.0.1.
NAMES = (CLUSTER, "127.0.0.2")


@pytest.fixture(scope="module")
def secured() -> Iterator[Server]:
    with started(tls=True) as running:
        with closing(connect(running)) as connection:
            run(connection, "CREATE SCHEMA crm")
            run(connection, "CREATE TABLE crm.accounts (id int)")
        yield running


@pytest.fixture
def define(secured: Server, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Define both connections, in a world where every name leads to the server, whose authority is trusted."""
    found = socket.getaddrinfo

    def resolve(host: Any, *arguments: Any, **named: Any) -> Any:
        return found("127.0.0.1" if host in NAMES else host, *arguments, **named)

    def define(host: str = CLUSTER, user: dict[str, Any] | None = None, **extra: Any) -> None:
        admin = {"host": host, "port": secured.port, "login": secured.user, "password": secured.password}
        fields = {"conn_type": "redshift", "schema": "dev"}
        monkeypatch.setenv("AIRFLOW_CONN_REDSHIFT_DEFAULT", json.dumps({**fields, **admin, "extra": extra}))
        linked = {**fields, "login": "linked_user", "password": LINKED, **(user or {})}
        monkeypatch.setenv("AIRFLOW_CONN_SEGMENT_LINKED_USER", json.dumps(linked))

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setenv("SSL_CERT_FILE", secured.authority)
    return define


def refusal(**named: Any) -> str:
    with pytest.raises(MisconfigurationError) as caught:
        DataGraphHook(**named).get_conn()
    return str(caught.value)


def test_a_certificate_for_another_name_is_refused(define: Callable[..., None], secured: Server) -> None:
    define()
    text = refusal()
    assert f"TLS with {CLUSTER}:{secured.port} fails" in text
    assert "the certificate is for another name, so nothing was sent" in text
    assert "set sslmode=verify-ca in the extra, and know what that gives up: whoever holds any certificate" in text
    # The user connection has no host, so it is the same one.
    assert "the certificate is for another name" in refusal(user_conn_id="segment_linked_user")


@pytest.mark.parametrize(
    ("host", "extra"), [(CLUSTER, {"sslmode": "verify-ca"}), ("127.0.0.2", {}), ("localhost", {}), ("127.0.0.1", {})]
)
def test_it_is_taken_where_the_connection_says_so_and_at_the_end_of_a_tunnel(
    define: Callable[..., None], host: str, extra: dict[str, Any]
) -> None:
    define(host, **extra)
    DataGraphHook().get_conn().close()


def test_an_authority_that_isnt_trusted_is_refused(
    define: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    define("localhost")
    (nobody := tmp_path / "nobody.pem").touch()
    monkeypatch.setenv("SSL_CERT_FILE", str(nobody))
    text = refusal()
    assert "this machine doesn't trust the certificate, so nothing was sent" in text
    assert "SSL_CERT_FILE" in text
    assert "verify-ca" not in text


def test_what_the_admin_gives_up_for_one_host_isnt_given_up_for_another(define: Callable[..., None]) -> None:
    define("localhost", {"host": CLUSTER}, ssl=False)
    DataGraphHook().get_conn().close()
    assert "the certificate is for another name" in refusal(user_conn_id="segment_linked_user")


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Callable[[], list[str]]:
    """What was said of connections since the last call. Airflow 3 prints, 2.11 has the logging module do it."""

    def said() -> list[str]:
        printed = "".join(capfd.readouterr()).splitlines()
        lines = [record.getMessage() for record in caplog.records] if AIRFLOW_2 else printed
        caplog.clear()
        return [line for line in lines if CLUSTER in line and "extra" in line]

    return said


@pytest.mark.parametrize(
    ("extra", "words"), [({"ssl": False}, "without TLS"), ({"sslmode": "verify-ca"}, "sslmode=verify-ca")]
)
def test_a_task_warns_once_however_often_it_looks(
    define: Callable[..., None], warnings: Callable[[], list[str]], extra: dict[str, Any], words: str
) -> None:
    define(**extra)
    for one in (CheckWarehouseOperator(task_id="check", schemas=["crm"]), CreateSegmentRoleOperator(task_id="role")):
        one.execute({})
        (warning,) = warnings()
        assert words in warning
    sensor = ValidateAccessSensor(
        task_id="validate", tables=["dev.crm.accounts"], poke_interval=0.1, timeout=1, wait_for_grants=True
    )
    assert fire(deferred(sensor).trigger)["status"] == "timeout"
    (warning,) = warnings()
    assert words in warning
