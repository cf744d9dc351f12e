"""Triggers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_datagraph.lazy import lazily

if TYPE_CHECKING:
    from airflow_provider_datagraph.triggers.poll import PollTrigger

__all__ = ["PollTrigger"]
__getattr__ = lazily(__name__, {"PollTrigger": "poll"})
