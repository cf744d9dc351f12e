"""CheckWarehouseOperator: the whole form against the whole warehouse, every problem at once, nothing changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_datagraph.access.profiles_sync import REQUIRED_TABLES
from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.redshift.passwords import policy_problems
from tests.support.segment import RETL, Segment, codes, execute, notes, said


@pytest.fixture
def other(segment: Segment) -> str:
    return segment.cluster.database("CREATE SCHEMA crm", "CREATE TABLE crm.leads (id int)")


def check(segment: Segment, schemas: Any, **arguments: Any) -> dict[str, Any]:
    with segment.cluster.untouched():
        return execute(segment.check(schemas=schemas, **arguments))


def refused(segment: Segment, schemas: Any, **arguments: Any) -> Sequence[str]:
    with segment.cluster.untouched(), pytest.raises(MisconfigurationError) as error:
        execute(segment.check(schemas=schemas, **arguments))
    return error.value.problems


def test_the_result_is_what_the_dag_hands_to_its_tasks(linked: Segment) -> None:
    own, dotted = linked.warehouse, ('CREATE SCHEMA "my.schema"', 'CREATE TABLE "my.schema"."t.1" (id int)')
    other = linked.cluster.database("CREATE SCHEMA crm", *dotted)
    schemas = ["CRM", f"{own}.billing.invoices", f"{other}.crm", f'{other}."my.schema"']
    # Profiles Sync may be still to come.
    result = check(linked, schemas, profiles_sync=f"{other}.profiles_prod")
    opened = {own: ["crm", "billing"], other: ["crm", '"my.schema"']}
    assert result["grants"] == {
        "schema": [f"{database}.{schema}" for database in sorted(opened) for schema in opened[database]],
        "tables": [f"{own}.billing.invoices"],
    }
    assert result["profiles_sync"] == {"database": other, "schema": "profiles_prod"}
    assert result["validate"] == {
        "schemas": [f"{own}.crm", f"{other}.crm", f'{other}."my.schema"']
        if own < other
        else [f"{other}.crm", f'{other}."my.schema"', f"{own}.crm"],
        "tables": [f"{own}.billing.invoices", *(f"{other}.profiles_prod.{table}" for table in REQUIRED_TABLES)],
    }
    assert {key: result[key] for key in Report().as_dict()} == Report().as_dict()
    execute(linked.grant_schema(**result["grants"]))
    assert linked.reads("crm", "accounts") and linked.reads("my.schema", "t.1", other)


def test_what_takes_one_name_takes_no_pattern(segment: Segment) -> None:
    (problem,) = refused(segment, ["crm"], profiles_sync=f"{segment.warehouse}.prof*")
    assert problem.endswith("prof*': name one schema, and put a * of its own in double quotes.")


def test_who_mistypes_a_name_is_told_which_was_meant(segment: Segment, other: str) -> None:
    own = segment.warehouse
    typed = {f"{own}.bilings": "billing", f"{own}.crm.acounts": "accounts", f"{own[:-1]}.crm": own}
    problems = refused(segment, list(typed))
    assert [problem.rpartition(": did you mean ")[2] for problem in problems] == [f"{name}?" for name in typed.values()]
    for given, meant in (
        ({"schema": "bilings"}, "billing"),
        ({"schema": f"{own[:-1]}.crm"}, own),
        ({"database": own[:-1]}, own),
    ):
        with pytest.raises(MisconfigurationError, match=rf"Did you mean {meant}\?"):
            execute(segment.grant_schema(**given))


def test_the_problems_of_all_databases_are_told_at_once(segment: Segment, other: str) -> None:
    taken = segment.cluster.user("etl")
    segment.user_connection(password="weak")
    own = segment.warehouse
    problems = refused(
        segment,
        [f"{own}.nope", f"{own}.crm.nope", f"{other}.gone", f"{other}.crm.leads.id", "no_such_db.crm", '"open'],
        profiles_sync="no_such_db2.profiles",
        checkpoint_database="Upper",
        role=taken,
        reverse_etl_database="no_such_db3",
    )
    for part in (
        f"{own}.nope: database {own} has no schema nope",
        f"schema {own}.crm has no table nope",
        f"database {other} has no schema gone",
        "crm.leads.id': write schema or database.schema or database.schema.table",
        "there is no database no_such_db:",
        "double quote that isn't closed",
        "profiles_sync: there is no database no_such_db2",
        "'Upper'",
        said("name_taken", taken, case="role"),
        "reverse_etl_database: there is no database no_such_db3",
        said("password_policy", segment.user, lacks=tuple(policy_problems("weak"))),
    ):
        assert len([problem for problem in problems if part in problem]) == 1, part
    assert len(problems) == 11
    assert "weak" not in "".join(problems)


def given_by_variable(segment: Segment, value: Any, conf: Any = None) -> dict[str, Any]:
    """The result where a Variable holds values, and the run's conf others."""
    text = value if isinstance(value, str) else json.dumps(value)
    segment.monkeypatch.setenv("AIRFLOW_VAR_SEGMENT_DATA_GRAPH", text)
    form = {"schemas": ["billing"], "plan_only": False}
    task = segment.check(variable="segment_data_graph", params=form)
    context: Any = {"params": {**form, **(conf or {})}, "dag_run": SimpleNamespace(conf=conf or {})}
    return dict(task.execute(context))


