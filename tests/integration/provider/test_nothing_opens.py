"""What came to nothing opens nothing, and looks at nothing as somebody else."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.operators.base import ConvergingOperator
from airflow_provider_datagraph.operators.schema import GrantSchemaOperator
from airflow_provider_datagraph.sensors.access import ValidateAccessSensor
from tests.integration.provider.support import Segment

NOTHING = ["{{ params.nothing or '' }}", "{{ params.nothing }}", ""]
BLANK = "it is given, and came to nothing. Correct what it is made from, or leave the argument out."


def problems(task: Any) -> list[str]:
    """What is said once a task's templates are rendered, natively, and it is executed."""
    context: Any = {"params": {"nothing": None}}
    task.dag = DAG("nothing", schedule=None, render_template_as_native_obj=True)
    task.render_template_fields(context)
    with pytest.raises(MisconfigurationError) as caught:
        task.execute(context)
    return list(caught.value.problems)


def grant(segment: Segment, **arguments: Any) -> ConvergingOperator:
    given: dict[str, Any] = {"schema": "crm", "role": segment.role, **arguments}
    return GrantSchemaOperator(task_id="grant", **given)


@pytest.mark.parametrize("nothing", NOTHING)
def test_nothing_is_opened(linked: Segment, nothing: str) -> None:
    writers = {"future_tables": "default_privileges", "writers": nothing}
    with linked.cluster.untouched():
        for given in ({"tables": nothing}, {"database": nothing}, writers):
            (problem,) = problems(grant(linked, **given))
            assert problem.endswith(BLANK)
            assert problem.startswith(f"{list(given)[-1]} is ")
        assert len(problems(grant(linked, tables=nothing, database=nothing, role=nothing))) == 3
    assert not linked.reads("crm", "accounts")


@pytest.mark.parametrize("nothing", NOTHING)
def test_the_admin_s_access_is_no_proof(linked: Segment, nothing: str) -> None:
    given: dict[str, Any] = {"tables": [f"{linked.warehouse}.crm.accounts"], "user_conn_id": nothing}
    (problem,) = problems(ValidateAccessSensor(task_id="validate", **given))
    assert problem.startswith("user_conn_id is ")


def test_what_is_left_out_has_its_default(linked: Segment) -> None:
    grant(linked, database=None, tables=None, writers=None).execute({})
    assert linked.reads("crm", "accounts")
    assert linked.reads("crm", "contacts")
