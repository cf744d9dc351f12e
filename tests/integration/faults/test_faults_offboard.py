"""Offboarding breaks in the middle: a database is as before or as after, and a rerun does the rest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from pytest_mock import MockerFixture
from redshift_connector.cursor import Cursor
from redshift_connector.error import ProgrammingError

from airflow_provider_datagraph.exceptions import MisconfigurationError, PassingFaultError
from airflow_provider_datagraph.operators.offboard import DropSegmentRoleOperator
from local_redshift.faults_client import Faults
from tests.integration.redshift_helpers import connect, run
from tests.integration.world import World, execute

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

# A pattern, which match of it, and whether it is cut before or after it is run.
CUTS = [
    ("^ALTER DEFAULT", 1, "before"),
    ("^REVOKE ALL ON TABLE", 2, "after"),
    ("^COMMIT$", 1, "before"),
    ("^COMMIT$", 1, "after"),
    ("^DROP DATABASE", 1, "after"),
    ("^DROP USER", 1, "after"),
    ("^COMMIT$", 4, "after"),
]
HELD = {
    "svv_schema_privileges": "identity_name",
    "svv_relation_privileges": "identity_name",
    "svv_default_privileges": "grantee_name",
}


class Leaving:
    """A role and a user with something in two databases, and a checkpoint database of the user's."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.second = f"{world.warehouse.name}_second"

    def arrange(self) -> None:
        """Make whatever of it isn't there."""
        world, role = self.world, self.world.role
        world.make_identities()
        world.sql(f"CREATE DATABASE {world.checkpoint}", f"GRANT CREATE ON DATABASE {world.checkpoint} TO ROLE {role}")
        for database in (world.warehouse.name, self.second):
            self.sql(
                database,
                f"GRANT USAGE, CREATE ON SCHEMA crm TO ROLE {role}",
                f"GRANT SELECT ON TABLE crm.accounts TO ROLE {role}",
                f"GRANT SELECT FOR TABLES IN SCHEMA crm TO ROLE {role}",
                f"ALTER DEFAULT PRIVILEGES IN SCHEMA crm GRANT SELECT ON TABLES TO ROLE {role}",
            )

    def sql(self, database: str, *statements: str) -> list[tuple[Any, ...]]:
        with closing(connect(self.world.server, database)) as connection:
            return [run(connection, statement) for statement in statements][-1]

    def held(self, database: str) -> int:
        """How many rows the role still has in a database."""
        queries = [f"SELECT 1 FROM {v} WHERE {c} = '{self.world.role}'" for v, c in HELD.items()]
        with closing(connect(self.world.server, database)) as connection:
            return sum(len(run(connection, query)) for query in queries)

    def operator(self) -> DropSegmentRoleOperator:
        world = self.world
        return DropSegmentRoleOperator(task_id="drop", role=world.role, checkpoint_database=world.checkpoint)

    def left(self) -> set[str]:
        """What of role, user and checkpoint database is still there."""
        world, ask = self.world, self.world.warehouse.ask
        found = {str(row[0]) for row in ask("SELECT role_name FROM svv_roles")}
        found |= {str(row[0]) for row in ask("SELECT usename FROM pg_user")}
        found |= {str(row[0]) for row in ask("SELECT database_name FROM svv_redshift_databases")}
        return found & {world.role, world.user, world.checkpoint}


@pytest.fixture
def leaving(world: World) -> Iterator[Leaving]:
    made = Leaving(world)
    world.sql(f"CREATE DATABASE {made.second}")
    made.sql(made.second, "CREATE SCHEMA crm", "CREATE TABLE crm.accounts (id int)")
    made.arrange()
    yield made
    world.sql(f"DROP DATABASE {made.second}")


def test_a_cut_leaves_no_database_between_and_a_rerun_does_the_rest(leaving: Leaving, faults: Faults) -> None:
    databases = (leaving.world.warehouse.name, leaving.second)
    rows = [leaving.held(database) for database in databases]
    assert rows == [5, 5]
    for pattern, nth, when in CUTS:
        fault = (faults.cut_before if when == "before" else faults.cut_after)(pattern, nth=nth)
        with pytest.raises(PassingFaultError, match=r"Done before: .* A rerun does the rest"):
            execute(leaving.operator())
        assert fault.fired == 1
        faults.clear()
        assert {leaving.held(database) for database in databases} <= {0, 5}, (pattern, nth, when)
        execute(leaving.operator())
        assert leaving.left() == set()
        leaving.arrange()
    execute(leaving.operator())


def test_an_error_in_the_second_database_names_the_first(leaving: Leaving, faults: Faults) -> None:
    world = leaving.world
    faults.error("^REVOKE ALL ON SCHEMA", "42501", "permission denied for schema crm", nth=2)
    with pytest.raises(MisconfigurationError) as caught:
        execute(leaving.operator())
    said = caught.value.problems[-1]
    assert said.startswith(f"Done before: database {world.warehouse.name}. Not done: database {leaving.second}, ")
    assert said.endswith(f"dropping database {world.checkpoint}, dropping user and role. A rerun does the rest.")
    assert (leaving.held(world.warehouse.name), leaving.held(leaving.second)) == (0, 5)
    assert leaving.left() == {world.role, world.user, world.checkpoint}
    faults.clear()
    execute(leaving.operator())
    assert leaving.left() == set()


def test_an_unknown_error_stays_what_it_is_with_a_note(leaving: Leaving, faults: Faults) -> None:
    faults.error("^DROP USER", "XX000", "something inside")
    with pytest.raises(ProgrammingError) as caught:
        execute(leaving.operator())
    (note,) = caught.value.__notes__
    assert f"dropping database {leaving.world.checkpoint}. Not done: dropping user and role." in note
    assert leaving.left() == {leaving.world.role, leaving.world.user}


def test_a_refusal_to_drop_the_user_is_told_with_a_hint(leaving: Leaving, faults: Faults) -> None:
    text = f'user "{leaving.world.user}" cannot be dropped because the user owns some object'
    faults.error("^DROP USER", "55006", text)
    with pytest.raises(MisconfigurationError) as caught:
        execute(leaving.operator())
    refused, done = caught.value.problems
    assert text in refused and f"in database {leaving.world.warehouse.name}: revoke that, or" in refused
    assert done.endswith("Not done: dropping user and role. A rerun does the rest.")


def test_a_conflict_in_a_database_is_done_again(leaving: Leaving, faults: Faults) -> None:
    text = "could not complete because of conflict with concurrent transaction"
    faults.error("^REVOKE ALL FOR TABLES", "XX000", text, times=2)
    report = execute(leaving.operator())
    assert report["changed"] == len(report["planned"])
    assert leaving.left() == set()


def test_who_connects_just_before_the_drop_is_named(leaving: Leaving, mocker: MockerFixture) -> None:
    world = leaving.world
    real = Cursor.execute
    opened: list[Any] = []

    def execute_late(cursor: Any, operation: str, *args: Any, **kwargs: Any) -> Any:
        if operation.startswith("DROP DATABASE") and not opened:
            opened.append(connect(world.server, world.checkpoint))
        return real(cursor, operation, *args, **kwargs)

    mocker.patch.object(Cursor, "execute", execute_late)
    with pytest.raises(MisconfigurationError) as caught:
        execute(leaving.operator())
    process = run(opened[0], "SELECT pg_backend_pid()")[0][0]
    opened[0].close()
    assert f"process {process} of user {world.server.user} in {world.checkpoint}" in str(caught.value)
    assert leaving.left() == {world.role, world.user, world.checkpoint}
    execute(leaving.operator())
    assert leaving.left() == set()
