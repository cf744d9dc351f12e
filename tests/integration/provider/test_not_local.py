"""External schemas and datashares' databases: what administrators are told works, and following it stops nothing."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from airflow_provider_datagraph.exceptions import MisconfigurationError
from tests.support.cluster import Cluster
from tests.support.segment import Segment, changes, close, codes, drop, execute, gone, grant, message, notes, sent

LAKE = "CREATE EXTERNAL SCHEMA lake FROM DATA CATALOG DATABASE 'd' IAM_ROLE default"


@pytest.fixture(scope="module")
def sales(shared: Cluster) -> Iterator[str]:
    name = f"sales_{uuid.uuid4().hex[:10]}"
    shared.sql("dev", f"CREATE DATABASE {name} FROM DATASHARE d OF NAMESPACE '{uuid.uuid4()}'")
    yield name
    shared.sql("dev", f"DROP DATABASE {name}")


def statements(sentence: str) -> list[str]:
    return re.findall(r"(?:GRANT|REVOKE) [^;]+(?:ROLE )?\"\w+\"", sentence)


def test_what_is_told_of_an_external_schema_works_and_offboarding_takes_it_back(warehouse: Segment) -> None:
    warehouse.sql(LAKE)
    path = f"{warehouse.warehouse}.lake"
    told = message(grant(warehouse, ["crm", "lake"]), "not_local")
    assert told == message(execute(warehouse.check(schemas=["lake"])), "not_local")
    (usage,) = statements(told)
    assert usage == f'GRANT USAGE ON SCHEMA "lake" TO ROLE "{warehouse.role}"'
    warehouse.sql(usage)
    for report in (grant(warehouse, ["crm", "lake"]), execute(warehouse.check(schemas=[f"{path}.t"]))):
        assert (codes(report), notes(report)) == ([], ["not_local"])
    # For the user, where Redshift refuses the role.
    warehouse.sql(usage.replace(f'ROLE "{warehouse.role}"', warehouse.user))
    report = close(warehouse, "lake")
    assert sent(report) == [usage.replace("GRANT", "REVOKE").replace(" TO ", " FROM ")]
    warehouse.sql(usage)
    home = warehouse.writable_database()
    report = drop(warehouse, checkpoint_database=home)
    assert {("revoke", f"schema {path}", ("USAGE",))} <= set(changes(report))
    assert gone(warehouse)


def test_what_is_told_of_a_datashare_works_and_offboarding_takes_it_back(warehouse: Segment, sales: str) -> None:
    home = warehouse.writable_database()
    with warehouse.cluster.untouched():
        report = execute(warehouse.check(schemas=["crm", f"{sales}.Web"]))
    assert report["grants"] == {"schema": [f"{warehouse.warehouse}.crm"], "tables": True}
    usage, *more = statements(message(report, "not_local"))
    assert usage == f'GRANT USAGE ON DATABASE "{sales}" TO ROLE "{warehouse.role}"'
    assert more == [
        f'GRANT USAGE ON SCHEMA "{sales}"."web" TO ROLE "{warehouse.role}"',
        f'GRANT SELECT ON ALL TABLES IN SCHEMA "{sales}"."web" TO ROLE "{warehouse.role}"',
    ]
    warehouse.sql(usage, usage.replace(f'ROLE "{warehouse.role}"', warehouse.user))
    report = execute(warehouse.check(schemas=["crm", f"{sales}.web"]))
    assert (codes(report), notes(report)) == ([], ["not_local"])
    report = drop(warehouse, checkpoint_database=home)
    assert {"not_local"} <= set(notes(report)) and codes(report) == []
    assert [row["object"] for row in report["changes"] if row["privileges"] == ["USAGE"]] == [f"database {sales}"] * 2
    assert warehouse.role not in warehouse.cluster.column("SELECT role_name FROM svv_roles")


@pytest.mark.parametrize("task", [Segment.grant_schema, Segment.close_schema, Segment.grant_reverse_etl])
def test_who_names_a_datashare_s_database_is_told_where_it_is_granted(segment: Segment, sales: str, task: Any) -> None:
    with pytest.raises(MisconfigurationError, match=f'GRANT USAGE ON DATABASE "{sales}" TO ROLE <the linked role>'):
        execute(task(segment, database=sales))
