"""Every operator that converges: its plan is what it does, a second run does nothing, and an audit fails between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_datagraph.access import messages
from airflow_provider_datagraph.access.plan import Fact, finding
from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.exceptions import DriftError, MisconfigurationError
from airflow_provider_datagraph.redshift.catalog.sessions import CASE_SENSITIVE
from tests.support.cluster import Cluster
from tests.support.redshift import PASSWORD
from tests.support.segment import RETL, WAREHOUSE, Segment, changes, execute, grant, notes, planned


@dataclass(frozen=True)
class Case:
    """An operator, with what makes it differ and how many changes that takes.

    :param given: its arguments.
    :param arrange: statements in the warehouse, before all; ``drift``: those that make a difference again.
    :param first: how many differences there are at first; ``again``: after the drift.
    """

    make: Callable[..., Any]
    given: dict[str, Any] = field(default_factory=dict)
    arrange: tuple[str, ...] = ()
    first: int = 0
    drift: tuple[str, ...] = ()
    again: int = 1
    identities: bool = True

    def task(self, segment: Segment, **arguments: Any) -> Any:
        return self.make(segment, **{**self.given, **arguments})


def leave(segment: Segment, **arguments: Any) -> Any:
    # An open session of the test's own would keep a database from being dropped.
    segment.cluster.close()
    return segment.drop_role(checkpoint_database=segment.checkpoint, **arguments)


CASES = {
    "role": Case(Segment.create_role, first=3, drift=("REVOKE ROLE {role} FROM {user}",), identities=False),
    "database": Case(Segment.create_database, first=2, drift=("REVOKE CREATE ON DATABASE {db} FROM ROLE {role}",)),
    "schema": Case(
        Segment.grant_schema,
        {"schema": ["crm", "billing"], "tables": ["crm.accounts"], "prune": True},
        arrange=("GRANT INSERT ON crm.contacts TO ROLE {role}",),
        first=5,
        drift=("GRANT SELECT ON crm.contacts TO ROLE {role}", "REVOKE USAGE ON SCHEMA billing FROM ROLE {role}"),
        again=2,
    ),
    "reverse_etl": Case(
        Segment.grant_reverse_etl,
        arrange=(f"CREATE SCHEMA {RETL}",),
        first=2,
        drift=(f"REVOKE CREATE ON SCHEMA {RETL} FROM ROLE {{role}}",),
    ),
    "revoke": Case(
        Segment.close_schema,
        arrange=("GRANT USAGE ON SCHEMA crm TO ROLE {role}", "GRANT SELECT (id) ON crm.accounts TO ROLE {role}"),
        first=2,
        drift=("GRANT DELETE FOR TABLES IN SCHEMA crm TO ROLE {role}",),
    ),
    "drop": Case(
        leave,
        arrange=(
            "GRANT USAGE ON SCHEMA crm TO ROLE {role}",
            "CREATE DATABASE {db}",
            "GRANT CREATE ON DATABASE {db} TO ROLE {role}",
        ),
        first=4,
        drift=("CREATE USER {user} PASSWORD DISABLE",),
    ),
}


def apply(segment: Segment, statements: tuple[str, ...]) -> None:
    for statement in statements:
        segment.sql(statement.format(role=segment.role, user=segment.user, db=segment.checkpoint))


def lacks(code: str, about: str, **facts: Fact) -> str:
    return messages.said(finding(code, about, **facts)).text.removesuffix(".")


def drift(case: Case, segment: Segment, **more: Any) -> DriftError:
    """The audit's failure, which Airflow doesn't retry and which changed nothing."""
    with segment.cluster.untouched(), pytest.raises(DriftError) as failure:
        execute(case.task(segment, fail_on_drift=True, **more))
    assert isinstance(failure.value, AirflowFailException)
    # For a callback, which needs to parse no text.
    assert failure.value.report["changed"] == 0 and failure.value.report.keys() == Report().as_dict().keys()
    return failure.value


@pytest.mark.parametrize("name", CASES)
def test_what_is_planned_is_done_and_then_nothing_is_left(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    case, segment = CASES[name], Segment(cluster, monkeypatch, cluster.database(*WAREHOUSE))
    if case.identities:
        segment.make_identities()
    apply(segment, case.arrange)
    assert f"not as desired in {case.first} places: " in str(drift(case, segment))
    # plan_only beside it, whatever it says, makes no difference.
    drift(case, segment, plan_only=False)
    with cluster.untouched():
        plan = execute(case.task(segment, plan_only=True))
    since = cluster.mark()
    applied = execute(case.task(segment))
    # How names compare is asked only where it makes a difference.
    assert (CASE_SENSITIVE in cluster.received(since)) is (name in ("revoke", "drop"))
    assert (applied["changed"], planned(applied)) == (case.first, planned(plan))
    with cluster.untouched():
        for how in ({}, {"fail_on_drift": "true"}):
            report = execute(case.task(segment, **how))
            assert (report["changed"], report["changes"], report["findings"]) == (0, [], [])
    apply(segment, case.drift)
    text = str(drift(case, segment))
    assert f"not as desired in {messages.counted(case.again, 'place')}: " in text
    assert ".." not in text
    assert execute(case.task(segment))["changed"] == case.again
    assert execute(case.task(segment, fail_on_drift=True))["changes"] == []


def test_a_role_that_does_not_exist_is_lacking(segment: Segment) -> None:
    segment.sql(f"CREATE SCHEMA IF NOT EXISTS {RETL}")
    for name in ("database", "schema", "reverse_etl", "revoke"):
        assert lacks("role_missing", "no_such_role") in str(drift(CASES[name], segment, role="no_such_role")), name
    # To whoever shall leave, it is as desired.
    with segment.cluster.untouched():
        assert execute(leave(segment, fail_on_drift=True))["changes"] == []
    segment.sql(f"DROP SCHEMA {RETL}")


def test_where_there_is_no_reverse_etl_schema_nothing_is_lacking(linked: Segment) -> None:
    with linked.cluster.untouched():
        report = execute(linked.grant_reverse_etl(schema="nowhere", fail_on_drift=True))
        assert notes(report) == ["schema_missing"]
        # Plan-only, an earlier task may create the database; an audit has no earlier task.
        with pytest.raises(MisconfigurationError, match="there is no database no_such_db"):
            execute(linked.grant_reverse_etl(database="no_such_db", fail_on_drift=True))


def test_who_does_not_see_enough_is_not_told_that_all_is_well(linked: Segment) -> None:
    clerk = linked.cluster.user("clerk")
    linked.admin_connection(login=clerk, password=PASSWORD)
    for name in ("database", "schema", "revoke", "drop"):
        arguments = {"checkpoint_database": linked.warehouse} if name == "database" else {}
        of_role = lacks("hidden", linked.role, case="role", user=clerk, owner=linked.server.user)
        hidden = lacks("hidden", clerk, case="privileges") if name == "drop" else of_role
        assert hidden in str(drift(CASES[name], linked, **arguments)), name


def test_too_much_fails_with_prune_alone(linked: Segment) -> None:
    grant(linked)
    linked.sql(f"GRANT INSERT ON crm.accounts TO ROLE {linked.role}")
    assert grant(linked, fail_on_drift=True)["changes"] == []
    plan = grant(linked, prune=True, plan_only=True)
    assert changes(plan) == [("revoke", f"table {linked.warehouse}.crm.accounts", ("INSERT",))]
    assert plan["changes"][0]["text"] in str(drift(Case(Segment.grant_schema), linked, prune=True))
