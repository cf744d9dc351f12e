"""The hook: from Airflow's connections to the driver's arguments, and what a failing connection means."""

from __future__ import annotations

import os
import socket
from contextlib import closing
from typing import Any

import pytest

from airflow_provider_datagraph.exceptions import MisconfigurationError, PassingFaultError
from airflow_provider_datagraph.hooks.redshift import TAKEN, DataGraphHook, set_up
from tests.support.redshift import PASSWORD, SET_UP, open_sockets, run
from tests.support.segment import Segment


def test_a_connection_that_breaks_in_a_transaction_is_a_passing_fault(segment: Segment) -> None:
    hook = DataGraphHook()
    with pytest.raises(PassingFaultError, match="broke"), hook.connected() as connection:
        pid = run(connection, "SELECT pg_backend_pid()")[0][0]
        segment.sql(f"SELECT pg_terminate_backend({pid})")
        run(connection, "SELECT 1")
    with pytest.raises(PassingFaultError, match="broke"), hook.connected():
        raise ConnectionResetError(104, "Connection reset by peer")


def test_a_refused_login_leaves_no_socket_open(segment: Segment) -> None:
    segment.admin_connection(password="Wrong-Secret-1")
    before = open_sockets()
    with pytest.raises(MisconfigurationError) as error:
        DataGraphHook().get_conn()
    # The error holds what the driver made, so nothing has collected it.
    assert error.value.__cause__ is not None and open_sockets() <= before


@pytest.mark.parametrize(
    ("extra", "idle"), [({}, 60), ({"tcp_keepalive_idle": 7}, 7), ({"tcp_keepalive": False}, None)]
)
def test_a_connection_notices_that_its_server_is_gone(
    segment: Segment, extra: dict[str, Any], idle: int | None
) -> None:
    segment.admin_connection(extra={"ssl": False, **extra})
    before = open_sockets()
    with closing(DataGraphHook().get_conn()):
        (made,) = open_sockets() - before
        with socket.socket(fileno=os.dup(made)) as known:
            assert known.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == (idle is not None)
            if idle and "tcp_keepalive_idle" in TAKEN:
                assert known.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == idle


def test_a_time_limit_below_a_millisecond_is_one(segment: Segment) -> None:
    with closing(DataGraphHook().get_conn()) as connection:
        set_up(connection, 0.0005)
        # At any CREATE the driver would close each statement that it keeps, in an exchange a text.
        assert connection.max_prepared_statements == 0
    rows = segment.sql("SELECT query_text FROM sys_query_history ORDER BY query_id DESC LIMIT 9")
    assert next(text for (text,) in rows if text.startswith(SET_UP)) == f"{SET_UP}'1', false), pg_backend_pid()"


def test_the_linked_user_gets_host_port_and_options_from_the_admin_connection(linked: Segment) -> None:
    linked.admin_connection(extra={"ssl": False, "timeout": 7})
    hook = DataGraphHook(user_conn_id="segment_linked_user", database="dev")
    with hook.get_conn() as connection:
        assert run(connection, "SELECT current_user, current_database()") == [(linked.user, "dev")]
        # The server gives up a little earlier than the driver; milliseconds.
        assert run(connection, "SHOW statement_timeout") == [("6300ms",)]
    assert hook.arguments["timeout"] == 7


def test_an_operator_looks_its_connections_up_again_before_it_connects_again(linked: Segment) -> None:
    hook = DataGraphHook()
    hook.get_conn().close()
    linked.admin_connection(login=linked.user, password=PASSWORD)
    with hook.get_conn() as connection:
        assert run(connection, "SELECT current_user") == [(linked.user,)]
