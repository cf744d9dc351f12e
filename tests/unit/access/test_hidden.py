"""An admin to whom a role's privileges are hidden: it is read, and told by every plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_datagraph.access.closing import Closing, read_closing
from airflow_provider_datagraph.access.current import CurrentAccess
from airflow_provider_datagraph.access.database import read_databases
from airflow_provider_datagraph.access.desired import DesiredSchema
from airflow_provider_datagraph.access.schemas.read import read_schemas
from airflow_provider_datagraph.access.visibility import hidden_role
from airflow_provider_datagraph.redshift.catalog.identities import SYSLOG_ACCESS, SYSTEM_PRIVILEGES
from airflow_provider_datagraph.redshift.values import Role, Schema, Session
from tests.unit.access import catalog_rows as q
from tests.unit.access.catalog_rows import Answers
from tests.unit.access.planning import Plan, plan_closing, plan_database, plan_schemas

SESSION = Session("admin", "dev")
CURRENT = CurrentAccess(
    Session("admin", "dev", superuser=False),
    roles={"r": Role("r", "boss")},
    schemas={"crm": Schema("crm", "admin")},
    hidden=True,
)
ROWS: dict[str, Sequence[Sequence[Any]]] = {
    q.USERS: [["admin", 100, False, True]],
    q.ROLES: [["linked_role", "boss"]],
    q.SCHEMAS: [["dev", "crm", 100, "local"]],
    q.DATABASES: [],
    q.OF_ALL_ON_SCHEMAS: [],
    q.OF_OTHERS_ON_RELATIONS: [],
    q.ROLE_GRANTS: [],
    q.ON_DATABASES + q.OF_ROLE: [],
    q.ON_RELATIONS + q.OF_ROLE: [],
    q.ON_COLUMNS + q.OF_ROLE: [],
    q.DEFAULTS: [],
    q.SECURED: [],
    q.MASKED: [],
    SYSTEM_PRIVILEGES: [],
    SYSLOG_ACCESS: [],
}
Reader = Callable[[Answers], CurrentAccess]
READERS: dict[str, Reader] = {
    "databases": lambda rows: read_databases(rows, SESSION, "linked_role"),
    "schemas": lambda rows: read_schemas(rows, SESSION, "linked_role", [DesiredSchema("crm")]),
    "closing": lambda rows: read_closing(rows, SESSION, "linked_role", ["crm"]).current,
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@pytest.mark.parametrize(("member", "hidden"), [("admin", False), ("another", True)])
def test_it_is_read(reader: Reader, member: str, hidden: bool) -> None:
    assert reader(Answers({**ROWS, q.USER_GRANTS: [[member, "linked_role"]]})).hidden is hidden


PLANS: dict[str, Callable[[CurrentAccess, bool], Plan]] = {
    "database": lambda current, plan_only: plan_database("cp", "r", current, plan_only),
    "schemas": lambda current, plan_only: plan_schemas([DesiredSchema("crm")], "r", current, plan_only=plan_only),
}


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
@pytest.mark.parametrize("plan_only", [True, False])
def test_a_plan_tells_it(plan: Callable[[CurrentAccess, bool], Plan], plan_only: bool) -> None:
    told = hidden_role("r", CURRENT, plan_only)
    assert [finding for finding in plan(CURRENT, plan_only).findings if finding.code == "hidden"] == list(told)
    seen = plan(replace(CURRENT, hidden=False), plan_only)
    assert not [finding for finding in seen.findings if finding.code == "hidden"]


def test_closing_is_refused() -> None:
    assert plan_closing(["crm"], "r", Closing(CURRENT)).findings == hidden_role("r", CURRENT, plan_only=False)
