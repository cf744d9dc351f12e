"""A writer that behaves as Segment's Profiles Sync does, as its own user."""

from __future__ import annotations

import threading
import time
from contextlib import closing

from demo.warehouse import SEGMENT_PASSWORD, connect, history, run
from local_redshift.running import Server

SCHEMA = "profiles_prod"
PAUSE = 0.4

_MATERIALIZED = "canonical_segment_id seq received_at uuid_ts timestamp"
_EVENT = "id segment_id user_id received_at timestamp"
# https://segment.com/docs/unify/profiles-sync/tables/
TABLES = {
    "id_graph_updates": "segment_id canonical_segment_id triggering_event_type triggering_event_id timestamp uuid_ts",
    "external_id_mapping_updates": "id segment_id external_id_hash external_id_type external_id_value seq timestamp "
    "triggering_event_id triggering_event_name triggering_event_source_id triggering_event_source_name "
    "triggering_event_source_slug triggering_event_type received_at uuid_ts",
    "profile_traits_updates": "segment_id seq timestamp received_at uuid_ts email",
    "identifies": f"{_EVENT} email",
    "user_traits": f"name value {_MATERIALIZED}",
    "user_identifiers": f"type value {_MATERIALIZED}",
    "profile_merges": f"segment_id {_MATERIALIZED}",
    "order_completed": f"{_EVENT} total",
}
TIMES = ("received_at", "timestamp", "uuid_ts")


class ProfilesSync(threading.Thread):
    """Waits until somebody looks for the schema, and then writes it table by table.

    :param server: the local Redshift.
    """

    def __init__(self, server: Server) -> None:
        super().__init__(name="profiles-sync", daemon=True)
        self.server = server
        self.error: Exception | None = None
        self.ended = threading.Event()

    def run(self) -> None:
        """See the class."""
        try:
            while not any("pg_class" in s and "user_traits" in s for s in history(self.server)):
                if self.ended.wait(PAUSE):
                    return
            self._write()
        except Exception as error:  # a thread's error is shown by the demo, not by Python
            self.error = error

    def _write(self) -> None:
        with closing(connect(self.server, "segment_profiles", "segment", SEGMENT_PASSWORD)) as connection:
            run(connection, [f"CREATE SCHEMA {SCHEMA}"])
            for table, columns in TABLES.items():
                time.sleep(PAUSE)
                types = {name: "timestamp" if name in TIMES else "varchar(200)" for name in columns.split()}
                create = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
                nulls = ", ".join("NULL" for _ in types)
                path = f"{SCHEMA}.{table}"
                run(connection, [f"CREATE TABLE {path} ({create})", f"INSERT INTO {path} VALUES ({nulls})"])
