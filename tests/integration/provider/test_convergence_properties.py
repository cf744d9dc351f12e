"""Random warehouses: random desires, through the operator, and the audit; proved by the catalog and by login."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from random import Random
from typing import Any

import pytest
from redshift_connector.error import ProgrammingError

from airflow_provider_datagraph.exceptions import DriftRemainsError, MisconfigurationError
from local_redshift.running import Server
from tests.deep import usual_or_deep
from tests.integration.provider.random_warehouse import Cast, Warehouse
from tests.support.cluster import PRIVILEGES, Cluster
from tests.support.redshift import PASSWORD, quoted
from tests.support.segment import Segment, codes, execute, grant, planned

CASES, AUDITS = usual_or_deep(10, 300), usual_or_deep(6, 400)
READ, WRITE = "SELECT id, name FROM {} LIMIT 1", "INSERT INTO {} VALUES (1)"
UNNAMED = frozenset({"RULE", "TRIGGER"})
BLOCKING = {"column_grant", "writers_unknown", "writer_cannot_create"}
Row = tuple[str, ...]
Held = dict[tuple[str, ...], set[Row]]
"""Rows of the catalog, by the database and the identity that they are about."""
Desire = dict[str, Any]


@pytest.fixture(scope="module")
def cast(server: Server) -> Iterator[Cast]:
    cluster = Cluster(server)
    with pytest.MonkeyPatch.context() as monkeypatch:
        elsewhere = cluster.database("CREATE SCHEMA crm", "CREATE TABLE crm.orders (id int)")
        made = Cast.make(cluster, Segment(cluster, monkeypatch, elsewhere))
        yield made
        cluster.sql("dev", f"DROP GROUP {made.group}")
        cluster.clear()


@pytest.fixture
def warehouse(cast: Cast, case: int) -> Iterator[Warehouse]:
    cluster = cast.segment.cluster
    made = Warehouse(cast, Random(case), cluster.database(), cast.segment.warehouse)
    made.build()
    yield made
    cluster.close(made.database)
    cluster.sql("dev", f"DROP DATABASE {made.database}")
    cluster.databases.remove(made.database)


def rows(warehouse: Warehouse) -> Held:
    found: Held = {}
    here = (warehouse.database, warehouse.elsewhere)
    for database, held in warehouse.cast.segment.cluster.snapshot(*here).items():
        for *what, kind, name in held if database in here else ():
            if what[0] in (*PRIVILEGES, "svv_database_privileges"):
                found.setdefault((database, kind, name), set()).add(tuple(what))
    return found


def can(warehouse: Warehouse, statement: str, views: bool = True) -> set[Row]:
    """The tables for which a statement of the linked user, logged in anew, is accepted."""
    found: set[Row] = set()
    segment = warehouse.cast.segment
    with closing(segment.cluster.connect(warehouse.database, segment.user)) as connection:
        for schema, tables in warehouse.relations.items():
            for table in tables:
                if not views and table in warehouse.views[schema]:
                    continue
                try:
                    connection.cursor().execute(statement.format(quoted(schema, table)))
                except ProgrammingError as error:
                    assert error.args[0]["C"] == "42501", error
                else:
                    found.add((schema, table))
    return found


def spelled(name: str) -> str:
    return quoted(name) if "." in name or '"' in name else name


def random_desire(warehouse: Warehouse) -> Desire:
    random = warehouse.random
    schemas = random.sample(list(warehouse.relations), random.randint(1, len(warehouse.relations)))
    whole = {name: sorted(warehouse.relations[name]) for name in schemas}
    tables = {s: random.sample(t, random.randint(1, len(t))) for s, t in whole.items() if t and random.random() < 0.5}
    future = random.choice(("scoped", "none", "default_privileges"))
    given = future == "default_privileges" and random.random() < 0.4
    return {
        "schema": [spelled(name) for name in schemas],
        "tables": [f"{spelled(s)}.{spelled(t)}" for s, listed in tables.items() for t in listed] or None,
        "future_tables": future,
        "writers": list(warehouse.cast.writers[: random.randint(1, 2)]) if given else None,
        "prune": random.random() < 0.5,
    }


def wanted(desire: Desire, warehouse: Warehouse) -> set[Row]:
    found: set[Row] = set()
    for schema in named(desire, warehouse):
        found.add(("svv_schema_privileges", schema, "SCHEMA", "USAGE"))
        inside = {table: f"{spelled(schema)}.{spelled(table)}" for table in warehouse.relations[schema]}
        listed = [table for table, path in inside.items() if path in (desire["tables"] or ())] or None
        if listed is None and desire["future_tables"] == "scoped":
            found.add(("svv_schema_privileges", schema, "TABLES", "SELECT"))
            continue
        relations = warehouse.relations[schema]
        todays = [name for name in relations if listed is None or name in listed]
        found |= {("svv_relation_privileges", schema, table, "SELECT") for table in todays}
        if listed is None and desire["future_tables"] == "default_privileges":
            owners = {owner for table, owner in relations.items() if table not in warehouse.views[schema]}
            writers = desire["writers"] or owners | {warehouse.owners[schema]}
            found |= {("svv_default_privileges", schema, writer, "SELECT") for writer in writers}
    return found


def named(desire: Desire, warehouse: Warehouse) -> list[str]:
    return [name for name in warehouse.relations if spelled(name) in desire["schema"]]


def ways(row: Row, database: str) -> set[Row]:
    """What gives the same, on more."""
    schema, privilege = row[1], row[-1]
    if row[:3] == ("svv_schema_privileges", schema, "SCHEMA"):
        return {("svv_database_privileges", database, "SCHEMAS", privilege)}
    found: set[Row] = {("svv_database_privileges", database, "TABLES", privilege)}
    if row[0] != "svv_schema_privileges":
        found.add(("svv_schema_privileges", schema, "TABLES", privilege))
    if row[0] == "svv_default_privileges":
        found.add((row[0], "None", *row[2:]))
    return found


def apply(warehouse: Warehouse, desire: Desire, **more: Any) -> dict[str, Any]:
    return grant(warehouse.cast.segment, database=warehouse.database, **{**desire, **more})


@pytest.mark.parametrize("case", range(CASES))
def test_any_desire_from_any_state(warehouse: Warehouse) -> None:
    desire = random_desire(warehouse)
    shown = ";\n".join([*warehouse.said, f"-- {desire}"])
    before, readable, writable = rows(warehouse), can(warehouse, READ), can(warehouse, WRITE, views=False)
    plan = apply(warehouse, desire, plan_only=True)
    assert rows(warehouse) == before, shown
    if BLOCKING & set(codes(plan)):
        with pytest.raises(MisconfigurationError):
            apply(warehouse, desire)
        assert rows(warehouse) == before, shown
        return
    goal = wanted(desire, warehouse)
    stubborn = {
        ("svv_relation_privileges", *given) for given in warehouse.given if given[0] in named(desire, warehouse)
    }
    if desire["prune"] and stubborn - goal:
        with pytest.raises(DriftRemainsError):
            apply(warehouse, desire)
    else:
        assert planned(apply(warehouse, desire)) == planned(plan), shown
        assert apply(warehouse, desire, plan_only=True)["changes"] == [], shown
    after = rows(warehouse)
    check_rows(warehouse, before, after, goal, desire, shown)
    # What another grantor gave stays after a prune, and the error tells of it.
    known = {(schema, table) for _, schema, table, _ in stubborn}
    check_logins(warehouse, readable | known, writable | known, goal, plan, shown)


def check_logins(
    warehouse: Warehouse, readable: set[Row], writable: set[Row], goal: set[Row], plan: Any, shown: str
) -> None:
    """All that is desired is readable, and nothing else that wasn't, unless the plan told of it."""
    opened = {(row[1], row[2]) for row in goal if row[0] == "svv_relation_privileges"}
    whole = {row[1] for row in goal if row[2] == "TABLES"}
    opened |= {(schema, table) for schema in whole for table in warehouse.relations[schema]}
    now = can(warehouse, READ)
    assert opened <= now, shown
    more = (now - readable - opened) | (can(warehouse, WRITE, views=False) - writable)
    paths = {f"{warehouse.database}.{spelled(schema)}" for schema, _ in more}
    told = {finding["object"] for finding in plan["findings"] if finding["code"] == "opens_more"}
    assert paths <= told, shown


