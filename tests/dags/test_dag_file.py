"""The DAG file: it parses with no connection, its form says what to type, its graph has this order."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.dags.airflow_process import Airflow
from tests.dags.runs import DAG_ID

# Name: section, default, type.
FORM: dict[str, tuple[str, Any, Any]] = {
    "schemas": ("What Segment reads", [], "array"),
    "profiles_sync": ("What Segment reads", None, "string"),
    "checkpoint_database": ("What Segment owns", "segment_linked_profiles_db", "string"),
    "role": ("What Segment owns", "segment_linked_role", "string"),
    "reverse_etl_database": ("What Segment owns", None, ["null", "string"]),
    "future_tables": ("How", "scoped", "string"),
    "plan_only": ("How", False, "boolean"),
}
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
def described(airflow: Airflow) -> dict[str, Any]:
    assert not [name for name in airflow.env if name.startswith("AIRFLOW_CONN_")]
    return airflow.ask("describe", dag_id=DAG_ID)


def test_it_parses_with_no_connection_no_error_and_no_warning(described: dict[str, Any]) -> None:
    assert (described.get("raised"), described["errors"], described["warnings"]) == (None, {}, [])


def test_a_broken_file_is_noticed(airflow: Airflow) -> None:
    # A DAG id that the file doesn't have.
    assert airflow.ask("describe", dag_id="broken").get("raised")


def test_the_form_keeps_its_names(described: dict[str, Any]) -> None:
    assert list(described["params"]) == list(FORM)


@pytest.mark.parametrize("name", FORM)
def test_a_field_says_what_to_type(described: dict[str, Any], name: str) -> None:
    param = described["params"][name]
    section, default, kind = FORM[name]
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
    assert passed_on(fields) == set(FORM)
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


def test_the_documentation_names_both_connections(described: dict[str, Any]) -> None:
    assert "`redshift_default`" in described["doc"] and "`segment_linked_user`" in described["doc"]
