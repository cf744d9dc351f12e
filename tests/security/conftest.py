"""An Airflow and a local Redshift of this folder's own, for what only a real run shows."""

from tests.dags.conftest import airflow, dag_server  # noqa: F401  # fixtures