def check_rows(warehouse: Warehouse, before: Held, after: Held, goal: set[Row], desire: Desire, shown: str) -> None:
    """The role holds what it held and what is desired, or exactly that in the named schemas; nobody else changed."""
    database, role = warehouse.database, warehouse.cast.segment.role
    mine = (database, "role", role)
    assert {who: held for who, held in after.items() if who != mine} == {
        who: held for who, held in before.items() if who != mine
    }, shown
    had, has = before.get(mine, set()), after.get(mine, set())
    above = {row for parent in warehouse.parents for row in before.get((database, "role", parent), set())}
    if not desire["prune"]:
        satisfied = {row for row in goal if {row, *ways(row, database)} & (above | had)}
        assert had | (goal - satisfied) <= has <= had | goal, shown
        return
    schemas = named(desire, warehouse)
    wide = {row for row in had if row[1] in (database, "None")}
    satisfied = {row for row in goal - had if ({row} & above) or ways(row, database) & (above | wide)}
    kept = {row[:3] for row in goal if row[0] == "svv_relation_privileges"}
    unnamed = {row for row in had if row[-1] in UNNAMED and row[:3] in kept}
    stays = {("svv_relation_privileges", *given) for given in warehouse.given if given[0] in schemas}
    here = {row for row in has if row[1] in schemas}
    assert (goal - satisfied) | stays <= here <= goal | stays | unnamed, shown
    assert has - here == {row for row in had if row[1] not in schemas}, shown