def test_a_variable_gives_what_the_conf_does_not(segment: Segment) -> None:
    value = {"schemas": ["billing"], "plan_only": True, "connections": []}
    for conf, schema in ((None, "billing"), ({"schemas": ["crm"]}, "crm")):
        found = given_by_variable(segment, value, conf)
        assert found["grants"]["schema"] == [f"{segment.warehouse}.{schema}"]
        assert (found["form"]["plan_only"], found["form"]["wait"]) == (True, False)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("{", "The Variable segment_data_graph is no JSON"),
        ([], "The Variable segment_data_graph is no JSON object"),
        ({"schema": []}, "'schema', which the form hasn't: did you mean schemas?"),
        ({"zzz": 1}, "'zzz', which the form hasn't: give one of connections, plan_only, schemas."),
        ({"role": "r"}, "'role', which the DAG file sets: leave it out of one of the two."),
        ({"plan_only": "maybe"}, "plan_only is 'maybe', not a boolean"),
    ],
    ids=str,
)
def test_a_variable_that_does_not_fit_stops_the_run(segment: Segment, value: Any, told: str) -> None:
    with pytest.raises(MisconfigurationError) as error:
        given_by_variable(segment, value)
    assert len([problem for problem in error.value.problems if told in problem]) == 1, error.value.problems


def test_the_reverse_etl_database_may_be_the_checkpoint_database_to_come(segment: Segment) -> None:
    name = segment.cluster.future_database()
    assert check(segment, ["crm"], checkpoint_database=name, reverse_etl_database=name)["findings"] == []
    (problem,) = refused(segment, ["crm"], reverse_etl_database=name)
    assert f"no database {name}" in problem
    assert check(segment, ["crm"], reverse_etl_database=segment.warehouse.upper())["findings"] == []


def test_an_unusable_admin_connection_hides_no_other_problem(segment: Segment) -> None:
    segment.admin_connection(host="")
    problems = refused(segment, ["crm..accounts"])
    assert [problem for problem in problems if "lacks host" in problem]
    assert [problem for problem in problems if "empty part" in problem]


def test_reverse_etl_is_allowed_in_the_checkpoint_database_and_where_a_pattern_says_so(
    segment: Segment, other: str
) -> None:
    name = segment.cluster.future_database()
    given = {"checkpoint_database": name, "allow": ["crm", f"{other}.__segment_*"]}
    assert check(segment, ["crm"], reverse_etl_database=name, **given)["reverse_etl_database"] == name
    assert check(segment, ["crm"], reverse_etl_database=other.upper(), **given)["reverse_etl_database"] == other
    (problem,) = refused(segment, ["crm"], reverse_etl_database=segment.warehouse, **given)
    assert problem.startswith(f"reverse_etl_database: {segment.warehouse}.__segment_reverse_etl isn't allowed here")
    assert check(segment, ["crm"], allow=["crm"])["reverse_etl_database"] is None


@pytest.mark.parametrize(("whose", "known"), [("linked", True), ("other", True), ("other", False), ("admin", False)])
def test_a_reverse_etl_schema_in_the_checkpoint_database_is_handled_unasked(
    segment: Segment, whose: str, known: bool
) -> None:
    """The guide's step 2 warns of it: Segment would use it, and couldn't."""
    cluster, own, other = segment.cluster, segment.warehouse, segment.cluster.user("retl")
    if known:
        segment.make_identities()
    owner = {"linked": segment.user, "other": other, "admin": segment.server.user}[whose]
    name = cluster.database(f"CREATE SCHEMA {RETL} AUTHORIZATION {owner}")
    untrusted = said("untrusted_owner", f"{name}.{RETL}", case="schema", owner=other)

    def found(**form: Any) -> tuple[Any, list[str], list[str]]:
        report = execute(segment.check(checkpoint_database=name, **form))
        return report["reverse_etl_database"], codes(report), notes(report)

    if whose == "linked":
        assert found() == found(reverse_etl_database=name) == (None, [], [])
        assert found(reverse_etl_database=own) == (own, [], [])
    else:
        named = {"reverse_etl_owner": owner}
        told: tuple[Any, ...] = (name, [], ["reverse_etl_owner"])
        assert found(**named) == found(reverse_etl_database=name, **named) == found(trusted_owners=[owner]) == told
        assert found(reverse_etl_database=own, **named) == (own, ["reverse_etl_elsewhere"], [])
    if whose == "other":
        with pytest.raises(MisconfigurationError) as error:
            found()
        assert list(error.value.problems) == [untrusted]
    if known:
        report = execute(segment.create_database(checkpoint_database=name, plan_only=True))
        assert codes(report) == (["untrusted_owner"] if whose == "other" else [])
