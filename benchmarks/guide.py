"""What Segment's guide costs, three ways: `make bench`, or `python benchmarks/guide.py [numbers of schemas]`.

Role, user, checkpoint database and schemas, for the first time and again: with this package's operators, with the
guide's statements by hand (the plain driver), and with the same statements in a SQLExecuteQueryOperator, all on one
local Redshift, which counts what it receives. Without numbers it writes docs/performance.json and .svg, and the table
in docs/performance.md. By hand nothing runs twice: what exists is an error there.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import BaseHook
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

from airflow_provider_datagraph.operators.database import CreateCheckpointDatabaseOperator
from airflow_provider_datagraph.operators.role import CreateSegmentRoleOperator
from airflow_provider_datagraph.operators.schema import GrantSchemaOperator
from local_redshift.running import Server, started
from tests.support.redshift import PASSWORD, admin_fields, connect
from tests.support.redshift import run as send

DOCS = Path(__file__).parent.parent / "docs"
NUMBERS, LATENCIES, NEVER = (1, 10, 100, 1000), (0, 40), 10**9
# What the server counts: a login isn't a statement, and what sets a session of the package up is counted by itself.
COUNTED = {"statements": "^(?!-- login|select set_config)", "connections": "^-- login"}
Row = dict[str, Any]


def guide(name: str, schemas: Iterable[str]) -> Iterator[str]:
    """Segment's statements, in its order: https://segment.com/docs/unify/data-graph/setup-guides/redshift-setup/"""
    yield f"CREATE ROLE {name}_role"
    yield f"CREATE USER {name}_user PASSWORD '{PASSWORD}'"
    yield f"GRANT ROLE {name}_role TO {name}_user"
    yield f"CREATE DATABASE {name}_db"
    yield f"GRANT CREATE ON DATABASE {name}_db TO ROLE {name}_role"
    for schema in schemas:
        yield f"GRANT USAGE ON SCHEMA {schema} TO ROLE {name}_role"
        yield f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO ROLE {name}_role"


def ours(name: str, schemas: list[str]) -> None:
    """Run this package's tasks, as Airflow does."""
    fields = {"conn_type": "redshift", "login": f"{name}_user", "password": PASSWORD, "schema": f"{name}_db"}
    os.environ["AIRFLOW_CONN_SEGMENT_LINKED_USER"] = json.dumps(fields)
    role = f"{name}_role"
    for task in (
        CreateSegmentRoleOperator(task_id="role", role=role),
        CreateCheckpointDatabaseOperator(task_id="database", checkpoint_database=f"{name}_db", role=role),
        GrantSchemaOperator(task_id="grant", schema=schemas, role=role),
    ):
        task.execute({})


def by_hand(server: Server, name: str, schemas: list[str]) -> None:
    """Send the guide's statements over one connection."""
    with closing(connect(server)) as connection:
        send(connection, *guide(name, schemas))


def operator(name: str, schemas: list[str]) -> None:
    """Send them as Airflow's own operator does."""
    statements = list(guide(name, schemas))
    task: Any = SQLExecuteQueryOperator(task_id="guide", conn_id="redshift_default", sql=statements, autocommit=True)
    task.execute({})


@contextmanager
def counted(server: Server, row: Row) -> Iterator[None]:
    """Count what a way costs, without what counting costs."""
    faults = {what: server.faults.delay(pattern, 0.0, nth=NEVER) for what, pattern in COUNTED.items()}
    before, began = server.faults.exchanges, time.perf_counter()
    yield
    row["seconds"] = round(time.perf_counter() - began, 2)
    row["exchanges"] = server.faults.exchanges - before
    row |= {what: fault.seen for what, fault in faults.items()}
    server.faults.clear()


