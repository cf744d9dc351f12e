"""What a proof by login costs: `python benchmarks/proof.py [tables]`, by default 10,000.

Exchanges with the local Redshift, which count on a cluster, for that many tables in 10 and in a tenth as many schemas,
by how many are read in one statement; beside them the ratio to reading each alone, the local Redshift's seconds, and
the seconds that the exchanges would take at 40 ms each.
"""

from __future__ import annotations

import json
import os
import sys
import time

from airflow_provider_datagraph.engine.looks import AccessProbe, Sessions, take
from airflow_provider_datagraph.hooks.redshift import DataGraphHook
from local_redshift.running import Server, started

PASSWORD = "Linked-Reader-1"
SIZES = (1, 25, 50, 100, 200, 500)


def run(*statements: str) -> None:
    """Run statements as the superuser in the first database."""
    hook = DataGraphHook()
    hook.warned = None
    with hook.connected() as connection:
        connection.autocommit = True
        for sql in statements:
            connection.cursor().execute(sql)


def schemas_of(count: int, tables: int) -> list[str]:
    """Name schemas, and the statements that make and open them."""
    made = []
    for number in range(count):
        made.append(f"CREATE SCHEMA s{count}_{number}")
        each = (f"CREATE TABLE s{count}_{number}.t{at} (id int, name varchar)" for at in range(tables // count))
        made += each
        made.append(f"GRANT USAGE ON SCHEMA s{count}_{number} TO ROLE r")
        made.append(f"GRANT SELECT FOR TABLES IN SCHEMA s{count}_{number} TO ROLE r")
    return made


def connections(server: Server) -> None:
    """Define Airflow's two connections."""
    admin = {"conn_type": "redshift", "host": server.host, "port": server.port, "login": server.user}
    admin |= {"password": server.password, "schema": "dev", "extra": {"ssl": False}}
    os.environ["AIRFLOW_CONN_REDSHIFT_DEFAULT"] = json.dumps(admin)
    user = {"conn_type": "redshift", "login": "u", "password": PASSWORD, "schema": "checkpoint"}
    os.environ["AIRFLOW_CONN_SEGMENT_LINKED_USER"] = json.dumps(user)


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with started(faults=True) as server:
        connections(server)
        identities = ("CREATE ROLE r", f"CREATE USER u PASSWORD '{PASSWORD}'", "GRANT ROLE r TO u")
        run(*identities, "CREATE DATABASE checkpoint", "GRANT CREATE ON DATABASE checkpoint TO ROLE r")
        for number in (10, max(1, count // 10)):
            run(*schemas_of(number, count))
            alone = 0
            for size in SIZES:
                schemas = [f"s{number}_{at}" for at in range(number)]
                sessions = Sessions(DataGraphHook)
                probe = AccessProbe(sessions, "segment_linked_user", schemas=schemas, role="r", batch_size=size)
                before, began = server.faults.exchanges, time.perf_counter()
                look = take(probe)
                seconds, spent = time.perf_counter() - began, server.faults.exchanges - before
                sessions.close()
                assert look.done and look.report.in_place == count // number * number, look.message
                alone = alone or spent
                sys.stdout.write(
                    f"{count} tables in {number} schemas, {size:3} a statement: {spent:6} exchanges "
                    f"({spent / alone:.3f} of single reads), {seconds:5.1f} s here, {spent * 0.04:5.1f} s at 40 ms\n"
                )
                sys.stdout.flush()
