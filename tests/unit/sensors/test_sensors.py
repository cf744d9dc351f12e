"""Sensors and their trigger, as far as they reach no server."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.triggers.base import BaseTrigger

from airflow_provider_datagraph.redshift.names import InvalidInput
from airflow_provider_datagraph.sensors.access import read_paths
from airflow_provider_datagraph.triggers.poll import PollTrigger


class Bare(BaseTrigger):
    """What Airflow's triggers have at the least."""

    def serialize(self) -> Any:
        """Nothing."""

    def run(self) -> Any:
        """Nothing."""


def test_the_trigger_has_what_airflow_s_have() -> None:
    trigger = PollTrigger("access", {"tables": []}, 5.0, 9.0)
    bare: Any = Bare
    assert vars(bare()).keys() <= vars(trigger).keys()
    path, arguments = trigger.serialize()
    assert path == "airflow_provider_datagraph.triggers.poll.PollTrigger"
    assert arguments == {"probe": "access", "arguments": {"tables": []}, "poke_interval": 5.0, "deadline": 9.0}


@pytest.mark.parametrize(
    ("entry", "to_tables", "told"),
    [
        ("pg_catalog", False, "The schema 'pg_catalog' belongs to Redshift itself"),
        ("dev.pg_catalog", False, "The schema 'pg_catalog' belongs to Redshift itself"),
        ("pg_catalog.t", True, "The schema 'pg_catalog' belongs to Redshift itself"),
        ("template0.crm", False, "The database 'template0' belongs to Redshift itself"),
        ("a.b.c", False, "tables has the entry 'a.b.c': write schema or database.schema."),
        ("a", True, "tables has the entry 'a': write schema.table or database.schema.table."),
        ("a.b.c.d", True, "tables has the entry 'a.b.c.d': write schema.table or database.schema.table."),
        ("a.\x07", True, "The table name '\\x07' holds a character"),
    ],
)
def test_a_path_is_a_schemas_or_a_tables(entry: str, to_tables: bool, told: str) -> None:
    with pytest.raises(InvalidInput) as error:
        read_paths([entry], "tables", to_tables)
    assert [problem[: len(told)] for problem in error.value.problems] == [told]
    assert read_paths(["a.b"], "tables", to_tables) == ["a.b"]
