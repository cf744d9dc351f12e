"""Faults of the whole server: gone, back with its data on its port, slow."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from contextlib import closing
from typing import Any

import psutil
import pytest
from redshift_connector import error as errors

from local_redshift.faults_client import Faults
from local_redshift.running import Server, started
from local_redshift.server import Options
from local_redshift.server import Server as LocalRedshift
from tests.support.redshift import abandon, connect, mark, run, statements, unique

GONE = (errors.InterfaceError, ConnectionError)


def come_back(server: Server) -> Any:
    for _ in range(200):
        try:
            return connect(server)
        except GONE:
            time.sleep(0.05)
    raise AssertionError("it didn't come back")


def test_stopped_it_refuses_and_started_it_has_its_data(faulty: Server, faults: Faults) -> None:
    table, since = unique("t"), mark(faulty)
    held = connect(faulty, autocommit=False)
    run(held, f"CREATE TABLE {table} AS SELECT 1 AS a")
    held.commit()
    run(held, f"INSERT INTO {table} VALUES (2)")
    faults.stop()
    faults.stop()
    with pytest.raises(errors.InterfaceError, match="refused"):
        connect(faulty)
    with pytest.raises(GONE):
        run(held, "SELECT 1")
    abandon(held)
    faults.start()
    faults.start()
    with closing(connect(faulty)) as connection:
        assert run(connection, f"SELECT a FROM {table}") == [(1,)]
        # It's as quick as before: with Nagle's algorithm it would be 2 s at least.
        began = time.monotonic()
        for _ in range(50):
            run(connection, "SELECT 1")
        assert time.monotonic() - began < 1.5
    assert f"CREATE TABLE {table} AS SELECT 1 AS a" in statements(faulty, since)


def test_nobody_who_comes_as_it_stops_is_left_waiting() -> None:
    async def left(server: LocalRedshift, turns: int) -> bool:
        with socket.create_connection(("127.0.0.1", server.port), 3.0) as client:
            for _ in range(turns):
                await asyncio.sleep(0)
            await server.halt()
            await server.resume()
            try:
                await asyncio.to_thread(client.recv, 1)
            except TimeoutError:
                return True
            except ConnectionResetError:
                pass
        return False

    async def all_turns() -> list[bool]:
        server = LocalRedshift(Options(port=0))
        await server.start()
        try:
            return [await left(server, turns) for turns in range(5)]
        finally:
            await server.stop()

    assert not any(asyncio.run(all_turns()))


@pytest.mark.parametrize(("after", "left"), [(False, 0), (True, 1)])
def test_a_restart_at_a_statement(faulty: Server, faults: Faults, after: bool, left: int) -> None:
    role = unique("r")
    order = faults.restart_after if after else faults.restart_before
    order(f"^create role {role}", down=0.3)
    connection = connect(faulty)
    with pytest.raises(GONE):
        run(connection, f"CREATE ROLE {role}")
    abandon(connection)
    with pytest.raises(errors.InterfaceError, match="refused"):
        connect(faulty)
    with closing(come_back(faulty)) as other:
        assert len(run(other, f"SELECT role_name FROM svv_roles WHERE role_name = '{role}'")) == left


def test_nobody_else_has_the_orders(faulty: Server, server: Server) -> None:
    """The server itself holds one end of a pair of sockets, and PostgreSQL's processes don't."""
    children = psutil.Process(faulty.pid).children()
    assert children
    own = _sockets(faulty.pid)
    assert not [child for child in children if _sockets(child.pid) & own]
    with pytest.raises(AssertionError, match="faults=True"):
        _ = server.faults


def _sockets(pid: int) -> set[str]:
    links = (os.readlink(f"/proc/{pid}/fd/{number}") for number in os.listdir(f"/proc/{pid}/fd"))
    return {link for link in links if link.startswith("socket:")}


def test_latency_is_added_to_each_exchange_and_it_can_be_ended_while_stopped() -> None:
    with started(faults=True, latency_ms=200) as server:
        began = time.monotonic()
        connection = connect(server)
        connected = time.monotonic()
        run(connection, "SELECT 1")
        done = time.monotonic()
        connection.close()
        server.faults.stop()
    # The login takes two exchanges; the driver's first execution of a text two, too.
    assert connected - began >= 0.4
    assert 0.4 <= done - connected < 2
    assert not psutil.pid_exists(server.pid)
