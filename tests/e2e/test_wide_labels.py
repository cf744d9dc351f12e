"""A mapped task over many schemas succeeds on a database that holds its label to a length."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.dags.warehouse import WRITER_PASSWORD, readable
from tests.e2e.scene import Evidence
from tests.e2e.wide import DAGS, SCHEMAS
from tests.support.cluster import Path

each_dag = pytest.mark.parametrize("dag_id", DAGS)


def opened(evidence: Evidence, database: str, user: str) -> set[str]:
    """Log in as a user of that name, and read each schema of a database."""
    scene = evidence.scenes[0].warehouse
    warehouse = replace(scene, names=replace(scene.names, user=f"{user}_user"), password=WRITER_PASSWORD)
    paths: list[Path] = [(database, schema, "things") for schema in SCHEMAS]
    return {schema for (_, schema, _), read in readable(warehouse, paths).items() if read}


def test_the_database_limits_a_label(evidence: Evidence) -> None:
    column = "table_name = 'task_instance' AND column_name = 'rendered_map_index'"
    query = f"SELECT character_maximum_length FROM information_schema.columns WHERE {column}"
    assert evidence.left.metadata.run(query) == [(250,)]
    assert len(", ".join(SCHEMAS)) > 10_000


@each_dag
def test_it_succeeds_with_a_short_label(evidence: Evidence, dag_id: str) -> None:
    query = "SELECT state, rendered_map_index FROM task_instance WHERE dag_id = %s"
    [(state, label)] = evidence.left.metadata.run(query, dag_id)
    assert state == "success"
    assert label.startswith(f"200 schemas of {dag_id}: ")
    assert len(label) <= 100


@each_dag
def test_all_are_open_to_its_user_and_to_no_other(evidence: Evidence, dag_id: str) -> None:
    assert len(opened(evidence, dag_id, dag_id)) == 200
    [other] = DAGS.keys() - {dag_id}
    assert opened(evidence, dag_id, other) == set()
