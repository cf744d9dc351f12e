"""The hook: from Airflow's connections to the driver's arguments, and what a failing connection means."""

from __future__ import annotations

import gc
import inspect
import socket
from contextlib import suppress
from importlib import import_module
from typing import Any

import pytest
import redshift_connector
from pytest_mock import MockerFixture

from airflow_provider_datagraph.engine.converge import Converger
from airflow_provider_datagraph.exceptions import MisconfigurationError, PassingFaultError
from airflow_provider_datagraph.hooks.redshift import DataGraphHook
from airflow_provider_datagraph.operators.role import desired_user
from airflow_provider_datagraph.redshift.passwords import HASHES
from tests.support.redshift import PASSWORD, run, unique
from tests.support.segment import Segment


def test_a_connection_that_breaks_in_a_transaction_is_a_passing_fault(segment: Segment) -> None:
    hook = DataGraphHook()

    def end_my_session(rows: Any, session: Any) -> Any:
        pid = rows("SELECT pg_backend_pid()")[0][0]
        segment.sql(f"SELECT pg_terminate_backend({pid})")
        return rows("SELECT 1")

    with pytest.raises(PassingFaultError, match="broke"):
        Converger(hook).read(end_my_session)


def test_a_socket_that_breaks_in_a_transaction_is_a_passing_fault(segment: Segment) -> None:
    with pytest.raises(PassingFaultError, match="broke"), DataGraphHook().connected():
        raise ConnectionResetError(104, "Connection reset by peer")


def open_sockets() -> set[int]:
    """The sockets of this process that nobody has closed, whether or not anything refers to them."""
    return {one.fileno() for one in gc.get_objects() if type(one) is socket.socket and one.fileno() != -1}


def test_a_refused_login_leaves_no_socket_open(segment: Segment) -> None:
    segment.admin_connection(password="Wrong-Secret-1")
    before = open_sockets()
    with pytest.raises(MisconfigurationError) as error:
        DataGraphHook().get_conn()
    # The error holds what the driver made, so nothing has collected it.
    assert error.value.__cause__ is not None and open_sockets() <= before


def test_the_linked_user_gets_host_port_and_options_from_the_admin_connection(linked: Segment) -> None:
    linked.admin_connection(extra={"ssl": False, "timeout": 7})
    hook = DataGraphHook(user_conn_id="segment_linked_user", database="dev")
    with hook.get_conn() as connection:
        assert run(connection, "SELECT current_user, current_database()") == [(linked.user, "dev")]
        # The server gives up a little earlier than the driver; milliseconds.
        assert run(connection, "SHOW statement_timeout") == [("6300ms",)]
    assert hook.arguments["timeout"] == 7


def iam_client(segment: Segment, mocker: MockerFixture, answer: dict[str, str], call: str) -> Any:
    """AWS's client, answering with a login that the local server knows."""
    client = mocker.MagicMock()
    getattr(client, call).return_value = answer
    mocker.patch(
        "airflow.providers.amazon.aws.hooks.redshift_sql.AwsBaseHook.conn",
        new_callable=mocker.PropertyMock,
        return_value=client,
    )
    return client


def test_an_iam_login_reaches_the_server_without_iam_in_the_arguments(linked: Segment, mocker: MockerFixture) -> None:
    answer = {"DbUser": linked.user, "DbPassword": PASSWORD}
    client = iam_client(linked, mocker, answer, "get_cluster_credentials")
    linked.admin_connection(
        login="someone", password=None, extra={"ssl": False, "iam": True, "cluster_identifier": "main"}
    )
    hook = DataGraphHook()
    inspect.signature(redshift_connector.connect).bind(**hook.arguments)
    assert not {"iam", "cluster_identifier", "db_user", "region"} & set(hook.arguments)
    with hook.get_conn() as connection:
        assert run(connection, "SELECT current_user") == [(linked.user,)]
    asked = client.get_cluster_credentials.call_args.kwargs
    assert (asked["DbUser"], asked["ClusterIdentifier"]) == ("someone", "main")


def masked(text: str) -> str:
    """A line of a task's log, as Airflow's masker writes it."""
    with suppress(ImportError):
        return str(import_module("airflow.sdk.log").redact(text))
    return str(import_module("airflow.utils.log.secrets_masker").redact(text))


def test_a_temporary_password_and_a_hash_are_masked_in_the_task_s_log(linked: Segment, mocker: MockerFixture) -> None:
    token, password = f"Canary+{unique('token')}", unique("Canary1")
    iam_client(linked, mocker, {"DbUser": linked.user, "DbPassword": token}, "get_cluster_credentials")
    linked.admin_connection(extra={"ssl": False, "iam": True, "cluster_identifier": "main"})
    # A trigger's thread can't talk to the task's supervisor.
    loaded = {"redshift_default": DataGraphHook().admin_connection}
    assert DataGraphHook(loaded=loaded).arguments["password"] == token
    assert masked(f"token {token}.") == f"token {token}."
    assert DataGraphHook().arguments["password"] == token
    assert masked(f"token {token}.") == "token ***."
    linked.user_connection(password=password)
    for kind in HASHES:
        user = desired_user(DataGraphHook(user_conn_id="segment_linked_user", database="dev"), kind)
        assert masked(f"PASSWORD '{user.password_hash}'") == "PASSWORD '***'"


def test_an_iam_login_of_a_serverless_workgroup(linked: Segment, mocker: MockerFixture) -> None:
    answer = {"dbUser": f"IAM:{linked.user}", "dbPassword": PASSWORD}
    client = iam_client(linked, mocker, answer, "get_credentials")
    extra = {"ssl": False, "iam": True, "is_serverless": True, "serverless_work_group": "group"}
    linked.admin_connection(login=None, password=None, extra=extra)
    hook = DataGraphHook()
    # A workgroup names the user of an IAM login with the prefix; a cluster only sends it along.
    name = f"IAM:{linked.user}"
    assert (hook.arguments["user"], hook.login, hook.is_serverless) == (name, name, True)
    assert client.get_credentials.call_args.kwargs["workgroupName"] == "group"


def test_the_arguments_of_a_plain_connection_open_a_session_in_the_named_database(segment: Segment) -> None:
    with DataGraphHook(database="dev").get_conn() as connection:
        assert run(connection, "SELECT current_database()") == [("dev",)]
    with DataGraphHook().get_conn() as connection:
        assert run(connection, "SELECT current_database()") == [(segment.warehouse,)]
