"""The way back as a DAG: a plan, unless its form says otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.common.compat.sdk import DAG, Param

from airflow_provider_datagraph.example_dags.pins import Clusters, Pins, constant, make_dag
from airflow_provider_datagraph.operators import DropSegmentRoleOperator

DOC = """### Take Segment's access to a Redshift warehouse away

Looks in every database of the cluster for what the linked role and user hold and own, and takes it away: privileges,
ownership (given to the new owner), the checkpoint database if it is named, the user, the role. **It is a plan only,
unless you say otherwise.** One problem in any database stops it before anything is changed. A rerun does what is left.

**Whoever may trigger this DAG may end Segment's access and drop its checkpoint database.** {pins}

It is one task on purpose: with a task for each database, the first would be changed before the last is looked at.

Connections, of type redshift: a superuser, and one whose login is the user that leaves.

{connections}
"""
ABOUT = "Take Segment's access to a Redshift warehouse away; a plan, unless its form says otherwise."


def form() -> dict[str, Param]:
    """Make the fields, which a run changes. None has a section: Airflow 3.3 would close it."""
    return {
        "plan_only": Param(
            default=True,
            type="boolean",
            title="Plan only",
            description="Show every change in the task's log, and make none. Switch it off to make them.",
        ),
        "role": Param(
            "segment_linked_role",
            type="string",
            title="Linked role",
            description="The role that holds all of Segment's access. It is dropped, and so is the user whose login "
            "the user connection holds.",
        ),
        "checkpoint_database": Param(
            None,
            type=["null", "string"],
            title="Checkpoint database to drop",
            description="The database that Segment writes its own tables in. It is dropped with all that is in it. "
            "Empty: it is kept.",
        ),
        "confirm_database": Param(
            None,
            type=["null", "string"],
            title="Confirm the database",
            description="Only where others own something in it: its name again, to drop that too. Left empty, what "
            "they own stops the run.",
        ),
        "new_owner": Param(
            None,
            type=["null", "string"],
            title="New owner",
            description="The administrator, or another user whom the DAG file trusts, who gets the schemas and tables "
            "that the linked user owns. Empty: they stop the run, unless the database that they are in is dropped.",
        ),
        "force": Param(
            default=False,
            type="boolean",
            title="Force",
            description="Also take away what isn't Segment's: further privileges of the role and the user, the user's "
            "other roles, the role's other members. Without this they stop the run.",
        ),
    }


def segment_data_graph_offboard(
    dag_id: str = "segment_data_graph_offboard",
    *,
    role: str | None = None,
    checkpoint_database: str | None = None,
    new_owner: str | None = None,
    trusted_owners: Sequence[str] = (),
    connections: Clusters | None = None,
    **dag_arguments: Any,
) -> DAG:
    """Make the DAG that takes Segment's access away. What is given leaves its form, and no run can choose it.

    :param dag_id: its id; default ``segment_data_graph_offboard``.
    :param role: the linked role; default None: the form has it.
    :param checkpoint_database: the database that every run drops, or an empty text: none does. Default None: the form
        has it.
    :param new_owner: the user that gets what the linked user owns, or an empty text: nobody. Default None: the form has
        it.
    :param trusted_owners: the users that the form may name there, beside the admin and superusers; default none.
    :param connections: the admin connection, the user connection and AWS's, or several such, one of which is chosen on
        the form; default None: the default ones.
    :param dag_arguments: further arguments of ``DAG``, such as ``tags`` and ``default_args``.
    :return: the DAG, for a module's own name: there Airflow finds it.
    :raises ParamValidationError: if the form wouldn't take what is given for a field.
    """
    pins = Pins(
        form(),
        {"role": role, "checkpoint_database": checkpoint_database, "new_owner": new_owner},
        connections,
    )
    doc = DOC.format(pins=pins, connections=pins.about_connections)
    with make_dag(dag_id, pins, ABOUT, doc, dag_arguments) as dag:
        DropSegmentRoleOperator(
            task_id="offboard",
            doc_md="Plans the way back for all databases, and makes it unless this run is a plan only.",
            role=pins.argument("role", "{{ params.role }}"),
            user_conn_id=pins.connection("user_conn_id"),
            checkpoint_database=pins.argument("checkpoint_database", "{{ params.checkpoint_database or '' }}"),
            confirm_database="{{ params.confirm_database or '' }}",
            new_owner=pins.argument("new_owner", "{{ params.new_owner or '' }}"),
            trusted_owners=constant([*trusted_owners, *([new_owner] if new_owner else [])]),
            force="{{ params.force }}",
            plan_only="{{ params.plan_only }}",
            **pins.admin,
        )
    return dag
