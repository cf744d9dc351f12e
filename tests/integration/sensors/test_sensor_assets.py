"""The asset events of sensors: once everything is there, for each schema, in every mode."""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import suppress
from typing import Any
from unittest.mock import Mock

import pytest
from airflow.providers.common.compat.sdk import AssetAlias, TaskDeferred
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS

from tests.integration.sensors.house import House
from tests.support.waiting import fire, trigger_of

ALIASES = {"profiles_sync": "segment-profiles-sync-ready", "access": "segment-access-granted"}


class Events(defaultdict[Any, Any]):
    """The context's `outlet_events`, which Airflow has by alias."""

    def told(self) -> list[tuple[str, str, dict[str, Any]]]:
        return [
            (alias.name, call.args[0].uri, call.kwargs["extra"])
            for alias, one in self.items()
            for call in one.add.call_args_list
        ]


@pytest.mark.parametrize("way", ["deferred", "poke", "look only"])
@pytest.mark.parametrize("kind", ALIASES)
def test_each_schema_has_an_event_with_the_report(
    house: House, kind: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Airflow 2.11 would look into its database.
    monkeypatch.setattr("airflow_provider_datagraph.sensors.assets.is_known", lambda alias: True)
    given = {"wait": False} if way == "look only" else {"deferrable": way == "deferred"}
    sensor, events = house.sensor(kind, **given), Events(lambda: Mock(spec=["add"]))
    context: Any = {"outlet_events": events}
    if way != "poke":
        with suppress(TaskDeferred):
            sensor.execute(context)
    assert events.told() == []
    house.fulfil(kind)
    if way == "deferred":
        report = sensor.resume_execution("resume", {"event": fire(trigger_of(sensor))}, context)
    else:
        report = sensor.execute(context)
    schema = house.crm if kind == "access" else house.profiles_schema
    uri = f"x-redshift://{house.server.host}:{house.server.port}/{house.warehouse}/{schema}"
    if not AIRFLOW_V_3_0_PLUS:
        report = {name: json.dumps(one) if isinstance(one, list | dict) else one for name, one in report.items()}
    assert events.told() == [(ALIASES[kind], uri, report)]
    assert next(iter(events)) == AssetAlias(ALIASES[kind])
