"""The runs that several tests look at."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from local_redshift.running import Server
from tests.dags.airflow_process import Airflow, Outcome
from tests.dags.warehouse import Warehouse, build, profiles_sync_begins

# What the searches are for: characters that URL, JSON and base64 write differently.
ADMIN_PASSWORD = f"Adm1n+%&{secrets.token_hex(8)}<>"
LINKED_PASSWORD = f"L1nked+%&{secrets.token_hex(8)}<>"
PLANTED = f"Pl4nted+%&{secrets.token_hex(8)}<>"
SHIPPED, DAG_ID = "segment_data_graph", "unpinned"
PINNED = {"role": "segment_linked_role", "checkpoint_database": "segment_linked_profiles_db"}
"""By the file that is shipped, so that its form hasn't got them."""


@dataclass(frozen=True)
class Story:
    """One warehouse, and run after run of the reference DAG on it.

    :param looks: those for Profiles Sync's tables, before there was one.
    """

    warehouse: Warehouse
    plan: Outcome
    first: Outcome
    looks: list[str]
    again: Outcome
    more: Outcome


def as_planned(report: dict[str, Any]) -> list[dict[str, Any]]:
    """What a report says of its changes, without what a plan can't: that they are made, and which tables lacked it."""
    return [{**row, "text": "", "applied": False} for row in report["changes"]]


def run(airflow: Airflow, warehouse: Warehouse, *schemas: str, **form: object) -> Outcome:
    """Run the reference DAG once, with everything on its form."""
    sent = warehouse.listening()
    return airflow.run(DAG_ID, warehouse.form(*schemas, **form), warehouse.connections(), sent)


def run_shipped(run: Callable[..., Outcome], warehouse: Warehouse, *schemas: str, **form: object) -> Outcome:
    """Run the reference DAG's own file once, on a warehouse that has its names."""
    sent, conf = warehouse.listening(), warehouse.form(*schemas, **form)
    assert {name: conf.pop(name) for name in PINNED} == PINNED
    return run(SHIPPED, conf, warehouse.connections(), sent)


def entries(warehouse: Warehouse) -> list[str]:
    """What the first run opens: entries of every form, in two databases and the admin's own."""
    names = warehouse.names
    return [
        f"{names.analytics.upper()}.CRM",
        f"{names.analytics}.billing.invoices",
        f'{names.analytics}."My.Schema"',
        f"{names.ops}.devices",
        names.own_schema,
    ]


def tell_story(airflow: Airflow, server: Server) -> Story:
    """A plan, the job itself while Segment writes, the same by the command line, and one schema more."""
    warehouse = build(server, LINKED_PASSWORD)
    names = replace(warehouse.names, role=PINNED["role"], checkpoint=PINNED["checkpoint_database"])
    warehouse = replace(warehouse, names=names)
    first, more = entries(warehouse), [*entries(warehouse), f"{warehouse.names.ops}.depots"]
    retl = {"reverse_etl_database": warehouse.names.analytics, "reverse_etl_owner": warehouse.names.retl}
    plan = run_shipped(airflow.run, warehouse, *first, **retl, plan_only=True)
    with profiles_sync_begins(warehouse) as looks:
        done = run_shipped(airflow.run, warehouse, *first, **retl)
    again = run_shipped(airflow.run_command, warehouse, *first, **retl)
    return Story(warehouse, plan, done, looks, again, run_shipped(airflow.run, warehouse, *more, **retl))
