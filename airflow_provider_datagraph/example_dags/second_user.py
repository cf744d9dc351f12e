"""Another linked user in the place of the first: Segment writes as either, until a person has switched it."""

from airflow.providers.common.compat.sdk import DAG, Param

from airflow_provider_datagraph.operators import (
    CreateSegmentRoleOperator,
    DropSegmentRoleOperator,
    GrantReverseEtlOperator,
)
from airflow_provider_datagraph.sensors import ValidateAccessSensor

ROLE, CHECKPOINT = "{{ params.role }}", "{{ params.checkpoint_database }}"
FIRST, SECOND = "{{ conn.segment_linked_user.login }}", "{{ conn.segment_second_user.login }}"
FORM = {
    "role": Param("segment_linked_role", type="string"),
    "checkpoint_database": Param("segment_linked_profiles_db", type="string"),
    "schemas": Param([], type="array", items={"type": "string"}, title="Schemas that Segment reads"),
    "switched": Param(default=False, type="boolean", title="Segment logs in as the second user"),
}

with DAG("segment_second_user", schedule=None, params=FORM) as segment_second_user:
    user = CreateSegmentRoleOperator(
        task_id="user", role=ROLE, user_conn_id="segment_second_user", other_members=[FIRST]
    )
    reverse_etl = GrantReverseEtlOperator(
        task_id="reverse_etl", role=ROLE, database=CHECKPOINT, schema_owner=FIRST, trusted_owners=[SECOND]
    )
    validate = ValidateAccessSensor(
        task_id="validate",
        role=ROLE,
        user_conn_id="segment_second_user",
        checkpoint_database=CHECKPOINT,
        schemas="{{ params.schemas | tojson }}",
        probe_checkpoint=True,
    )
    # A plan, until a person says that Segment has the second user's login.
    first_leaves = DropSegmentRoleOperator(
        task_id="first_leaves",
        role=ROLE,
        user_conn_id="segment_linked_user",
        keep_role=True,
        new_owner=SECOND,
        plan_only="{{ not params.switched }}",
    )
    user >> reverse_etl >> validate >> first_leaves
