"""A mapped task over many schemas succeeds on a database that holds its label to a length."""

from __future__ import annotations

from dataclasses import replace

from tests.dags.warehouse import WRITER_PASSWORD, readable
from tests.e2e.scene import WIDE, Evidence
from tests.support.cluster import Path


def test_it_succeeds_with_a_short_label_and_all_are_open(evidence: Evidence) -> None:
    column = "table_name = 'task_instance' AND column_name = 'rendered_map_index'"
    query = f"SELECT character_maximum_length FROM information_schema.columns WHERE {column}"
    assert evidence.left.metadata.run(query) == [(250,)]
    assert len(", ".join(WIDE)) > 10_000
    query = "SELECT state, rendered_map_index FROM task_instance WHERE dag_id = 'wide'"
    [(state, label)] = evidence.left.metadata.run(query)
    assert state == "success"
    assert label.startswith("Schemas wide.")
    assert len(label) <= 100
    scene = evidence.scenes[0].warehouse
    warehouse = replace(scene, names=replace(scene.names, user="wide_user"), password=WRITER_PASSWORD)
    paths: list[Path] = [("wide", schema, "things") for schema in WIDE]
    assert readable(warehouse, paths) == dict.fromkeys(paths, True)
