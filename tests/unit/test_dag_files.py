"""What the DAG files give their tasks, told without running them."""

from __future__ import annotations

import importlib.util
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, ParamValidationError, literal

from airflow_provider_datagraph.example_dags import Connections, segment_data_graph, segment_data_graph_offboard
from airflow_provider_datagraph.xcom import from_xcom
from tests.dags.worker import FILES

MAIN, OFFBOARD, UNPINNED = "segment_data_graph", "segment_data_graph_offboard", "unpinned"
PREFLIGHT = "segment_preflight"
Tasks = dict[str, dict[str, Any]]


def form(name: str) -> str:
    """What the check took a field for."""
    return f"{{{{ ti.xcom_pull(task_ids='check')['form']['{name}'] }}}}"


def field(name: str) -> str:
    """What the check is given for a field that may be empty."""
    return f"{{{{ '' if params.{name} is none else params.{name} }}}}"


ROLE, CHECKPOINT = form("role"), form("checkpoint_database")
PLAN_ONLY, WAIT, FUTURE = ({name: form(name)} for name in ("plan_only", "wait", "future_tables"))
USER = {"user_conn_id": literal("segment_linked_user")}
RETL = "{{ ti.xcom_pull(task_ids='check')['reverse_etl_database'] }}"
PROFILES = {name: from_xcom("check", "profiles_sync", name) for name in ("database", "schema")}
GRANT = {name: from_xcom("check", "grants", name) for name in ("schema", "tables")}
LENIENT = {"trigger_rule": "none_failed"}
REPORTS = ["check", "role", "checkpoint_database", "grant_schemas", "grant_reverse_etl", "grant_profiles_sync"]
FIELDS = ("profiles_sync", "reverse_etl_database", "reverse_etl_owner", "future_tables", "plan_only")


def grants(role: Any = ROLE, checkpoint: Any = CHECKPOINT) -> Tasks:
    both = {"role": role, "checkpoint_database": checkpoint}
    return {
        "check": {
            "schemas": "{{ (params.schemas or []) | tojson }}",
            **{name: field(name) for name in FIELDS},
            "checkpoint_database": field("checkpoint_database") if checkpoint is CHECKPOINT else checkpoint,
            "role": field("role") if role is ROLE else role,
            "variable": "segment_data_graph",
            "allow": None,
            **USER,
        },
        "role": {"role": role, **USER, **PLAN_ONLY},
        "checkpoint_database": {**both, "reverse_etl_owner": form("reverse_etl_owner"), **PLAN_ONLY},
        "grant_schemas": {**GRANT, "role": role, **FUTURE, **PLAN_ONLY},
        "grant_reverse_etl": {
            **{"database": RETL, "schema_owner": form("reverse_etl_owner"), "role": role},
            **{**FUTURE, **PLAN_ONLY, **LENIENT},
        },
        "wait_for_profiles_sync": {**PROFILES, **WAIT, "deferrable": True, "poke_interval": 60, "timeout": 48 * 3600},
        "grant_profiles_sync": {**PROFILES, "role": role, **FUTURE, **PLAN_ONLY},
        "validate": {
            **{name: from_xcom("check", "validate", name) for name in ("schemas", "tables")},
            **{**both, "deferrable": True, "poke_interval": 15, "least_privilege": True, "forbidden": None},
            **{**USER, **WAIT, **LENIENT},
        },
        "audit": {**both, "allowed": from_xcom("check", "asked"), "exact": False, **USER, **LENIENT},
        "summary": {
            "reports": [from_xcom(name) for name in REPORTS],
            "proofs": [from_xcom("wait_for_profiles_sync"), from_xcom("validate")],
            "audit": [from_xcom("audit")],
            **{"checkpoint_database": checkpoint, **USER, **PLAN_ONLY, **LENIENT},
        },
    }


def leaves(role: Any) -> Tasks:
    given = {name: f"{{{{ params.{name} or '' }}}}" for name in ("checkpoint_database", "new_owner")}
    how = {name: f"{{{{ params.{name} }}}}" for name in ("force", "plan_only")}
    return {"offboard": {"role": role, **given, **how, **USER}}


