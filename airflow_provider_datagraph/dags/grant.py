"""The reference DAG: everything that opens a warehouse to Segment, in the order of Segment's guide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.common.compat.sdk import DAG, Param, chain, task

from airflow_provider_datagraph.dags.pins import CONNECTIONS, Connections, Pins, constant, make_dag
from airflow_provider_datagraph.operators import (
    AuditAccessOperator,
    CheckWarehouseOperator,
    CreateCheckpointDatabaseOperator,
    CreateSegmentRoleOperator,
    GrantReverseEtlOperator,
    GrantSchemaOperator,
    SegmentSummaryOperator,
)
from airflow_provider_datagraph.sensors import ProfilesSyncTablesSensor, ValidateAccessSensor
from airflow_provider_datagraph.xcom import INDEX, from_xcom

DOC = """### Open a Redshift warehouse to Segment's Data Graph

Creates the linked role and user and the checkpoint database, grants read access to your schemas, waits for Profiles
Sync and grants its schema, proves the access by logging in as the linked user, and ends with the settings to type
into Segment. A rerun changes only what is missing; it never touches an existing user's password.

**Whoever may trigger this DAG may have any schema of {opened} opened to Segment.** {pins}

Connections, of type redshift:

- `{redshift_conn_id}`: an administrator
- `{user_conn_id}`: login and password of the user that Segment will use; host and port may be empty
"""
SHARED = "Reverse ETL that runs already"
PLAN_ONLY = "{{ params.plan_only }}"
WAIT = "{{ not params.plan_only }}"
# What the check has resolved, and held against `allow`: a name may mean another database where one logs in.
REVERSE_ETL_DATABASE = "{{ ti.xcom_pull(task_ids='check')['reverse_etl_database'] or '' }}"


def form() -> dict[str, Param]:
    """Make the fields, which a run changes."""
    return {
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
            "Whoever creates a view in an open schema opens to Segment what they can read themselves, now and later.",
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
            description="Where Segment's Reverse ETL already runs as another user, whose __segment_reverse_etl schema "
            "the linked user is to share. Empty: nowhere.",
            examples=["analytics"],
            section=SHARED,
        ),
        "reverse_etl_owner": Param(
            None,
            type=["null", "string"],
            title="Owner of the Reverse ETL schema",
            description="The user that Segment's Reverse ETL logs in as. A schema that somebody else owns stops the "
            "run, unless that is an administrator.",
            examples=["segment_reverse_etl_user"],
            section=SHARED,
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


def segment_data_graph(
    dag_id: str = "segment_data_graph",
    *,
    role: str | None = None,
    checkpoint_database: str | None = None,
    profiles_sync: str | None = None,
    reverse_etl_database: str | None = None,
    reverse_etl_owner: str | None = None,
    future_tables: str | None = None,
    connections: Connections = CONNECTIONS,
    allow: Sequence[str] | None = None,
    trusted_owners: Sequence[str] = (),
    least_privilege: bool = True,
    forbidden: Sequence[str] = (),
    schedule: Any = None,
    **dag_arguments: Any,
) -> DAG:
    """Make the DAG that opens a warehouse to Segment. What is given leaves its form, and no run can choose it.

    :param dag_id: its id; default ``segment_data_graph``.
    :param role: the linked role; default None: the form has it.
    :param checkpoint_database: the checkpoint database; default None: the form has it.
    :param profiles_sync: ``database.schema`` of Profiles Sync; default None: the form has it. A schedule needs it.
    :param reverse_etl_database: the database with an existing Reverse ETL schema, or an empty text: there is none.
        Default None: the form has it.
    :param reverse_etl_owner: the user that owns that schema, or an empty text: nobody is named. Default None: the form
        has it.
    :param future_tables: as in :class:`..operators.GrantSchemaOperator`, for a Reverse ETL schema, too; default None:
        the form has it.
    :param connections: the admin connection, the user connection and AWS's; never on the form.
    :param allow: the only schemas that a run may open, as in :class:`..operators.CheckWarehouseOperator`; never on the
        form. Default None: all.
    :param trusted_owners: users whose existing role, database or schema is adopted, as in
        :class:`..operators.CreateSegmentRoleOperator`; never on the form. Default none.
    :param least_privilege: whether a run fails where the linked user can do more than it needs, as in
        :class:`..sensors.ValidateAccessSensor`; default True.
    :param forbidden: patterns of schemas that must not be readable, likewise; default none.
    :param schedule: when it runs by itself; default None: never.
    :param dag_arguments: further arguments of ``DAG``, such as ``tags`` and ``default_args``.
    :return: the DAG, for a module's own name: there Airflow finds it.
    :raises ParamValidationError: if the form wouldn't take what is given for a field.
    """
    pins = Pins(
        form(),
        {
            "role": role,
            "checkpoint_database": checkpoint_database,
            "profiles_sync": profiles_sync,
            "reverse_etl_database": reverse_etl_database,
            "reverse_etl_owner": reverse_etl_owner,
            "future_tables": future_tables,
        },
    )
    opened = "the cluster" if allow is None else ", ".join(map("`{}`".format, allow))
    doc = DOC.format(opened=opened, pins=pins, **connections._asdict())
    admin = connections.admin
    user = {"user_conn_id": constant(connections.user_conn_id)}
    to_role = {"role": pins.argument("role", "{{ params.role }}"), "trusted_owners": constant(list(trusted_owners))}
    schema_owner = pins.argument("reverse_etl_owner", "{{ params.reverse_etl_owner or '' }}")
    database = pins.argument("checkpoint_database", "{{ params.checkpoint_database }}")
    how: dict[str, Any] = {"plan_only": PLAN_ONLY, **admin}
    later = {"future_tables": pins.argument("future_tables", "{{ params.future_tables }}")}
    grants = {**to_role, **how, **later}
    with make_dag(dag_id, pins, doc, {"schedule": schedule, **dag_arguments}) as dag:
        check = CheckWarehouseOperator(
            task_id="check",
            schemas="{{ params.schemas | tojson }}",
            profiles_sync=pins.argument("profiles_sync", "{{ params.profiles_sync }}"),
            checkpoint_database=database,
            reverse_etl_database=pins.argument("reverse_etl_database", "{{ params.reverse_etl_database or '' }}"),
            reverse_etl_owner=schema_owner,
            allow=None if allow is None else constant(allow),
            **later,
            **to_role,
            **user,
            **admin,
        )
        create_role = CreateSegmentRoleOperator(task_id="role", **to_role, **user, **how)
        create_database = CreateCheckpointDatabaseOperator(
            task_id="checkpoint_database", database=database, reverse_etl_owner=schema_owner, **to_role, **how
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
            **grants,
        ).expand(index=numbers)
        # Without schemas to open the mapped task is skipped, and the rest goes on.
        reverse_etl = GrantReverseEtlOperator(
            task_id="grant_reverse_etl",
            database=REVERSE_ETL_DATABASE,
            schema_owner=schema_owner,
            trigger_rule="none_failed",
            **grants,
        )
        wait_for_profiles_sync = ProfilesSyncTablesSensor(
            task_id="wait_for_profiles_sync",
            database=from_xcom("check", "profiles_sync", "database"),
            schema=from_xcom("check", "profiles_sync", "schema"),
            wait=WAIT,
            deferrable=True,
            poke_interval=60,
            timeout=48 * 3600,
            **admin,
        )
        grant_profiles_sync = GrantSchemaOperator(
            task_id="grant_profiles_sync",
            database=from_xcom("check", "profiles_sync", "database"),
            schema=from_xcom("check", "profiles_sync", "schema"),
            **grants,
        )
        validate = ValidateAccessSensor(
            task_id="validate",
            database=database,
            schemas=from_xcom("check", "validate", "schemas"),
            tables=from_xcom("check", "validate", "tables"),
            role=to_role["role"],
            least_privilege=least_privilege,
            forbidden=constant(list(forbidden)) if forbidden else None,
            wait=WAIT,
            deferrable=True,
            poke_interval=15,
            trigger_rule="none_failed",
            **user,
            **admin,
        )
        audit = AuditAccessOperator(
            task_id="audit",
            role=to_role["role"],
            checkpoint_database=database,
            allowed=from_xcom("check", "asked"),
            trigger_rule="none_failed",
            **user,
            **admin,
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
            audit=from_xcom("audit"),
            database=database,
            trigger_rule="none_failed",
            **user,
            **how,
        )
        chain(check, numbers)
        chain(check, create_role, create_database, grant_schemas, reverse_etl, validate, audit, summary)
        chain(check, wait_for_profiles_sync, grant_profiles_sync, validate)
        chain(create_role, grant_profiles_sync)
    return dag
