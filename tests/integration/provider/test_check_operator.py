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
from tests.support.redshift import PASSWORD
from tests.support.segment import RETL, Segment, codes, execute, notes, said


@pytest.fixture
def other(segment: Segment) -> str:
    return segment.cluster.database(
        "CREATE SCHEMA crm", "CREATE TABLE crm.leads (id int)", 'CREATE SCHEMA "my.schema"', "CREATE SCHEMA empty"
    )


def check(segment: Segment, schemas: Any, **arguments: Any) -> dict[str, Any]:
    with segment.cluster.untouched():
        return execute(segment.check(schemas=schemas, **arguments))


def refused(segment: Segment, schemas: Any, **arguments: Any) -> Sequence[str]:
    with segment.cluster.untouched(), pytest.raises(MisconfigurationError) as error:
        execute(segment.check(schemas=schemas, **arguments))
    return error.value.problems


def test_the_result_is_what_the_dag_hands_to_its_tasks(segment: Segment, other: str) -> None:
    own = segment.warehouse
    schemas = ["crm", f"{own}.billing.invoices", f"{other}.crm", f'{other}."my.schema"']
    result = check(segment, schemas, profiles_sync=f"{other}.profiles_prod")
    opened = {own: ["crm", "billing"], other: ["crm", '"my.schema"']}
    assert result["grants"] == {
        "schema": [f"{database}.{schema}" for database in sorted(opened) for schema in opened[database]],
        "tables": {f"{own}.billing": ["invoices"]},
    }
    assert result["profiles_sync"] == {"database": other, "schema": "profiles_prod"}
    assert result["validate"] == {
        "schemas": [f"{own}.crm", f"{other}.crm", f'{other}."my.schema"']
        if own < other
        else [f"{other}.crm", f'{other}."my.schema"', f"{own}.crm"],
        "tables": [f"{own}.billing.invoices", *(f"{other}.profiles_prod.{table}" for table in REQUIRED_TABLES)],
    }
    assert {key: result[key] for key in Report().as_dict()} == Report().as_dict()


def test_its_grants_are_the_grant_operators_arguments(linked: Segment) -> None:
    other = linked.cluster.database('CREATE SCHEMA "my.schema"', 'CREATE TABLE "my.schema"."t.1" (id int)')
    result = check(linked, [f'{other}."my.schema"."t.1"', "CRM"])
    execute(linked.grant_schema(**result["grants"]))
    assert linked.reads("my.schema", "t.1", database=other)
    assert linked.reads("crm", "accounts")
    assert not linked.reads("billing", "invoices")


def test_what_takes_one_name_takes_no_pattern(segment: Segment) -> None:
    (problem,) = refused(segment, ["crm"], profiles_sync=f"{segment.warehouse}.prof*")
    assert problem.endswith("is a pattern: name a schema, and put a * of its own in double quotes.")


def test_who_mistypes_a_name_is_told_which_was_meant(segment: Segment, other: str) -> None:
    own = segment.warehouse
    typed = {f"{own}.bilings": "billing", f"{own}.crm.acounts": "accounts", f"{own[:-1]}.crm": own}
    problems = refused(segment, list(typed))
    assert [problem.rpartition(": did you mean ")[2] for problem in problems] == [f"{name}?" for name in typed.values()]
    with pytest.raises(MisconfigurationError, match="Did you mean billing"):
        execute(segment.grant_schema(schema="bilings"))


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
        "has 4 parts",
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


def given_by_variable(segment: Segment, value: Any, conf: Any = None, **arguments: Any) -> dict[str, Any]:
    """The result where a Variable holds values, and the run's conf others."""
    text = value if isinstance(value, str) else json.dumps(value)
    segment.monkeypatch.setenv("AIRFLOW_VAR_SEGMENT_DATA_GRAPH", text)
    form = {"schemas": ["billing"], "plan_only": False}
    task = segment.check(variable="segment_data_graph", params=form, **{"schemas": ["crm"], **arguments})
    context: Any = {"params": {**form, **(conf or {})}, "dag_run": SimpleNamespace(conf=conf or {})}
    return dict(task.execute(context))


