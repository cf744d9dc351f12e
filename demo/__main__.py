"""Run the demo: the reference DAG three times on a warehouse that looks real, and who can read what after it."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from demo import airflow_run, warehouse
from demo.segment import ProfilesSync
from local_redshift.running import Server, started

CHECKPOINT_DATABASE = "segment_linked_profiles_db"
FORM = {
    "profiles_sync": "segment_profiles.profiles_prod",
    "reverse_etl_database": "analytics",
    "reverse_etl_owner": "segment_retl",
}
CHANGES = re.compile(r"(?i)\s*(create|grant|revoke|alter|drop|insert|update|delete|truncate)\b")


class Screen:
    """Writes for a person, while everything else in this process writes to a log.

    :param log: the log.
    """

    def __init__(self, log: Path) -> None:
        self.log = log
        self.start = time.monotonic()
        self.terminal = os.fdopen(os.dup(1), "w", encoding="utf-8")

    def line(self, text: str = "") -> None:
        """Write a line.

        :param text: the line.
        """
        self.terminal.write(text + "\n")
        self.terminal.flush()

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Show what is being done, and how long it took.

        :param text: what is being done.
        """
        self.terminal.write(f"  {text} ... ")
        self.terminal.flush()
        begin = time.monotonic()
        yield
        self.line(f"{time.monotonic() - begin:.1f} s")

    def divert(self) -> None:
        """Send what this process and its children print to the log from now on."""
        sys.stdout.flush()
        sys.stderr.flush()
        output = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(output, 1)
        os.dup2(output, 2)

    def tail(self, lines: int = 40) -> None:
        """Show the end of the log.

        :param lines: how many lines.
        """
        self.line(f"\nThe end of {self.log}:")
        for line in self.log.read_text(errors="replace").splitlines()[-lines:]:
            self.line(f"    {line}")


def changes_since(server: Server, since: int) -> list[str]:
    """List the admin's changing statements since a mark.

    :param server: the local Redshift.
    :param since: the mark, a number of statements.
    :return: the statements; a hash is not shown.
    """
    found = [statement for statement in warehouse.history(server, since) if CHANGES.match(statement)]
    return [re.sub(r"PASSWORD '.*'", "PASSWORD '<hash>'", statement) for statement in found]


def show_run(screen: Screen, title: str, act: Callable[[], tuple[str, dict[str, Any]]], server: Server) -> bool:
    """Run the DAG once and show what reached the server.

    :param screen: the screen.
    :param title: what the run is for.
    :param act: runs the DAG.
    :param server: the local Redshift.
    :return: whether the run succeeded.
    """
    since = len(warehouse.history(server))
    with screen.step(title):
        state, summary = act()
    if state != "success":
        screen.line(f"    the run ended as: {state}")
        return False
    changes = changes_since(server, since)
    screen.line(f"    {len(changes)} changing statements reached Redshift; {summary['in_place']} things were in place")
    for statement in changes:
        screen.line(f"      {statement}")
    for finding in summary["findings"]:
        screen.line(f"      ! {finding['text']}")
        if finding["remedy"]:
            screen.line(f"        → {finding['remedy']}")
    screen.line()
    return True


def show_end(screen: Screen, server: Server, summary: dict[str, Any]) -> bool:
    """Show who can read what, and what to type into Segment.

    :param screen: the screen.
    :param server: the local Redshift.
    :param summary: the last run's summary.
    :return: whether exactly the closed schema is closed.
    """
    screen.line(f"Logged in as segment_linked_user, connected to {CHECKPOINT_DATABASE}, as Segment is:")
    rows = warehouse.matrix(server, CHECKPOINT_DATABASE)
    for path, refusal in rows:
        screen.line(f"  {'reads   ' if not refusal else 'REFUSED '} {'.'.join(path):<52} {refusal}".rstrip())
    screen.line()
    screen.line("What Segment's form asks for (Unify > Data Graph > Connect warehouse > Redshift):")
    for name, value in summary["segment"].items():
        screen.line(f"  {name.capitalize():<10} {value}")
    screen.line("  Password   as in the Airflow connection segment_linked_user")
    return all(bool(refusal) == (path[1] == "payroll") for path, refusal in rows)


class Runs:
    """The runs of the DAG, each shown as it ends.

    :param screen: the screen.
    :param server: the local Redshift.
    :param dag: the DAG.
    """

    def __init__(self, screen: Screen, server: Server, dag: Any) -> None:
        self.screen = screen
        self.server = server
        self.dag = dag
        self.last: dict[str, Any] = {}

    def run(self, title: str, *schemas: str) -> bool:
        """Run the DAG once.

        :param title: what the run is for.
        :param schemas: the schemas to open.
        :return: whether it succeeded.
        """

        def act() -> tuple[str, dict[str, Any]]:
            state, self.last = airflow_run.run_dag(self.dag, {**FORM, "schemas": list(schemas)})
            return state, self.last

        return show_run(self.screen, title, act, self.server)

    def run_while_segment_writes(self, title: str, *schemas: str) -> bool:
        """Run the DAG once, while Profiles Sync creates what it waits for.

        :param title: what the run is for.
        :param schemas: the schemas to open.
        :return: whether it succeeded.
        """
        segment = ProfilesSync(self.server)
        segment.start()
        try:
            done = self.run(title, *schemas)
        finally:
            segment.ended.set()
            segment.join()
        if segment.error is not None:
            raise segment.error
        return done


def play(screen: Screen, server: Server, home: Path) -> bool:
    """Play the three runs.

    :param screen: the screen.
    :param server: the local Redshift.
    :param home: Airflow's home.
    :return: whether everything went as it should.
    """
    with screen.step("A warehouse: analytics (crm, billing, devices, payroll) and segment_profiles"):
        warehouse.build(server)
    with screen.step("Airflow's database"):
        airflow_run.prepare_database(home, screen.log)
    with screen.step("The reference DAG, dags/segment_data_graph.py"):
        dag = airflow_run.load_dag()
    screen.line()
    runs = Runs(screen, server, dag)
    schemas = ["analytics.crm", "analytics.billing"]
    if not runs.run_while_segment_writes("Run 1: open crm and billing; wait while Profiles Sync writes", *schemas):
        return False
    warehouse.create_later_table(server)
    schemas.append("analytics.devices")
    if not runs.run("Run 2: one schema more, devices", *schemas):
        return False
    since = len(warehouse.history(server))
    if not runs.run("Run 3: the same again", *schemas):
        return False
    return show_end(screen, server, runs.last) and not changes_since(server, since)


def main() -> int:
    """Run the demo.

    :return: the exit code.
    """
    os.umask(0o077)
    run = Path(os.environ.get("DATAGRAPH_RUN", airflow_run.ROOT / ".run" / "demo"))
    home = run / "airflow"
    home.mkdir(parents=True, exist_ok=True)
    log = run / "airflow.log"
    log.write_bytes(b"")
    screen = Screen(log)
    screen.line("The main job, on a local Redshift (PostgreSQL underneath; no AWS, no Segment account)\n")
    screen.divert()
    try:
        with screen.step("A local Redshift"):
            context = started()
            server = context.__enter__()
        try:
            os.environ.update(airflow_run.settings(home, server))
            good = play(screen, server, home)
        finally:
            context.__exit__(None, None, None)
    except Exception as error:
        screen.line(f"\nThe demo failed: {error}")
        good = False
    if not good:
        screen.tail()
        return 1
    took = time.monotonic() - screen.start
    screen.line(f"\nAll as it should be, in {took:.0f} s. Airflow's log: {log.relative_to(airflow_run.ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