PINNED_ROLE = literal("segment_linked_role")
GIVEN: dict[str, Tasks] = {
    MAIN: grants(PINNED_ROLE, literal("segment_linked_profiles_db")),
    UNPINNED: grants(),
    OFFBOARD: leaves(PINNED_ROLE),
    "unpinned_offboard": leaves("{{ params.role }}"),
    PREFLIGHT: {
        "preflight": {
            "schemas": "{{ (params.schemas or []) | tojson }}",
            **{name: f"{{{{ params.{name} }}}}" for name in ("role", "checkpoint_database", "region")},
            "aws_conn_id": None,
            **USER,
        }
    },
}
EDGES: dict[str, list[str]] = {
    "check": ["role", "wait_for_profiles_sync"],
    "role": ["checkpoint_database", "grant_profiles_sync"],
    "checkpoint_database": ["grant_schemas"],
    "grant_schemas": ["grant_reverse_etl"],
    "grant_reverse_etl": ["validate"],
    "wait_for_profiles_sync": ["grant_profiles_sync"],
    "grant_profiles_sync": ["validate"],
    "validate": ["audit"],
    "audit": ["summary"],
    "summary": [],
}
GROUPS = {
    "1_role_and_user": {"role"},
    "2_database": {"checkpoint_database"},
    "3_read_access": {"grant_schemas", "wait_for_profiles_sync", "grant_profiles_sync", "grant_reverse_etl"},
    "4_proof": {"validate", "audit"},
}
OTHER_SETUPS = {"future_tables", "checkpoint_database", "role", "reverse_etl_database", "reverse_etl_owner"}
"""What the reference DAG's form hides in a section. What everybody needs stands open: it is in none."""
NAMES = {"checkpoint_database": "segment_linked_profiles_db", "role": "segment_linked_role"}
# What each field opens with.
FORMS: dict[str, dict[str, Any]] = {
    UNPINNED: {
        **{"schemas": [], "profiles_sync": None, "plan_only": False, "future_tables": "scoped", **NAMES},
        **{"reverse_etl_database": None, "reverse_etl_owner": None},
    },
    "unpinned_offboard": {
        **{"plan_only": True, "role": NAMES["role"], "checkpoint_database": None, "confirm_database": None},
        **{"new_owner": None, "force": False},
    },
    PREFLIGHT: {"schemas": [], **NAMES, "region": "us"},
}
PINNED = {MAIN: ("role", "checkpoint_database"), OFFBOARD: ("role",)}
FORMS[MAIN] = {name: field for name, field in FORMS[UNPINNED].items() if name not in PINNED[MAIN]}
FORMS[OFFBOARD] = {name: field for name, field in FORMS["unpinned_offboard"].items() if name not in PINNED[OFFBOARD]}


def task_of(dag: DAG, task_id: str) -> Any:
    return dag.get_task(task_id)


@pytest.fixture
def dag(name: str) -> DAG:
    spec = importlib.util.spec_from_file_location(name, FILES[name])
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: DAG = next(one for one in vars(module).values() if isinstance(one, DAG) and one.dag_id == name)
    return found


@pytest.mark.parametrize(("name", "task_id"), [(name, task_id) for name, tasks in GIVEN.items() for task_id in tasks])
def test_each_task_is_given_what_it_needs(dag: DAG, name: str, task_id: str) -> None:
    task, known = dag.get_task(task_id), {"trigger_rule": "all_success", "retries": 2, **GIVEN[name][task_id]}
    known |= {"redshift_conn_id": literal("redshift_default"), "owner": "segment"}
    assert {name: getattr(task, name) for name in known} == known
    assert len(str(task.doc_md)) > 30


