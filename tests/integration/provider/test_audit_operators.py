"""fail_on_drift through every operator that converges: it fails exactly where something would change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_datagraph.exceptions import DriftError, MisconfigurationError
from airflow_provider_datagraph.operators.base import ConvergingOperator
from airflow_provider_datagraph.operators.database import CreateCheckpointDatabaseOperator
from airflow_provider_datagraph.operators.offboard import DropSegmentRoleOperator, RevokeSchemaOperator
from airflow_provider_datagraph.operators.reverse_etl import GrantReverseEtlOperator
from airflow_provider_datagraph.operators.role import CreateSegmentRoleOperator
from airflow_provider_datagraph.operators.schema import GrantSchemaOperator
from tests.integration.provider.conftest import WAREHOUSE
from tests.integration.provider.support import Segment, codes, run

RETL = "__segment_reverse_etl"


@dataclass(frozen=True)
class Case:
    """An operator, with what makes it differ and how many changes that takes.

    :param arguments: beside the role.
    :param arrange: statements in the warehouse, before all; ``drift``: those that make a difference again.
    :param first: how many differences there are at first; ``again``: after the drift.
    """

    operator: type[ConvergingOperator]
    arguments: Callable[[Segment, str], dict[str, Any]]
    arrange: tuple[str, ...] = ()
    first: int = 0
    drift: tuple[str, ...] = ()
    again: int = 1
    identities: bool = True


CASES = {
    "role": Case(
        CreateSegmentRoleOperator,
        lambda s, db: {},
        first=3,
        drift=("REVOKE ROLE {role} FROM {user}",),
        identities=False,
    ),
    "database": Case(
        CreateCheckpointDatabaseOperator,
        lambda s, db: {"database": db},
        first=2,
        drift=("REVOKE CREATE ON DATABASE {db} FROM ROLE {role}",),
    ),
    "schema": Case(
        GrantSchemaOperator,
        lambda s, db: {"schema": ["crm", "billing"], "tables": {"crm": ["accounts"]}, "prune": True},
        arrange=("GRANT INSERT ON crm.contacts TO ROLE {role}",),
        first=5,
        drift=("GRANT SELECT ON crm.contacts TO ROLE {role}", "REVOKE USAGE ON SCHEMA billing FROM ROLE {role}"),
        again=2,
    ),
    "reverse_etl": Case(
        GrantReverseEtlOperator,
        lambda s, db: {"database": s.warehouse},
        arrange=(f"CREATE SCHEMA {RETL}",),
        first=2,
        drift=(f"REVOKE CREATE ON SCHEMA {RETL} FROM ROLE {{role}}",),
    ),
    "revoke": Case(
        RevokeSchemaOperator,
        lambda s, db: {"schema": "crm"},
        arrange=("GRANT USAGE ON SCHEMA crm TO ROLE {role}", "GRANT SELECT (id) ON crm.accounts TO ROLE {role}"),
        first=2,
        drift=("GRANT DELETE FOR TABLES IN SCHEMA crm TO ROLE {role}",),
    ),
    "drop": Case(
        DropSegmentRoleOperator,
        lambda s, db: {"checkpoint_database": db},
        arrange=("GRANT USAGE ON SCHEMA crm TO ROLE {role}", "CREATE DATABASE {db}"),
        first=4,
        drift=("CREATE ROLE {role}",),
    ),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture
def scene(cluster: Any, monkeypatch: pytest.MonkeyPatch, case: Case) -> Iterator[tuple[Segment, str]]:
    """A warehouse of its own, and the name of a database that doesn't exist yet."""
    segment = Segment(cluster, monkeypatch, cluster.database(*WAREHOUSE))
    if case.identities:
        segment.make_identities()
    database = cluster.future_database()
    apply(segment, database, case.arrange)
    yield segment, database


def apply(segment: Segment, database: str, statements: tuple[str, ...]) -> None:
    for statement in statements:
        text = statement.format(role=segment.role, user=segment.user, db=database)
        segment.cluster.sql(segment.warehouse, text)


