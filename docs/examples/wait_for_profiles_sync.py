"""Open Profiles Sync's schema as soon as Segment has written it."""

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_datagraph.operators import GrantSchemaOperator
from airflow_provider_datagraph.sensors import ProfilesSyncTablesSensor

PLACE = "segment_profiles.profiles_prod"

with DAG("wait_for_profiles_sync", schedule=None):
    wait = ProfilesSyncTablesSensor(task_id="wait", schema=PLACE, timeout=48 * 3600)
    wait >> GrantSchemaOperator(task_id="grant", schema=PLACE)