@pytest.mark.parametrize("name", GIVEN)
def test_a_dag_runs_when_it_is_asked_to_and_once_at_a_time(dag: DAG, name: str) -> None:
    assert (dag.dag_id, dag.timetable.can_be_scheduled, dag.catchup, dag.max_active_runs) == (name, False, False, 1)
    assert set(dag.tags) == {"segment", "redshift"}
    assert "`redshift_default`" in str(dag.doc_md) and "`segment_linked_user`" in str(dag.doc_md)
    assert list(dag.params) == list(FORMS[name])
    # Airflow's page of the DAG shows them, and would show the wrapping of a constant, too.
    assert dag.default_args == {"retries": 2, "owner": "segment"}
    if name != PREFLIGHT:
        told = "end Segment's access" if "offboard" in name else "have any schema of the cluster opened to Segment"
        assert f"Whoever may trigger this DAG may {told}" in str(dag.doc_md)
        assert ("The DAG file sets: role `segment_linked_role`" in str(dag.doc_md)) is (name in PINNED)
    assert str(dag.description)[-1] == "." and dag.owner_links["segment"].startswith("https://segment.com/docs/")
    edges = {task_id: sorted(dag.get_task(task_id).downstream_task_ids) for task_id in dag.task_ids}
    assert edges == (EDGES if name in (MAIN, UNPINNED) else {task_id: [] for task_id in GIVEN[name]})
    groups = {name: set(group.children) for name, group in dag.task_group.get_task_group_dict().items() if name}
    assert groups == (GROUPS if name in (MAIN, UNPINNED) else {})


@pytest.mark.parametrize("name", FORMS)
def test_a_form_opens_with_what_most_need(dag: DAG, name: str) -> None:
    fields = {field: dag.params.get_param(field) for field in dag.params}
    assert {field: one.value if one.has_value else None for field, one in fields.items()} == FORMS[name]
    sections = {field for field, one in fields.items() if one.schema.get("section")}
    assert sections == (set() if "offboard" in name else OTHER_SETUPS & fields.keys())
    for one in fields.values():
        assert one.schema.get("values_display", {}).keys() == set(one.schema.get("enum", ()))
        assert one.schema["title"][1].islower() and len(one.description or one.schema["description_md"]) > 40


def test_all_that_a_file_sets_reaches_the_tasks_and_leaves_the_form() -> None:
    pins: dict[str, Any] = {"schemas": ["a.crm"], "role": "r", "checkpoint_database": "c", "profiles_sync": "p.s"}
    pins |= {"future_tables": "none", "reverse_etl_database": "", "reverse_etl_owner": "", "allow": ["a.*", "{b}"]}
    made = segment_data_graph(
        "all",
        **pins,
        trusted_owners=["dba"],
        connections=Connections("admin", "user", "aws"),
        schedule="@daily",
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        tags=["ours"],
        default_args={"retries": 5, "owner": "us", "redshift_conn_id": "another"},
    )
    assert (list(made.params), made.timetable.can_be_scheduled, set(made.tags)) == (["plan_only"], True, {"ours"})
    check: Any = made.get_task("check")
    constants = {**pins, "user_conn_id": "user", "trusted_owners": ["dba"]}
    assert {name: getattr(check, name) for name in constants} == {name: literal(one) for name, one in constants.items()}
    assert (check.redshift_conn_id, check.retries, check.owner) == (literal("admin"), 5, "us")
    for task_id in ("grant_schemas", "grant_profiles_sync"):
        assert task_of(made, task_id).future_tables == literal("none")
    assert "any schema of `a.*`, `{b}` opened" in str(made.doc_md) and "role `r`, checkpoint_database `c`" in str(
        made.doc_md
    )
    back = segment_data_graph_offboard(
        "back", role="r", checkpoint_database="c", connections=Connections("admin", "user", "aws")
    )
    ours: list[Any] = [*made.tasks, back.get_task("offboard")]
    assert [task.aws_conn_id for task in ours] == [literal("aws")] * len(ours)
    assert list(back.params) == ["plan_only", "confirm_database", "new_owner", "force"]
    assert task_of(back, "offboard").checkpoint_database == literal("c")
    assert "`user`" in str(back.doc_md)
    assert task_of(back, "offboard").trusted_owners == literal([])
    back = segment_data_graph_offboard("back", new_owner="heir", trusted_owners=["dba"])
    assert list(back.params) == ["plan_only", "role", "checkpoint_database", "confirm_database", "force"]
    assert task_of(back, "offboard").trusted_owners == literal(["dba", "heir"])


