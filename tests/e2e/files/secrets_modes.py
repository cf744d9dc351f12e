"""Every operator and sensor: succeeding, failing, retried, and as a plan. A task's name begins with its mode."""

from __future__ import annotations

import json
import logging
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_datagraph.hooks.iam import mask
from airflow_provider_datagraph.operators.audit import AuditAccessOperator
from airflow_provider_datagraph.operators.check import CheckWarehouseOperator
from airflow_provider_datagraph.operators.database import CreateCheckpointDatabaseOperator
from airflow_provider_datagraph.operators.offboard import DropSegmentRoleOperator, RevokeSchemaOperator
from airflow_provider_datagraph.operators.preflight import PreflightOperator
from airflow_provider_datagraph.operators.reverse_etl import GrantReverseEtlOperator
from airflow_provider_datagraph.operators.role import CreateSegmentRoleOperator
from airflow_provider_datagraph.operators.rotate import RotateSegmentPasswordOperator
from airflow_provider_datagraph.operators.schema import GrantSchemaOperator
from airflow_provider_datagraph.operators.summary import SegmentSummaryOperator
from airflow_provider_datagraph.operators.warehouse import OpenWarehouseOperator
from airflow_provider_datagraph.redshift.passwords import md5_hash
from airflow_provider_datagraph.sensors.access import ValidateAccessSensor
from airflow_provider_datagraph.sensors.profiles_sync import ProfilesSyncTablesSensor

WORLD: dict[str, Any] = json.loads((Path(os.environ["AIRFLOW_HOME"]) / "world.json").read_text())
ROLE, OTHER_ROLE, CHECKPOINT = WORLD["role"], WORLD["other_role"], WORLD["checkpoint"]
ANALYTICS, OPS, PROFILES = WORLD["analytics"], WORLD["ops"], WORLD["profiles"]
USER = {"user_conn_id": "secrets_user"}
WRONG = {"redshift_conn_id": "secrets_wrong_admin"}
UNREACHABLE = {"redshift_conn_id": "secrets_unreachable"}
# What comes back before the scheduler has heard of its process's end is failed by it: a delay is longer than that.
DELAY = 8
ONCE_MORE = {"retries": 1, "retry_delay": timedelta(seconds=DELAY)}
FORM = {"schemas": [f"{ANALYTICS}.crm"], "role": ROLE, "checkpoint_database": CHECKPOINT, **USER}
CRM = {"database": ANALYTICS, "schema": "crm", "role": ROLE}
WAIT = {"poke_interval": DELAY, "timeout": 240}
ACCESS = {
    "checkpoint_database": CHECKPOINT,
    "tables": [f"{ANALYTICS}.crm.accounts"],
    "wait_for_grants": True,
    **USER,
    **WAIT,
}
CHECKED = {
    "form": {"role": ROLE, "checkpoint_database": CHECKPOINT, "reverse_etl_owner": "", "future_tables": "scoped"},
    **dict.fromkeys(("grants", "profiles_sync", "reverse_etl_database")),
}
# First, since all else waits for these to wait.
SYNC = {"database": PROFILES, "schema": "profiles_prod", "priority_weight": 100, **WAIT}
KINDS: dict[str, tuple[Any, dict[str, Any]]] = {
    "check": (CheckWarehouseOperator, FORM),
    "role": (CreateSegmentRoleOperator, {"role": ROLE, **USER}),
    "database": (CreateCheckpointDatabaseOperator, {"checkpoint_database": CHECKPOINT, "role": ROLE}),
    "grant": (GrantSchemaOperator, CRM),
    "reverse_etl": (GrantReverseEtlOperator, {"database": ANALYTICS, "role": ROLE, "schema_owner": WORLD["retl"]}),
    "open": (OpenWarehouseOperator, {"checked": CHECKED, **USER}),
    "validate": (ValidateAccessSensor, ACCESS),
    "profiles": (ProfilesSyncTablesSensor, SYNC),
    "summary": (SegmentSummaryOperator, {"reports": [], "checkpoint_database": CHECKPOINT, **USER}),
    "audit": (AuditAccessOperator, {"role": ROLE, "checkpoint_database": CHECKPOINT, **USER}),
    "preflight": (PreflightOperator, USER),
    "revoke": (RevokeSchemaOperator, CRM),
    "rotate": (RotateSegmentPasswordOperator, USER),
    "drop": (DropSegmentRoleOperator, {"role": OTHER_ROLE, "user_conn_id": "secrets_sha256_user"}),
}


