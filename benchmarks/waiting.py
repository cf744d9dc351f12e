"""What a thousand deferred sensors cost: `python benchmarks/waiting.py [sensors] [seconds] [latency in ms]`.

By default 1,000 sensors over 20 schemas, half of each kind, look every 60 s. Their triggers are rows of Airflow's
database, one real triggerer (Airflow 3, SQLite) runs them, and after two intervals what they wait for comes true.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psutil

from airflow_provider_datagraph.hooks.redshift import DataGraphHook
from local_redshift.running import Server, started
from tests.dags import deferred
from tests.dags.airflow_process import Airflow, copied, on_sqlite

PASSWORD = "Linked-Reader-1"
SCHEMAS = 20
DEFERRED = "SELECT count(*) FROM task_instance WHERE state = 'deferred'"
# What runs in the triggerer beside it: it looks every 5 ms whose code the event loop is in, and notes how long it stays
# in one step of a task, with code of the package's on the stack or without: in CPU time, since the machine may be busy.
WATCHDOG = """
import asyncio, os, sys, threading, time
run, step, loop, busy, process = asyncio.events.Handle._run, 0, None, False, None
def counted(self):
    global step, loop, busy, process
    if process != os.getpid():
        # A process that is forked has no other threads.
        process = os.getpid()
        threading.Thread(target=sample, daemon=True).start()
    step, loop, busy = step + 1, threading.get_ident(), True
    run(self)
    busy = False
def sample():
    worst, began, last = {}, {}, 0
    while True:
        time.sleep(0.005)
        if loop is None:
            continue
        frame, at, ours = sys._current_frames().get(loop), step, False
        now = time.clock_gettime(time.pthread_getcpuclockid(loop))
        while frame is not None and not ours:
            ours, frame = "airflow_provider_datagraph" in frame.f_code.co_filename, frame.f_back
        if at != last or not busy:
            began, last = {}, at
        whose = "ours" if ours else "others"
        took = (now - began.setdefault(whose, now)) * 1000
        if took > worst.get(whose, 0.0) and at == step and busy:
            worst[whose] = took
            with open(os.environ["SLOWEST"], "a") as file:
                file.write(f"{whose} {took:.0f}\\n")
asyncio.events.Handle._run = counted
"""
PROFILES = {"user_conn_id": None, "database": None, "tables": ["orders"], "require_rows": False, "max_staleness": None}
ACCESS: dict[str, Any] = {
    "user_conn_id": "segment_linked_user", "checkpoint_database": None, "tables": [], "role": "r",
    "wait_for_grants": True, "broken_views": "report", "least_privilege": False, "forbidden": [],
    "probe_checkpoint": False, "batch_size": 200, "max_proof_age": 900.0,
}  # fmt: skip


def sensors(count: int, seconds: int) -> str:
    """What is waited for, as `tests.dags.deferred` reads it."""
    found = []
    for at in range(count):
        schema = f"s{at // 2 % SCHEMAS}"
        given: dict[str, Any] = {**ACCESS, "schemas": [schema]} if at % 2 else {**PROFILES, "schema": schema}
        given |= {"redshift_conn_id": "redshift_default", "aws_conn_id": None}
        waits = {"poke_interval": float(seconds), "deadline": time.time() + 86400, "look_timeout": 120.0}
        found.append({"probe": "access" if at % 2 else "profiles_sync", "arguments": given, **waits})
    return json.dumps(found)


def run(*statements: str) -> list[Any]:
    """Run statements as the superuser in the first database; the last one's rows."""
    hook = DataGraphHook(application_name="benchmark")
    hook.warned = None
    with hook.connected() as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        for sql in statements:
            cursor.execute(sql)
        return list(cursor.fetchall()) if cursor.description else []


def connections(server: Server) -> None:
    """Define Airflow's two connections, for the triggerer as well."""
    admin = {"conn_type": "redshift", "host": server.host, "port": server.port, "login": server.user}
    admin |= {"password": server.password, "schema": "dev", "extra": {"ssl": False}}
    user = {"conn_type": "redshift", "login": "u", "password": PASSWORD, "schema": "checkpoint"}
    for name, fields in (("REDSHIFT_DEFAULT", admin), ("SEGMENT_LINKED_USER", user)):
        os.environ[f"AIRFLOW_CONN_{name}"] = json.dumps(fields)


def prepare() -> None:
    """Make what is there already: schemas that nobody opened, without the table that is waited for."""
    run("CREATE ROLE r", f"CREATE USER u PASSWORD '{PASSWORD}'", "GRANT ROLE r TO u", "CREATE DATABASE checkpoint")
    run("GRANT CREATE ON DATABASE checkpoint TO ROLE r")
    for at in range(SCHEMAS):
        run(f"CREATE SCHEMA s{at}", f"CREATE TABLE s{at}.accounts (id int)")


