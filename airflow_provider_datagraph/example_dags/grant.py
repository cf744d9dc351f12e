"""The reference DAG: everything that opens a warehouse to Segment, in the order of Segment's guide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from airflow.providers.common.compat.sdk import DAG, AirflowSkipException, Param, TaskGroup, chain

from airflow_provider_datagraph.example_dags.pins import GUIDE, Clusters, Pins, constant, make_dag
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
from airflow_provider_datagraph.xcom import from_xcom

DOC = """### Open a Redshift warehouse to Segment's Data Graph

Creates the linked role and user and the checkpoint database, grants read access to your schemas, waits for Profiles
Sync and grants its schema, proves the access by logging in as the linked user, and ends with the settings to type
into Segment. A rerun changes only what is missing; it never touches an existing user's password.

**Whoever may trigger this DAG may have any schema of {opened} opened to Segment.** {pins}

Connections, of type redshift: an administrator, and login and password of the user that Segment will use (its host and
port may be empty).

{connections}

[Segment's guide]({guide})
"""
ABOUT = "Open a Redshift warehouse to Segment's Data Graph; a rerun changes only what is missing."
CHECKED = (
    *("profiles_sync", "checkpoint_database", "role", "reverse_etl_database", "reverse_etl_owner", "future_tables"),
    "plan_only",
)
WAIT_FOR_PROFILES_SYNC: dict[str, Any] = {"poke_interval": 60, "timeout": 48 * 3600}
REPORTING = ("check", "role", "checkpoint_database", "grant_schemas", "grant_reverse_etl", "grant_profiles_sync")
MORE = "For other set-ups"
VARIABLE = "segment_data_graph"
SCHEMAS = "{{ (params.schemas or []) | tojson }}"
FIELD = "{{{{ '' if params.{0} is none else params.{0} }}}}"


def checked(*path: str) -> str:
    """Take what the check has resolved, and held against `allow`. Names that come so are never rendered again."""
    return f"{{{{ ti.xcom_pull(task_ids='check'){''.join(f'[{part!r}]' for part in path)} }}}}"


def skip_without(name: str) -> Callable[[Any], None]:
    """Make what skips a task where the form asks for nothing that it does.

    :param name: a key of what the check returned.
    """

    def skip(context: Any) -> None:
        if not context["ti"].xcom_pull(task_ids="check")[name]:
            raise AirflowSkipException(f"There is nothing to do: what the form asks for comes to no {name}.")

    return skip


def form() -> dict[str, Param]:
    """Make the fields, which a run changes. Without a section they stand open; Airflow 3.3 closes each section."""
    return {
        "schemas": Param(
            [],
            type=["null", "array"],
            items={"type": "string"},
            title="Schemas to open",
            # `examples` would turn the text field into a list to pick from, so they stand in the description.
            description_md="One per line:\n"
            "- analytics.crm: all tables of a schema\n"
            "- analytics.marts_*: all schemas that begin so, looked up in each run; only those that an administrator "
            "owns, or a trusted owner\n"
            "- !analytics.*_tmp: leaves out what patterns mean\n"
            "- analytics.billing.invoices: a single table; a rebuild, as by dbt, closes it until the next run\n"
            "- crm: a schema of the admin connection's own database\n"
            '- analytics."my.schema": double quotes around a part that holds a dot, or a * of its own\n\n'
            "Whoever creates a view in an open schema opens to Segment what they can read themselves, now and later.",
        ),
        "profiles_sync": Param(
            None,
            type=["null", "string"],
            title="Profiles Sync schema",
            description="database.schema, as Segment shows it under Unify > Profiles Sync > Settings > Connection "
            "Settings, such as segment_profiles.profiles_prod. The schema may still be missing: the run waits for it. "
            "Leave it empty where Segment reads Profiles Sync already.",
        ),
        "plan_only": Param(
            default=False,
            type="boolean",
            title="Plan only",
            description="Show every change in the summary, and make none.",
        ),
        "future_tables": Param(
            "scoped",
            type="string",
            enum=["scoped", "default_privileges", "none"],
            values_display={
                "scoped": "reach them too (scoped permission)",
                "default_privileges": "reach those of the owners of schema and tables (default privileges)",
                "none": "leave them closed",
            },
            title="Tables that are created later",
            description="For schemas that are opened whole. A scoped permission reaches what anybody creates. Default "
            "privileges are for an administrator who may not grant one; a schema without tables stops the run then. "
            "Where they stay closed, so does a table of today once it is rebuilt, as by dbt, until the next run.",
            section=MORE,
        ),
        "checkpoint_database": Param(
            "segment_linked_profiles_db",
            type="string",
            title="Checkpoint database",
            description="The database that Segment connects to and writes its own tables in. Created if it is missing.",
            section=MORE,
        ),
        "role": Param(
            "segment_linked_role",
            type="string",
            title="Linked role",
            description="The role that holds all of Segment's access. Created if it is missing.",
            section=MORE,
        ),
        "reverse_etl_database": Param(
            None,
            type=["null", "string"],
            title="Database with an existing Reverse ETL schema",
            description="Where Segment's Reverse ETL already runs as another user, whose __segment_reverse_etl schema "
            "the linked user is to share. Empty: nowhere.",
            section=MORE,
        ),
        "reverse_etl_owner": Param(
            None,
            type=["null", "string"],
            title="Owner of the Reverse ETL schema",
            description="The user that Segment's Reverse ETL logs in as. A schema that somebody else owns stops the "
            "run, unless that is an administrator.",
            section=MORE,
        ),
    }


def segment_data_graph(
    dag_id: str = "segment_data_graph",
    *,
    schemas: Sequence[str] | None = None,
    role: str | None = None,
    checkpoint_database: str | None = None,
    profiles_sync: str | None = None,
    reverse_etl_database: str | None = None,
    reverse_etl_owner: str | None = None,
    future_tables: str | None = None,
    connections: Clusters | None = None,
    variable: str | None = VARIABLE,
    allow: Sequence[str] | None = None,
    trusted_owners: Sequence[str] = (),
    least_privilege: bool = True,
    forbidden: Sequence[str] = (),
    schedule: Any = None,
    **dag_arguments: Any,
) -> DAG:
    """Make the DAG that opens a warehouse to Segment. What is given leaves its form, and no run can choose it.

    :param dag_id: its id; default ``segment_data_graph``.
    :param schemas: the schemas to open, as in :class:`..operators.CheckWarehouseOperator`; default None: the form has
        them.
    :param role: the linked role; default None: the form has it.
    :param checkpoint_database: the checkpoint database; default None: the form has it.
    :param profiles_sync: ``database.schema`` of Profiles Sync, or an empty text: it is open already. Default None: the
        form has it.
    :param reverse_etl_database: the database with an existing Reverse ETL schema, or an empty text: there is none.
        Default None: the form has it.
    :param reverse_etl_owner: the user that owns that schema, or an empty text: nobody is named. Default None: the form
        has it.
    :param future_tables: as in :class:`..operators.GrantSchemaOperator`, for a Reverse ETL schema, too; default None:
        the form has it.
    :param connections: the admin connection, the user connection and AWS's, or several such, one of which is chosen on
        the form. Default None: those that the Variable lists under ``connections``, else the default ones.
    :param variable: an Airflow Variable, a JSON object with values for fields that are on the form; a run takes from it
        what its conf doesn't hold. Default ``segment_data_graph``; None: none is read.
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
            "schemas": schemas,
            "role": role,
            "checkpoint_database": checkpoint_database,
            "profiles_sync": profiles_sync,
            "reverse_etl_database": reverse_etl_database,
            "reverse_etl_owner": reverse_etl_owner,
            "future_tables": future_tables,
        },
        connections,
        variable,
    )
    opened = "the cluster" if allow is None else ", ".join(map("`{}`".format, allow))
    doc = DOC.format(opened=opened, pins=pins, connections=pins.about_connections, guide=GUIDE)
    admin = pins.admin
    user = {"user_conn_id": pins.connection("user_conn_id")}
    to_role = {"role": pins.argument("role", checked("form", "role")), "trusted_owners": constant(list(trusted_owners))}
    schema_owner = pins.argument("reverse_etl_owner", checked("form", "reverse_etl_owner"))
    database = pins.argument("checkpoint_database", checked("form", "checkpoint_database"))
    how: dict[str, Any] = {"plan_only": checked("form", "plan_only"), **admin}
    wait = checked("form", "wait")
    grants = {**to_role, **how, "future_tables": pins.argument("future_tables", checked("form", "future_tables"))}
    with make_dag(dag_id, pins, ABOUT, doc, {"schedule": schedule, **dag_arguments}) as dag:
        check = CheckWarehouseOperator(
            task_id="check",
            doc_md="Holds the form against the whole warehouse, and the admin's rights against what is to be done. It "
            "changes nothing, and tells every problem at once.",
            schemas=pins.argument("schemas", SCHEMAS),
            variable=variable,
            trusted_owners=to_role["trusted_owners"],
            allow=None if allow is None else constant(allow),
            **{name: pins.argument(name, FIELD.format(name)) for name in CHECKED},
            **user,
            **admin,
        )
        with group("1_role_and_user"):
            create_role = CreateSegmentRoleOperator(
                task_id="role",
                doc_md="Creates the linked role, and the user that Segment logs in as, where they are missing. An "
                "existing user keeps its password.",
                **to_role,
                **user,
                **how,
            )
        with group("2_database"):
            create_database = CreateCheckpointDatabaseOperator(
                task_id="checkpoint_database",
                doc_md="Creates the database that Segment writes its own tables in, and lets the role connect and "
                "create in it.",
                checkpoint_database=database,
                reverse_etl_owner=schema_owner,
                **to_role,
                **how,
            )
        with group("3_read_access"):
            grant_schemas = GrantSchemaOperator(
                task_id="grant_schemas",
                doc_md="Opens the schemas and tables of the form, one database after the other.",
                pre_execute=skip_without("grants"),
                schema=from_xcom("check", "grants", "schema"),
                tables=from_xcom("check", "grants", "tables"),
                **grants,
            )
            wait_for_profiles_sync = ProfilesSyncTablesSensor(
                task_id="wait_for_profiles_sync",
                doc_md="Waits until Profiles Sync has written its tables. A plan doesn't wait.",
                pre_execute=skip_without("profiles_sync"),
                database=from_xcom("check", "profiles_sync", "database"),
                schema=from_xcom("check", "profiles_sync", "schema"),
                wait=wait,
                deferrable=True,
                **WAIT_FOR_PROFILES_SYNC,
                **admin,
            )
            grant_profiles_sync = GrantSchemaOperator(
                task_id="grant_profiles_sync",
                doc_md="Opens the schema of Profiles Sync.",
                pre_execute=skip_without("profiles_sync"),
                database=from_xcom("check", "profiles_sync", "database"),
                schema=from_xcom("check", "profiles_sync", "schema"),
                **grants,
            )
            reverse_etl = GrantReverseEtlOperator(
                task_id="grant_reverse_etl",
                doc_md="Shares the schema of a Reverse ETL that runs as another user.",
                pre_execute=skip_without("reverse_etl_database"),
                database=checked("reverse_etl_database"),
                schema_owner=schema_owner,
                trigger_rule="none_failed",
                **grants,
            )
        with group("4_proof"):
            validate = ValidateAccessSensor(
                task_id="validate",
                doc_md="Logs in as the linked user, as Segment will, and names every column of each table; no row is "
                "read.",
                pre_execute=skip_without("validate"),
                checkpoint_database=database,
                schemas=from_xcom("check", "validate", "schemas"),
                tables=from_xcom("check", "validate", "tables"),
                role=to_role["role"],
                least_privilege=least_privilege,
                forbidden=constant(list(forbidden)) if forbidden else None,
                wait=wait,
                deferrable=True,
                poke_interval=15,
                trigger_rule="none_failed",
                **user,
                **admin,
            )
            audit = AuditAccessOperator(
                task_id="audit",
                doc_md="Lists what the linked user reaches in the whole cluster, beside what was asked for.",
                pre_execute=skip_without("asked"),
                role=to_role["role"],
                checkpoint_database=database,
                allowed=from_xcom("check", "asked"),
                trigger_rule="none_failed",
                **user,
                **admin,
            )
        summary = SegmentSummaryOperator(
            task_id="summary",
            doc_md="Shows what was changed, and what to type into Segment.",
            reports=[from_xcom(task_id) for task_id in REPORTING],
            proofs=[from_xcom("wait_for_profiles_sync"), from_xcom("validate")],
            audit=[from_xcom("audit")],
            checkpoint_database=database,
            trigger_rule="none_failed",
            **user,
            **how,
        )
        chain(check, create_role, create_database, grant_schemas, reverse_etl, validate, audit, summary)
        chain(check, wait_for_profiles_sync, grant_profiles_sync, validate)
        chain(create_role, grant_profiles_sync)
    return dag


def group(name: str) -> TaskGroup:
    """Make a group for a step of Segment's guide; its tasks keep their ids."""
    return TaskGroup(name, prefix_group_id=False, tooltip="A step of Segment's guide")
