"""### Open a Redshift warehouse to Segment's Data Graph

Creates the linked role and user and the checkpoint database, grants read access to your schemas, waits for Profiles
Sync and grants its schema, proves the access by logging in as the linked user, and ends with the settings to type
into Segment. A rerun changes only what is missing; it never touches an existing user's password.

Connections: `redshift_default` (type redshift, an administrator) and `segment_linked_user` (type redshift, login and
password of the user that Segment will use; host and port may be empty).
"""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import DAG, Param, chain, task

from airflow_provider_datagraph.operators import (
    CheckWarehouseOperator,
    CreateCheckpointDatabaseOperator,
    CreateSegmentRoleOperator,
    GrantReverseEtlOperator,
    GrantSchemaOperator,
    SegmentSummaryOperator,
)
from airflow_provider_datagraph.sensors import ProfilesSyncTablesSensor, ValidateAccessSensor
from airflow_provider_datagraph.xcom import INDEX, from_xcom

ADMIN = "redshift_default"
LINKED_USER = "segment_linked_user"

PARAMS = {
    "schemas": Param(
        [],
        type="array",
        items={"type": "string"},
        title="Schemas to open",
        # `examples` would turn the text field into a list to pick from, so they stand in the description.
        description_md="One a line:\n"
        "- analytics.crm: all tables of a schema\n"
        "- analytics.billing.invoices: a single table\n"
        "- crm: a schema of the admin connection's own database\n"
        '- analytics."my.schema": double quotes around a part that holds a dot\n\n'
        "Opening a schema opens what its creators can read, now and later.",
        section="What Segment reads",
    ),
    "profiles_sync": Param(
        type="string",
        minLength=3,
        title="Profiles Sync schema",
        description="database.schema, as Segment shows it under Unify > Profiles Sync > Settings > Connection "
        "Settings. The schema may still be missing: the run waits for it.",
        examples=["segment_profiles.profiles_prod"],
        section="What Segment reads",
    ),
    "checkpoint_database": Param(
        "segment_linked_profiles_db",
        type="string",
        title="Checkpoint database",
        description="The database that Segment connects to and writes its own tables in. Created if it is missing.",
        examples=["segment_linked_profiles_db"],
        section="What Segment owns",
    ),
    "role": Param(
        "segment_linked_role",
        type="string",
        title="Linked role",
        description="The role that holds all of Segment's access. Created if it is missing.",
        examples=["segment_linked_role"],
        section="What Segment owns",
    ),
    "reverse_etl_database": Param(
        None,
        type=["null", "string"],
        title="Database with an existing Reverse ETL schema",
        description="Where another user of Segment's owns a __segment_reverse_etl schema that this one has to share. "
        "Empty: none.",
        examples=["analytics"],
        section="What Segment owns",
    ),
    "reverse_etl_owner": Param(
        None,
        type=["null", "string"],
        title="Owner of that schema",
        description="The user of Segment's other connection, who owns the existing __segment_reverse_etl schema. "
        "Somebody else's stops the run, unless it is an administrator's.",
        examples=["segment_reverse_etl_user"],
        section="What Segment owns",
    ),
    "future_tables": Param(
        "scoped",
        type="string",
        enum=["scoped", "default_privileges", "none"],
        values_display={
            "scoped": "reach them too (scoped permission)",
            "default_privileges": "reach those that the owners of today's tables create (default privileges)",
            "none": "leave them closed",
        },
        title="Tables that are created later",
        description="For schemas that are opened whole. A scoped permission reaches what anybody creates. Default "
        "privileges are for an administrator who may not grant one; a schema without tables stops the run then.",
        section="How",
    ),
    "plan_only": Param(
        default=False,
        type="boolean",
        title="Plan only",
        description="Show every change in the summary, and make none.",
        section="How",
    ),
}
ROLE = "{{ params.role }}"
CHECKPOINT_DATABASE = "{{ params.checkpoint_database }}"
REVERSE_ETL_DATABASE = "{{ params.reverse_etl_database or '' }}"
REVERSE_ETL_OWNER = "{{ params.reverse_etl_owner or '' }}"
FUTURE_TABLES = "{{ params.future_tables }}"
PLAN_ONLY = "{{ params.plan_only }}"
WAIT = "{{ not params.plan_only }}"


