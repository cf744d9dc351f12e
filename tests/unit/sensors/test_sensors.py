"""Sensors and their trigger, as far as they reach no server."""

from __future__ import annotations

from typing import Any

from airflow.triggers.base import BaseTrigger

from airflow_provider_datagraph.triggers.poll import PollTrigger


class Bare(BaseTrigger):
    """What Airflow's triggers have at the least."""

    def serialize(self) -> Any:
        """Nothing."""

    def run(self) -> Any:
        """Nothing."""


def test_the_trigger_has_what_airflow_s_have() -> None:
    trigger = PollTrigger("access", {"tables": []}, 5.0, 9.0)
    bare: Any = Bare
    assert vars(bare()).keys() <= vars(trigger).keys()
    path, arguments = trigger.serialize()
    assert path == "airflow_provider_datagraph.triggers.PollTrigger"
    assert arguments == {"probe": "access", "arguments": {"tables": []}, "poke_interval": 5.0, "deadline": 9.0}
