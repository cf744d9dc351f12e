"""Ways that Airflow's hook has, and that go past what this one takes care of."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import Connection

from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.hooks.redshift import DataGraphHook

WAYS: dict[str, Callable[[DataGraphHook], object]] = {
    "uri": lambda hook: hook.get_uri(),
    "engine": lambda hook: hook.get_sqlalchemy_engine(),
    "url": lambda hook: hook.sqlalchemy_url,
    "inspector": lambda hook: hook.inspector,
}


@pytest.mark.parametrize("way", ["conn", "connection"])
def test_no_connection_is_the_admin_s_for_somebody_else(way: str) -> None:
    admin = Connection(conn_id="a", conn_type="redshift")
    assert getattr(DataGraphHook("a", loaded={"a": admin}), way) is admin
    for given in ({"user_conn_id": "a"}, {"database": "other"}):
        with pytest.raises(MisconfigurationError, match="no Airflow connection that holds its login"):
            getattr(DataGraphHook("a", loaded={"a": admin}, **given), way)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("given", [{}, {"user_conn_id": "segment_linked_user"}, {"database": "other"}])
def test_no_uri_holds_a_password(monkeypatch: pytest.MonkeyPatch, way: str, given: dict[str, Any]) -> None:
    for name in ("REDSHIFT_DEFAULT", "SEGMENT_LINKED_USER"):
        fields = {"host": "h", "login": "l", "password": "Canary-1-Secret", "schema": "dev"}
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps({"conn_type": "redshift", **fields}))
    with pytest.raises(MisconfigurationError, match="has no URI and no SQLAlchemy engine") as caught:
        WAYS[way](DataGraphHook(**given))
    assert "Canary-1-Secret" not in repr(caught.value)