with DAG(
    dag_id="segment_data_graph",
    schedule=None,
    catchup=False,
    max_active_runs=1,
    params=PARAMS,
    default_args={"retries": 2, "redshift_conn_id": ADMIN},
    doc_md=__doc__,
    tags=["segment", "redshift"],
) as dag:
    check = CheckWarehouseOperator(
        task_id="check",
        schemas="{{ params.schemas | tojson }}",
        profiles_sync="{{ params.profiles_sync }}",
        checkpoint_database=CHECKPOINT_DATABASE,
        role=ROLE,
        reverse_etl_database=REVERSE_ETL_DATABASE,
        reverse_etl_owner=REVERSE_ETL_OWNER,
        user_conn_id=LINKED_USER,
    )
    role = CreateSegmentRoleOperator(task_id="role", role=ROLE, user_conn_id=LINKED_USER, plan_only=PLAN_ONLY)
    checkpoint_database = CreateCheckpointDatabaseOperator(
        task_id="checkpoint_database", database=CHECKPOINT_DATABASE, role=ROLE, plan_only=PLAN_ONLY
    )

    @task
    def databases(ti: Any = None) -> list[int]:
        """Number the databases of the check: one grant task each."""
        return list(range(len(ti.xcom_pull(task_ids="check")["grants"])))

    numbers = databases()
    # Mapped over numbers: Airflow would render the names themselves as templates.
    grant_schemas = GrantSchemaOperator.partial(
        task_id="grant_schemas",
        database=from_xcom("check", "grants", INDEX, "database"),
        schema=from_xcom("check", "grants", INDEX, "schema"),
        tables=from_xcom("check", "grants", INDEX, "tables"),
        role=ROLE,
        future_tables=FUTURE_TABLES,
        plan_only=PLAN_ONLY,
    ).expand(index=numbers)
    # Without schemas to open the mapped task is skipped, and the rest goes on.
    reverse_etl = GrantReverseEtlOperator(
        task_id="grant_reverse_etl",
        database=REVERSE_ETL_DATABASE,
        schema_owner=REVERSE_ETL_OWNER,
        role=ROLE,
        plan_only=PLAN_ONLY,
        trigger_rule="none_failed",
    )
    wait_for_profiles_sync = ProfilesSyncTablesSensor(
        task_id="wait_for_profiles_sync",
        database=from_xcom("check", "profiles_sync", "database"),
        schema=from_xcom("check", "profiles_sync", "schema"),
        wait=WAIT,
        poke_interval=60,
        timeout=48 * 3600,
    )
    grant_profiles_sync = GrantSchemaOperator(
        task_id="grant_profiles_sync",
        database=from_xcom("check", "profiles_sync", "database"),
        schema=from_xcom("check", "profiles_sync", "schema"),
        role=ROLE,
        future_tables=FUTURE_TABLES,
        plan_only=PLAN_ONLY,
    )
    validate = ValidateAccessSensor(
        task_id="validate",
        user_conn_id=LINKED_USER,
        database=CHECKPOINT_DATABASE,
        schemas=from_xcom("check", "validate", "schemas"),
        tables=from_xcom("check", "validate", "tables"),
        wait=WAIT,
        poke_interval=15,
        trigger_rule="none_failed",
    )
    summary = SegmentSummaryOperator(
        task_id="summary",
        reports=[
            from_xcom("check"),
            from_xcom("role"),
            from_xcom("checkpoint_database"),
            from_xcom("grant_schemas"),
            from_xcom("grant_reverse_etl"),
            from_xcom("grant_profiles_sync"),
        ],
        proofs=[from_xcom("wait_for_profiles_sync"), from_xcom("validate")],
        database=CHECKPOINT_DATABASE,
        user_conn_id=LINKED_USER,
        plan_only=PLAN_ONLY,
        trigger_rule="none_failed",
    )
    chain(check, numbers)
    chain(check, role, checkpoint_database, grant_schemas, reverse_etl, validate, summary)
    chain(check, wait_for_profiles_sync, grant_profiles_sync, validate)
    chain(role, grant_profiles_sync)
