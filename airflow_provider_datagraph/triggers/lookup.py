"""Looking a connection up from a trigger's event loop, on every Airflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Connection


async def async_connection(conn_id: str) -> Connection:
    """Look a connection up without blocking the event loop."""
    from airflow.providers.common.compat.connection import get_async_connection

    return await get_async_connection(conn_id)