def fulfil() -> None:
    """Let all come true."""
    for at in range(SCHEMAS):
        opened = (f"GRANT USAGE ON SCHEMA s{at} TO ROLE r", f"GRANT SELECT FOR TABLES IN SCHEMA s{at} TO ROLE r")
        run(f"CREATE TABLE s{at}.orders (event_id int)", *opened)


def sessions() -> int:
    """How many sessions there are beside this one."""
    return len(run("SELECT process FROM stv_sessions")) - 1


def sent(since: float) -> int:
    """How many statements the sensors sent since then."""
    found = run(f"SELECT query_text FROM sys_query_history WHERE query_id > {since:.0f}")
    own = ("sys_query_history", "stv_sessions", "set_config")
    return len([text for (text,) in found if not any(word in str(text) for word in own)])


def newest() -> float:
    """The newest statement's id."""
    return float(run("SELECT query_id FROM sys_query_history ORDER BY query_id DESC LIMIT 1")[0][0])


def memory(process: subprocess.Popen[bytes]) -> float:
    """The resident memory of a process and its children, in MB."""
    found = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    total = 0
    for one in found:
        with suppress(psutil.Error):
            total += one.memory_full_info().pss
    return total / 1e6


def settled(process: subprocess.Popen[bytes]) -> float:
    """The same, once it has started and is idle."""
    last, found = 0.0, memory(process)
    time.sleep(15)
    while abs(found - last) > 1:
        time.sleep(10)
        last, found = found, memory(process)
    return found


def say(text: str) -> None:
    """Print it at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(folder: Path, count: int, seconds: int, latency: int) -> None:
    """Measure."""
    (folder / "sitecustomize.py").write_text(WATCHDOG)
    with started(faults=True, latency_ms=latency) as server:
        connections(server)
        prepare()
        home = folder / "airflow"
        airflow = Airflow(home, on_sqlite(home), copied(home))
        settings = {
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
            "AIRFLOW__TRIGGERER__CAPACITY": "1100",
            **{name: text for name, text in os.environ.items() if name.startswith("AIRFLOW_CONN_")},
            "SLOWEST": str(folder / "slowest"),
            "PYTHONPATH": f"{folder}:{airflow.env['PYTHONPATH']}",
        }
        words = ["airflow", "triggerer", "--skip-serve-logs"]
        with (folder / "triggerer.log").open("wb") as log:
            triggerer = subprocess.Popen(words, env={**airflow.env, **settings}, stdout=log, stderr=log)
        try:
            while not airflow.rows("SELECT 1 FROM job WHERE job_type = 'TriggererJob'"):
                assert triggerer.poll() is None, (folder / "triggerer.log").read_text()
                time.sleep(1)
            idle = settled(triggerer)
            env = {**airflow.env, "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING"}
            seed = [sys.executable, str(deferred.__file__)]
            subprocess.run(seed, input=sensors(count, seconds), text=True, env=env, check=True)
            while not sessions():
                time.sleep(0.5)
            say(f"{count} sensors over {SCHEMAS} schemas every {seconds} s, {latency} ms an exchange")
            most, began, since = 0, time.monotonic(), 0.0
            while (waited := time.monotonic() - began) < 2.2 * seconds:
                most = max(most, sessions())
                if not since and waited > 1.2 * seconds:
                    since = newest()
                time.sleep(2)
            say(f"sessions at most {most}, statements in an interval {sent(since)}")
            say(f"memory: {idle:.0f} MB without, {memory(triggerer):.0f} MB with them")
            fulfil()
            began = time.monotonic()
            with closing(airflow):
                while left := airflow.rows(DEFERRED)[0][0]:
                    assert time.monotonic() - began < 5 * seconds, left
                    most = max(most, sessions())
                    time.sleep(1)
            done = airflow.rows("SELECT count(*) FROM task_instance WHERE next_kwargs LIKE '%done%'")[0][0]
            assert done == count, f"{done} of {count}: see {folder}/triggerer.log"
            say(f"all {count} events stored after {time.monotonic() - began:.0f} s; sessions at most {most}")
        finally:
            triggerer.terminate()
            triggerer.wait(60)
        worst = dict(line.split() for line in (folder / "slowest").read_text().splitlines())
        say(
            "longest step of the event loop, in ms of CPU: "
            + ", ".join(f"{whose} {ms}" for whose, ms in sorted(worst.items()))
        )


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]] + [1000, 60, 0][len(sys.argv) - 1 :]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        main(Path(folder), *given)
