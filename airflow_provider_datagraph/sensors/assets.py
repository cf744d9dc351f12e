"""What a sensor tells DAGs that are scheduled on it: an asset event for each schema, under an alias that stays.

https://airflow.apache.org/docs/apache-airflow/stable/authoring-and-scheduling/asset-scheduling.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from airflow.providers.common.compat.sdk import Asset, AssetAlias
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS

PROFILES_SYNC_READY = "segment-profiles-sync-ready"
ACCESS_GRANTED = "segment-access-granted"


def schema_uri(host: str, port: int, database: str, schema: str) -> str:
    """Name a schema of a cluster, percent-encoded, since Airflow 2.11 takes ASCII only.

    The amazon provider owns ``redshift://`` and wants a table in it; a scheme that begins with ``x-`` is nobody's.
    """
    return f"x-redshift://{quote(host.lower(), safe=':[]')}:{port}/{quote(database, safe='')}/{quote(schema, safe='')}"


def is_known(alias: str) -> bool:
    """Tell whether Airflow knows an alias. 2.11 fails a task that uses another, as in ``dags test`` of a new DAG."""
    if AIRFLOW_V_3_0_PLUS:
        return True
    from airflow.models.dataset import DatasetAliasModel  # type: ignore[import-not-found]  # Airflow 2's alone
    from airflow.utils.session import create_session

    with create_session() as session:
        return session.query(DatasetAliasModel).filter_by(name=alias).first() is not None


def announce(
    events: Any, alias: str, cluster: Mapping[str, Any], schemas: Iterable[Sequence[str]], report: Mapping[str, Any]
) -> None:
    """Add an event for each schema to ``outlet_events``.

    :param cluster: the driver's arguments, for host and port.
    :param report: what the sensor returns: the event's extra. Airflow 2.11 wants values that it can hash, so there
        lists and mappings are JSON texts.
    """
    if not is_known(alias):
        return
    extra = dict(report)
    if not AIRFLOW_V_3_0_PLUS:
        extra = {name: json.dumps(value) if isinstance(value, list | dict) else value for name, value in extra.items()}
    for database, schema in schemas:
        uri = schema_uri(cluster["host"], cluster["port"], database, schema)
        events[AssetAlias(alias)].add(Asset(uri), extra=extra)