def make(name: str, how: str, **more: Any) -> Any:
    """Make the task ``HOW__NAME``; what follows another underscore tells several of a kind apart."""
    kind, given = KINDS[name.split("_with_")[0]]
    return kind(task_id=f"{how}__{name}", **{**given, **more})


def stumble(context: Any, result: Any) -> None:
    """Fail when all is done: the summary itself meets nothing that Airflow would try again."""
    raise ConnectionError(f"the try number {context['ti'].try_number} fails")


def tell_hash(context: Any, result: Any) -> None:
    """Log a hash, as the package never does; of nobody's password, since the scheduler copies it unmasked."""
    mask(md5_hash("canary", "canary"))
    logging.getLogger("airflow.task").info("the hash: %s", md5_hash("canary", "canary"))


with DAG(
    dag_id="secrets_modes",
    schedule="@once",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args={"redshift_conn_id": "secrets_admin"},
) as dag:
    success = {name: make(name, "success") for name in KINDS if name != "summary"}
    sha256 = {"role": OTHER_ROLE, "password_hash": "sha256", "user_conn_id": "secrets_sha256_user"}
    # The server cuts this one's connection once: it ends well, at its second try.
    cut = make("role_with_sha256", "retry", **sha256, **ONCE_MORE)
    waiting = {
        "validate": make("validate_with_poke", "success", deferrable=False),
        "profiles": make("profiles_with_poke", "success", deferrable=False, mode="reschedule"),
        "user": make("profiles_with_user", "success", **USER),
        "iam": make("profiles_with_iam", "success", redshift_conn_id="secrets_iam", aws_conn_id="secrets_aws"),
    }
    opened = make("grant_with_profiles", "success", database=PROFILES, schema="profiles_prod")
    reports = [task.output for name, task in success.items() if name not in ("revoke", "drop")]
    summary = make("summary", "success", reports=reports)

    success["check"] >> success["role"] >> success["database"]
    success["database"] >> [
        success["grant"],
        success["open"],
        success["reverse_etl"],
        success["validate"],
        waiting["validate"],
    ]
    [success["profiles"], waiting["profiles"], success["database"]] >> opened
    success["role"] >> [waiting["user"], success["audit"], success["rotate"]]
    [success["validate"], waiting["validate"]] >> success["revoke"]
    # So that nothing is granted yet when the sensors, and the triggerer after them, look first.
    success["reverse_etl"] >> success["grant"]
    cut >> success["drop"]
    if not WORLD["serial"]:
        # `airflow dags test` masks nothing.
        make("role_with_hash_in_log", "plan", plan_only=True, post_execute=tell_hash)
    else:
        # One task after another: a sensor can't wait for what a later one does.
        success["grant"] >> [success["validate"], waiting["validate"]]
        opened >> waiting["user"]

    for name, (kind, _) in KINDS.items():
        once = {"wait": False} if "wait" in kind.template_fields else {}
        if name not in ("summary", "preflight"):
            make(name, "failure", **WRONG)
        if kind.__name__ not in WORLD["every_mode"]:
            continue
        if "plan_only" in kind.template_fields:
            make(name, "plan", plan_only=True)
        elif once:
            make(name, "plan", **once, **({} if name == "profiles" else {"user_conn_id": "secrets_wrong_user"}))
        if name not in ("summary", "preflight"):
            make(name, "retry", **UNREACHABLE, **ONCE_MORE, **once)
    # To this one, a connection that fails is a finding.
    make("preflight_with_wrong", "success", **WRONG, user_conn_id="secrets_wrong_user")
    make("preflight", "failure", region="nowhere")
    make("preflight", "retry", post_execute=stumble, **ONCE_MORE)
    # It reads connections, and logs in nowhere.
    make("summary", "failure", user_conn_id="secrets_odd_extra")
    make("summary", "retry", post_execute=stumble, **ONCE_MORE)

    make("role_with_weak_password", "failure", user_conn_id="secrets_weak_user")
    refused = {"role": WORLD["refused_role"], "user_conn_id": "secrets_refused_user"}
    make("role_with_server_error", "failure", **refused)
    wrong_user = {"user_conn_id": "secrets_wrong_user"}
    success["role"] >> make("role_with_wrong_password", "failure", **wrong_user)
    success["role"] >> make("role_with_unreachable", "retry", user_conn_id="secrets_unreachable_user", **ONCE_MORE)
    success["database"] >> make("validate_with_user", "failure", **wrong_user)
    deferrable = not WORLD["serial"]
    make("profiles_with_timeout", "failure", schema="never_there", timeout=3, deferrable=deferrable)
