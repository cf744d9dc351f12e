"""Arguments that came to nothing, on every way to a task: none is taken for "all", or for a default."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, BaseOperator

from airflow_provider_datagraph.exceptions import MisconfigurationError
from tests.security.test_arguments_are_data import NEEDED, Instance, context_of, every_argument

# As the table of docs/operators.md has it.
MAY_BE_EMPTY = {
    ("CheckWarehouseOperator", "reverse_etl_database"),
    ("GrantReverseEtlOperator", "database"),
    ("DropSegmentRoleOperator", "checkpoint_database"),
    ("DropSegmentRoleOperator", "new_owner"),
}
FORMS = {"a text": "", "white space": " \n", "a template": "{{ params.nothing or '' }}"}
NATIVE = {"natively": "{{ params.nothing }}", "an empty text natively": "{{ '' }}"}


@pytest.fixture(autouse=True)
def no_admin(monkeypatch: pytest.MonkeyPatch) -> None:
    """A task ends at the admin connection, which nobody has defined."""
    monkeypatch.delenv("AIRFLOW_CONN_REDSHIFT_DEFAULT", raising=False)
    user = {"conn_type": "redshift", "login": "segment_user", "password": "x"}
    monkeypatch.setenv("AIRFLOW_CONN_SEGMENT_LINKED_USER", json.dumps(user))


def refused(kind: type[Any], given: dict[str, Any], native: bool = False, map_index: int = -1) -> set[str]:
    """Render and execute a task as a worker does: every sentence of its error; none where it succeeds."""
    ti = Instance(None)
    ti.map_index = map_index
    with DAG("nothing", schedule=None, render_template_as_native_obj=native):
        task = kind(task_id="task", **{**NEEDED.get(kind.__name__, {}), **given})
    context: Any = {**context_of(ti, task), "params": {"nothing": None}}
    task.render_template_fields(context)
    try:
        task.execute(context)
    except MisconfigurationError as error:
        return set(error.problems)
    return set()


def each_way(kind: type[BaseOperator], field: str) -> Iterator[tuple[str, set[str]]]:
    """What is said where an argument comes to nothing, by the way on which it does."""
    for way, value in FORMS.items():
        yield way, refused(kind, {field: value})
    for way, value in NATIVE.items():
        yield way, refused(kind, {field: value}, native=True)
    # As `expand(field=[None])` makes the instance of a mapped task.
    yield "mapped", refused(kind, {field: None}, map_index=0)
    if field not in NEEDED.get(kind.__name__, {}):
        yield "of the default arguments", refused(kind, {"default_args": {field: NATIVE["natively"]}}, native=True)


@every_argument
def test_what_came_to_nothing_is_refused(kind: type[BaseOperator], field: str) -> None:
    usual = refused(kind, {})
    for way, said in each_way(kind, field):
        allowed = (kind.__name__, field) in MAY_BE_EMPTY
        assert bool(said - usual) is not allowed, (way, said)


@every_argument
def test_what_the_author_left_out_has_its_default(kind: type[BaseOperator], field: str) -> None:
    if field not in NEEDED.get(kind.__name__, {}):
        # None in the DAG file says the same, where it is the default.
        default = getattr(kind(task_id="task", **NEEDED.get(kind.__name__, {})), field)
        assert refused(kind, {field: default}) == refused(kind, {}, map_index=0) == refused(kind, {})
