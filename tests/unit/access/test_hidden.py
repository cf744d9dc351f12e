"""An admin to whom a role's privileges are hidden: it is read, and told by every plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_datagraph.access.database import DatabaseAccess, read_database_access
from airflow_provider_datagraph.access.plan import blocking, finding, note
from airflow_provider_datagraph.access.schemas.closing import read_closing
from airflow_provider_datagraph.access.schemas.read import read_schema_access
from airflow_provider_datagraph.access.schemas.values import DesiredSchema, SchemaAccess
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.values import Role, Schema, Session, User
from tests.unit.access.planning import plan_database, plan_schemas
from tests.unit.redshift import catalog_rows as q
from tests.unit.redshift.catalog_rows import Table

SESSION = Session("admin", "dev", superuser=False)
ROWS: dict[str, Table] = {
    q.USERS: [["admin", 100, False, True]],
    q.ROLES: [["linked_role", "boss"]],
    q.SCHEMAS: [["dev", "crm", 100, "local"]],
}
READERS: dict[str, Callable[[Rows], Any]] = {
    "databases": lambda rows: read_database_access(rows, SESSION, "linked_role"),
    "schemas": lambda rows: read_schema_access(rows, SESSION, "linked_role", [DesiredSchema("crm")]),
    "closing": lambda rows: read_closing(rows, SESSION, "linked_role", lambda _: ["crm"]),
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@pytest.mark.parametrize(("member", "hidden"), [("admin", False), ("another", True)])
def test_it_is_read(reader: Callable[[Rows], Any], member: str, hidden: bool) -> None:
    rows = {**ROWS, q.USER_GRANTS: [[member, "linked_role"]]}
    # There is nothing else.
    assert reader(lambda sql: rows.get(sql, ())).hidden is hidden


@pytest.mark.parametrize("plan_only", [True, False])
def test_a_plan_tells_it_instead_of_a_partial_view(plan_only: bool) -> None:
    roles, users = {"r": Role("r", "boss")}, {"boss": User("boss", 1, superuser=True)}
    make = finding if plan_only else blocking
    told, partial = make("hidden", "r", case="role", user="admin", owner="boss"), note("partial_view", "admin")
    for hidden, expected in ((True, told), (False, partial)):
        databases = DatabaseAccess(SESSION, roles, users, hidden=hidden)
        schemas = SchemaAccess(SESSION, roles, users, schemas={"crm": Schema("crm", "admin")}, hidden=hidden)
        assert plan_database("cp", "r", databases, plan_only).findings == (expected,)
        assert plan_schemas([DesiredSchema("crm")], "r", schemas, plan_only=plan_only).findings == (expected,)