def test_forms_share_nothing() -> None:
    # Airflow puts a run's conf into the params of the DAG that it has loaded.
    one, other = segment_data_graph("one"), segment_data_graph("other")
    one.params["role"] = "changed"
    assert other.params["role"] == "segment_linked_role"


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        *(({name: value}, ParamValidationError) for name, value in (("role", 5), ("future_tables", "all"))),
        *(({name: value}, ParamValidationError) for name, value in (("profiles_sync", 5), ("schemas", [5]))),
        # Nothing comes back onto the form.
        ({"role": "r", "params": {"role": "another"}}, TypeError),
        # Clusters are alike.
        ({"connections": [Connections("east", "east_user", "aws"), Connections("west")]}, ValueError),
    ],
    ids=str,
)
def test_what_the_form_would_refuse_isnt_pinned(wrong: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        segment_data_graph(**wrong)


CLUSTERS = [Connections("east", "east_user", "aws"), Connections("west", "west_user", "aws_west")]


def test_one_of_several_clusters_is_chosen_on_the_form() -> None:
    for made, task in ((segment_data_graph, "validate"), (segment_data_graph_offboard, "offboard")):
        dag = made("clusters", connections=CLUSTERS)
        cluster = dag.params.get_param("cluster")
        assert (next(iter(dag.params)), cluster.value, cluster.schema["enum"]) == ("cluster", "east", ["east", "west"])
        assert cluster.schema["title"] == "Cluster"
        given: Any = dag.get_task(task)
        pairs = {name: dag.get_template_env().from_string(getattr(given, name)) for name in Connections._fields}
        for one in CLUSTERS:
            chosen = {"params": {"cluster": one.redshift_conn_id}}
            assert {name: found.render(chosen) for name, found in pairs.items()} == one._asdict()
        assert "- `west`, `west_user`" in str(dag.doc_md)


def remembered(monkeypatch: pytest.MonkeyPatch, text: str) -> DAG:
    """The reference DAG, parsed while its Variable has a value."""
    monkeypatch.setenv("AIRFLOW_VAR_SEGMENT_DATA_GRAPH", text)
    return segment_data_graph("remembered", role="pinned")


def test_the_form_opens_with_what_the_variable_holds(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clusters = [{"redshift_conn_id": "east"}, one := {"redshift_conn_id": "west", "user_conn_id": "west_user"}]
    given = {"schemas": ["a.crm"], "profiles_sync": "p.s", "role": "other", "unknown": 1, "future_tables": "bad"}
    dag = remembered(monkeypatch, json.dumps({**given, "connections": clusters}))
    # What doesn't fit, isn't known or is pinned is refused in a run; the form leaves it alone.
    values = {name: dag.params[name] for name in ("schemas", "profiles_sync", "future_tables", "cluster")}
    assert values == {"schemas": ["a.crm"], "profiles_sync": "p.s", "future_tables": "scoped", "cluster": "east"}
    assert "role" not in dag.params and "unknown" not in dag.params
    assert task_of(dag, "role").role == literal("pinned")
    assert "- `east`, `segment_linked_user`" in str(dag.doc_md) and one["user_conn_id"] in str(dag.doc_md)
    assert caplog.records == []


@pytest.mark.parametrize("broken", ["{", "[]", "5", '{"connections": [{"host": "x\\ny"}]}', '{"connections": 5}'])
def test_a_broken_variable_hides_no_dag(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    dag = remembered(monkeypatch, broken)
    assert (dag.params["schemas"], dag.params["profiles_sync"]) == ([], None)
    assert task_of(dag, "role").redshift_conn_id == literal("redshift_default")
    (told,) = (one.getMessage() for one in caplog.records if one.name.startswith("airflow_provider_datagraph"))
    assert told.startswith("The form opens without the values of Variable segment_data_graph: ") and "\n" not in told
