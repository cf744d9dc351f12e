"""A writer that behaves as Segment's Profiles Sync does, as its own user."""

from __future__ import annotations

import threading
import time
from contextlib import closing

from demo.warehouse import SEGMENT_PASSWORD, connect, history, run
from local_redshift.running import Server

SCHEMA = "profiles_prod"
PAUSE = 0.4

TABLES = {
    "id_graph_updates": "segment_id varchar(64), canonical_segment_id varchar(64), uuid_ts timestamp",
    "external_id_mapping_updates": "segment_id varchar(64), external_id_type varchar(32), external_id_value varchar(9)",
    "profile_traits_updates": "segment_id varchar(64), seq varchar(64), email varchar(200)",
    "identifies": "id varchar(64), user_id varchar(64), received_at timestamp",
    "user_traits": "canonical_segment_id varchar(64), name varchar(64), value varchar(200)",
    "user_identifiers": "canonical_segment_id varchar(64), type varchar(32), value varchar(200)",
    "profile_merges": "canonical_segment_id varchar(64), segment_id varchar(64), uuid_ts timestamp",
    "order_completed": "id varchar(64), user_id varchar(64), received_at timestamp",
}


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
            while not any("svv_redshift_tables" in s and SCHEMA in s for s in history(self.server)):
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
                nulls = ", ".join("NULL" for _ in columns.split(","))
                create = f"CREATE TABLE {SCHEMA}.{table} ({columns})"
                run(connection, [create, f"INSERT INTO {SCHEMA}.{table} VALUES ({nulls})"])
