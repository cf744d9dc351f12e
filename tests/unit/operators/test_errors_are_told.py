"""What ends a task is logged as one line, above the traceback."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, BaseOperator
from pytest_mock import MockerFixture

from airflow_provider_datagraph.exceptions import DriftError, MisconfigurationError
from airflow_provider_datagraph.operators import GrantSchemaOperator
from airflow_provider_datagraph.sensors import ValidateAccessSensor
from airflow_provider_datagraph.xcom import telling_errors

WRONG: dict[str, Any] = {"role": "Up", "redshift_conn_id": "nowhere"}
MADE: dict[str, Any] = {
    "operator": lambda: GrantSchemaOperator(task_id="task", schema="crm, billing", **WRONG),
    "sensor": lambda: ValidateAccessSensor(task_id="task", tables="crm", **WRONG),
}


@pytest.mark.parametrize("name", MADE)
def test_every_problem_stands_in_one_line(name: str, mocker: MockerFixture) -> None:
    log = mocker.patch.object(BaseOperator, "log")
    with pytest.raises(MisconfigurationError) as error:
        MADE[name]().execute({})
    assert [call.args for call in log.error.call_args_list] == [("%s", " ".join(error.value.problems))]
    assert len(error.value.problems) > 1 and "\n" not in error.value.line


class Own(GrantSchemaOperator):
    """As users write them."""

    def execute(self, context: Any) -> Any:
        return super().execute(context)


def test_a_subclass_tells_it_once(mocker: MockerFixture) -> None:
    log = mocker.patch.object(BaseOperator, "log")
    with pytest.raises(MisconfigurationError, match="holds a comma: give a list, or one name a line"):
        Own(task_id="task", schema="crm, billing").execute({})
    assert log.error.call_count == 1


def test_what_lies_behind_an_error_stays_with_it() -> None:
    def execute(self: GrantSchemaOperator) -> None:
        raise MisconfigurationError("Told.") from OSError("Behind it.")

    with pytest.raises(MisconfigurationError) as error:
        telling_errors(execute)(GrantSchemaOperator(task_id="task", schema="crm"))
    assert isinstance(error.value.__cause__, OSError)


def test_a_sensor_without_anything_to_read_is_refused_while_its_dag_is_parsed() -> None:
    with pytest.raises(MisconfigurationError, match="Neither schemas nor tables is given"):
        ValidateAccessSensor(task_id="task")
    with DAG("mapped", schedule=None, default_args={"schemas": ["crm"]}):
        assert ValidateAccessSensor(task_id="defaults").schemas == ["crm"]
        ValidateAccessSensor.partial(task_id="mapped").expand(tables=[["a.b"], ["a.c"]])


def test_a_report_is_one_line_s_beside() -> None:
    error = DriftError("Two\nlines.", {"changed": 0})
    assert (str(error), error.line, error.report) == ("Two\\nlines.", "Two\\nlines.", {"changed": 0})
