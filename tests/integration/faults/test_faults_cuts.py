"""The connection breaks at each statement of each operator: the database is as before or as after, never between."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_datagraph.exceptions import PassingFaultError
from local_redshift.faults_client import Fault, Faults
from tests.integration.world import OPERATORS, RETL, Snapshot, World, execute

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

# How to take back what each operator does; the schema operators start with role and user.
UNDO = {
    "check": (),
    "role": ("DROP USER {user}", "DROP ROLE {role} FORCE"),
    "database": ("DROP DATABASE {checkpoint}",),
    "schema": (
        "REVOKE SELECT FOR TABLES IN SCHEMA crm FROM ROLE {role}",
        "REVOKE SELECT ON TABLE billing.invoices FROM ROLE {role}",
        "REVOKE USAGE ON SCHEMA crm, billing FROM ROLE {role}",
    ),
    "reverse_etl": (
        f"REVOKE SELECT, INSERT, UPDATE, DELETE, DROP FOR TABLES IN SCHEMA {RETL} FROM ROLE {{role}}",
        f"REVOKE USAGE, CREATE, DROP ON SCHEMA {RETL} FROM ROLE {{role}}",
    ),
}
CHANGING = [name for name in OPERATORS if name != "check"]
# A read, or a login, is the same cut before or after it.
CHANGES = "^(create|grant|revoke|alter|commit)"
Order = Callable[[int], Fault]


def undo(world: World, name: str) -> None:
    names = {"user": world.user, "role": world.role, "checkpoint": world.checkpoint}
    world.sql(*(text.format(**names) for text in UNDO[name]))


def states(world: World, name: str) -> tuple[Snapshot, Snapshot, list[Snapshot]]:
    """The catalog before and after the operator, and what may lie between: only CREATE DATABASE commits alone."""
    before = world.snapshot()
    execute(OPERATORS[name](world))
    after = world.snapshot()
    between = []
    if name == "database":
        world.sql(f"REVOKE CREATE ON DATABASE {world.checkpoint} FROM ROLE {world.role}")
        between = [world.snapshot()]
    undo(world, name)
    assert world.snapshot() == before
    return before, after, between


def cut_everywhere(world: World, name: str, faults: Faults, order: Order) -> int:
    """Cut at the first, the second, … statement until there is none; how many there were."""
    before, after, between = states(world, name)
    rerun: list[Snapshot] = []
    for n in range(1, 100):
        fault = order(n)
        try:
            execute(OPERATORS[name](world))
        except PassingFaultError as error:
            assert not isinstance(error, AirflowFailException)
            assert world.warehouse.name in str(error) or str(world.server.port) in str(error)
        else:
            assert fault.fired == 0, f"cut {n}: nobody noticed"
            faults.clear()
            assert world.snapshot() == after
            undo(world, name)
            return n - 1
        faults.clear()
        found = world.snapshot()
        assert found in (before, after, *between), f"cut {n} left the catalog between"
        if found != before:
            if found not in rerun:
                report = execute(OPERATORS[name](world))
                assert (report["changed"] == 0) == (found == after)
                assert world.snapshot() == after
                rerun.append(found)
            undo(world, name)
    raise AssertionError("it never came to an end")


@pytest.mark.parametrize("name", OPERATORS)
def test_a_cut_before_each_login_and_statement(world: World, faults: Faults, name: str) -> None:
    if name != "role":
        world.make_identities()
    count = cut_everywhere(world, name, faults, lambda n: faults.cut_before("", nth=n))
    assert count > 10


@pytest.mark.parametrize("name", CHANGING)
def test_a_cut_after_each_change_and_commit(world: World, faults: Faults, name: str) -> None:
    if name != "role":
        world.make_identities()
    count = cut_everywhere(world, name, faults, lambda n: faults.cut_after(CHANGES, nth=n))
    assert count == {"role": 4, "database": 3, "schema": 4, "reverse_etl": 3}[name]


@pytest.mark.parametrize("name", CHANGING)
def test_the_server_restarts_at_the_commit(world: World, faults: Faults, name: str) -> None:
    if name != "role":
        world.make_identities()
    before, after, between = states(world, name)
    for order, left in ((faults.restart_before, (before, *between)), (faults.restart_after, (after,))):
        order("^commit")
        with pytest.raises(PassingFaultError):
            execute(OPERATORS[name](world))
        faults.start()
        assert world.snapshot() in left
        execute(OPERATORS[name](world))
        assert world.snapshot() == after
        undo(world, name)
