"""Arguments that came to nothing, on every way to a task: none is taken for "all", or for a default."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, BaseOperator, TaskGroup

from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.operators.schema import GrantSchemaOperator
from airflow_provider_datagraph.xcom import is_mapped
from tests.security.test_arguments_are_data import NEEDED, Instance, context_of, every_argument
from tests.unit.test_public_names import TASKS

# As the table of docs/operators.md has it.
MAY_BE_EMPTY = {
    *(("CheckWarehouseOperator", field) for field in ("profiles_sync", "reverse_etl_database", "reverse_etl_owner")),
    ("CreateCheckpointDatabaseOperator", "reverse_etl_owner"),
    ("GrantReverseEtlOperator", "schema_owner"),
    *(("DropSegmentRoleOperator", field) for field in ("confirm_database", "checkpoint_database", "new_owner")),
}
# What is opened, or looked at, if nothing is taken for something: told in one and the same sentence.
OPENING = {("GrantSchemaOperator", field) for field in ("tables", "database", "writers")}
OPENING |= {("ValidateAccessSensor", "user_conn_id"), ("CheckWarehouseOperator", "allow")}
BLANK = "it is given, and came to nothing. Correct what it is made from, or leave the argument out."
FORMS = {"a text": "", "white space": " \n", "a template": "{{ params.nothing or '' }}"}
NATIVE = {"natively": "{{ params.nothing }}", "an empty text natively": "{{ '' }}"}


@pytest.fixture(autouse=True)
def no_admin(monkeypatch: pytest.MonkeyPatch) -> None:
    """A task ends at the admin connection, which nobody has defined."""
    monkeypatch.delenv("AIRFLOW_CONN_REDSHIFT_DEFAULT", raising=False)
    user = {"conn_type": "redshift", "login": "segment_user", "password": "x"}
    monkeypatch.setenv("AIRFLOW_CONN_SEGMENT_LINKED_USER", json.dumps(user))


def refused(kind: type[Any], given: dict[str, Any], native: bool = False, mapped: bool = False) -> set[str]:
    """Render and execute a task as a worker does: every sentence of its error; none where it succeeds."""
    ti = Instance(None)
    with DAG("nothing", schedule=None, render_template_as_native_obj=native) as dag:
        task = kind(task_id="task", **{**NEEDED.get(kind.__name__, {}), **given})
        if mapped:
            kind.partial(task_id="mapped", **NEEDED.get(kind.__name__, {})).expand(index=[0])
            task.task_id = "mapped"
    assert is_mapped(task) is mapped, dag
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
    yield "mapped", refused(kind, {field: None}, mapped=True)
    if field not in NEEDED.get(kind.__name__, {}):
        yield "of the default arguments", refused(kind, {"default_args": {field: NATIVE["natively"]}}, native=True)


@every_argument
def test_what_came_to_nothing_is_refused(kind: type[BaseOperator], field: str) -> None:
    usual = refused(kind, {})
    for way, said in each_way(kind, field):
        allowed = (kind.__name__, field) in MAY_BE_EMPTY
        assert bool(said - usual) is not allowed, (way, said)
        if (kind.__name__, field) in OPENING:
            (sentence,) = (sentence for sentence in said - usual if sentence.startswith(f"{field} is "))
            assert sentence.endswith(BLANK) or field == "user_conn_id", (way, sentence)


@every_argument
def test_what_the_author_left_out_has_its_default(kind: type[BaseOperator], field: str) -> None:
    if field not in NEEDED.get(kind.__name__, {}):
        # None in the DAG file says the same, where it is the default.
        default = getattr(kind(task_id="task", **NEEDED.get(kind.__name__, {})), field)
        assert refused(kind, {field: default}) == refused(kind, {}, mapped=True) == refused(kind, {})


class Narrow(GrantSchemaOperator):
    """As users write them: an argument of its own."""

    def __init__(self, *, only: Any = None, **kwargs: Any) -> None:
        super().__init__(tables=only, **kwargs)


def test_a_subclass_passes_nothing_on() -> None:
    grant: dict[str, Any] = {"schema": "crm"}
    assert refused(Narrow, grant) == refused(GrantSchemaOperator, grant)
    (more,) = refused(Narrow, {**grant, "only": None}, mapped=True) - refused(GrantSchemaOperator, grant)
    assert more.startswith("tables is None: it is given, and came to nothing")


def test_none_in_a_mapped_group_is_the_author_s() -> None:
    with DAG("group", schedule=None), TaskGroup("group"):
        task = GrantSchemaOperator(task_id="grant", schema="crm", tables=None)
    ti = Instance(None)
    ti.map_index = 1
    with pytest.raises(MisconfigurationError) as caught:
        task.execute(context_of(ti, task))
    assert set(caught.value.problems) == refused(GrantSchemaOperator, {"schema": "crm"})


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda task: pickle.loads(pickle.dumps(task))])
def test_a_copy_of_a_task_knows_what_was_left_out(copied: Callable[[Any], Any]) -> None:
    for kind in TASKS:
        task = kind(task_id="task", **NEEDED.get(kind.__name__, {}))
        twin = copied(task)
        assert (vars(twin).get("_left_out"), twin.task_id) == (vars(task).get("_left_out"), "task")
