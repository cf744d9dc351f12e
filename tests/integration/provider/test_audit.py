"""fail_on_drift: an audit that changes nothing, and fails where access isn't as desired."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_datagraph.exceptions import DriftError
from airflow_provider_datagraph.operators.schema import GrantSchemaOperator
from tests.integration.provider.support import Segment, run


def audit(segment: Segment, schema: Any, **arguments: Any) -> dict[str, Any]:
    given = {"role": segment.role, "fail_on_drift": True, **arguments}
    with segment.cluster.untouched():
        return run(GrantSchemaOperator(task_id="audit", schema=schema, **given))


def test_what_is_as_desired_passes(linked: Segment) -> None:
    run(GrantSchemaOperator(task_id="grant", schema="crm", role=linked.role))
    report = audit(linked, "crm")
    assert (report["changed"], report["in_place"], report["planned"]) == (0, 2, [])


def test_what_is_lacking_fails_without_retries(linked: Segment) -> None:
    linked.cluster.sql(linked.warehouse, f"GRANT USAGE ON SCHEMA crm TO ROLE {linked.role}")
    with pytest.raises(DriftError) as failure:
        audit(linked, "crm")
    assert isinstance(failure.value, AirflowFailException)
    text = str(failure.value)
    assert "not as desired in 1 places" in text
    assert f"grant SELECT on the tables of {linked.warehouse}.crm, also later ones, to role {linked.role}" in text
    assert "Run again without fail_on_drift" in text


def test_too_much_fails_with_prune_alone(linked: Segment) -> None:
    run(GrantSchemaOperator(task_id="grant", schema="crm", role=linked.role))
    linked.cluster.sql(linked.warehouse, f"GRANT INSERT ON crm.accounts TO ROLE {linked.role}")
    assert audit(linked, "crm")["planned"] == []
    with pytest.raises(DriftError, match=r"revoke INSERT on table .*crm\.accounts"):
        audit(linked, "crm", prune=True)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"schema": "nowhere"}, "Schema nowhere doesn't exist in database"),
        ({"schema": "crm", "tables": ["nothing"]}, "crm.nothing doesn't exist"),
        ({"schema": "crm", "role": "no_such_role"}, "Role no_such_role doesn't exist"),
    ],
)
def test_what_does_not_exist_is_lacking_too(linked: Segment, arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(DriftError, match=told):
        audit(linked, **arguments)


def test_a_long_difference_is_cut_short_in_the_message(linked: Segment, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(DriftError) as failure:
        audit(linked, ["crm", "billing", "payroll"])
    assert "not as desired in 6 places" in str(failure.value)
    assert "and 1 more, in the log" in str(failure.value)
