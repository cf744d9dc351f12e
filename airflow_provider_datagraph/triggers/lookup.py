"""Looking a connection up from a trigger's event loop, on every Airflow."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Connection


async def async_connection(conn_id: str, seconds: float) -> Connection:
    """Look a connection up without blocking the event loop.

    :param seconds: how long that may take.
    :raises AirflowNotFoundException: if there is none; Airflow 3 raises that also where a secrets backend fails.
    :raises PassingFaultError: if it can't be looked up.
    """
    from airflow.providers.common.compat.connection import get_async_connection
    from airflow.providers.common.compat.sdk import AirflowNotFoundException

    from airflow_provider_datagraph.hooks.faults import lookup_error

    try:
        return await asyncio.wait_for(get_async_connection(conn_id), seconds)
    except AirflowNotFoundException:
        raise
    except Exception as error:
        # Its text may quote what it looked up.
        raise lookup_error(conn_id, type(error).__name__) from None
