"""What the sensors' asset events started, by Airflow's own scheduler."""

from __future__ import annotations

import json

from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS

from tests.e2e.scene import SCHEDULED_ON_ASSETS, Evidence

TABLES = ("asset", "asset_event", "asset_id") if AIRFLOW_V_3_0_PLUS else ("dataset", "dataset_event", "dataset_id")


def test_a_dag_runs_on_the_events_of_both_sensors(evidence: Evidence) -> None:
    run = evidence.left.metadata.run
    states = {state for (state,) in run("SELECT state FROM dag_run WHERE dag_id = %s", SCHEDULED_ON_ASSETS)}
    assert states == {"success"}
    asset, event, key = TABLES
    told: dict[str, list[dict[str, object]]] = {}
    for uri, extra in run(f"SELECT a.uri, e.extra FROM {event} e JOIN {asset} a ON a.id = e.{key}"):
        told.setdefault(uri, []).append(json.loads(extra) if isinstance(extra, str) else extra)
    server, world = evidence.left.server, evidence.scenes[0].world
    place = f"x-redshift://{server.host}:{server.port}"
    assert told.keys() >= {f"{place}/{world['profiles']}/profiles_prod", f"{place}/{world['analytics']}/crm"}
    for extras in told.values():
        assert all(extra["in_place"] and not extra["changed"] for extra in extras)
