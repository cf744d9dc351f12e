"""Plan, approve, apply: a person sees the whole plan, and exactly that is made. For Airflow 3.1 and newer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.common.compat.sdk import DAG, AirflowFailException, chain

from airflow_provider_datagraph.example_dags.grant import (
    CHECKED,
    FIELD,
    SCHEMAS,
    VARIABLE,
    WAIT_FOR_PROFILES_SYNC,
    checked,
    form,
    skip_without,
)
from airflow_provider_datagraph.example_dags.pins import Clusters, Pins, constant, make_dag
from airflow_provider_datagraph.operators import (
    CheckWarehouseOperator,
    OpenWarehouseOperator,
    SegmentSummaryOperator,
)
from airflow_provider_datagraph.sensors import ProfilesSyncTablesSensor, ValidateAccessSensor
from airflow_provider_datagraph.xcom import from_xcom

DOC = """### Open a Redshift warehouse to Segment's Data Graph, once a person has approved the plan

The plan of all databases waits for an approval, which costs no worker. Where the plan has changed meanwhile, the run
fails and grants nothing; a new run asks anew. {pins}

{connections}
"""
ABOUT = "Plan Segment's access to a Redshift warehouse, wait for an approval, and make exactly that plan."


def plan_once(context: Any) -> None:
    """Refuse to plan again in a run: Airflow keeps the text that an approval was first asked with."""
    if context["ti"].max_tries > context["task"].retries:
        raise AirflowFailException("A run that was cleared can't show another plan: start a new run, which asks anew.")


def segment_data_graph_approval(
    dag_id: str = "segment_data_graph_approval",
    *,
    assigned_users: Sequence[Any] = (),
    connections: Clusters | None = None,
    variable: str | None = VARIABLE,
    allow: Sequence[str] | None = None,
    trusted_owners: Sequence[str] = (),
    **more: Any,
) -> DAG:
    """Make the DAG that asks before it changes anything. It needs ``airflow.providers.standard``, and Airflow 3.1.

    :param dag_id: its id; default ``segment_data_graph_approval``.
    :param assigned_users: who may approve, as Airflow's ``ApprovalOperator`` takes them (``id`` and ``name``); default:
        all who may answer what a task asks.
    :param connections: the connections, as in :func:`.segment_data_graph`.
    :param variable: the Airflow Variable, likewise.
    :param allow: the only schemas that a run may open, likewise.
    :param trusted_owners: users whose role, database or schema is adopted, likewise.
    :param more: the form's fields, as in :func:`.segment_data_graph`: what is given leaves the form; and further
        arguments of ``DAG``, such as ``schedule``.
    :return: the DAG, for a module's own name: there Airflow finds it.
    :raises AirflowOptionalProviderFeatureException: before Airflow 3.1.

    https://airflow.apache.org/docs/apache-airflow-providers-standard/stable/operators/hitl.html
    """
    from airflow.providers.standard.operators.hitl import ApprovalOperator

    fields = form()
    # A plan that is only shown needs no approval.
    del fields["plan_only"]
    pins = Pins(fields, {name: more.pop(name, None) for name in fields}, connections, variable)
    admin = pins.admin
    user = {"user_conn_id": pins.connection("user_conn_id")}
    trust = {"trusted_owners": constant(list(trusted_owners))}
    database = pins.argument("checkpoint_database", checked("form", "checkpoint_database"))
    doc = DOC.format(pins=pins, connections=pins.about_connections)
    with make_dag(dag_id, pins, ABOUT, doc, more) as dag:
        check = CheckWarehouseOperator(
            task_id="check",
            doc_md="Holds the form against the whole warehouse, and changes nothing.",
            schemas=pins.argument("schemas", SCHEMAS),
            variable=variable,
            allow=None if allow is None else constant(allow),
            **{name: pins.argument(name, FIELD.format(name)) for name in CHECKED if name in fields},
            **trust,
            **user,
            **admin,
        )
        wait = ProfilesSyncTablesSensor(
            task_id="wait_for_profiles_sync",
            doc_md="Waits until Profiles Sync has written its tables.",
            pre_execute=skip_without("profiles_sync"),
            database=from_xcom("check", "profiles_sync", "database"),
            schema=from_xcom("check", "profiles_sync", "schema"),
            deferrable=True,
            **WAIT_FOR_PROFILES_SYNC,
            **admin,
        )
        plan = OpenWarehouseOperator(
            task_id="plan",
            doc_md="Plans all of it, and changes nothing.",
            checked=from_xcom("check"),
            plan_only=True,
            pre_execute=plan_once,
            trigger_rule="none_failed",
            **trust,
            **user,
            **admin,
        )
        approve = ApprovalOperator(
            task_id="approve",
            doc_md="Shows the whole plan, and waits for a person. Reject ends the run with nothing changed.",
            subject="Open the warehouse to Segment?",
            # What it renders to isn't rendered again, whatever names are in it.
            body="{{ ti.xcom_pull(task_ids='plan')['markdown'] }}",
            assigned_users=list(assigned_users) or None,
            # A trigger rule such as none_failed would let what follows run although it is rejected.
            ignore_downstream_trigger_rules=True,
        )
        apply = OpenWarehouseOperator(
            task_id="apply",
            doc_md="Makes exactly the plan that was approved. Where it has changed, it fails, and nothing is made.",
            checked=from_xcom("check"),
            approved=from_xcom("plan"),
            approval=from_xcom("approve"),
            **trust,
            **user,
            **admin,
        )
        validate = ValidateAccessSensor(
            task_id="validate",
            doc_md="Logs in as the linked user, and names every column of each table; no row is read.",
            checkpoint_database=database,
            pre_execute=skip_without("validate"),
            schemas=from_xcom("check", "validate", "schemas"),
            tables=from_xcom("check", "validate", "tables"),
            role=pins.argument("role", checked("form", "role")),
            least_privilege=True,
            deferrable=True,
            **user,
            **admin,
        )
        summary = SegmentSummaryOperator(
            task_id="summary",
            doc_md="Shows what was changed, who approved it, and what to type into Segment.",
            reports=[from_xcom("check"), from_xcom("apply")],
            proofs=[from_xcom("wait_for_profiles_sync"), from_xcom("validate")],
            checkpoint_database=database,
            trigger_rule="none_failed",
            **user,
            **admin,
        )
        chain(check, wait, plan, approve, apply, validate, summary)
    return dag
