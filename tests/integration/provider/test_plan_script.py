"""The plan that a task logs as SQL: who runs it by hand has what the task would have made."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from airflow_provider_datagraph.access.report import HASH, UNPRINTABLE, Report, script
from airflow_provider_datagraph.redshift.names import one_line
from airflow_provider_datagraph.redshift.statements import EXACT_NAMES
from tests.support.cluster import CLUSTER, Cluster
from tests.support.redshift import PASSWORD, quoted, run
from tests.support.segment import RETL, WAREHOUSE, Logged, Segment, codes, execute, gone, sent

LEAD = "The plan as SQL, to review, or for an administrator to run:\n"
CONNECT = "Connect to database "
TOKEN = re.compile(r"""-- (?P<comment>.*)|(?P<end>;)|(?P<text>"(?:[^"]|"")*"|'(?:[^']|'')*'|[^"';-]+|.)""")
ODD = 'odd "end"; --'
# What would open a schema to everybody, were it taken for a statement.
OPENING = "t\ngrant usage on schema payroll to public; --"


class World(Segment):
    """A warehouse with names of every kind, and a user who creates tables and may inherit."""

    def __init__(self, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
        self.writer = cluster.user("writer")
        made = cluster.database(
            *WAREHOUSE,
            f"CREATE TABLE crm.{quoted(ODD)} (id int)",
            *(f"CREATE SCHEMA {name}" for name in ('"we""b"', quoted(ODD), RETL)),
            """CREATE TABLE "we""b"."it's" (id int)""",
            f'CREATE TABLE "we""b".{quoted(OPENING)} (id int)',
            f'ALTER TABLE "we""b".{quoted(OPENING)} ROW LEVEL SECURITY ON',
            f"GRANT USAGE, CREATE ON SCHEMA crm, payroll, {quoted(ODD)} TO {self.writer}",
        )
        capitals = ('CREATE TABLE crm."Orders" (id int)', 'CREATE SCHEMA "Old"', 'CREATE TABLE "Old"."T" (id int)')
        cluster.exactly(made, *capitals)
        cluster.sql(made, "CREATE TABLE payroll.written (id int)", user=self.writer)
        super().__init__(cluster, monkeypatch, made)
        self.elsewhere = cluster.database("CREATE SCHEMA crm", "CREATE TABLE crm.leads (id int)")
        self.user = cluster.name('linked "user" of the.café')
        self.checkpoint = cluster.future_database('check "point" café')

    def enter(self) -> None:
        """Let Airflow's connections lead here, and leave none of the test's own in the way."""
        self.admin_connection()
        self.user_connection()
        self.cluster.close()

    def plan(self, task: Any, logged: Logged) -> tuple[dict[str, Any], str]:
        """A task's plan, which changes nothing, and the SQL that it logs."""
        self.enter()
        task.plan_only = True
        logged()
        report = execute(task)
        text = script(Report.parse(report, "x"))
        # Airflow 3 names the logger on the last line.
        assert re.search(re.escape(LEAD + text) + r"( *\[airflow\.task.*)?\n", logged())
        return report, text

    def carry_out(self, text: str) -> None:
        digest = hashlib.md5((PASSWORD + self.user).encode()).hexdigest()
        for database, statements in sections(text):
            with closing(self.cluster.connect(database)) as connection:
                run(connection, *(statement.replace("<hash>", f"md5{digest}") for statement in statements))

    def do(self, task: Any) -> None:
        self.enter()
        assert execute(task)["changed"] > 0

    def catalog(self) -> set[tuple[str, ...]]:
        """What anybody holds and owns in the databases, and what there is of role and user."""
        names = {self.role: "role", self.user: "user", self.writer: "writer"}
        databases = {self.warehouse: "warehouse", self.elsewhere: "elsewhere", self.checkpoint: "checkpoint"}
        rows = self.cluster.snapshot(*databases)
        mine = {row for row in rows[CLUSTER] if names.keys() & {*row}}
        mine = mine.union(*(rows.get(database, frozenset()) for database in databases))
        names |= databases
        return {tuple(names.get(part, part) for part in row) for row in mine}

    def reads_from_checkpoint(self, *path: str) -> bool:
        """Whether the linked user, logging in where Segment does, reads a table of the warehouse."""
        schema, table = path
        return self.cluster.can_read(self.user, (self.warehouse, schema, table), self.checkpoint)


def sections(text: str) -> Iterator[tuple[str, list[str]]]:
    """Read a script as SQL is read: the statements, beside the database that the comment before them names."""
    database, statement = "", ""
    statements: list[str] = []
    for token in TOKEN.finditer(text + f"\n-- {CONNECT}"):
        comment = token["comment"]
        if comment is not None and comment.startswith(CONNECT):
            assert not statement.strip()
            if statements:
                yield database, statements
            database, statements = comment.removeprefix(CONNECT), []
        elif token["end"]:
            statements.append(statement.strip())
            statement = ""
        else:
            statement += token["text"] or ""


def statements(text: str) -> list[str]:
    return [one for _, found in sections(text) for one in found if one != EXACT_NAMES]


@pytest.fixture
def by_hand(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(cluster, monkeypatch)


@pytest.fixture
def by_tasks(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(cluster, monkeypatch)


def setup(world: World) -> list[Any]:
    """All that the guide does, and each form of a grant."""
    return [
        world.create_role(),
        world.create_database(),
        world.grant_schema(schema=["crm", "billing"], tables=["crm.accounts"]),
        world.grant_schema(schema='"we""b"', future_tables="none"),
        world.grant_schema(schema="payroll", future_tables="default_privileges"),
        world.grant_reverse_etl(drop="all"),
    ]


def test_the_whole_setup_planned_at_once_and_run_by_hand(by_hand: World, by_tasks: World, logged: Logged) -> None:
    with by_hand.cluster.untouched():
        plans = [by_hand.plan(task, logged) for task in setup(by_hand)]
    for report, text in plans:
        assert statements(text) == sent(report)
        by_hand.carry_out(text)
    assert "'<hash>'" in plans[0][1] and HASH in plans[0][1]
    # What earlier scripts make is told as missing, and a table's name with a line end in it stays in its comment.
    assert [codes(report) for report, _ in plans[3:]] == [
        ["role_missing", "row_level_security"],
        *[["role_missing"]] * 2,
    ]
    assert OPENING not in plans[3][1] and OPENING.split("\n")[1] in plans[3][1]
    for task in setup(by_tasks):
        by_tasks.do(task)
    assert by_hand.catalog() == by_tasks.catalog()
    for world in (by_hand, by_tasks):
        assert world.cluster.logs_in(world.user, PASSWORD, world.checkpoint)
        open_ones = (("crm", "accounts"), ("billing", "invoices"), ('we"b', "it's"), ("payroll", "salaries"))
        assert all(world.reads_from_checkpoint(*path) for path in open_ones)
        assert not world.reads_from_checkpoint("crm", "contacts")
        world.sql("CREATE TABLE payroll.later (id int)", user=world.writer)
        assert world.reads_from_checkpoint("payroll", "later")
    # To the tasks, nothing is left to do.
    by_hand.enter()
    for task in setup(by_hand):
        task.fail_on_drift = True
        assert execute(task)["changes"] == []


def open_wide(world: World) -> None:
    role, user, writer, odd = world.role, quoted(world.user), world.writer, quoted(ODD)
    world.sql(
        f"CREATE ROLE {role}",
        f"CREATE USER {user} PASSWORD '{PASSWORD}'",
        f"GRANT ROLE {role} TO {user}",
        f"CREATE DATABASE {quoted(world.checkpoint)}",
        f"GRANT CREATE ON DATABASE {quoted(world.checkpoint)} TO ROLE {role}",
        f"GRANT USAGE, CREATE ON SCHEMA crm, billing, {odd} TO ROLE {role}",
        f"GRANT SELECT, INSERT ON crm.contacts, crm.{odd} TO ROLE {role}",
        f"GRANT ALL ON crm.contacts TO ROLE {role}",
        f"GRANT SELECT (id) ON crm.accounts TO ROLE {role}",
        f"GRANT SELECT FOR TABLES IN SCHEMA billing TO ROLE {role}",
        f"GRANT SELECT FOR TABLES IN SCHEMA {odd} TO ROLE {role}",
        *(
            f"ALTER DEFAULT PRIVILEGES FOR USER {writer} IN SCHEMA {schema} GRANT SELECT ON TABLES TO ROLE {role}"
            for schema in ("crm", odd)
        ),
        f"CREATE TABLE {odd}.{odd} (id int)",
        f"ALTER TABLE {odd}.{odd} OWNER TO {user}",
    )
    held = (f'GRANT SELECT ON crm."Orders" TO ROLE {role}', f'GRANT USAGE ON SCHEMA "Old" TO ROLE {role}')
    world.cluster.exactly(world.warehouse, *held)
    world.cluster.sql(
        world.elsewhere, f"GRANT USAGE ON SCHEMA crm TO ROLE {role}", f"GRANT SELECT ON crm.leads TO {user}"
    )


def taking(world: World) -> list[Any]:
    """Tasks that take something away, down to all of it."""
    return [
        world.grant_schema(schema="crm", tables=["accounts"], prune=True),
        world.close_schema(schema="billing"),
        world.drop_role(checkpoint_database=world.checkpoint, new_owner=world.writer, force=True),
    ]


def test_what_takes_away_is_run_by_hand_one_task_after_the_other(
    by_hand: World, by_tasks: World, logged: Logged
) -> None:
    open_wide(by_hand)
    open_wide(by_tasks)
    assert by_hand.catalog() == by_tasks.catalog()
    for at, (planning, doing) in enumerate(zip(taking(by_hand), taking(by_tasks), strict=True)):
        report, text = by_hand.plan(planning, logged)
        assert statements(text) == sent(report)
        assert {database for database, _ in sections(text)} == {by_hand.warehouse, *[by_hand.elsewhere][: at // 2]}
        by_hand.carry_out(text)
        by_tasks.do(doing)
        assert by_hand.catalog() == by_tasks.catalog(), at
        if at < 2:
            assert all(world.reads_from_checkpoint("crm", "accounts") for world in (by_hand, by_tasks))
            assert not by_hand.reads_from_checkpoint("crm", "contacts")
    for world in (by_hand, by_tasks):
        assert not world.cluster.logs_in(world.user, PASSWORD)
        assert gone(world)
        assert world.checkpoint not in world.cluster.existing_databases()
        world.sql(f"SELECT id FROM {quoted(ODD, ODD)}", user=world.writer)


def test_what_has_a_line_end_in_its_name_is_shown_and_not_run(by_hand: World, logged: Logged) -> None:
    open_wide(by_hand)
    name, told = quoted("crm", OPENING), quoted('we"b', OPENING)
    by_hand.sql(f"CREATE TABLE {name} (id int)", f"GRANT DELETE ON {name} TO ROLE {by_hand.role}")
    by_hand.sql(f"GRANT SELECT (id) ON {told} TO ROLE {by_hand.role}")
    report, text = by_hand.plan(by_hand.grant_schema(schema='"we""b"', future_tables="none"), logged)
    (finding,) = [row for row in report["findings"] if row["code"] == "column_grant"]
    assert finding["blocking"] and OPENING in finding["object"]
    assert statements(text) == sent(report) != []
    assert not any("public" in statement for statement in statements(text))
    assert [line for line in text.splitlines() if "public" in line and not line.startswith("-- ")] == []
    report, text = by_hand.plan(by_hand.grant_schema(schema="crm", tables=["accounts"], prune=True), logged)
    (evil,) = [statement for statement in sent(report) if "\n" in statement]
    assert evil.startswith(f"REVOKE DELETE ON TABLE {name} ")
    assert statements(text) == [statement for statement in sent(report) if statement != evil]
    assert text.splitlines().count(f"-- {one_line(evil)}") == text.splitlines().count(f"-- {UNPRINTABLE}") == 1
