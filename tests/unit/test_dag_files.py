"""What the DAG files give their tasks, told without running them."""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, ParamValidationError, literal

from airflow_provider_datagraph.dags import Connections, segment_data_graph, segment_data_graph_offboard
from airflow_provider_datagraph.xcom import INDEX, from_xcom
from tests.dags.worker import FILES

MAIN, OFFBOARD, UNPINNED = "segment_data_graph", "segment_data_graph_offboard", "unpinned"
PREFLIGHT = "segment_preflight"
ROLE, CHECKPOINT = "{{ params.role }}", "{{ params.checkpoint_database }}"
PLAN_ONLY = {"plan_only": "{{ params.plan_only }}"}
WAIT = {"wait": "{{ not params.plan_only }}"}
USER = {"user_conn_id": literal("segment_linked_user")}
RETL = "{{ ti.xcom_pull(task_ids='check')['reverse_etl_database'] or '' }}"
FUTURE = {"future_tables": "{{ params.future_tables }}"}
PROFILES = {name: from_xcom("check", "profiles_sync", name) for name in ("database", "schema")}
GRANT = {name: from_xcom("check", "grants", INDEX, name) for name in ("database", "schema", "tables")}
LENIENT = {"trigger_rule": "none_failed"}
REPORTS = ["check", "role", "checkpoint_database", "grant_schemas", "grant_reverse_etl", "grant_profiles_sync"]
Tasks = dict[str, dict[str, Any]]


def grants(role: Any, checkpoint: Any) -> Tasks:
    """What the tasks of the reference DAG are given."""
    return {
        "check": {
            "schemas": "{{ params.schemas | tojson }}",
            "profiles_sync": "{{ params.profiles_sync }}",
            "checkpoint_database": checkpoint,
            "role": role,
            "reverse_etl_database": "{{ params.reverse_etl_database or '' }}",
            "allow": None,
            **USER,
        },
        "role": {"role": role, **USER, **PLAN_ONLY},
        "checkpoint_database": {
            "database": checkpoint,
            "role": role,
            "reverse_etl_owner": "{{ params.reverse_etl_owner or '' }}",
            **PLAN_ONLY,
        },
        "databases": {},
        "grant_schemas": {**GRANT, "role": role, **FUTURE, **PLAN_ONLY},
        "grant_reverse_etl": {"database": RETL, "role": role, **PLAN_ONLY, **LENIENT},
        "wait_for_profiles_sync": {**PROFILES, **WAIT, "deferrable": True, "poke_interval": 60, "timeout": 48 * 3600},
        "grant_profiles_sync": {**PROFILES, "role": role, **FUTURE, **PLAN_ONLY},
        "validate": {
            **{name: from_xcom("check", "validate", name) for name in ("schemas", "tables")},
            "database": checkpoint,
            "deferrable": True,
            "poke_interval": 15,
            "role": role,
            "least_privilege": True,
            "forbidden": None,
            **USER,
            **WAIT,
            **LENIENT,
        },
        "audit": {
            "role": role,
            "checkpoint_database": checkpoint,
            "allowed": from_xcom("check", "asked"),
            "exact": False,
            **USER,
            **LENIENT,
        },
        "summary": {
            "reports": [from_xcom(name) for name in REPORTS],
            "proofs": [from_xcom("wait_for_profiles_sync"), from_xcom("validate")],
            "audit": from_xcom("audit"),
            "database": checkpoint,
            **USER,
            **PLAN_ONLY,
            **LENIENT,
        },
    }


def leaves(role: Any) -> Tasks:
    """What the task of the way back is given."""
    given = {name: f"{{{{ params.{name} or '' }}}}" for name in ("checkpoint_database", "new_owner")}
    return {"offboard": {"role": role, **given, "force": "{{ params.force }}", **USER, **PLAN_ONLY}}


