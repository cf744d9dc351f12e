"""### Take Segment's access to a Redshift warehouse away

Looks in every database of the cluster for what the linked role and user hold and own, and takes it away: privileges,
ownership (given to the new owner), the checkpoint database if it is named, the user, the role. **It is a plan only,
unless you say otherwise.** One problem in any database stops it before anything is changed. A rerun does what is left.

It is one task on purpose: with a task for each database, the first would be changed before the last is looked at.

Connections: `redshift_default` (type redshift, a superuser) and `segment_linked_user` (type redshift, whose login is
the user that leaves).
"""

from __future__ import annotations

from airflow.providers.common.compat.sdk import DAG, Param

from airflow_provider_datagraph.operators import DropSegmentRoleOperator

ADMIN = "redshift_default"
LINKED_USER = "segment_linked_user"

PARAMS = {
    "role": Param(
        "segment_linked_role",
        type="string",
        title="Linked role",
        description="The role that holds all of Segment's access. It is dropped, and so is the user whose login the "
        "connection segment_linked_user holds.",
        examples=["segment_linked_role"],
        section="What leaves",
    ),
    "checkpoint_database": Param(
        None,
        type=["null", "string"],
        title="Checkpoint database to drop",
        description="The database that Segment writes its own tables in. It is dropped with all that is in it. Empty: "
        "it is kept.",
        examples=["segment_linked_profiles_db"],
        section="What leaves",
    ),
    "confirm_database": Param(
        None,
        type=["null", "string"],
        title="The checkpoint database's name again",
        description="Where something in it belongs to others: that is dropped, too. Without this it stops the run.",
        examples=["segment_linked_profiles_db"],
        section="What leaves",
    ),
    "new_owner": Param(
        None,
        type=["null", "string"],
        title="New owner",
        description="The user that gets the schemas and tables that the linked user owns. Empty: they stop the run, "
        "unless the database that they are in is dropped.",
        examples=["warehouse_owner"],
        section="What stays",
    ),
    "force": Param(
        default=False,
        type="boolean",
        title="Force",
        description="Also take away what isn't Segment's: further privileges of the role and the user, the user's "
        "other roles, the role's other members. Without this they stop the run.",
        section="How",
    ),
    "plan_only": Param(
        default=True,
        type="boolean",
        title="Plan only",
        description="Show every change in the task's log, and make none. Switch it off to make them.",
        section="How",
    ),
}

with DAG(
    dag_id="segment_data_graph_offboard",
    schedule=None,
    catchup=False,
    max_active_runs=1,
    params=PARAMS,
    default_args={"retries": 2, "redshift_conn_id": ADMIN},
    doc_md=__doc__,
    tags=["segment", "redshift"],
) as dag:
    DropSegmentRoleOperator(
        task_id="offboard",
        role="{{ params.role }}",
        user_conn_id=LINKED_USER,
        checkpoint_database="{{ params.checkpoint_database or '' }}",
        confirm_database="{{ params.confirm_database or '' }}",
        new_owner="{{ params.new_owner or '' }}",
        force="{{ params.force }}",
        plan_only="{{ params.plan_only }}",
    )
