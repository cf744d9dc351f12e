"""Every argument of every operator and sensor, taken from another task: what it holds is never rendered."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSensorTimeout, BaseOperator, TaskDeferred
from jinja2 import Environment
from pytest_mock import MockerFixture

from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.xcom import INDEX, from_xcom
from tests.security.hostile import TEMPLATES, copying_arguments
from tests.unit.test_public_names import TASKS

FORM = {"role": "r", "checkpoint_database": "c", "reverse_etl_owner": "", "future_tables": "scoped"}
# What a class can't be made without.
NEEDED: dict[str, dict[str, Any]] = {
    "CheckWarehouseOperator": {"schemas": ["crm"]},
    "GrantReverseEtlOperator": {"database": "d"},
    "GrantSchemaOperator": {"schema": "crm"},
    "OpenWarehouseOperator": {
        "checked": {"form": FORM, "grants": None, "profiles_sync": None, "reverse_etl_database": None}
    },
    "ProfilesSyncTablesSensor": {"schema": "crm"},
    "RevokeSchemaOperator": {"schema": "crm"},
    "SegmentSummaryOperator": {"reports": []},
    "ValidateAccessSensor": {"schemas": ["crm"]},
}
EVERYTHING = [(kind, field) for kind in TASKS for field in kind.template_fields]
every_argument = pytest.mark.parametrize(
    ("kind", "field"), EVERYTHING, ids=[f"{kind.__name__}.{field}" for kind, field in EVERYTHING]
)


class Instance:
    """A task instance, with what another task returned.

    :param mapped: whether the other one is mapped: then nothing is stored under the index of a task that isn't.
    """

    map_index = 1

    def __init__(self, returned: Any, mapped: bool = False) -> None:
        self.returned = returned
        self.mapped = mapped
        self.pushed: list[str] = []

    def xcom_pull(self, task_ids: str, map_indexes: int | None = None) -> Any:
        assert task_ids == "names"
        return None if self.mapped and map_indexes == -1 else self.returned

    def xcom_push(self, key: str, value: Any) -> str:
        self.pushed.append(key)
        return "rendered"


def context_of(ti: Instance, task: BaseOperator) -> Any:
    """A context as far as templates and tasks look at it here."""
    return {"ti": ti, "task": task, "params": {}, "conn": None}


def go(task: BaseOperator, ti: Instance) -> str:
    """Render and execute as a worker does: what the task says at its end."""
    context = context_of(ti, task)
    task.render_template_fields(context)
    try:
        return str(task.execute(context))
    except (MisconfigurationError, TaskDeferred) as error:
        return str(error)


@pytest.fixture(autouse=True)
def no_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """A task that takes an argument ends at the connections, which nobody has defined."""
    for name in ("REDSHIFT_DEFAULT", "SEGMENT_LINKED_USER"):
        monkeypatch.delenv(f"AIRFLOW_CONN_{name}", raising=False)


@every_argument
@pytest.mark.parametrize("changing", [nullcontext, copying_arguments], ids=["kept", "copied"])
@pytest.mark.parametrize("shape", ["whole", "mapped", "in a list"])
def test_what_another_task_returned_is_not_rendered(
    kind: type[BaseOperator], field: str, changing: Callable[[], AbstractContextManager[None]], shape: str
) -> None:
    for template in TEMPLATES.values():
        whole = from_xcom("names", 0)
        given = {"whole": whole, "mapped": from_xcom("names", INDEX, "value"), "in a list": [whole]}[shape]
        ti = Instance([template, {"value": template, "prune": True, "tries": 3, field: "another"}])
        arguments = {**NEEDED.get(kind.__name__, {}), "index": 1, field: given}
        with changing():
            task: Any = kind(task_id="task", **arguments)
        said = go(task, ti)
        assert ti.pushed == []
        kept = [template] if shape == "in a list" else template
        assert getattr(task, field) == kept
        # A callback may render a task's arguments once more.
        task.render_template_fields(context_of(ti, task))
        assert (ti.pushed, getattr(task, field)) == ([], kept)
        # The label is another template, a constant.
        assert "{{" not in task.__dict__.get("instance_label", "")
        assert said


def test_a_text_that_is_no_template_costs_no_rendering(mocker: MockerFixture) -> None:
    rendered = mocker.spy(Environment, "from_string")
    names = ['"my.schema"', "2024", "{x}", "{{ 'a' }}", "{% if true %}b{% endif %}", "{# c #}d"]
    task: Any = public_class("GrantSchemaOperator")(task_id="task", schema=names, tables=names[:1])
    task.render_template_fields(context_of(Instance(None), task), Environment())
    assert task.schema == [*names[:3], "a", "b", "d"]
    assert [call.args[1] for call in rendered.call_args_list] == names[3:]
    # A DAG may have other marks.
    task = public_class("GrantSchemaOperator")(task_id="task", schema=["[[ 'a' ]]", "{{ 'a' }}"])
    marks = Environment(variable_start_string="[[", variable_end_string="]]")
    task.render_template_fields(context_of(Instance(None), task), marks)
    assert task.schema == ["a", "{{ 'a' }}"]


@every_argument
def test_a_template_in_the_dag_file_is_rendered(kind: type[BaseOperator], field: str) -> None:
    # Otherwise the test above would prove nothing.
    ti = Instance(None)
    task = kind(task_id="task", **{**NEEDED.get(kind.__name__, {}), field: TEMPLATES["expression"]})
    go(task, ti)
    assert ti.pushed == ["rendered"]


@pytest.mark.parametrize(
    ("returned", "path"),
    [
        (None, ()),
        ({}, ("grants",)),
        ({"grants": None}, ("grants",)),
        ({"grants": []}, ("grants", 0)),
        ({"grants": ["crm"]}, ("grants", 1)),
        ({"grants": ["crm"]}, ("grants", -1)),
        ({"grants": "crm"}, ("grants", 0)),
        ({"grants": {"0": "crm"}}, ("grants", 0)),
        ([{"schema": "crm"}], ("schema",)),
        ("crm", ("schema",)),
        # What is empty mustn't be taken for "all", or for a default.
        ("", ()),
        (" \n", ()),
        ({}, ()),
    ],
)
@pytest.mark.parametrize("field", ["schema", "tables", "database", "role", "writers", "prune"])
def test_what_was_not_returned_is_refused(field: str, returned: Any, path: tuple[str | int, ...]) -> None:
    task = public_class("GrantSchemaOperator")(task_id="task", **{"schema": "crm", field: from_xcom("names", *path)})
    with pytest.raises(MisconfigurationError, match="task names has returned nothing there") as caught:
        task.execute(context_of(Instance(returned), task))
    assert caught.value.problems[0].startswith(f"{field} is from_xcom('names'")


def test_a_mapped_task_s_values_are_not_taken_one_by_one() -> None:
    # One that is missing would shift all that follow.
    task = public_class("GrantSchemaOperator")(task_id="task", schema=from_xcom("names", INDEX), index=0)
    with pytest.raises(MisconfigurationError, match="A mapped task's values can't be taken one by one"):
        task.execute(context_of(Instance(["crm", "ads"], mapped=True), task))


def test_a_mapping_holds_no_value_of_another_task() -> None:
    arguments: dict[str, Any] = {"reports": [], "audit": {"crm": from_xcom("names")}}
    task = public_class("SegmentSummaryOperator")(task_id="task", **arguments)
    with pytest.raises(MisconfigurationError, match="audit holds from_xcom inside a mapping"):
        task.execute(context_of(Instance(["accounts"]), task))


@pytest.mark.parametrize("field", ["timeout", "deferrable", "soft_fail"])
def test_what_is_no_template_field_can_t_come_from_another_task(field: str) -> None:
    task = public_class("ProfilesSyncTablesSensor")(task_id="task", schema="crm")
    setattr(task, field, from_xcom("names"))
    with pytest.raises(MisconfigurationError, match=f"{field} is from_xcom.'names'.: it isn't a template field"):
        task.execute(context_of(Instance(True), task))


def test_a_sensor_that_resumes_renders_no_more() -> None:
    # A callback may want to: what a form's value was rendered to isn't a template of the DAG file.
    ti = Instance(None)
    task: Any = public_class("ProfilesSyncTablesSensor")(task_id="task", schema="crm")
    context = context_of(ti, task)
    task.schema = TEMPLATES["expression"]
    with pytest.raises(AirflowSensorTimeout):
        task.resume_execution("resume", {"event": {"status": "timeout", "message": "too late"}}, context)
    task.render_template_fields(context)
    assert ti.pushed == []


REPORT: dict[str, Any] = {"changed": 0, "in_place": 0, "changes": [], "findings": [], "notes": {}}
REPORT |= {"omitted": {"changes": 0, "findings": 0}}


# What of a report is wrong: tests/unit/access/test_report.py.
@pytest.mark.parametrize(
    ("report", "taken"), [(REPORT, True), ("abc", False), ([[[REPORT]]], False), ({**REPORT, "changes": [{}]}, False)]
)
@pytest.mark.parametrize("field", ["reports", "proofs"])
def test_what_is_no_report_is_refused(field: str, report: Any, taken: bool) -> None:
    arguments: dict[str, Any] = {"reports": [], field: [from_xcom("names")]}
    task = public_class("SegmentSummaryOperator")(task_id="task", **arguments)
    with pytest.raises(MisconfigurationError) as caught:
        task.execute(context_of(Instance(report), task))
    told = f"{field} holds something that isn't a report"
    assert [problem.startswith(told) for problem in caught.value.problems].count(True) == (0 if taken else 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [("schema", "[" * 100_000), ("tries", 10**400), ("tables", "[]"), ("tables", []), ("writers", []), ("schema", [])],
    ids=["deep", "huge", "no tables", "no table", "no writer", "no schema"],
)
def test_what_would_widen_or_break_is_told_in_a_sentence(field: str, value: Any) -> None:
    arguments: dict[str, Any] = {"schema": "crm", field: from_xcom("names")}
    task = public_class("GrantSchemaOperator")(task_id="task", **arguments)
    with pytest.raises(MisconfigurationError) as caught:
        task.execute(context_of(Instance(value), task))
    assert any(problem.startswith(field) for problem in caught.value.problems)


@pytest.mark.parametrize("index", [None, "0", "{{ ti.xcom_push('rendered', 1) }}", True, 0.0, [0], {"prune": True}])
def test_an_index_is_a_number_and_nothing_else(index: Any) -> None:
    ti = Instance([{"schema": "crm"}])
    task = public_class("GrantSchemaOperator")(
        task_id="task", schema=from_xcom("names", INDEX, "schema"), tables=from_xcom("names", INDEX, "t"), index=index
    )
    context = context_of(ti, task)
    task.render_template_fields(context)
    with pytest.raises(MisconfigurationError) as caught:
        task.execute(context)
    assert len(caught.value.problems) == 2
    assert all(problem.startswith(f"index is {index!r}, and ") for problem in caught.value.problems)
    assert ti.pushed == []


def public_class(name: str) -> type[Any]:
    (found,) = [kind for kind in TASKS if kind.__name__ == name]
    return found