PINNED_ROLE = literal("segment_linked_role")
GIVEN: dict[str, Tasks] = {
    MAIN: grants(PINNED_ROLE, literal("segment_linked_profiles_db")),
    UNPINNED: grants(ROLE, CHECKPOINT),
    OFFBOARD: leaves(PINNED_ROLE),
    "unpinned_offboard": leaves(ROLE),
    PREFLIGHT: {
        "preflight": {
            "schemas": "{{ params.schemas | tojson }}",
            "role": ROLE,
            "checkpoint_database": CHECKPOINT,
            "region": "{{ params.region }}",
            "aws_conn_id": None,
            **USER,
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
    "validate": ["audit"],
    "audit": ["summary"],
    "summary": [],
}
READS, OWNS, LEAVES, STAYS, HOW = "What Segment reads", "What Segment owns", "What leaves", "What stays", "How"
SHARED = "Reverse ETL that runs already"
TEXT, OPTIONAL, SWITCH = {"type": "string"}, {"type": ["null", "string"]}, {"type": "boolean"}
DATABASE = {"examples": ["segment_linked_profiles_db"]}
NAMED_ROLE = {**TEXT, "examples": ["segment_linked_role"]}
# Section, default, and what else the form knows.
FORMS: dict[str, dict[str, tuple[str, Any, dict[str, Any]]]] = {
    UNPINNED: {
        "schemas": (READS, [], {"type": "array", "items": TEXT}),
        "profiles_sync": (READS, None, {**TEXT, "minLength": 3, "examples": ["segment_profiles.profiles_prod"]}),
        "checkpoint_database": (OWNS, "segment_linked_profiles_db", {**TEXT, **DATABASE}),
        "role": (OWNS, "segment_linked_role", NAMED_ROLE),
        "reverse_etl_database": (SHARED, None, {**OPTIONAL, "examples": ["analytics"]}),
        "reverse_etl_owner": (SHARED, None, {**OPTIONAL, "examples": ["segment_reverse_etl_user"]}),
        "future_tables": (HOW, "scoped", {**TEXT, "enum": ["scoped", "default_privileges", "none"]}),
        "plan_only": (HOW, False, SWITCH),
    },
    "unpinned_offboard": {
        "role": (LEAVES, "segment_linked_role", NAMED_ROLE),
        "checkpoint_database": (LEAVES, None, {**OPTIONAL, **DATABASE}),
        "confirm_database": (LEAVES, None, OPTIONAL),
        "new_owner": (STAYS, None, {**OPTIONAL, "examples": ["warehouse_owner"]}),
        "force": (HOW, False, SWITCH),
        "plan_only": (HOW, True, SWITCH),
    },
}
FORMS[PREFLIGHT] = {name: FORMS[UNPINNED][name] for name in ("schemas", "checkpoint_database", "role")}
FORMS[PREFLIGHT] |= {"region": (HOW, "us", {**TEXT, "enum": ["us", "eu"]})}
PINNED = {MAIN: ("role", "checkpoint_database"), OFFBOARD: ("role",)}
FORMS[MAIN] = {name: field for name, field in FORMS[UNPINNED].items() if name not in PINNED[MAIN]}
FORMS[OFFBOARD] = {name: field for name, field in FORMS["unpinned_offboard"].items() if name not in PINNED[OFFBOARD]}


@pytest.fixture
def dag(name: str) -> DAG:
    """The DAG of a file, loaded anew for each test."""
    spec = importlib.util.spec_from_file_location(name, FILES[name])
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: DAG = next(one for one in vars(module).values() if isinstance(one, DAG) and one.dag_id == name)
    return found


def value(task: Any, name: str) -> Any:
    """An argument of a task, mapped or not."""
    return task.partial_kwargs.get(name) if type(task).__name__ == "MappedOperator" else getattr(task, name)


@pytest.mark.parametrize(("name", "task_id"), [(name, task_id) for name, tasks in GIVEN.items() for task_id in tasks])
def test_each_task_is_given_what_it_needs(dag: DAG, name: str, task_id: str) -> None:
    task, known = dag.get_task(task_id), {"trigger_rule": "all_success", "retries": 2, **GIVEN[name][task_id]}
    if task_id != "databases":
        known |= {"redshift_conn_id": literal("redshift_default")}
    assert {field: value(task, field) for field in known} == known


@pytest.mark.parametrize("name", GIVEN)
def test_a_dag_runs_when_it_is_asked_to_and_once_at_a_time(dag: DAG, name: str) -> None:
    assert (dag.dag_id, dag.timetable.can_be_scheduled, dag.catchup, dag.max_active_runs) == (name, False, False, 1)
    assert set(dag.tags) == {"segment", "redshift"}
    assert "`redshift_default`" in str(dag.doc_md) and "`segment_linked_user`" in str(dag.doc_md)
    assert list(dag.params) == list(FORMS[name])
    # Airflow's page of the DAG shows them, and would show the wrapping of a constant, too.
    assert dag.default_args == {"retries": 2}
    edges = {task_id: sorted(dag.get_task(task_id).downstream_task_ids) for task_id in dag.task_ids}
    assert edges == (EDGES if name in (MAIN, UNPINNED) else {task_id: [] for task_id in GIVEN[name]})


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


def test_all_that_a_file_sets_reaches_the_tasks_and_leaves_the_form() -> None:
    pins: dict[str, Any] = {"role": "r", "checkpoint_database": "c", "profiles_sync": "p.s", "future_tables": "none"}
    made = segment_data_graph(
        "all",
        **pins,
        reverse_etl_database="",
        reverse_etl_owner="",
        trusted_owners=["dba"],
        connections=Connections("admin", "user", "aws"),
        allow=["a.*", "{b}"],
        schedule="@daily",
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        tags=["ours"],
        default_args={"retries": 5, "owner": "us", "redshift_conn_id": "another"},
    )
    assert (list(made.params), made.timetable.can_be_scheduled, set(made.tags)) == (
        ["schemas", "plan_only"],
        True,
        {"ours"},
    )
    check: Any = made.get_task("check")
    del pins["future_tables"]
    constants = {
        **pins,
        "reverse_etl_database": "",
        "reverse_etl_owner": "",
        "allow": ["a.*", "{b}"],
        "user_conn_id": "user",
    }
    assert {name: getattr(check, name) for name in constants} == {name: literal(one) for name, one in constants.items()}
    assert (check.redshift_conn_id, check.retries, check.owner) == (literal("admin"), 5, "us")
    for task_id in ("grant_schemas", "grant_profiles_sync"):
        assert value(made.get_task(task_id), "future_tables") == literal("none")
    assert "any schema of `a.*`, `{b}` opened" in str(made.doc_md) and "role `r`, checkpoint_database `c`" in str(
        made.doc_md
    )
    back = segment_data_graph_offboard(
        "back", role="r", checkpoint_database="c", connections=Connections("admin", "user", "aws")
    )
    ours = [*(task for task in made.tasks if task.task_id != "databases"), back.get_task("offboard")]
    assert [value(task, "aws_conn_id") for task in ours] == [literal("aws")] * len(ours)
    assert list(back.params) == ["confirm_database", "new_owner", "force", "plan_only"]
    assert value(back.get_task("offboard"), "checkpoint_database") == literal("c")
    assert "`user`" in str(back.doc_md)
    assert value(back.get_task("offboard"), "trusted_owners") == literal([])
    back = segment_data_graph_offboard("back", new_owner="heir", trusted_owners=["dba"])
    assert list(back.params) == ["role", "checkpoint_database", "confirm_database", "force", "plan_only"]
    assert value(back.get_task("offboard"), "trusted_owners") == literal(["dba", "heir"])


@pytest.mark.parametrize("name", [name for name in FORMS if name != PREFLIGHT])
def test_the_documentation_says_what_triggering_means(dag: DAG, name: str) -> None:
    told = "any schema of the cluster opened to Segment" if "offboard" not in name else "end Segment's access"
    assert f"Whoever may trigger this DAG may {'have ' if 'any' in told else ''}{told}" in str(dag.doc_md)
    assert ("The DAG file sets: role `segment_linked_role`" in str(dag.doc_md)) is (name in PINNED)


def test_forms_share_nothing() -> None:
    # Airflow puts a run's conf into the params of the DAG that it has loaded.
    one, other = segment_data_graph("one"), segment_data_graph("other")
    one.params["role"] = "changed"
    assert other.params["role"] == "segment_linked_role"


@pytest.mark.parametrize("wrong", [{"role": 5}, {"future_tables": "all"}, {"profiles_sync": "ab"}], ids=str)
def test_what_the_form_would_refuse_isnt_pinned(wrong: dict[str, Any]) -> None:
    with pytest.raises(ParamValidationError):
        segment_data_graph(**wrong)


def test_nothing_comes_back_onto_the_form() -> None:
    with pytest.raises(TypeError, match="params"):
        segment_data_graph(role="r", params={"role": "another"})
