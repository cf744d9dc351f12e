"""Random warehouses and random desires, through the operator, proved by the catalog and by login."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from airflow_provider_datagraph.operators.schema import GrantSchemaOperator
from local_redshift.running import Server
from tests.integration.provider.support import Cluster, Segment, run

CASES = int(os.environ.get("CONVERGENCE_CASES", "50"))
SCHEMAS = ("one", "two", "three")
TABLES = ("a", "b", "c")
COLUMNS = "(id int, name varchar(10))"
READ, WRITE = "SELECT id, name FROM {} LIMIT 1", "INSERT INTO {} VALUES (1)"
UNNAMED = frozenset({"RULE", "TRIGGER"})
Row = tuple[str, ...]
Held = dict[Row, set[Row]]
"""Rows of the catalog, by the identity that they are about."""
VIEWS = {
    "svv_schema_privileges": "namespace_name, privilege_scope, privilege_type, identity_type, identity_name",
    "svv_relation_privileges": "namespace_name, relation_name, privilege_type, identity_type, identity_name",
    "svv_column_privileges": "namespace_name, relation_name, column_name, privilege_type, identity_type, identity_name",
    "svv_default_privileges": "schema_name, owner_name, privilege_type, grantee_type, grantee_name",
    "svv_database_privileges": "database_name, privilege_scope, privilege_type, identity_type, identity_name",
}


@dataclass
class World:
    """A database in which every case grants and takes back at random."""

    segment: Segment
    writer: str
    other: str
    parent: str
    random: Random
    said: list[str]

    def sql(self, *statements: str) -> None:
        self.said += [text for text in statements if "REVOKE" not in text]
        self.segment.cluster.sql(self.segment.warehouse, *statements)

    def rows(self) -> Held:
        """What each identity holds, by its type and name."""
        found: Held = {}
        for view, columns in VIEWS.items():
            for row in self.segment.cluster.sql(self.segment.warehouse, f"SELECT {columns} FROM {view}"):
                *what, kind, name = map(str, row)
                found.setdefault((kind, name), set()).add((view, *what))
        return found

    def own(self) -> set[Row]:
        return self.rows().get(("role", self.segment.role), set())

    def can(self, statement: str) -> set[Row]:
        """The tables for which a statement of the linked user is accepted."""
        cluster = self.segment.cluster
        found: set[Row] = set()
        for schema in SCHEMAS:
            for table in TABLES:
                sent = statement.format(f"{schema}.{table}")
                if cluster.refusal(self.segment.user, sent, self.segment.warehouse) == "":
                    found.add((schema, table))
        return found


@pytest.fixture(scope="module")
def world(server: Server) -> Iterator[World]:
    cluster = Cluster(server)
    with pytest.MonkeyPatch.context() as monkeypatch:
        segment = Segment(cluster, monkeypatch, cluster.database())
        segment.make_identities()
        writer, other, parent = cluster.user("writer"), cluster.role("other"), cluster.role("parent")
        cluster.sql("dev", f"GRANT ROLE {parent} TO ROLE {segment.role}")
        for schema in SCHEMAS:
            cluster.sql(
                segment.warehouse, f"CREATE SCHEMA {schema}", f"GRANT USAGE, CREATE ON SCHEMA {schema} TO {writer}"
            )
            for number, table in enumerate(TABLES):
                owner = writer if number else None
                cluster.sql(segment.warehouse, f"CREATE TABLE {schema}.{table} {COLUMNS}", user=owner)
        yield World(segment, writer, other, parent, Random(), [])
        cluster.drop_databases()
        cluster.drop_identities(cluster.identities)


def random_grants(world: World) -> Iterator[str]:
    """Take all away, and grant a little of every kind to the role and to others."""
    random, role = world.random, world.segment.role
    everybody = [f"ROLE {role}", f"ROLE {world.other}", f"ROLE {world.parent}", "PUBLIC"]
    for schema in SCHEMAS:
        for who in everybody:
            yield f"REVOKE ALL ON SCHEMA {schema} FROM {who}"
            yield f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {who}"
            if who != "PUBLIC":
                yield f"REVOKE ALL FOR TABLES IN SCHEMA {schema} FROM {who}"
        yield (
            f"ALTER DEFAULT PRIVILEGES FOR USER {world.writer} IN SCHEMA {schema} REVOKE ALL ON TABLES FROM ROLE {role}"
        )
    for _ in range(random.randrange(8)):
        schema, table = random.choice(SCHEMAS), random.choice(TABLES)
        who = random.choice([*everybody, f"ROLE {role}", f"ROLE {role}"])
        word = random.choice(("SELECT", "SELECT", "INSERT", "DELETE", "ALL"))
        kinds = [
            f"GRANT {random.choice(('USAGE', 'CREATE'))} ON SCHEMA {schema} TO {who}",
            f"GRANT {word} ON TABLE {schema}.{table} TO {who}",
            f"GRANT SELECT (id) ON TABLE {schema}.{table} TO {who}",
        ]
        if who != "PUBLIC":
            kinds.append(f"GRANT {word} FOR TABLES IN SCHEMA {schema} TO {who}")
        if who == f"ROLE {role}":
            head = f"ALTER DEFAULT PRIVILEGES FOR USER {world.writer} IN SCHEMA {schema}"
            kinds.append(f"{head} GRANT SELECT ON TABLES TO {who}")
        yield random.choice(kinds)


def random_desire(world: World) -> dict[str, Any]:
    random = world.random
    schemas = random.sample(SCHEMAS, random.randint(1, 3))
    tables = {s: random.sample(TABLES, random.randint(1, 3)) for s in schemas if random.random() < 0.5}
    return {
        "schema": schemas,
        "tables": tables or None,
        "future_tables": random.choice(("scoped", "none", "default_privileges")),
        "prune": random.random() < 0.5,
    }


def wanted(desire: dict[str, Any], world: World) -> set[Row]:
    """The rows that the catalog should have."""
    found: set[Row] = set()
    for schema in desire["schema"]:
        found.add(("svv_schema_privileges", schema, "SCHEMA", "USAGE"))
        listed = (desire["tables"] or {}).get(schema)
        if listed is None and desire["future_tables"] == "scoped":
            found.add(("svv_schema_privileges", schema, "TABLES", "SELECT"))
            continue
        found |= {("svv_relation_privileges", schema, table, "SELECT") for table in listed or TABLES}
        if listed is None and desire["future_tables"] == "default_privileges":
            owners = ("awsuser", world.writer)
            found |= {("svv_default_privileges", schema, owner, "SELECT") for owner in owners}
    return found


def wider(row: Row) -> Row:
    """The permission on all tables of the schema that gives the same."""
    return ("svv_schema_privileges", row[1], "TABLES", row[-1])


def apply(world: World, desire: dict[str, Any], **more: Any) -> dict[str, Any]:
    operator = GrantSchemaOperator(
        task_id="grant", database=world.segment.warehouse, role=world.segment.role, **{**desire, **more}
    )
    return run(operator)


@pytest.mark.parametrize("case", range(CASES))
def test_any_desire_from_any_state(world: World, case: int) -> None:
    world.random, world.said = Random(case), []
    for statement in random_grants(world):
        try:
            world.sql(statement)
        except Exception as error:
            # Redshift's own refusal: a table-level grant over one on a column.
            assert "column" in str(error), error
    desire = random_desire(world)
    shown = ";\n".join([*world.said, f"-- {desire}"])
    before, readable, writable = world.rows(), world.can(READ), world.can(WRITE)
    plan = apply(world, desire, plan_only=True)
    if any(finding["code"] == "column_grant" for finding in plan["findings"]):
        assert not desire["prune"], shown
        return
    apply(world, desire)
    after, goal = world.rows(), wanted(desire, world)
    check_rows(world, before, after, goal, desire, shown)
    assert apply(world, desire, plan_only=True)["planned"] == [], shown
    opened = {(row[1], row[2]) for row in goal if row[0] == "svv_relation_privileges"}
    opened |= {(row[1], table) for row in goal if row[2] == "TABLES" for table in TABLES}
    now = world.can(READ)
    assert opened <= now, shown
    # USAGE on a schema that was closed also opens what the role held there already.
    dormant = {(s, t) for s in desire["schema"] for t in TABLES if may(before, after, world, s, t, "SELECT")}
    assert now <= readable | opened | dormant, shown
    writing = {(s, t) for s in desire["schema"] for t in TABLES if may(before, after, world, s, t, "INSERT")}
    assert world.can(WRITE) <= writable | writing, shown


def may(before: Held, after: Held, world: World, schema: str, table: str, word: str) -> bool:
    """Whether a privilege on the table was there before, and is still."""
    ways = {("svv_relation_privileges", schema, table, word), ("svv_schema_privileges", schema, "TABLES", word)}
    holders = [("role", world.segment.role), ("role", world.parent), ("public", "public")]
    return any(ways & before.get(who, set()) & after.get(who, set()) for who in holders)


def check_rows(world: World, before: Held, after: Held, goal: set[Row], desire: Any, shown: str) -> None:
    mine, parent = ("role", world.segment.role), before.get(("role", world.parent), set())
    others = {who: rows for who, rows in before.items() if who != mine}
    assert {who: rows for who, rows in after.items() if who != mine} == others, shown
    had, has = before.get(mine, set()), after.get(mine, set())
    if not desire["prune"]:
        satisfied = {row for row in goal if {row, wider(row)} & (parent | had)}
        assert had | (goal - satisfied) <= has <= had | goal, shown
        return
    named = {row for row in has if row[1] in desire["schema"] and row[-1] not in UNNAMED}
    satisfied = {row for row in goal - had if {row, wider(row)} & parent}
    assert named - satisfied == goal - satisfied, shown
    assert {r for r in has if r[1] not in desire["schema"]} == {r for r in had if r[1] not in desire["schema"]}, shown