ON_RELATION = {
    "SELECT": "SELECT * FROM {} WHERE FALSE",
    "SELECT on columns": "SELECT id FROM {} WHERE FALSE",
    "INSERT": "INSERT INTO {} (id) VALUES (1)",
    "UPDATE": "UPDATE {} SET id = 1 WHERE FALSE",
    "DELETE": "DELETE FROM {} WHERE FALSE",
    "TRUNCATE": "TRUNCATE TABLE {}",
    "DROP": "DROP TABLE {}",
}
"""What shows a privilege; each is rolled back."""
ON_PLACE = {"CREATE": "CREATE TABLE {}.probe (id int)"}


def things(warehouse: Warehouse) -> Iterator[tuple[Row, bool]]:
    """Every schema, table and view of every database, and whether it is a view."""
    cluster = warehouse.cast.segment.cluster
    for database in sorted(cluster.existing_databases()):
        schemas = dict(cluster.sql(database, "SELECT oid, nspname FROM pg_namespace"))
        own = {oid: name for oid, name in schemas.items() if not name.startswith(("pg_", "information_schema"))}
        for name in own.values():
            yield (database, name), False
        listed = cluster.sql(
            database, "SELECT relnamespace, relname, relkind FROM pg_class WHERE relkind IN ('r', 'v')"
        )
        for schema, name, kind in listed:
            if schema in own:
                yield (database, own[schema], name), kind == "v"
        cluster.close(database)


def found_by_logins(warehouse: Warehouse) -> set[Row]:
    found: set[Row] = set()
    segment = warehouse.cast.segment
    by_database: dict[str, list[tuple[Row, bool]]] = {}
    for path, view in things(warehouse):
        by_database.setdefault(path[0], []).append((path, view))
    for database, paths in by_database.items():
        with closing(segment.cluster.connect(database, segment.user)) as connection:
            connection.autocommit = False
            for path, view in paths:
                tries = ON_RELATION if len(path) == 3 else ON_PLACE
                for word, statement in tries.items():
                    if view and not word.startswith("SELECT"):
                        continue
                    state = ""
                    try:
                        connection.cursor().execute(statement.format(quoted(*path[1:])))
                    except ProgrammingError as error:
                        state = error.args[0]["C"]
                    connection.rollback()
                    # A view may need the table that could be dropped.
                    assert state in ("", "42501", "2BP01"), (path, word, state)
                    if state != "42501":
                        found.add((*path, word))
    return found


def found_by_audit(warehouse: Warehouse) -> set[Row]:
    """The same, as the audit's matrix has it."""
    report = execute(warehouse.cast.segment.audit())
    assert report["omitted"]["matrix"] == 0
    views = {path for path, view in things(warehouse) if view}
    found: set[Row] = set()
    for row in report["matrix"]:
        assert row["count"] == len(row["tables"])
        for word in row["privileges"]:
            found |= {(row["database"], row["schema"], table, word) for table in row["tables"]}
            if row["schema"] and not row["tables"] and word == "CREATE":
                found.add((row["database"], row["schema"], word))
    # Whoever reads or changes a table does so with each of its columns.
    found |= {(*path, "SELECT on columns") for *path, word in found if word == "SELECT"}
    found = {(*path, "UPDATE" if word == "UPDATE on columns" else word) for *path, word in found}
    return {
        (*path, word)
        for *path, word in found
        if word in ({*ON_RELATION} if tuple(path) not in views else {"SELECT", "SELECT on columns"}) or len(path) == 2
    }


@pytest.mark.parametrize("case", range(AUDITS))
def test_an_audit_finds_what_logins_find(warehouse: Warehouse) -> None:
    random, cluster, user = warehouse.random, warehouse.cast.segment.cluster, warehouse.cast.segment.user
    owned = [quoted(s, t) for s, tables in warehouse.relations.items() for t in tables if t not in warehouse.views[s]]
    for table in random.sample(owned, min(len(owned), random.randrange(3))):
        warehouse.sql(f"ALTER TABLE {table} OWNER TO {user}")
    member = random.random() < 0.8
    if not member:
        cluster.sql("dev", f"REVOKE ROLE {warehouse.cast.segment.role} FROM {user}")
    if random.random() < 0.3:
        # Then the linked user reads what it may do itself.
        warehouse.cast.segment.admin_connection(login=warehouse.cast.giver, password=PASSWORD)
    shown = ";\n".join(warehouse.said)
    assert found_by_audit(warehouse) == found_by_logins(warehouse), shown
    warehouse.cast.segment.admin_connection()
    if not member:
        cluster.sql("dev", f"GRANT ROLE {warehouse.cast.segment.role} TO {user}")
