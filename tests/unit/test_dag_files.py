"""What the DAG files give their tasks, told without running them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_provider_datagraph.xcom import INDEX, from_xcom

FOLDER = Path(__file__).parents[2] / "dags"
MAIN, OFFBOARD = "segment_data_graph", "segment_data_graph_offboard"
ROLE, CHECKPOINT = "{{ params.role }}", "{{ params.checkpoint_database }}"
PLAN_ONLY = {"plan_only": "{{ params.plan_only }}"}
WAIT = {"wait": "{{ not params.plan_only }}"}
USER = {"user_conn_id": "segment_linked_user"}
RETL = "{{ params.reverse_etl_database or '' }}"
FUTURE = {"future_tables": "{{ params.future_tables }}"}
PROFILES = {name: from_xcom("check", "profiles_sync", name) for name in ("database", "schema")}
GRANT = {name: from_xcom("check", "grants", INDEX, name) for name in ("database", "schema", "tables")}
LENIENT = {"trigger_rule": "none_failed"}
REPORTS = ["check", "role", "checkpoint_database", "grant_schemas", "grant_reverse_etl", "grant_profiles_sync"]
GIVEN: dict[str, dict[str, dict[str, Any]]] = {
    MAIN: {
        "check": {
            "schemas": "{{ params.schemas | tojson }}",
            "profiles_sync": "{{ params.profiles_sync }}",
            "checkpoint_database": CHECKPOINT,
            "role": ROLE,
            "reverse_etl_database": RETL,
            **USER,
        },
        "role": {"role": ROLE, **USER, **PLAN_ONLY},
        "checkpoint_database": {"database": CHECKPOINT, "role": ROLE, **PLAN_ONLY},
        "databases": {},
        "grant_schemas": {**GRANT, "role": ROLE, **FUTURE, **PLAN_ONLY},
        "grant_reverse_etl": {"database": RETL, "role": ROLE, **PLAN_ONLY, **LENIENT},
        "wait_for_profiles_sync": {**PROFILES, **WAIT, "poke_interval": 60, "timeout": 48 * 3600},
        "grant_profiles_sync": {**PROFILES, "role": ROLE, **FUTURE, **PLAN_ONLY},
        "validate": {
            **{name: from_xcom("check", "validate", name) for name in ("schemas", "tables")},
            "database": CHECKPOINT,
            "poke_interval": 15,
            **USER,
            **WAIT,
            **LENIENT,
        },
        "summary": {
            "reports": [from_xcom(name) for name in REPORTS],
            "proofs": [from_xcom("wait_for_profiles_sync"), from_xcom("validate")],
            "database": CHECKPOINT,
            **USER,
            **PLAN_ONLY,
            **LENIENT,
        },
    },
    OFFBOARD: {
        "offboard": {
            "role": ROLE,
            "checkpoint_database": "{{ params.checkpoint_database or '' }}",
            "new_owner": "{{ params.new_owner or '' }}",
            "force": "{{ params.force }}",
            **USER,
            **PLAN_ONLY,
        }
    },
}
EDGES: dict[str, list[str]] = {
    "check": ["databases", "role", "wait_for_profiles_sync"],
    "role": ["checkpoint_database", "grant_profiles_sync"],
    "checkpoint_database": ["grant_schemas"],
    "databases": ["grant_schemas"],
    "grant_schemas": ["grant_reverse_etl"],
    "grant_reverse_etl": ["validate"],
    "wait_for_profiles_sync": ["grant_profiles_sync"],
    "grant_profiles_sync": ["validate"],
    "validate": ["summary"],
    "summary": [],
}
READS, OWNS, LEAVES, STAYS, HOW = "What Segment reads", "What Segment owns", "What leaves", "What stays", "How"
TEXT, OPTIONAL, SWITCH = {"type": "string"}, {"type": ["null", "string"]}, {"type": "boolean"}
DATABASE = {"examples": ["segment_linked_profiles_db"]}
NAMED_ROLE = {**TEXT, "examples": ["segment_linked_role"]}
# Section, default, and what else the form knows.
FORMS: dict[str, dict[str, tuple[str, Any, dict[str, Any]]]] = {
    MAIN: {
        "schemas": (READS, [], {"type": "array", "items": TEXT}),
        "profiles_sync": (READS, None, {**TEXT, "minLength": 3, "examples": ["segment_profiles.profiles_prod"]}),
        "checkpoint_database": (OWNS, "segment_linked_profiles_db", {**TEXT, **DATABASE}),
        "role": (OWNS, "segment_linked_role", NAMED_ROLE),
        "reverse_etl_database": (OWNS, None, {**OPTIONAL, "examples": ["analytics"]}),
        "reverse_etl_owner": (OWNS, None, {**OPTIONAL, "examples": ["segment_reverse_etl_user"]}),
        "future_tables": (HOW, "scoped", {**TEXT, "enum": ["scoped", "default_privileges", "none"]}),
        "plan_only": (HOW, False, SWITCH),
    },
    OFFBOARD: {
        "role": (LEAVES, "segment_linked_role", NAMED_ROLE),
        "checkpoint_database": (LEAVES, None, {**OPTIONAL, **DATABASE}),
        "confirm_database": (LEAVES, None, {**OPTIONAL, **DATABASE}),
        "new_owner": (STAYS, None, {**OPTIONAL, "examples": ["warehouse_owner"]}),
        "force": (HOW, False, SWITCH),
        "plan_only": (HOW, True, SWITCH),
    },
}


@pytest.fixture
def dag(name: str) -> DAG:
    """The DAG of a file, loaded anew for each test."""
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: DAG = next(one for one in vars(module).values() if isinstance(one, DAG))
    return found


def value(task: Any, name: str) -> Any:
    """An argument of a task, mapped or not."""
    return task.partial_kwargs.get(name) if type(task).__name__ == "MappedOperator" else getattr(task, name)


@pytest.mark.parametrize(("name", "task_id"), [(name, task_id) for name, tasks in GIVEN.items() for task_id in tasks])
def test_each_task_is_given_what_it_needs(dag: DAG, name: str, task_id: str) -> None:
    task, known = dag.get_task(task_id), {"trigger_rule": "all_success", "retries": 2, **GIVEN[name][task_id]}
    if task_id not in ("databases", "grant_schemas"):
        # The DAG's default; a mapped task takes it when it is expanded.
        known |= {"redshift_conn_id": "redshift_default"}
    assert {field: value(task, field) for field in known} == known


@pytest.mark.parametrize("name", [MAIN, OFFBOARD])
def test_a_dag_runs_when_it_is_asked_to_and_once_at_a_time(dag: DAG, name: str) -> None:
    assert (dag.dag_id, dag.timetable.can_be_scheduled, dag.catchup, dag.max_active_runs) == (name, False, False, 1)
    assert set(dag.tags) == {"segment", "redshift"}
    assert "`redshift_default`" in str(dag.doc_md) and "`segment_linked_user`" in str(dag.doc_md)
    assert list(dag.params) == list(FORMS[name])
    edges = {task_id: sorted(dag.get_task(task_id).downstream_task_ids) for task_id in dag.task_ids}
    assert edges == (EDGES if name == MAIN else {"offboard": []})


@pytest.mark.parametrize(("name", "field"), [(name, field) for name, form in FORMS.items() for field in form])
def test_a_form_knows_what_may_be_typed(dag: DAG, name: str, field: str) -> None:
    section, default, known = FORMS[name][field]
    param = dag.params.get_param(field)
    schema = {key: given for key, given in param.schema.items() if key not in ("title", "description_md")}
    assert (param.value if param.has_value else None) == default
    assert schema.pop("values_display", {}).keys() == set(known.get("enum", ()))
    assert schema == {"section": section, **known}
    assert param.schema["title"][1].islower()
    assert len(param.description or param.schema["description_md"]) > 40


@pytest.mark.parametrize("name", [MAIN])
def test_the_databases_of_the_check_are_numbered(dag: DAG) -> None:
    mapped: Any = dag.get_task("grant_schemas")
    assert mapped.expand_input.value["index"].operator.task_id == "databases"
    reports: dict[str, Any] = {"check": {"grants": [{}, {}, {}]}}
    numbers: Any = dag.get_task("databases")
    assert numbers.python_callable(ti=SimpleNamespace(xcom_pull=lambda task_ids: reports[task_ids])) == [0, 1, 2]
