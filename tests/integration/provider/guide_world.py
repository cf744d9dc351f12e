"""The warehouse of the guide's tests, the package's tasks in it, and what they make possible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from airflow_provider_datagraph.operators.database import CreateCheckpointDatabaseOperator
from airflow_provider_datagraph.operators.reverse_etl import GrantReverseEtlOperator
from airflow_provider_datagraph.operators.role import CreateSegmentRoleOperator
from airflow_provider_datagraph.operators.schema import GrantSchemaOperator
from airflow_provider_datagraph.sensors.access import ValidateAccessSensor
from tests.integration.provider.support import PASSWORD, Cluster, Segment, quoted, run

SCHEMA = "the_schema_name"
RETL = "__segment_reverse_etl"


@dataclass
class World:
    """A customer's warehouse, and the names that stand for the guide's."""

    segment: Segment
    checkpoints: str
    owner: str
    HASH: ClassVar[str] = r"md5[0-9a-f]{32}"

    @property
    def names(self) -> dict[str, str]:
        """What the statements of the table below are filled in with."""
        segment = self.segment
        return {"r": segment.role, "u": segment.user, "c": self.checkpoints, "w": segment.warehouse}

    def refusal(self, statement: str, database: str | None = None) -> str:
        """What the server answers to the linked user, who logs in anew, where Segment connects unless said."""
        return self.segment.cluster.refusal(self.segment.user, statement, database or self.segment.warehouse)

    def can_read(self, schema: str, table: str) -> bool:
        """Whether the linked user, connected to the checkpoint database, reads a table of the warehouse."""
        path = (self.segment.warehouse, schema, table)
        database = self.checkpoints if self.checkpoints in self.databases() else "dev"
        return self.segment.cluster.can_read(self.segment.user, path, database)

    def as_owner(self, *statements: str) -> None:
        """Act as the user that owns the customer's schemas."""
        self.segment.cluster.sql(self.segment.warehouse, *statements, user=self.owner)

    def databases(self) -> set[str]:
        rows = self.segment.cluster.sql("dev", "SELECT database_name FROM svv_redshift_databases")
        return {str(row[0]) for row in rows}


def build(cluster: Cluster, segment: Segment) -> World:
    """A warehouse with a schema to open, a closed one, and another user's Reverse ETL schema."""
    owner = cluster.user("owner")
    schemas = [f"CREATE SCHEMA {name} AUTHORIZATION {owner}" for name in (SCHEMA, RETL, "closed")]
    segment.warehouse = cluster.database(*schemas)
    segment.admin_connection()
    world = World(segment, cluster.future_database("profiles"), owner)
    tables = (f"{SCHEMA}.some_table", f"{SCHEMA}.another", "closed.salaries", f"{RETL}.records")
    world.as_owner(*(f"CREATE TABLE {table} (id int)" for table in tables))
    return world


def identities(world: World, **arguments: Any) -> None:
    run(CreateSegmentRoleOperator(task_id="role", role=world.segment.role, **arguments))


def checkpoints(world: World) -> None:
    run(CreateCheckpointDatabaseOperator(task_id="database", database=world.checkpoints, role=world.segment.role))


def schema(world: World, **arguments: Any) -> None:
    run(GrantSchemaOperator(task_id="grant", schema=SCHEMA, role=world.segment.role, **arguments))


def one_table(world: World) -> None:
    schema(world, tables=["some_table"])


def reverse_etl(world: World) -> None:
    database = world.segment.warehouse
    operator = GrantReverseEtlOperator(task_id="retl", database=database, drop="all", role=world.segment.role)
    run(operator)


def validate(world: World) -> None:
    path = f"{world.segment.warehouse}.{SCHEMA}"
    report = run(ValidateAccessSensor(task_id="validate", database=world.checkpoints, schemas=[path]))
    assert (report["in_place"], report["findings"]) == (2, [])


def privileges_of_the_role_reach_the_user(world: World) -> None:
    """The role is there and the user holds it: what it is given, the user has."""
    segment = world.segment
    assert world.refusal("CREATE SCHEMA mine") == "42501"
    segment.cluster.sql("dev", f"GRANT CREATE ON DATABASE {segment.warehouse} TO ROLE {segment.role}")
    assert world.refusal("CREATE SCHEMA mine") == ""


def the_password_logs_in(world: World) -> None:
    assert world.segment.cluster.logs_in(world.segment.user, PASSWORD)
    assert not world.segment.cluster.logs_in(world.segment.user, "your_password")


def segment_can_connect_there(world: World) -> None:
    assert world.segment.cluster.logs_in(world.segment.user, PASSWORD, world.checkpoints)


def a_schema_can_be_created_there_and_nowhere_else(world: World) -> None:
    create = f"CREATE SCHEMA {RETL}_new"
    assert world.refusal(create, world.checkpoints) == ""
    for database in (world.segment.warehouse, "dev"):
        assert world.refusal(create, database) == "42501"
    assert world.refusal(f"CREATE TABLE {RETL}_new.checkpoints (id int)", world.checkpoints) == ""


def the_whole_schema_reads_and_later_tables_too(world: World) -> None:
    world.as_owner(f"CREATE TABLE {SCHEMA}.later (id int)")
    assert [world.can_read(SCHEMA, table) for table in ("some_table", "another", "later")] == [True] * 3
    assert not world.can_read("closed", "salaries")


def only_the_named_table_reads(world: World) -> None:
    assert world.can_read(SCHEMA, "some_table")
    assert not world.can_read(SCHEMA, "another")
    assert not world.can_read("closed", "salaries")


def the_user_sees_the_open_schema(world: World) -> None:
    segment = world.segment
    shown = segment.cluster.sql(
        world.checkpoints, f"SHOW SCHEMAS FROM DATABASE {quoted(segment.warehouse)}", user=segment.user
    )
    names = {str(row[1]) for row in shown}
    assert SCHEMA in names
    assert "closed" not in names
    the_whole_schema_reads_and_later_tables_too(world)


def the_old_schema_is_shared(world: World) -> None:
    """It is created in, written, and its tables are dropped; a later table of its owner as well."""
    world.as_owner(f"CREATE TABLE {RETL}.later (id int)")
    own = [f"CREATE TABLE {RETL}.own (id int)"]
    for table in ("records", "later"):
        own += [f"INSERT INTO {RETL}.{table} VALUES (1)", f"UPDATE {RETL}.{table} SET id = 2"]
        own += [f"SELECT id FROM {RETL}.{table}", f"DELETE FROM {RETL}.{table}", f"DROP TABLE {RETL}.{table}"]
    assert {statement: world.refusal(statement) for statement in own} == dict.fromkeys(own, "")
    assert not world.can_read(SCHEMA, "some_table")


def the_old_schema_can_be_dropped(world: World) -> None:
    assert world.refusal("DROP SCHEMA closed CASCADE") == "42501"
    assert world.refusal(f"DROP SCHEMA {RETL} CASCADE") == ""
