"""Every operator and sensor on names that another task returned, and one task that is careless on purpose."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_datagraph.operators.check import CheckWarehouseOperator
from airflow_provider_datagraph.operators.database import CreateCheckpointDatabaseOperator
from airflow_provider_datagraph.operators.offboard import DropSegmentRoleOperator, RevokeSchemaOperator
from airflow_provider_datagraph.operators.reverse_etl import GrantReverseEtlOperator
from airflow_provider_datagraph.operators.role import CreateSegmentRoleOperator
from airflow_provider_datagraph.operators.schema import GrantSchemaOperator
from airflow_provider_datagraph.operators.summary import SegmentSummaryOperator
from airflow_provider_datagraph.sensors.access import ValidateAccessSensor
from airflow_provider_datagraph.sensors.profiles_sync import ProfilesSyncTablesSensor
from airflow_provider_datagraph.xcom import INDEX, Placeholder, from_xcom
from tests.support.waiting import MODES


def one(*path: str | int | Placeholder) -> Any:
    """What the first task returned."""
    return from_xcom("names", *path)


ROLE = {"role": one("role")}


def map_over(found: Any) -> None:
    """Make the tasks that are mapped.

    :param found: the first task's output.
    """

    @task
    def numbers(names: Any) -> list[int]:
        return list(range(len(names["grants"])))

    @task
    def unread(names: Any) -> list[dict[str, Any]]:
        return [{"schema": names["careless"]}]

    index = numbers(found)
    whole = {"database": one("grants", INDEX, "database"), "schema": one("grants", INDEX, "schema"), **ROLE}
    grant = GrantSchemaOperator.partial(task_id="grant", **whole, tables=one("grants", INDEX, "tables"))
    close = RevokeSchemaOperator.partial(task_id="close", **whole, plan_only=True)
    validate = ValidateAccessSensor.partial(
        task_id="validate_each", schemas=one("grants", INDEX, "schema"), user_conn_id="names_user", wait=False
    )
    grant.expand(index=index) >> [close.expand(index=index), validate.expand(index=index)]
    # What the documentation warns of: Airflow renders what it maps.
    GrantSchemaOperator.partial(task_id="careless", plan_only=True, **ROLE).expand_kwargs(unread(found))


def take_one_by_one(found: Any) -> None:
    """Make the others, all after the first one.

    :param found: the first task's output.
    """
    found >> [
        GrantReverseEtlOperator(task_id="retl", database=one("grants", 0, "database"), schema=one("schema"), **ROLE),
        CheckWarehouseOperator(task_id="check", schemas=one("entries"), user_conn_id="names_user"),
        CreateCheckpointDatabaseOperator(task_id="database", checkpoint_database=one("refused"), **ROLE),
        CreateSegmentRoleOperator(task_id="role", role=one("refused"), user_conn_id="names_user"),
        CreateSegmentRoleOperator(task_id="user", **ROLE, user_conn_id="names_hostile_user"),
        DropSegmentRoleOperator(
            task_id="drop", **ROLE, user_conn_id="names_user", new_owner=one("refused"), plan_only=True
        ),
        SegmentSummaryOperator(
            task_id="summary", reports=[one("report")], proofs=one("list_of_reports"), user_conn_id="names_user"
        ),
    ]
    for mode, how in MODES.items():
        found >> [
            ProfilesSyncTablesSensor(task_id=f"profiles_{mode}", schema=one("schema"), tables=one("list"), **how),
            ValidateAccessSensor(task_id=f"access_{mode}", schemas=one("schemas"), user_conn_id="names_user", **how),
            # A form's value in a template of the DAG file: rendered once, also where the task resumes.
            ProfilesSyncTablesSensor(task_id=f"form_{mode}", schema="{{ params.names['form'] }}", **how),
        ]


for native in (False, True):
    with DAG(
        dag_id="names_are_data_native" if native else "names_are_data",
        schedule=None,
        catchup=False,
        params={"names": {}},
        render_template_as_native_obj=native,
        default_args={
            "redshift_conn_id": "names_admin",
            "retries": 1,
            "retry_delay": timedelta(0),
            "soft_fail": True,
            "timeout": 1,
            "poke_interval": 0.3,
        },
    ) as dag:

        @task
        def names(params: Any = None) -> Any:
            """What a catalog, or a person, called things."""
            return params["names"]

        first = names()
        map_over(first)
        take_one_by_one(first)
    globals()[dag.dag_id] = dag