def test_a_variable_gives_what_the_conf_does_not(segment: Segment) -> None:
    value = {"schemas": ["billing"], "plan_only": True, "connections": []}
    found = given_by_variable(segment, value)
    assert (found["grants"]["schema"], found["form"]["plan_only"]) == ([f"{segment.warehouse}.billing"], True)
    found = given_by_variable(segment, value, {"schemas": ["crm"]})
    assert (found["grants"]["schema"], found["form"]["plan_only"]) == ([f"{segment.warehouse}.crm"], True)
    assert given_by_variable(segment, {})["grants"]["schema"] == [f"{segment.warehouse}.crm"]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("{", "The Variable segment_data_graph is no JSON"),
        ([], "The Variable segment_data_graph is no JSON object"),
        ({"schema": []}, "'schema', which the form hasn't: did you mean schemas?"),
        ({"zzz": 1}, "'zzz', which the form hasn't: give some of connections, plan_only, schemas."),
        ({"role": "r"}, "'role', which the DAG file sets: leave it out of one of the two."),
        ({"plan_only": "maybe"}, "plan_only is 'maybe', not a boolean"),
    ],
    ids=str,
)
def test_a_variable_that_does_not_fit_stops_the_run(segment: Segment, value: Any, told: str) -> None:
    with pytest.raises(MisconfigurationError) as error:
        given_by_variable(segment, value)
    assert len([problem for problem in error.value.problems if told in problem]) == 1, error.value.problems


def test_a_profiles_sync_schema_may_be_missing(segment: Segment) -> None:
    result = check(segment, [], profiles_sync=f"{segment.warehouse}.not_yet")
    assert (result["grants"], result["profiles_sync"]["schema"]) == (None, "not_yet")


def test_the_reverse_etl_database_may_be_the_checkpoint_database_to_come(segment: Segment) -> None:
    name = segment.cluster.future_database()
    assert check(segment, ["crm"], checkpoint_database=name, reverse_etl_database=name)["findings"] == []
    (problem,) = refused(segment, ["crm"], reverse_etl_database=name)
    assert f"no database {name}" in problem


def test_a_reverse_etl_database_that_the_check_takes_can_be_granted(segment: Segment) -> None:
    name = segment.warehouse.upper()
    assert check(segment, ["crm"], reverse_etl_database=name)["findings"] == []
    report = execute(segment.grant_reverse_etl(database=name))
    assert (codes(report), notes(report)) == ([], ["schema_missing"])


def test_missing_connections_are_told_with_the_form(segment: Segment) -> None:
    segment.forget("segment_linked_user")
    problems = refused(segment, ["crm", "nope"])
    assert len(problems) == 2
    segment.forget("redshift_default")
    assert any("redshift_default" in problem for problem in refused(segment, ["crm"]))


def test_an_unusable_admin_connection_hides_no_other_problem(segment: Segment) -> None:
    segment.admin_connection(host="")
    problems = refused(segment, ["crm..accounts"])
    assert [problem for problem in problems if "lacks host" in problem]
    assert [problem for problem in problems if "empty part" in problem]


def test_an_existing_role_and_user_are_no_problem(linked: Segment) -> None:
    assert linked.cluster.logs_in(linked.user, PASSWORD)
    report = check(linked, ["crm"])
    assert (report["findings"], report["notes"]) == ([], {})


@pytest.mark.parametrize(
    "typed", ["payroll", "{own}.PAYROLL", '"{own}"."payroll".salaries', "{other}.crm", '{own}."*"']
)
def test_what_isnt_allowed_is_refused_in_every_notation(segment: Segment, other: str, typed: str) -> None:
    entry = typed.format(own=segment.warehouse, other=other)
    allow = ["crm", f"{segment.warehouse}.b*", f"{other}.my*"]
    told = f"isn't allowed here: this DAG opens only {', '.join(allow)}."
    (problem,) = refused(segment, ["CRM", entry], allow=allow)
    assert problem.endswith(told)
    if typed.count(".") == 1:
        (problem,) = refused(segment, [], profiles_sync=entry, allow=allow)
        assert problem.startswith("profiles_sync: ") and problem.endswith(told)


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
        database: dict[str, Any] = {"checkpoint_database": name, "plan_only": True}
        report = execute(segment.create_database(**database))
        assert codes(report) == (["untrusted_owner"] if whose == "other" else [])
        named = execute(segment.create_database(**database, reverse_etl_owner=owner))
        assert (codes(named), notes(named)) == ([], ["reverse_etl_owner"] if whose == "other" else [])