def task(case: Case, segment: Segment, fresh: str, **more: Any) -> dict[str, Any]:
    # An open session of the test's own would keep a database from being dropped.
    segment.cluster.close()
    arguments = {"role": segment.role, **case.arguments(segment, fresh), **more}
    return run(case.operator(task_id="audit", **arguments))


def drift(case: Case, segment: Segment, fresh: str, **more: Any) -> DriftError:
    """The audit's failure, which Airflow doesn't retry and which changed nothing."""
    with segment.cluster.untouched(), pytest.raises(DriftError) as failure:
        task(case, segment, fresh, fail_on_drift=True, **more)
    assert isinstance(failure.value, AirflowFailException)
    return failure.value


def test_an_audit_fails_exactly_where_something_would_change(case: Case, scene: tuple[Segment, str]) -> None:
    segment, database = scene
    assert f"not as desired in {case.first} places" in str(drift(case, segment, database))
    # plan_only beside it, whatever it says, makes no difference.
    drift(case, segment, database, plan_only=False)
    planned = task(case, segment, database, plan_only=True)["planned"]
    applied = task(case, segment, database)
    assert (applied["changed"], applied["planned"]) == (case.first, planned)
    with segment.cluster.untouched():
        report = task(case, segment, database, fail_on_drift="true")
    assert (report["changed"], report["planned"]) == (0, [])
    apply(segment, database, case.drift)
    text = str(drift(case, segment, database))
    assert f"not as desired in {case.again} places" in text
    assert ".." not in text
    assert task(case, segment, database)["changed"] == case.again
    assert task(case, segment, database, fail_on_drift=True)["planned"] == []


def test_a_role_that_does_not_exist_is_lacking(cluster: Any, segment: Segment) -> None:
    cluster.sql(segment.warehouse, f"CREATE SCHEMA IF NOT EXISTS {RETL}")
    for name in ("database", "schema", "reverse_etl", "revoke"):
        text = str(drift(CASES[name], segment, cluster.future_database(), role="no_such_role"))
        assert "Role no_such_role doesn't exist" in text, name
    # To whoever shall leave, it is as desired.
    with cluster.untouched():
        assert task(CASES["drop"], segment, cluster.future_database(), fail_on_drift=True)["planned"] == []
    cluster.sql(segment.warehouse, f"DROP SCHEMA {RETL}")


def test_a_login_that_fails_is_drift_and_no_retry(linked: Segment) -> None:
    linked.user_connection(password="Wrong-Reader-1")
    text = str(drift(CASES["role"], linked, ""))
    assert "not as desired in 2 places" not in text
    assert "the user connection's password doesn't log in" in text


def test_what_forbids_dropping_is_drift_too(warehouse: Segment) -> None:
    colleague = warehouse.cluster.user("colleague")
    warehouse.cluster.sql("dev", f"GRANT ROLE {warehouse.role} TO {colleague}")
    text = str(drift(CASES["drop"], warehouse, ""))
    assert f"is also held by user {colleague}" in text


def test_where_there_is_no_reverse_etl_schema_nothing_is_lacking(linked: Segment) -> None:
    with linked.cluster.untouched():
        report = task(CASES["reverse_etl"], linked, "", schema="nowhere", fail_on_drift=True)
        assert codes(report) == ["schema_missing"]
        assert task(CASES["reverse_etl"], linked, "", database="", fail_on_drift=True)["planned"] == []
        # Plan-only, an earlier task may create the database; an audit has no earlier task.
        with pytest.raises(MisconfigurationError, match="there is no database no_such_db"):
            task(CASES["reverse_etl"], linked, "", database="no_such_db", fail_on_drift=True)


def test_who_does_not_see_enough_is_not_told_that_all_is_well(linked: Segment) -> None:
    clerk = linked.cluster.user("clerk")
    linked.admin_connection(login=clerk, password=linked.cluster.passwords[clerk])
    for name in ("database", "schema", "revoke", "drop"):
        arguments = {"database": linked.warehouse} if name == "database" else {}
        assert f"{clerk} doesn't see what" in str(drift(CASES[name], linked, "", **arguments)), name