def measure(server: Server, latency: int, numbers: Iterable[int]) -> Iterator[Row]:
    """Measure each way; the server adds so many ms to an exchange."""
    os.environ["AIRFLOW_CONN_REDSHIFT_DEFAULT"] = json.dumps(admin_fields(server, server.database))
    # What is imported once isn't what a way costs.
    admin: Any = BaseHook.get_connection("redshift_default")
    admin.get_hook()
    CreateSegmentRoleOperator(task_id="role").hook()
    for number in numbers:
        schemas = [f"s{number}_{at}" for at in range(number)]
        with closing(connect(server)) as connection:
            for schema in schemas:
                send(connection, f"CREATE SCHEMA {schema}", f"CREATE TABLE {schema}.t (id int)")
        ways: dict[str, Callable[[str, list[str]], None]] = {
            "by hand": partial(by_hand, server),
            "SQLExecuteQueryOperator": operator,
            "this package": ours,
            "this package, again": ours,
        }
        for way, run in ways.items():
            row: Row = {"schemas": number, "ms": latency, "way": way}
            with counted(server, row):
                run(f"n{number}_{way[0]}", schemas)
            yield row


def both(rows: Sequence[Row]) -> Iterator[tuple[Row, str]]:
    """Each row at the first latency, with its seconds at all of them; what is counted is the same at each."""
    for row in rows:
        if row["ms"] == LATENCIES[0]:
            same = [one for one in rows if (one["schemas"], one["way"]) == (row["schemas"], row["way"])]
            assert len({one["exchanges"] for one in same}) == 1, same
            yield row, ", ".join(f"{one['seconds']:.1f}" for one in same)


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown."""
    latencies = ", ".join(f"{ms} ms" for ms in LATENCIES)
    head = ("schemas", "way", "exchanges", "of by hand", "statements", "connections", f"(seconds at {latencies})")
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    hand = {row["schemas"]: row["exchanges"] for row in rows if row["way"] == "by hand"}
    for row, seconds in both(rows):
        ratio = f"{row['exchanges'] / hand[row['schemas']]:.2f}"
        counts = (row["exchanges"], ratio, row["statements"], row["connections"])
        lines.append(f"| {row['schemas']} | {row['way']} | {' | '.join(map(str, counts))} | ({seconds}) |")
    return "\n".join(lines)


def plot(rows: Sequence[Row]) -> str:
    """The exchanges as SVG: a group of bars for each number of schemas, each group in its own scale."""
    most: dict[int, int] = {}
    for row in rows:
        most[row["schemas"]] = max(most.get(row["schemas"], 0), row["exchanges"])
    parts, y = [], 0
    for row, _ in both(rows):
        if row["way"] == "by hand":
            y += 34
            parts.append(f'<text x="0" y="{y - 6}" font-weight="bold">schemas: {row["schemas"]}</text>')
        width, kind = 400 * row["exchanges"] / most[row["schemas"]], "ours" if "package" in row["way"] else "theirs"
        parts.append(f'<text x="170" y="{y + 13}" text-anchor="end">{row["way"]}</text>')
        parts.append(f'<rect class="{kind}" x="180" y="{y + 1}" width="{width:.1f}" height="16"/>')
        parts.append(f'<text x="{186 + width:.1f}" y="{y + 13}">{row["exchanges"]:,} exchanges</text>')
        y += 20
    style = (
        "text{font:12px sans-serif;fill:#24292f}.ours{fill:#1a7f37}.theirs{fill:#8c959f}"
        "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.ours{fill:#3fb950}}"
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 700 {y + 6}" role="img">'
    title = "<title>Exchanges with the server, by way and number of schemas</title>"
    return "\n".join([head, title, f"<style>{style}</style>", *parts, "</svg>\n"])


def write(rows: Sequence[Row], docs: Path = DOCS) -> None:
    """Write what the docs show."""
    (docs / "performance.json").write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n")
    (docs / "performance.svg").write_text(plot(rows))
    page = docs / "performance.md"
    page.write_text(re.sub(r"\| schemas \|.*?\n(?!\|)", table(rows) + "\n", page.read_text(), flags=re.DOTALL))


def main(numbers: Sequence[int]) -> list[Row]:
    """Measure everything, and tell it as it comes."""
    rows: list[Row] = []
    for latency in LATENCIES:
        with started(faults=True, latency_ms=latency) as server:
            for row in measure(server, latency, numbers):
                rows.append(row)
                sys.stdout.write(f"{json.dumps(row)}\n")
                sys.stdout.flush()
    sys.stdout.write(table(rows) + "\n")
    return rows


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    measured = main(given or NUMBERS)
    if not given:
        write(measured)
