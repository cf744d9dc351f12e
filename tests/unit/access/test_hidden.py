"""An admin to whom a role's privileges are hidden: it is read, and told by every plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_datagraph.access.database import DatabaseAccess, read_database_access
from airflow_provider_datagraph.access.plan import blocking, finding
from airflow_provider_datagraph.access.role import hidden_role
from airflow_provider_datagraph.access.schemas.closing import read_closing
from airflow_provider_datagraph.access.schemas.read import read_schema_access
from airflow_provider_datagraph.access.schemas.values import DesiredSchema, SchemaAccess
from airflow_provider_datagraph.redshift.catalog.identities import SYSLOG_ACCESS, SYSTEM_PRIVILEGES
from airflow_provider_datagraph.redshift.values import Identities, Role, Schema, Session
from tests.unit.access.planning import Plan, plan_closing, plan_database, plan_schemas
from tests.unit.redshift import catalog_rows as q
from tests.unit.redshift.catalog_rows import Answers, Table

SESSION = Session("admin", "dev", superuser=False)
KNOWN = Identities(SESSION, {"r": Role("r", "boss")})
ROWS: dict[str, Table] = {
    q.USERS: [["admin", 100, False, True]],
    q.ROLES: [["linked_role", "boss"]],
    q.SCHEMAS: [["dev", "crm", 100, "local"]],
    **dict.fromkeys(
        (
            q.DATABASES,
            q.OF_ALL_ON_SCHEMAS,
            q.OF_OTHERS_ON_RELATIONS,
            q.ROLE_GRANTS,
            q.ON_DATABASES + q.OF_ROLE,
            q.ON_RELATIONS + q.OF_ROLE,
            q.ON_COLUMNS + q.OF_ROLE,
            q.DEFAULTS,
            q.SECURED,
            q.MASKED,
            SYSTEM_PRIVILEGES,
            SYSLOG_ACCESS,
        ),
        (),
    ),
}
READERS: dict[str, Callable[[Answers], Any]] = {
    "databases": lambda rows: read_database_access(rows, SESSION, "linked_role"),
    "schemas": lambda rows: read_schema_access(rows, SESSION, "linked_role", [DesiredSchema("crm")]),
    "closing": lambda rows: read_closing(rows, SESSION, "linked_role", ["crm"]),
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@pytest.mark.parametrize(("member", "hidden"), [("admin", False), ("another", True)])
def test_it_is_read(reader: Callable[[Answers], Any], member: str, hidden: bool) -> None:
    assert reader(Answers({**ROWS, q.USER_GRANTS: [[member, "linked_role"]]})).hidden is hidden


def schemas(hidden: bool) -> SchemaAccess:
    return SchemaAccess(SESSION, KNOWN.roles, schemas={"crm": Schema("crm", "admin")}, hidden=hidden)


PLANS: dict[str, Callable[[bool, bool], Plan]] = {
    "database": lambda hidden, plan_only: plan_database(
        "cp", "r", DatabaseAccess(SESSION, KNOWN.roles, hidden=hidden), plan_only
    ),
    "schemas": lambda hidden, plan_only: plan_schemas(
        [DesiredSchema("crm")], "r", schemas(hidden), plan_only=plan_only
    ),
}


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
@pytest.mark.parametrize("plan_only", [True, False])
def test_a_plan_tells_it_instead_of_a_partial_view(plan: Callable[[bool, bool], Plan], plan_only: bool) -> None:
    make = finding if plan_only else blocking
    told = make("hidden", "r", case="role", user="admin", owner="boss")
    assert hidden_role("r", KNOWN, True, plan_only) == plan(True, plan_only).findings == (told,)
    assert hidden_role("r", KNOWN, False, plan_only) == ()
    assert [one.code for one in plan(False, plan_only).findings] == ["partial_view"]


def test_closing_is_refused() -> None:
    told = blocking("hidden", "r", case="role", user="admin", owner="boss")
    assert plan_closing(["crm"], "r", schemas(True)).findings == (told,)
    assert plan_closing(["crm"], "r", schemas(False)).findings == ()
