"""The hook: from Airflow's connections to the driver's arguments, and what a failing connection means."""

from __future__ import annotations

import gc
import socket
from typing import Any

import pytest

from airflow_provider_datagraph.engine.converge import Converger
from airflow_provider_datagraph.exceptions import MisconfigurationError, PassingFaultError
from airflow_provider_datagraph.hooks.redshift import DataGraphHook
from tests.support.redshift import PASSWORD, run
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


def test_the_arguments_of_a_plain_connection_open_a_session_in_the_named_database(segment: Segment) -> None:
    with DataGraphHook(database="dev").get_conn() as connection:
        assert run(connection, "SELECT current_database()") == [("dev",)]
    with DataGraphHook().get_conn() as connection:
        assert run(connection, "SELECT current_database()") == [(segment.warehouse,)]


def test_an_operator_looks_its_connections_up_again_before_it_connects_again(linked: Segment) -> None:
    hook = DataGraphHook()
    hook.get_conn().close()
    linked.admin_connection(login=linked.user, password=PASSWORD)
    with hook.get_conn() as connection:
        assert run(connection, "SELECT current_user") == [(linked.user,)]
