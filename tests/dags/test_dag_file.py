"""The DAG files: they parse with no connection, their forms say what to type, their graphs have this order."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.dags.airflow_process import Airflow
from tests.dags.runs import DAG_ID

OFFBOARD = "segment_data_graph_offboard"
# Name: section, default, type.
FORMS: dict[str, dict[str, tuple[str, Any, Any]]] = {
    DAG_ID: {
        "schemas": ("What Segment reads", [], "array"),
        "profiles_sync": ("What Segment reads", None, "string"),
        "checkpoint_database": ("What Segment owns", "segment_linked_profiles_db", "string"),
        "role": ("What Segment owns", "segment_linked_role", "string"),
        "reverse_etl_database": ("What Segment owns", None, ["null", "string"]),
        "future_tables": ("How", "scoped", "string"),
        "plan_only": ("How", False, "boolean"),
    },
    OFFBOARD: {
        "role": ("What leaves", "segment_linked_role", "string"),
        "checkpoint_database": ("What leaves", None, ["null", "string"]),
        "new_owner": ("What stays", None, ["null", "string"]),
        "force": ("How", False, "boolean"),
        "plan_only": ("How", True, "boolean"),
    },
}
FORM = FORMS[DAG_ID]
EDGES = {
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


@pytest.fixture(scope="session")
def both(airflow: Airflow) -> dict[str, Any]:
    """What a person sees of each DAG."""
    assert not [name for name in airflow.env if name.startswith("AIRFLOW_CONN_")]
    return {dag_id: airflow.ask("describe", dag_id=dag_id) for dag_id in FORMS}


@pytest.fixture
def described(both: dict[str, Any]) -> Any:
    return both[DAG_ID]


@pytest.mark.parametrize("dag_id", FORMS)
def test_it_parses_with_no_connection_no_error_and_no_warning(both: dict[str, Any], dag_id: str) -> None:
    described = both[dag_id]
    assert (described.get("raised"), described["errors"], described["warnings"]) == (None, {}, [])
    assert "`redshift_default`" in described["doc"] and "`segment_linked_user`" in described["doc"]
    assert list(described["params"]) == list(FORMS[dag_id])
    assert passed_on(described["fields"]) == set(FORMS[dag_id])


def test_a_broken_file_is_noticed(airflow: Airflow) -> None:
    # A DAG id that the file doesn't have.
    assert airflow.ask("describe", dag_id="broken").get("raised")


@pytest.mark.parametrize(("dag_id", "name"), [(dag_id, name) for dag_id, form in FORMS.items() for name in form])
def test_a_field_says_what_to_type(both: dict[str, Any], dag_id: str, name: str) -> None:
    param, (section, default, kind) = both[dag_id]["params"][name], FORMS[dag_id][name]
    schema = param["schema"]
    assert (schema["section"], param["value"], schema["type"]) == (section, default, kind)
    assert schema["title"]
    explained = param["description"] or schema["description_md"]
    assert len(explained) > 40
    # A field of texts shows examples; a list of them would become one to pick from, so they are in its description.
    if kind == "array":
        assert "analytics.crm" in explained
    elif kind != "boolean" and "enum" not in schema:
        assert schema["examples"]


RIGHT: dict[str, dict[str, Any]] = {DAG_ID: {"schemas": ["crm"], "profiles_sync": "a.b"}, OFFBOARD: {}}
WRONG: dict[str, list[dict[str, Any]]] = {
    DAG_ID: [
        *({"schemas": value} for value in ("crm", [1], None)),
        *({"profiles_sync": value} for value in (None, "ab")),
        *({"checkpoint_database": value} for value in (None, 5)),
        {"role": ["r"]},
        {"reverse_etl_database": False},
        {"future_tables": "all"},
        *({"plan_only": value} for value in ("False", 0)),
    ],
    OFFBOARD: [{"role": None}, {"force": "yes"}, {"plan_only": 0}, {"new_owner": 5}],
}


@pytest.mark.parametrize(
    ("dag_id", "wrong"), [(dag_id, wrong) for dag_id, listed in WRONG.items() for wrong in listed], ids=str
)
def test_the_form_refuses_wrong_types(airflow: Airflow, dag_id: str, wrong: dict[str, object]) -> None:
    assert airflow.ask("validate", dag_id=dag_id, conf=RIGHT[dag_id])["values"].items() >= RIGHT[dag_id].items()
    reply = airflow.ask("validate", dag_id=dag_id, conf={**RIGHT[dag_id], **wrong})
    assert reply.get("raised") == "ParamValidationError", reply
    assert f"param {next(iter(wrong))}" in reply["message"]


def test_the_only_field_without_a_default_is_profiles_sync(airflow: Airflow) -> None:
    values = airflow.ask("validate", dag_id=DAG_ID, conf={"profiles_sync": "a.b"})["values"]
    assert values == {**{name: default for name, (_, default, _) in FORM.items()}, "profiles_sync": "a.b"}


def test_the_order_of_the_tasks(described: dict[str, Any]) -> None:
    assert described["edges"] == EDGES


def test_one_grant_task_a_database(described: dict[str, Any]) -> None:
    assert described["mapped"] == ["grant_schemas"]


def test_only_what_follows_a_skipped_mapping_runs_after_a_skip(described: dict[str, Any]) -> None:
    lenient = {name for name, rule in described["rules"].items() if rule.lower().endswith("none_failed")}
    assert lenient == {"grant_reverse_etl", "validate", "summary"}
    strict = {name for name, rule in described["rules"].items() if rule.lower().endswith("all_success")}
    assert lenient | strict == set(EDGES)


def test_what_it_runs_with(described: dict[str, Any]) -> None:
    assert (described["max_active_runs"], described["catchup"]) == (1, False)
    fields = described["fields"]
    assert {name: given["retries"] for name, given in fields.items()} == dict.fromkeys(EDGES, "2")
    sync, access = fields["wait_for_profiles_sync"], fields["validate"]
    # Profiles Sync is waited for 48 hours, with a look a minute.
    assert [float(sync[name]) for name in ("timeout", "poke_interval")] == [48 * 3600, 60]
    assert [float(access[name]) for name in ("timeout", "poke_interval")] == [600, 15]
    assert (sync["soft_fail"], access["soft_fail"]) == ("False", "False")


def test_every_field_of_the_form_reaches_the_tasks(described: dict[str, Any]) -> None:
    fields = described["fields"]
    working = set(EDGES) - {"check", "databases", "wait_for_profiles_sync", "validate"}
    assert {name for name, given in fields.items() if "params.plan_only" in given.get("plan_only", "")} == working
    waiting = {"wait_for_profiles_sync", "validate"}
    assert {name for name, given in fields.items() if "not params.plan_only" in given.get("wait", "")} == waiting


def passed_on(fields: dict[str, dict[str, str]]) -> set[str]:
    """The params that templates of tasks hold."""
    return {name for given in fields.values() for text in given.values() for name in re.findall(r"params\.(\w+)", text)}


def test_the_summary_sums_up_every_task(described: dict[str, Any]) -> None:
    given = described["fields"]["summary"]
    summed = re.findall(r"from_xcom\('(\w+)'\)", given["reports"] + given["proofs"])
    assert sorted(summed) == sorted(set(EDGES) - {"databases", "summary"})


def test_what_offboarding_runs_with(both: dict[str, Any]) -> None:
    described = both[OFFBOARD]
    given = described["fields"]["offboard"]
    assert (described["edges"], described["max_active_runs"], given["retries"]) == ({"offboard": []}, 1, "2")
    assert all(f"params.{name}" in given[name] for name in FORMS[OFFBOARD])
