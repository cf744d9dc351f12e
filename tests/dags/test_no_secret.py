"""No password in anything that runs leave behind; and a search that finds one where there is one."""

from __future__ import annotations

import base64
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.canary import find, forms
from tests.dags.airflow_process import Airflow, Outcome
from tests.dags.runs import ADMIN_PASSWORD, LINKED_PASSWORD, PLANTED, Story

SECRET = 'se/cr+et "ä" %&<>'


@pytest.mark.parametrize(
    "text",
    [
        f"before {SECRET} after",
        json.dumps({"password": SECRET}),
        json.dumps({"conn": json.dumps({"password": SECRET})}),
        json.dumps({"password": SECRET}, ensure_ascii=False),
        json.dumps({"password": SECRET}).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"),
        repr({"password": SECRET}),
        json.dumps({"event": repr({"password": SECRET})}, ensure_ascii=False),
        f"redshift://user:{quote(SECRET, safe='')}@host",
        *(base64.b64encode(f"{'x' * shift}{SECRET}{'y' * shift}".encode()).decode() for shift in range(4)),
    ],
)
def test_the_search_finds_every_form(tmp_path: Path, text: str) -> None:
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "a.log").write_text(f"one line\n{text}\n")
    assert {where for where, _ in find(tmp_path, forms(SECRET))} == {"deeper/a.log"}
    assert find(tmp_path, forms("another")) == set()


def test_the_search_finds_a_value_that_is_spread_over_pages(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as database, database:
        database.execute("CREATE TABLE t (c TEXT)")
        database.executemany(
            "INSERT INTO t VALUES (?)", [("x" * pad + SECRET + "x" * 9000,) for pad in range(4050, 4090)]
        )
    assert ("t.c", "raw") in find(tmp_path, forms(SECRET))


@pytest.fixture(scope="session")
def everything(airflow: Airflow, story: Story, modes_run: Outcome) -> Path:
    """Airflow's home after all the runs: its database, the task logs, and all that was printed."""
    assert story.first.state == "success"
    assert modes_run.reports["leak"] == PLANTED
    return airflow.home


def test_a_planted_secret_is_found_in_every_place(everything: Path) -> None:
    places = {where for where, _ in find(everything, forms(PLANTED))}
    assert {"captured/output.log", "xcom.value", "dag_run.conf"} <= places
    # Or in what SQLite writes first.
    assert any(where.startswith("airflow.db") for where in places)
    assert "rendered_task_instance_fields.rendered_fields" in places


@pytest.mark.parametrize("secret", [LINKED_PASSWORD, ADMIN_PASSWORD], ids=["linked user", "admin"])
def test_no_password_is_left(everything: Path, story: Story, secret: str) -> None:
    for login in (story.warehouse.server.user, story.warehouse.names.user):
        assert find(everything, forms(secret, login)) == set()


def test_the_hash_was_sent_and_is_what_was_looked_for(story: Story) -> None:
    # Otherwise its absence would say nothing.
    hashed = forms(LINKED_PASSWORD, story.warehouse.names.user)["md5"].decode()
    assert any(hashed in text for text in story.first.sent)
