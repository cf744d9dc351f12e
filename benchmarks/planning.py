"""How long a plan takes, and how much memory, for 1,000 schemas of 20 tables: `python benchmarks/planning.py`.

The catalog's rows are made here, so that the time is the package's own: reading rows into values, planning, and
planning again where everything is in place. The last line is a ratio: with twice as many schemas that lack USAGE alone
a plan should take twice as long.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Sequence
from typing import Any

from airflow_provider_datagraph.access.plan import Plan
from airflow_provider_datagraph.access.schemas.plan import plan_schemas
from airflow_provider_datagraph.access.schemas.read import read_schema_access
from airflow_provider_datagraph.access.schemas.values import DesiredSchema
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.values import Session

ALL = [f"schema_{number:04d}" for number in range(2000)]
SCHEMAS = ALL[:1000]
TABLES = tuple(f"table_{number:02d}" for number in range(20))
LISTED = [DesiredSchema(schema, TABLES) for schema in SCHEMAS]
WHOLE = [DesiredSchema(schema) for schema in SCHEMAS]


def warehouse(schemas: Sequence[str] = SCHEMAS, *, held: bool, usage_held: bool = True) -> Rows:
    """Make a catalog in which the role holds everything, or nothing.

    :param held: which of both.
    :param usage_held: whether USAGE is part of everything.
    """
    usage = [["role", "r", schema, "USAGE", "SCHEMA"] for schema in schemas if usage_held]
    scoped = [["role", "r", schema, "SELECT", "TABLES"] for schema in schemas]
    answers: dict[str, Sequence[Sequence[Any]]] = {
        "pg_user": [["admin", 100, True, True]],
        "svv_roles": [["r", "admin"]],
        "svv_all_schemas": [["dev", schema, 100, "local"] for schema in schemas],
        "svv_redshift_tables": [[s, t, "TABLE", "admin"] for s in schemas for t in TABLES],
        "svv_schema_privileges": usage + scoped if held else [],
        "svv_relation_privileges": [["role", "r", s, t, "SELECT"] for s in schemas for t in TABLES] if held else [],
    }
    return lambda sql: next((rows for view, rows in answers.items() if view in sql), [])


def once(desired: Sequence[DesiredSchema], rows: Rows) -> tuple[float, Plan]:
    """Read and plan; seconds, and the plan."""
    began = time.perf_counter()
    plan = plan_schemas(desired, "r", read_schema_access(rows, Session("admin", "dev"), "r", desired))
    return time.perf_counter() - began, plan


if __name__ == "__main__":
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for what, desired in (("whole schemas", WHOLE), ("listed tables", LISTED)):
        for held in (False, True):
            seconds, plan = once(desired, warehouse(held=held))
            state = "in place" if held else "lacking"
            sys.stdout.write(
                f"{what}, {state}: {seconds:.2f} s, {len(plan.steps)} statements, {plan.in_place} in place\n"
            )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(f"memory: {peak / 1024:.0f} MB at most, {(peak - before) / 1024:.0f} MB of it for this\n")
    closed = [
        once([DesiredSchema(s) for s in some], warehouse(some, held=True, usage_held=False))[0]
        for some in (SCHEMAS, ALL)
    ]
    sys.stdout.write(f"closed schemas: 2,000 take {closed[1] / closed[0]:.1f} times as long as 1,000\n")
