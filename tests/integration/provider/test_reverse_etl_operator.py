"""GrantReverseEtlOperator: work in another user's Reverse ETL schema, proved as the linked user."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.operators.reverse_etl import GrantReverseEtlOperator
from tests.integration.provider.support import Segment, codes, message, run

SCHEMA = "__segment_reverse_etl"
TABLE = f"{SCHEMA}.records_s1"
WRITES = (f"INSERT INTO {TABLE} VALUES ('2')", f"UPDATE {TABLE} SET id = '3'", f"DELETE FROM {TABLE}")


@pytest.fixture
def owner(warehouse: Segment) -> str:
    """The old Segment user, who owns the schema and its table."""
    name = warehouse.cluster.user("retl")
    warehouse.cluster.sql(warehouse.warehouse, f"CREATE SCHEMA {SCHEMA} AUTHORIZATION {name}")
    statements = (f"CREATE TABLE {TABLE} (id varchar(9))", f"INSERT INTO {TABLE} VALUES ('1')")
    warehouse.cluster.sql(warehouse.warehouse, *statements, user=name)
    return name


def grant(segment: Segment, **arguments: Any) -> dict[str, Any]:
    defaults = {"database": segment.warehouse, "role": segment.role}
    return run(GrantReverseEtlOperator(task_id="reverse_etl", **{**defaults, **arguments}))


def refusal(segment: Segment, statement: str) -> str:
    return segment.cluster.refusal(segment.user, statement, segment.warehouse)


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize("drop", ["none", "tables", "all"])
def test_the_linked_user_reads_writes_and_creates(warehouse: Segment, drop: str) -> None:
    for statement in (f"SELECT id FROM {TABLE}", *WRITES, f"CREATE TABLE {SCHEMA}.own (id int)"):
        assert refusal(warehouse, statement) == "42501", statement
    report = grant(warehouse, drop=drop)
    codes = [finding["code"] for finding in report["findings"]]
    assert codes == ["reverse_etl_owner", "reverse_etl_closed"]
    assert report["changed"] == {"none": 2, "tables": 2, "all": 2}[drop]
    for statement in (f"SELECT id FROM {TABLE}", *WRITES, f"CREATE TABLE {SCHEMA}.own (id int)"):
        assert refusal(warehouse, statement) == "", statement
    assert refusal(warehouse, "SELECT 1 FROM crm.accounts") == "42501"


@pytest.mark.parametrize(("drop", "code"), [("none", "42501"), ("tables", ""), ("all", "")])
def test_the_linked_user_drops_a_table_of_the_owner_where_told(
    warehouse: Segment, owner: str, drop: str, code: str
) -> None:
    grant(warehouse, drop=drop)
    warehouse.cluster.sql(warehouse.warehouse, f"CREATE TABLE {SCHEMA}.later (id int)", user=owner)
    for statement in (f"INSERT INTO {SCHEMA}.later VALUES (1)", f"SELECT 1 FROM {SCHEMA}.later"):
        assert refusal(warehouse, statement) == "", statement
    assert refusal(warehouse, f"DROP TABLE {SCHEMA}.later") == code
    assert refusal(warehouse, f"DROP TABLE {TABLE}") == code


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize(("drop", "code"), [("none", "42501"), ("tables", "42501"), ("all", "")])
def test_the_linked_user_drops_the_schema_only_where_all_is_told(warehouse: Segment, drop: str, code: str) -> None:
    grant(warehouse, drop=drop)
    assert refusal(warehouse, f"DROP SCHEMA {SCHEMA} CASCADE") == code


@pytest.mark.usefixtures("owner")
def test_more_drop_is_added_and_less_takes_nothing_away(warehouse: Segment) -> None:
    grant(warehouse, drop="none")
    since = warehouse.cluster.mark()
    assert grant(warehouse, drop="all")["changed"] == 2
    assert warehouse.cluster.changes(since) == [
        f'GRANT DROP ON SCHEMA "{SCHEMA}" TO ROLE "{warehouse.role}"',
        f'GRANT DROP FOR TABLES IN SCHEMA "{SCHEMA}" TO ROLE "{warehouse.role}"',
    ]
    with warehouse.cluster.untouched():
        assert grant(warehouse, drop="none")["changed"] == 0
    assert refusal(warehouse, f"DROP TABLE {TABLE}") == ""


def test_where_there_is_no_schema_nothing_is_done_and_it_says_so(linked: Segment) -> None:
    with linked.cluster.untouched():
        report = grant(linked)
    assert (report["changed"], report["in_place"]) == (0, 0)
    assert "nothing to do" in message(report, "schema_missing")


@pytest.mark.parametrize("database", [None, "", "  "])
def test_without_a_database_nothing_is_done_and_nothing_is_asked(linked: Segment, database: str | None) -> None:
    since = linked.cluster.mark()
    report = grant(linked, database=database)
    assert report == {"changed": 0, "in_place": 0, "planned": [], "findings": []}
    assert [text for text in linked.cluster.received(since) if "sys_query_history" not in text] == []


def test_a_missing_database_is_refused_and_only_a_finding_of_a_plan(linked: Segment) -> None:
    name = linked.cluster.future_database()
    with linked.cluster.untouched(), pytest.raises(MisconfigurationError, match=f"there is no database {name}"):
        grant(linked, database=name)
    with linked.cluster.untouched():
        report = grant(linked, database=name, plan_only=True)
    assert codes(report) == ["database_missing"]


@pytest.mark.usefixtures("owner")
def test_without_the_role_it_is_refused(warehouse: Segment) -> None:
    with warehouse.cluster.untouched(), pytest.raises(MisconfigurationError, match="doesn't exist"):
        grant(warehouse, role="no_such_role")


@pytest.mark.usefixtures("owner")
def test_plan_only_lists_the_plan_and_changes_nothing(warehouse: Segment) -> None:
    with warehouse.cluster.untouched():
        report = grant(warehouse, drop="all", plan_only="True")
    path, who = f"{warehouse.warehouse}.{SCHEMA}", f"role {warehouse.role}: not held"
    assert report["planned"] == [
        f"grant USAGE, CREATE, DROP on schema {path} to {who}",
        f"grant SELECT, INSERT, UPDATE, DELETE, DROP on the tables of {path}, also later ones, to {who}",
    ]


def test_the_arguments_are_templates_and_another_schema_can_be_named(warehouse: Segment) -> None:
    owner = warehouse.cluster.user("retl")
    warehouse.cluster.sql(warehouse.warehouse, f'CREATE SCHEMA "old.etl" AUTHORIZATION {owner}')
    operator = GrantReverseEtlOperator(
        task_id="reverse_etl",
        database="{{ params.database }}",
        schema="{{ params.schema }}",
        drop="{{ params.drop }}",
        role="{{ params.role }}",
        plan_only="{{ params.plan_only }}",
    )
    params = {"database": warehouse.warehouse, "schema": '"old.etl"', "drop": "none", "role": warehouse.role}
    assert run(operator, **params, plan_only=False)["changed"] == 2
    assert refusal(warehouse, 'CREATE TABLE "old.etl".own (id int)') == ""


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"drop": "schema"}, "give one of tables, all, none"),
    ({"drop": None}, "give one of tables, all, none"),
    ({"schema": ["a", "b"]}, "names 2 schemas"),
    ({"schema": "pg_internal"}, "belongs to Redshift itself"),
    ({"database": "template0"}, "belongs to Redshift itself"),
    ({"plan_only": "no"}, "plan_only is 'no'"),
    ({"role": ""}, "empty"),
]


def test_a_bad_argument_is_refused(linked: Segment) -> None:
    with linked.cluster.untouched():
        for arguments, problem in REFUSED:
            with pytest.raises(MisconfigurationError) as error:
                grant(linked, **arguments)
            assert problem in str(error.value)
