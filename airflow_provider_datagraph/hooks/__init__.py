"""Connections to Redshift."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_datagraph.lazy import lazily

if TYPE_CHECKING:
    from airflow_provider_datagraph.hooks.redshift import DataGraphHook

__all__ = ["DataGraphHook"]
__getattr__ = lazily(__name__, {"DataGraphHook": "redshift"})
