"""One of several processes that apply at once: its own role, a new desire each time, on schemas that all share."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import redshift_connector
from redshift_connector.error import Error

from airflow_provider_datagraph.engine import retrying
from airflow_provider_datagraph.operators.schema import GrantSchemaOperator

CONFLICTS = {"XX000", "40P01", "23505"}
Desire = dict[str, Any]


class Counter(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += record.getMessage().startswith("Another transaction conflicts")


def desires(random: Random, schemas: list[str], tables: list[str], number: int) -> list[Desire]:
    """Grow, shrink, switch between lists and all tables; what goes is pruned. None is the one before it again."""
    found: list[Desire] = [{}]
    while len(found) <= number:
        listed = [f"{s}.{one}" for s in schemas for one in random.sample(tables, random.randint(1, len(tables)))]
        whole = {"tables": None, "future_tables": random.choice(("scoped", "none", "default_privileges"))}
        desire = random.choice(({"tables": listed, "future_tables": "none"}, whole))
        if desire != found[-1]:
            found.append(desire)
    return found[1:]


def apply(role: str, schemas: list[str], wanted: list[Desire], environment: Mapping[str, str]) -> int:
    """Apply one desire after the other, through the operator; how often it was told to start again."""
    os.environ.update(environment)
    counter = Counter()
    logger = logging.getLogger(retrying.__name__)
    logger.addHandler(counter)
    logger.setLevel(logging.INFO)
    for desire in wanted:
        GrantSchemaOperator(task_id="grant", schema=schemas, role=role, prune=True, **desire).execute({})
    return counter.count


def change_defaults(connect: Mapping[str, Any], statements: list[str], end: Path) -> int:
    """Send statements by the driver alone, in turn, until a file is there; how many were accepted."""
    connection = redshift_connector.connect(**connect)
    connection.autocommit = True
    accepted = 0
    while not end.exists():
        try:
            connection.cursor().execute(statements[accepted % len(statements)])
            accepted += 1
        except Error as error:
            if error.args[0]["C"] not in CONFLICTS:
                raise
        time.sleep(0.02)
    connection.close()
    return accepted
