"""What a sensor tells DAGs that are scheduled on it: an asset event for each schema, under an alias that stays.

https://airflow.apache.org/docs/apache-airflow/stable/authoring-and-scheduling/asset-scheduling.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from airflow.providers.common.compat.sdk import Asset, AssetAlias

PROFILES_SYNC_READY = "segment-profiles-sync-ready"
ACCESS_GRANTED = "segment-access-granted"


def schema_uri(host: str, port: int, database: str, schema: str) -> str:
    """Name a schema of a cluster.

    The amazon provider owns ``redshift://`` and wants a table in it; a scheme that begins with ``x-`` is nobody's.

    :return: ``x-redshift://<host>:<port>/<database>/<schema>``, percent-encoded: Airflow 2.11 takes ASCII only.
    """
    return f"x-redshift://{quote(host.lower(), safe=':[]')}:{port}/{quote(database, safe='')}/{quote(schema, safe='')}"


def announce(
    events: Any, alias: str, cluster: Mapping[str, Any], schemas: Iterable[Sequence[str]], report: Mapping[str, Any]
) -> None:
    """Add an event for each schema.

    :param events: the context's ``outlet_events``.
    :param cluster: the driver's arguments, for host and port.
    :param schemas: database and schema each.
    :param report: what the sensor returns: the event's extra.
    """
    for database, schema in schemas:
        uri = schema_uri(cluster["host"], cluster["port"], database, schema)
        events[AssetAlias(alias)].add(Asset(uri), extra=dict(report))
