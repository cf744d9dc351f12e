"""An Airflow and a local Redshift of this folder's own, for what only a real run shows."""

from __future__ import annotations

import pytest
from airflow.models import connection
from airflow.secrets.environment_variables import EnvironmentVariablesBackend

from tests.dags.conftest import airflow, dag_server  # noqa: F401  # fixtures


@pytest.fixture(autouse=True)
def no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow 2 tells of every connection, with a traceback, that its database has no tables."""
    monkeypatch.setattr(connection, "ensure_secrets_loaded", lambda: [EnvironmentVariablesBackend()], raising=False)
